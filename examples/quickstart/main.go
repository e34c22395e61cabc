// Quickstart is a small MCP server: a few tools, a progress bar, an error. Run it with "make run".
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

type addInput struct {
	A float64 `json:"a" validate:"required" description:"first addend"`
	B float64 `json:"b" validate:"required,lte=1e9" description:"second addend"`
}

type addOutput struct {
	Sum float64 `json:"sum"`
}

func add(_ *fastmcp.Context, in addInput) (addOutput, error) {
	return addOutput{Sum: in.A + in.B}, nil
}

type countdownInput struct {
	From    int `json:"from" validate:"required,gte=1,lte=1000" description:"where to begin"`
	DelayMS int `json:"delay_ms" validate:"gte=0,lte=10000" default:"100" description:"milliseconds between two numbers"`
}

type rocket struct{ cancelled atomic.Int64 }

// countdown tells how far it is, and stops when its client cancels.
func (r *rocket) countdown(c *fastmcp.Context, in countdownInput) (string, error) {
	for i := range in.From {
		select {
		case <-c.Done():
			r.cancelled.Add(1)
			return "", c.Err()
		case <-time.After(time.Duration(in.DelayMS) * time.Millisecond):
		}
		if err := c.Progress(float64(i+1), float64(in.From), fmt.Sprint(in.From-i)); err != nil {
			r.cancelled.Add(1)
			return "", err
		}
	}
	return "liftoff", nil
}

type cancelledOutput struct {
	Count int64 `json:"count"`
}

func (r *rocket) cancelledCalls(*fastmcp.Context) (cancelledOutput, error) {
	return cancelledOutput{Count: r.cancelled.Load()}, nil
}

func fail(*fastmcp.Context, struct{}) error {
	return fastmcp.Errorf("there is no fuel left: call countdown instead")
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{Name: "quickstart", Version: "1.0.0", Instructions: "Adds numbers and launches rockets."})
	r := &rocket{}
	app.AddTool(fastmcp.Tool{Name: "add", Description: "Add two numbers", Handler: fastmcp.Typed(add)})
	app.AddTool(fastmcp.Tool{Name: "countdown", Description: "Count down, with progress, then lift off", Handler: fastmcp.Typed(r.countdown)})
	app.AddTool(fastmcp.Tool{Name: "cancelled_calls", Description: "How many countdowns were cancelled", Handler: fastmcp.Get(r.cancelledCalls)})
	app.AddTool(fastmcp.Tool{Name: "fail", Description: "Always fails, and says why", Handler: fastmcp.Do(fail)})

	// app.Listen(*addr) does all of this but the printing.
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n\nTry it:\n%s\n\n", ln.Addr(), curl(ln.Addr().String()))
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}

// curl is a call that can be pasted into a shell.
func curl(addr string) string {
	return `curl -s http://` + addr + `/mcp \
  -H 'Content-Type: application/json' -H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: tools/call' -H 'Mcp-Name: add' \
  -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":2,"b":3},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}'`
}
