// Skills is a server that has nothing but skills: folders with instructions for agents.
package main

import (
	"embed"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/skills"
)

//go:embed skills
var files embed.FS

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	dir := flag.String("dir", "", "a folder with skills of your own")
	flag.Parse()

	config := skills.Config{Dir: *dir}
	if *dir == "" {
		folder, err := fs.Sub(files, "skills")
		if err != nil {
			log.Fatal(err)
		}
		config.FS = folder
	}
	app := fastmcp.New(fastmcp.Config{Name: "skills", Version: "1.0.0"})
	if _, err := skills.TryAdd(app, config); err != nil {
		log.Fatal(err)
	}

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
