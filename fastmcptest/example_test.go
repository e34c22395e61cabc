package fastmcptest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
)

// run runs a test as go test does.
func run(test func(t testing.TB)) {
	trial := try("TestExample", test)
	if trial.failed {
		fmt.Println(trial.text())
	} else {
		fmt.Println("ok")
	}
}

// A test of a tool.
func Example() {
	testAdd := func(t testing.TB) {
		c := fastmcptest.New(t, newApp())
		r, err := c.Call(t.Context(), "add", addInput{A: 2, B: 3})
		if err != nil || r.Text() != `{"sum":5}` {
			t.Errorf("2+3 is %v, %v", r, err)
		}
	}
	run(testAdd)
	// Output: ok
}

// Structured content is decoded into a struct, in every revision of the protocol.
func ExampleClient_Connect() {
	testAdd := func(t testing.TB) {
		first := fastmcptest.New(t, newApp())
		for _, revision := range fastmcptest.Revisions() {
			c := first.Connect(t, fastmcptest.Config{Revision: revision})
			var out addOutput
			if r, err := c.Call(t.Context(), "add", addInput{A: 2, B: 3}); err != nil || r.Into(&out) != nil || out.Sum != 5 {
				t.Errorf("%s: 2+3 is %v, %v", revision, r, err)
			}
		}
	}
	run(testAdd)
	// Output: ok
}

// Questions are answered by functions of the Config: the form by its message, the model by its prompt.
func ExampleConfig() {
	testOrder := func(t testing.TB) {
		c := fastmcptest.New(t, newApp(), fastmcptest.Config{
			Revision: "2026-07-28",
			Elicit: func(message string) map[string]any {
				if message == "How many cups?" {
					return map[string]any{"cups": 2}
				}
				return map[string]any{"sugar": true}
			},
			Sample: func(prompt string) string { return "Oh, " + prompt },
		})
		if r, err := c.Call(t.Context(), "order", nil); err != nil || r.Text() != "cup cup sweet" {
			t.Errorf("%v, %v", r, err)
		}
		if r, err := c.Call(t.Context(), "sign", nil); err != nil || r.Text() != "fastmcptest wrote Oh, A poem on tea" {
			t.Errorf("%v, %v", r, err)
		}
	}
	run(testOrder)
	// Output: ok
}

// What a call notifies of is there when it returns. What comes by itself is waited for.
func ExampleClient_WaitNote() {
	testChanges := func(t testing.TB) {
		app := newApp()
		c := fastmcptest.New(t, app)
		if _, err := c.Call(t.Context(), "work", nil); err != nil || len(c.Notes("notifications/progress")) != 2 {
			t.Errorf("%s, %v", c.Notes("notifications/progress"), err)
		}
		if err := c.Subscribe(t.Context(), "note://today"); err != nil {
			t.Error(err)
		}
		app.ResourceUpdated("note://today")
		c.WaitNote(t.Context(), "notifications/resources/updated")
		app.AddTool(fastmcp.Tool{Name: "new", Handler: fastmcp.Get(order)})
		c.WaitNote(t.Context(), "notifications/tools/list_changed")
	}
	run(testChanges)
	// Output: ok
}

// The first run, with FASTMCP_UPDATE=1, writes the file. After that a change of the tools fails the test.
func ExampleSnapshot() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	app := func(description string) *fastmcp.App {
		app := fastmcp.New(fastmcp.Config{Log: quiet()})
		app.AddTool(fastmcp.Tool{Name: "order", Description: description, Handler: fastmcp.Get(order)})
		return app
	}
	path := filepath.Join(dir, "tools.json") // testdata/tools.json
	_ = os.Setenv("FASTMCP_UPDATE", "1")
	run(func(t testing.TB) { fastmcptest.Snapshot(t, app("Order tea"), path) })
	_ = os.Unsetenv("FASTMCP_UPDATE")
	run(func(t testing.TB) { fastmcptest.Snapshot(t, app("Order tea"), path) })
	changed := try("TestTools", func(t testing.TB) { fastmcptest.Snapshot(t, app("Order coffee"), path) })
	fmt.Println(changed.failed)
	// Output:
	// ok
	// ok
	// true
}
