// Everything holds the fixtures of the official conformance suite: each of its tools does one thing of the protocol.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"

	"github.com/fastmcp-go/fastmcp"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8081", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{Name: "everything", Version: "1.0.0"})
	addContent(app)
	addStreams(app)
	addSchemas(app)
	addAsking(app)
	addResources(app)
	addPrompts(app)
	addChanges(app)
	addSkills(app)
	addTasks(app)

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
