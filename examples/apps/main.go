// Apps is a server with a view: a host that knows MCP Apps shows a page with dice, whose button rolls them again by a tool
// of the server. In other hosts the tool says in text what it has rolled.
package main

import (
	"embed"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"net"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/apps"
)

//go:embed view.html
var files embed.FS

type rollInput struct {
	Sides int `json:"sides" validate:"gte=2,lte=100" default:"6" description:"how many sides the die has"`
}

type rollOutput struct {
	Rolled int `json:"rolled"`
	Sides  int `json:"sides"`
	// Shown tells that the host has a view for it.
	Shown bool `json:"shown"`
}

// roll returns a struct: the model reads it as JSON, the view as data.
func roll(c *fastmcp.Context, in rollInput) (rollOutput, error) {
	return rollOutput{Rolled: rand.IntN(in.Sides) + 1, Sides: in.Sides, Shown: apps.Supported(c)}, nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{Name: "dice", Version: "1.0.0"})
	border := true
	ui := apps.Add(app, apps.View{
		URI: "ui://dice/roll", Title: "Dice", Description: "A die, and a button that rolls it",
		FS: files, File: "view.html", PrefersBorder: &border,
	})
	app.AddTool(ui.Link(fastmcp.Tool{Name: "roll", Description: "Roll a die", Handler: fastmcp.Typed(roll)}, "ui://dice/roll"))

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
