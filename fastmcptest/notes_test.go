package fastmcptest_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// What a call sends is recorded when it returns, be it known to the SDK or not.
func TestNotesOfCalls(t *testing.T) {
	each(t, func(t *testing.T, c *fastmcptest.Client, r protocol.Revision) {
		for i := range 20 {
			if result, err := c.Call(t.Context(), "work", nil); err != nil || result.Text() == "" {
				t.Fatalf("%v %v", result, err)
			}
			if n := len(c.Notes("notifications/progress")); n != 2*(i+1) {
				t.Fatalf("%d notes of progress after %d calls", n, i+1)
			}
			if n := len(c.Notes("notifications/message")); n != 2*(i+1) {
				t.Fatalf("%d log messages after %d calls", n, i+1)
			}
			own := c.Notes("notifications/own")
			if len(own) != i+1 || !strings.Contains(string(own[i]), `"n":1`) {
				t.Fatalf("%d of its own after %d calls: %s", len(own), i+1, own)
			}
		}
		var progress struct {
			Progress, Total float64
			Message         string
		}
		first := c.WaitNote(t.Context(), "notifications/progress")
		if err := json.Unmarshal(first, &progress); err != nil || progress.Progress != 1 || progress.Total != 2 || (progress.Message == "half") != r.HasProgressMessage() {
			t.Errorf("%s %v", first, err)
		}
		if second := c.WaitNote(t.Context(), "notifications/progress"); r.HasProgressMessage() != strings.Contains(string(second), "a piece") || string(first) == string(second) {
			t.Errorf("%s", second)
		}
		if debug := c.WaitNote(t.Context(), "notifications/message"); !strings.Contains(string(debug), `"debug"`) {
			t.Errorf("%s", debug)
		}
		if n := len(c.Notes("notifications/nosuch")); n != 0 {
			t.Errorf("%d came", n)
		}
	}, fastmcptest.Config{Level: "debug"})
}

func TestLevel(t *testing.T) {
	each(t, func(t *testing.T, c *fastmcptest.Client, _ protocol.Revision) {
		if _, err := c.Call(t.Context(), "work", nil); err != nil {
			t.Fatal(err)
		}
		if all := c.Notes("notifications/message"); len(all) != 1 || !strings.Contains(string(all[0]), `"error"`) {
			t.Errorf("%s", all)
		}
	}, fastmcptest.Config{Level: "warning"})
	each(t, func(t *testing.T, c *fastmcptest.Client, r protocol.Revision) {
		if _, err := c.Call(t.Context(), "work", nil); err != nil {
			t.Fatal(err)
		}
		if n := len(c.Notes("notifications/message")); (n == 0) != r.IsStateless() {
			t.Errorf("%d messages without a level", n)
		}
	})
}

func TestListsThatChange(t *testing.T) {
	for _, revision := range fastmcptest.Revisions() {
		t.Run(revision, func(t *testing.T) {
			app := newApp()
			c := fastmcptest.New(t, app, fastmcptest.Config{Revision: revision})
			app.AddTool(fastmcp.Tool{Name: "new", Handler: fastmcp.Get(order)})
			c.WaitNote(t.Context(), "notifications/tools/list_changed")
			tools, err := c.Tools(t.Context())
			if err != nil || tools[len(tools)-1].Name != "new" {
				t.Errorf("%v %v", tools, err)
			}
			app.RemovePrompt("greet")
			c.WaitNote(t.Context(), "notifications/prompts/list_changed")
			app.RemoveResource("note://blob")
			c.WaitNote(t.Context(), "notifications/resources/list_changed")
		})
	}
}

func TestSubscriptions(t *testing.T) {
	for _, revision := range fastmcptest.Revisions() {
		t.Run(revision, func(t *testing.T) {
			app := newApp()
			c := fastmcptest.New(t, app, fastmcptest.Config{Revision: revision})
			for range 2 { // the second has no effect
				if err := c.Subscribe(t.Context(), "note://today"); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Subscribe(t.Context(), "note://blob"); err != nil {
				t.Fatal(err)
			}
			app.ResourceUpdated("note://today")
			if note := c.WaitNote(t.Context(), "notifications/resources/updated"); !strings.Contains(string(note), "note://today") {
				t.Errorf("%s", note)
			}
			if err := c.Unsubscribe(t.Context(), "note://today"); err != nil {
				t.Error(err)
			}
			app.ResourceUpdated("note://blob")
			if note := c.WaitNote(t.Context(), "notifications/resources/updated"); !strings.Contains(string(note), "note://blob") {
				t.Errorf("%s", note)
			}
			if err := c.Subscribe(t.Context(), "note://nosuch"); err == nil {
				t.Error("a resource that there is not can be subscribed to")
			}
			if err := c.Subscribe(t.Context(), "note://today"); err != nil {
				t.Errorf("again: %v", err)
			}
		})
	}
}

func TestNotesOutsideOfCalls(t *testing.T) {
	app := newApp()
	c := fastmcptest.New(t, app, fastmcptest.Config{Revision: "2025-11-25"})
	if err := app.Broadcast("notifications/weather", map[string]string{"sky": "blue"}); err != nil {
		t.Fatal(err)
	}
	if note := c.WaitNote(t.Context(), "notifications/weather"); string(note) != `{"sky":"blue"}` {
		t.Errorf("%s", note)
	}
	if r, err := c.Call(t.Context(), "add", addInput{1, 2}); err != nil || r.Text() != `{"sum":3}` {
		t.Errorf("after a notification that the SDK does not know: %v %v", r, err)
	}
}

func TestNotesThatDoNotCome(t *testing.T) {
	for method, hint := range map[string]string{
		"notifications/message": "Config.Level", "notifications/progress": "Context.Progress",
		"notifications/resources/updated": "Client.Subscribe", "notifications/weather": "Has the App sent it",
	} {
		begun := time.Now()
		try("a wait", func(t testing.TB) {
			c := fastmcptest.New(t, newApp(), fastmcptest.Config{Revision: "2025-06-18"})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			c.WaitNote(ctx, method)
		}).fails(t, "no "+method+" came", "deadline exceeded", "What came: nothing", hint)
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("%s: it took %v", method, took)
		}
	}
	try("a second wait", func(t testing.TB) {
		c := fastmcptest.New(t, newApp(), fastmcptest.Config{Revision: "2025-06-18"})
		if _, err := c.Call(t.Context(), "work", nil); err != nil {
			t.Error(err)
		}
		c.WaitNote(t.Context(), "notifications/own")
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		c.WaitNote(ctx, "notifications/own")
	}).fails(t, "What came: 2 notifications/progress, 1 notifications/own", "1 notifications/message")
}
