// Tasks is a small MCP server whose tool takes its time: a call of it is answered at once, and its client asks later what
// has become of it. Clients that know no tasks wait for the answer, as ever: the tool is the same.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

type reindexInput struct {
	Shards  int `json:"shards" validate:"required,gte=1,lte=1000" description:"how many shards to index anew"`
	PauseMS int `json:"pause_ms" validate:"gte=0,lte=60000" default:"500" description:"milliseconds that each takes"`
}

// approval is what the user is asked when the new index is ready.
type approval struct {
	Switch bool `json:"switch" title:"Use the new index?" description:"The old one is deleted"`
}

// reindex tells how far it is, which the client of a task reads as its status message, asks in the middle, for which the
// task waits, and stops when the task is cancelled.
func reindex(c *fastmcp.Context, in reindexInput) (string, error) {
	for i := range in.Shards {
		if err := c.Progress(float64(i+1), float64(in.Shards), fmt.Sprintf("shard %d of %d", i+1, in.Shards)); err != nil {
			return "", err
		}
		select {
		case <-c.Done():
			return "", c.Err()
		case <-time.After(time.Duration(in.PauseMS) * time.Millisecond):
		}
	}
	var form approval
	switch a, err := fastmcp.Elicit(c, "switch", fmt.Sprintf("%d shards are ready.", in.Shards), &form); {
	case err != nil:
		return "", err
	case a != fastmcp.Accepted || !form.Switch:
		return "the old index is still in use", nil
	}
	return "the new index is in use", nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{
		Name: "tasks", Version: "1.0.0",
		// What a task has come to can be fetched for a quarter of an hour, and nobody has more than five at a time.
		Tasks: fastmcp.TaskConfig{TTL: 15 * time.Minute, MaxPerOwner: 5},
	})
	app.AddTool(fastmcp.Tool{Name: "reindex", Description: "Build the search index anew", Task: fastmcp.TaskOptional, Handler: fastmcp.Typed(reindex)})

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
