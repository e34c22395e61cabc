// Stream is a server whose tools say something before they are done: how far they are, parts of the result, and words for the
// client's log. They stop when the client cancels.
package main

import (
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
)

type archive struct{ cancelled atomic.Int64 }

type packInput struct {
	Files   int `json:"files" validate:"required,gte=1,lte=100000" description:"how many files"`
	PauseMS int `json:"pause_ms" validate:"gte=0,lte=1000" default:"20" description:"milliseconds that each takes"`
}

// pack tells how far it is. That costs nothing when the client has not asked for it.
func (a *archive) pack(c *fastmcp.Context, in packInput) (string, error) {
	for i := range in.Files {
		select {
		case <-c.Done(): // the client has cancelled, or, in 2026-07-28, gone away
			a.cancelled.Add(1)
			return "", c.Err()
		case <-time.After(time.Duration(in.PauseMS) * time.Millisecond):
		}
		// c is a context.Context: a database or an HTTP client that is given it would stop by itself.
		if err := c.Progress(float64(i+1), float64(in.Files), fmt.Sprintf("file %d", i+1)); err != nil {
			a.cancelled.Add(1)
			return "", err
		}
		if i == 6 {
			// To the client's log, if it wants warnings. The operator's log is c.Log(), and neither has what the other is told.
			c.ClientLog().Warn("the file is empty", "file", i+1, slog.String("logger", "pack"))
		}
	}
	return fmt.Sprintf("%d files packed", in.Files), nil
}

// recite sends each line when it is there. The result has all of them once more, for clients that wait for it.
func recite(c *fastmcp.Context, _ struct{}) error {
	for line := range strings.SplitSeq("Roses are red,\nviolets are blue,\nthis is a stream,\nand so are you.", "\n") {
		if err := c.Stream(content.Text(line)); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app, a := fastmcp.New(fastmcp.Config{Name: "stream", Version: "1.0.0"}), &archive{}
	app.AddTool(fastmcp.Tool{Name: "pack", Description: "Pack files, with progress", Handler: fastmcp.Typed(a.pack)})
	app.AddTool(fastmcp.Tool{Name: "recite", Description: "Recite a poem, line by line", Handler: fastmcp.Do(recite)})
	app.AddTool(fastmcp.Tool{
		Name: "cancelled", Description: "How many packs were cancelled",
		Handler: fastmcp.Get(func(*fastmcp.Context) (int64, error) { return a.cancelled.Load(), nil }),
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
