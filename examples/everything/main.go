// Everything holds the fixtures of the official conformance suite: each of its tools does one thing of the protocol.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"

	"github.com/fastmcp-go/fastmcp"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8081", "where to listen, host:port; port 0 is a free one")
	deployed := deploymentFlags()
	flag.Parse()
	config, err := deployed.config()
	if err != nil {
		log.Fatal(err)
	}
	config.Name, config.Version = "everything", "1.0.0"

	app := fastmcp.New(config)
	addProbes(app)
	addContent(app)
	addStreams(app)
	addSchemas(app)
	addAsking(app)
	addResources(app)
	addPrompts(app)
	addChanges(app)
	addSkills(app)
	addTasks(app)
	addNumber(app)

	var tcp net.ListenConfig
	tcp.SetMultipathTCP(false) // fastmcp.App.Listener says why
	ln, err := tcp.Listen(context.Background(), "tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
