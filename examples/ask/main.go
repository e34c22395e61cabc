// Ask is a server that asks its user in the middle of a tool. The same functions serve every revision: in those with
// sessions they wait for the answer; in 2026-07-28 they run again from their beginning when the answer has come.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"sync/atomic"

	"github.com/fastmcp-go/fastmcp"
)

type database struct{ backups atomic.Int64 }

func (d *database) backup() (int64, error) { return d.backups.Add(1), nil }

type dropInput struct {
	Table string `json:"table" validate:"required" description:"which table"`
}

// confirmation is the form that the user gets: its tags are those of a tool's arguments.
type confirmation struct {
	Sure   bool   `json:"sure" title:"Really?" description:"There is no way back"`
	Reason string `json:"reason,omitempty" validate:"max=100" description:"Why, for the log"`
}

func (d *database) drop(c *fastmcp.Context, in dropInput) (string, error) {
	// What has an effect before a question belongs into Once: this is one backup, however often the function runs.
	backup, err := fastmcp.Once(c, "backup", d.backup)
	if err != nil {
		return "", err
	}
	var form confirmation
	action, err := fastmcp.Elicit(c, "sure", "Drop "+in.Table+"?", &form)
	switch {
	case err != nil: // always return it: in 2026-07-28 it is how the question reaches the client
		return "", err
	case action != fastmcp.Accepted || !form.Sure: // to decline, or to close the window, is no error
		return "kept " + in.Table, nil
	}
	return fmt.Sprintf("dropped %s, see backup %d", in.Table, backup), nil
}

type size struct {
	Size string `json:"size" validate:"required,oneof=small large"`
}

// order has one question that it always asks. Ask asks it first, and the function runs once, with the answer.
func order(_ *fastmcp.Context, _ struct{}, form size, action fastmcp.Action) (string, error) {
	if action != fastmcp.Accepted {
		return "no coffee", nil
	}
	return "a " + form.Size + " coffee", nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app, d := fastmcp.New(fastmcp.Config{Name: "ask", Version: "1.0.0"}), &database{}
	app.AddTool(fastmcp.Tool{Name: "drop", Description: "Drop a table, if its user is sure", Handler: fastmcp.Typed(d.drop)})
	app.AddTool(fastmcp.Tool{Name: "order", Description: "Order a coffee", Handler: fastmcp.Ask("size", "How large?", order)})

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
