// Files is a small MCP server of files: a manual that is part of the program, a directory that others write to, and one
// file. Run it with
//
//	go run ./examples/files -dir /srv/reports -motd /etc/motd
package main

import (
	"embed"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

//go:embed manual
var manual embed.FS

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	dir := flag.String("dir", ".", "the directory of the reports")
	motd := flag.String("motd", "/etc/motd", "the message of the day")
	flag.Parse()

	pages, err := fs.Sub(manual, "manual")
	if err != nil {
		log.Fatal(err)
	}
	app := fastmcp.New(fastmcp.Config{Name: "files", Version: "1.0.0", Instructions: "Read docs:// for what the manual has."})
	app.AddFiles(fastmcp.Files{
		URI: "docs://", FS: pages, Name: "manual", Description: "The manual, page by page", List: true,
		MaxAge: -1, // what is in the program does not change
	})
	app.AddFiles(fastmcp.Files{
		URI: "reports://", Dir: *dir, Name: "reports", Description: "Reports, as they come in", List: true,
		Match: []string{"*.csv", "*.md"}, Ignore: []string{"draft*"}, MaxBytes: 1 << 20, MaxAge: 5 * time.Second,
	})
	app.AddResource(fastmcp.Resource{URI: "file:///etc/motd", Name: "motd", MimeType: "text/plain", Handler: fastmcp.File(*motd)})
	go refresh(app)

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}

// refresh tells clients at once of what has come and gone, when the process is sent SIGHUP, as by who has written it.
func refresh(app *fastmcp.App) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	for range hangup {
		if err := app.RefreshFiles(); err != nil {
			log.Print(err)
		}
	}
}
