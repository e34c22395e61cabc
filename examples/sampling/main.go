// Sampling is a server that asks its client in the middle of a tool: for what the client's model makes of something, and for
// the folders that its user works in. The same functions serve every revision.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"strings"

	"github.com/fastmcp-go/fastmcp"
)

type subjectInput struct {
	Text string `json:"text" validate:"required,max=10000" description:"a mail"`
}

type subjectOutput struct {
	Subject string `json:"subject"`
	Model   string `json:"model" description:"whose idea it was; nothing for the mail's first words"`
}

// subject asks the client's model. The key, "subject", names the question within the request.
func subject(c *fastmcp.Context, in subjectInput) (subjectOutput, error) {
	r, err := c.Sample("subject", fastmcp.SampleRequest{
		System:    "You write subject lines of mails: five words at most, and nothing else.",
		Prompt:    in.Text,
		MaxTokens: 20,
		Model:     fastmcp.ModelPreferences{Speed: 0.9, Cost: 0.9},
	})
	switch {
	case errors.Is(err, fastmcp.ErrUnsupported): // this client has no model to lend: do without
		words := strings.Fields(in.Text)
		return subjectOutput{Subject: strings.Join(words[:min(len(words), 5)], " ")}, nil
	case err != nil: // always return it: in 2026-07-28 it is how the question reaches the client
		return subjectOutput{}, err
	}
	return subjectOutput{Subject: r.Text(), Model: r.Model}, nil
}

// folders asks the client where its user works. A client that does not say gets an error that its model can read.
func folders(c *fastmcp.Context) (string, error) {
	roots, err := c.Roots()
	if err != nil {
		return "", err
	}
	var all []string
	for _, root := range roots {
		all = append(all, root.URI)
	}
	return strings.Join(all, "\n"), nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{Name: "sampling", Version: "1.0.0"})
	app.AddTool(fastmcp.Tool{Name: "subject", Description: "Find a subject for a mail", Handler: fastmcp.Typed(subject)})
	app.AddTool(fastmcp.Tool{Name: "folders", Description: "List the folders that the user works in", Handler: fastmcp.Get(folders)})

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
