package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestResources(t *testing.T) {
	p := program.Start(t)
	for _, revision := range []string{"2024-11-05", client.Older, client.Newest} {
		t.Run(revision, func(t *testing.T) {
			updated := make(chan string, 1)
			c := client.Connect(t, p.URL, client.Config{Revision: revision, Options: mcp.ClientOptions{
				ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) { updated <- r.Params.URI },
			}})
			reads(t, c)
			completes(t, c)
			tells(t, c, updated)
		})
	}
	p.Readme(`{\"degrees\":20}`)
	p.Stop()
}

func read(t *testing.T, c *client.Client, uri string) string {
	r, err := c.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
	if err != nil {
		return err.Error()
	}
	return r.Contents[0].Text
}

func reads(t *testing.T, c *client.Client) {
	t.Helper()
	for uri, want := range map[string]string{
		"house://plan":             `"upper":["bath","bedroom"]`,
		"house://upper/bath":       `{"degrees":20}`,
		"house://upper/kitchen":    "not found",
		"house://cellar/wine":      "floor",
		"house://upper/..%2Fbath":  `refused: it has a ".." segment`,
		"house://upper/bath/shelf": "not found",
	} {
		if got := read(t, c, uri); !strings.Contains(got, want) {
			t.Errorf("%s is %s, want %s", uri, got, want)
		}
	}
}

func completes(t *testing.T, c *client.Client) {
	t.Helper()
	complete := func(variable, typed, floor string) []string {
		params := &mcp.CompleteParams{
			Ref:      &mcp.CompleteReference{Type: "ref/resource", URI: "house://{floor}/{room}"},
			Argument: mcp.CompleteParamsArgument{Name: variable, Value: typed},
		}
		if floor != "" {
			params.Context = &mcp.CompleteContext{Arguments: map[string]string{"floor": floor}}
		}
		r, err := c.Complete(t.Context(), params)
		if err != nil {
			t.Fatal(err)
		}
		return r.Completion.Values
	}
	if got := complete("floor", "up", ""); !slices.Equal(got, []string{"upper"}) {
		t.Errorf("floors: %v", got)
	}
	if got := complete("room", "b", "upper"); !slices.Equal(got, []string{"bath", "bedroom"}) {
		t.Errorf("rooms: %v", got)
	}
}

func tells(t *testing.T, c *client.Client, updated <-chan string) {
	t.Helper()
	const uri = "house://ground/hall"
	if err := c.Subscribe(t.Context(), &mcp.SubscribeParams{URI: uri}); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(30 * time.Second)
	for {
		if got := c.Tool("heat", map[string]any{"floor": "ground", "room": "hall", "degrees": 25}); got != "" {
			t.Fatal(got)
		}
		c.Tool("heat", map[string]any{"floor": "ground", "room": "pantry", "degrees": 9}) // nobody has subscribed to it
		select {
		case got := <-updated:
			if got != uri {
				t.Errorf("told of %s, want %s", got, uri)
			}
			if got := read(t, c, uri); got != `{"degrees":25}` {
				t.Errorf("the hall has %s", got)
			}
			return
		case <-time.After(200 * time.Millisecond): // the SDK does not wait until a subscription of 2026-07-28 is acknowledged
		case <-deadline:
			t.Fatal("nothing is told")
		}
	}
}
