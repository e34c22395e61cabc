package main

import (
	"testing"

	"github.com/fastmcp-go/fastmcp/fastmcptest"
)

// TestAdd speaks every revision, by the official SDK's client, through all that a request of a real client passes.
func TestAdd(t *testing.T) {
	c := fastmcptest.New(t, newApp(""))
	want := 0
	for _, revision := range fastmcptest.Revisions() {
		t.Run(revision, func(t *testing.T) {
			c := c.Connect(t, fastmcptest.Config{Revision: revision})
			want += 3
			var got total
			if r, err := c.Call(t.Context(), "add", addInput{By: 3}); err != nil || r.Into(&got) != nil || got.Total != want {
				t.Errorf("%v, %v, want %d", r, err, want)
			}
			if notes := c.Notes("notifications/progress"); len(notes) != 3 {
				t.Errorf("progress: %s", notes)
			}
			if r, err := c.Call(t.Context(), "add", addInput{By: 101}); err != nil || !r.IsError {
				t.Errorf("too much: %v, %v", r, err)
			}
		})
	}
}

// TestReset answers the question to the user.
func TestReset(t *testing.T) {
	c := fastmcptest.New(t, newApp(""), fastmcptest.Config{Elicit: func(string) map[string]any { return map[string]any{"sure": true} }})
	if r, err := c.Call(t.Context(), "reset", nil); err != nil || r.Text() != `{"total":0}` {
		t.Errorf("who is sure: %v, %v", r, err)
	}
	declines := c.Connect(t, fastmcptest.Config{Elicit: func(string) map[string]any { return nil }})
	if r, err := declines.Call(t.Context(), "reset", nil); err != nil || !r.IsError {
		t.Errorf("who declines: %v, %v", r, err)
	}
}

// TestCaller calls with a token.
func TestCaller(t *testing.T) {
	c := fastmcptest.New(t, newApp("sue-0123456789abcdef"), fastmcptest.Config{Token: "sue-0123456789abcdef"})
	if r, err := c.Call(t.Context(), "add", nil); err != nil || r.Text() != `{"total":1}` {
		t.Errorf("%v, %v", r, err)
	}
}

// TestTools fails when a client would notice a change of the tools. To agree to one: FASTMCP_UPDATE=1 go test -run TestTools .
func TestTools(t *testing.T) {
	fastmcptest.Snapshot(t, newApp(""), "testdata/tools.json")
}
