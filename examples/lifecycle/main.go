// Lifecycle is a server whose settings come from code, environment and command line, and that opens what its tools need when it starts,
// tells where it listens, and closes all at the end.
//
//	FASTMCP_PORT=8087 FASTMCP_LOG_FORMAT=json go run ./examples/lifecycle -shutdown-timeout 5s
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"sync"

	"github.com/fastmcp-go/fastmcp"
)

// diary is what the tool needs: a file that is open while the App serves.
type diary struct {
	path string
	mu   sync.Mutex
	file *os.File
}

func (d *diary) open(context.Context) (err error) {
	d.file, err = os.OpenFile(d.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return err
}

func (d *diary) close(context.Context) error {
	if d.file == nil {
		return nil // it was never opened
	}
	return d.file.Close()
}

func (d *diary) write(_ *fastmcp.Context, in struct {
	Text string `json:"text" validate:"required,max=1000"`
}) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := fmt.Fprintln(d.file, in.Text)
	return err
}

func newApp(config fastmcp.Config, d *diary, out io.Writer) *fastmcp.App {
	config.On.TransportError = func(e fastmcp.TransportError) { fmt.Fprintf(out, "a connection failed: %s\n", e.Fault) }
	app := fastmcp.New(config)
	app.AddTool(fastmcp.Tool{Name: "write", Description: "Write into the diary", Handler: fastmcp.Do(d.write)})
	app.OnStart(d.open)
	app.OnListen(func(info fastmcp.ListenInfo) { fmt.Fprintf(out, "listening on %s\n", info.URL) })
	app.OnShutdown(d.close)
	app.OnShutdown(func(context.Context) error {
		s := app.Stats()
		_, err := fmt.Fprintf(out, "%d calls, %d of them failed\n", s.Calls, s.Errors)
		return err
	})
	return app
}

func main() {
	config, err := fastmcp.FromEnv(fastmcp.Config{Name: "diary", Version: "1.0.0", HTTP: fastmcp.HTTPConfig{Addr: "127.0.0.1:8080"}})
	if err != nil {
		log.Fatal(err)
	}
	path := flag.String("diary", filepath.Join(os.TempDir(), "diary.txt"), "the file to write into")
	info := flag.Bool("info", false, "print what the server is, and end")
	fastmcp.Flags(flag.CommandLine, &config)
	flag.Parse()
	app := newApp(config, &diary{path: *path}, os.Stdout)
	if *info {
		fmt.Print(app.Info())
		return
	}
	if err := app.Listen(""); err != nil {
		log.Fatal(err)
	}
}
