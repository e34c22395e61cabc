// Testing is a server whose tests are the example: main_test.go has a client for newApp, with answers to what it asks, and a
// snapshot of what clients are told of its tools. There is no port, and nothing to wait for.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"sync/atomic"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

type counter struct{ n atomic.Int64 }

type addInput struct {
	By int `json:"by" validate:"gte=1,lte=100" default:"1" description:"how much"`
}

type total struct {
	Total int `json:"total"`
}

func (k *counter) add(c *fastmcp.Context, in addInput) (total, error) {
	for i := range in.By {
		if err := c.Progress(float64(i+1), float64(in.By)); err != nil {
			return total{}, err
		}
	}
	return total{int(k.n.Add(int64(in.By)))}, nil
}

type sure struct {
	Sure bool `json:"sure"`
}

func (k *counter) reset(c *fastmcp.Context) (total, error) {
	var form sure
	if action, err := fastmcp.Elicit(c, "sure", "Begin at 0 again?", &form); err != nil {
		return total{}, err
	} else if action != fastmcp.Accepted || !form.Sure {
		return total{}, fastmcp.Errorf("the user wants to go on counting")
	}
	k.n.Store(0)
	return total{}, nil
}

// newApp makes an App that nothing else knows of, so that each test has its own.
func newApp(token string) *fastmcp.App {
	config := fastmcp.Config{Name: "counter", Version: "1.0.0"}
	if token != "" {
		config.Auth = auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{token: {Subject: "sue"}})}})
	}
	app, k := fastmcp.New(config), &counter{}
	app.AddTool(fastmcp.Tool{Name: "add", Description: "Count on", Handler: fastmcp.Typed(k.add)})
	app.AddTool(fastmcp.Tool{Name: "reset", Description: "Begin again, if the user wants to", Handler: fastmcp.Get(k.reset)})
	return app
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := newApp("").Listener(ln); err != nil {
		log.Fatal(err)
	}
}
