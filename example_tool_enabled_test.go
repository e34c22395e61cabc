package fastmcp_test

import (
	"bytes"
	"fmt"
	"log"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/store"
)

// A tool can be switched off while the server runs, say from a route for operators. For clients it is not there then; those
// that listen are told that the list of tools has changed. With a storage that nodes share, it is off on all of them.
func ExampleApp_SetToolEnabled() {
	app := fastmcp.New(fastmcp.Config{
		Storage: store.Memory(),                        // redis.New(…) where there are several nodes
		Keys:    [][]byte{bytes.Repeat([]byte{1}, 32)}, // of `openssl rand 32`, and the same on all of them
	})
	for _, name := range []string{"search", "refund"} {
		app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "done", nil })})
	}

	d := startDemo(app)
	defer d.stop()
	if err := app.SetToolEnabled("refund", false); err != nil {
		log.Print(err)
		return
	}
	fmt.Println(strings.Join(d.names(), ", "))
	fmt.Println(app.ToolEnabled("refund"), app.SetToolEnabled("refnud", false))
	if err := app.SetToolEnabled("refund", true); err != nil {
		log.Print(err)
		return
	}
	fmt.Println(strings.Join(d.names(), ", "), d.call("refund", `{}`))
	// Output:
	// search
	// false fastmcp: the tool "refnud" cannot be switched off: there is none: add it first, or mend the name
	// search, refund done
}
