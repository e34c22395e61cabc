// Extension is a server with something that the protocol does not have, and that its clients know by name: an extension with
// a method of its own (SEP-2133), and a method that belongs to no extension. Arguments are checked as a tool's are.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// id begins with a domain that is yours, from its top down.
const id = "com.example/search"

var teas = []string{"Assam", "Darjeeling", "Earl Grey", "Jasmine", "Oolong"}

type searchInput struct {
	Query string `json:"query" validate:"required,max=100"`
	Limit int    `json:"limit" validate:"gte=1,lte=10" default:"10"`
}

type searchOutput struct {
	Hits []string `json:"hits"`
}

func search(_ *fastmcp.Context, in searchInput) (out searchOutput, err error) {
	for _, tea := range teas {
		if len(out.Hits) < in.Limit && strings.Contains(strings.ToLower(tea), strings.ToLower(in.Query)) {
			out.Hits = append(out.Hits, tea)
		}
	}
	return out, nil
}

// hint is a tool that does more for clients that have the extension.
func hint(c *fastmcp.Context) (string, error) {
	var settings struct {
		Language string `json:"language"`
	}
	if raw, ok := c.Extension(id); !ok {
		return "there is tea", nil
	} else if err := json.Unmarshal(raw, &settings); err != nil {
		return "", fastmcp.Errorf("the settings of %s: %w", id, err)
	}
	return "call search/run, in " + settings.Language, nil
}

type health struct {
	Teas int `json:"teas"`
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{Name: "extension", Version: "1.0.0"})
	app.AddExtension(fastmcp.Extension{
		ID:       id,
		Settings: map[string]any{"languages": []string{"en"}}, // what clients are told of it
		Since:    protocol.V20251125,                          // older clients are not told, and do not have its methods
		Required: true,                                        // the methods are for clients that declare it, too
		Methods:  []fastmcp.Method{{Name: "search/run", Handler: fastmcp.Typed(search)}},
	})
	app.AddMethod(fastmcp.Method{
		Name:    "health/check", // for whoever knows its name, in every revision
		Handler: fastmcp.Get(func(*fastmcp.Context) (health, error) { return health{Teas: len(teas)}, nil }),
	})
	app.AddTool(fastmcp.Tool{Name: "hint", Description: "How to find a tea", Handler: fastmcp.Get(hint)})

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
