// Prompts is a server with texts that a person chooses from a menu: one that is a sentence, and one that is a conversation
// with a file in it. Clients send all arguments as text; the fields of the struct say what they become.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
)

type explainInput struct {
	Topic string `json:"topic" validate:"required,max=200" description:"what to explain"`
	Words int    `json:"words" validate:"gte=10,lte=500" default:"100" description:"how long"`
}

// explain returns a string: one message of the user's.
func explain(_ *fastmcp.Context, in explainInput) (string, error) {
	return fmt.Sprintf("Explain %s in at most %d words.", in.Topic, in.Words), nil
}

type reviewInput struct {
	File   string `json:"file" validate:"required" description:"which file"`
	Style  string `json:"style" validate:"oneof=kind strict" default:"kind"` // offered to who types, without a function
	Polish bool   `json:"polish" description:"mind the language, too"`
}

var files = map[string]string{"add.go": "func add(a, b int) int { return a - b }", "main.go": "func main() {}"}

// review returns messages, so that the model has the file, and has begun already.
func review(_ *fastmcp.Context, in reviewInput) ([]content.Message, error) {
	text, ok := files[in.File]
	if !ok {
		return nil, fastmcp.Errorf("there is no file %q", in.File)
	}
	wish := "Review this file. Be " + in.Style + "."
	if in.Polish {
		wish += " Mind the language, too."
	}
	return []content.Message{
		content.User(content.Resource("file:///"+in.File, "text/x-go", text)),
		content.User(content.Text(wish)),
		content.Assistant(content.Text("The first thing that I notice is")),
	}, nil
}

// completeFile offers the files that begin with what is typed.
func completeFile(_ *fastmcp.Context, q fastmcp.Completion) (v fastmcp.Values, err error) {
	for name := range files {
		if strings.HasPrefix(name, q.Prefix) {
			v.Values = append(v.Values, name)
		}
	}
	return v, nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{Name: "prompts", Version: "1.0.0"})
	app.AddPrompt(fastmcp.Prompt{Name: "explain", Title: "Explain", Description: "Explain something", Handler: fastmcp.Typed(explain)})
	app.AddPrompt(fastmcp.Prompt{
		Name: "review", Title: "Review a file", Description: "Look for mistakes in a file",
		Handler: fastmcp.Typed(review), Complete: map[string]fastmcp.Completer{"file": completeFile},
	})

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
