package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// TestStream reads the streams as they come: progress and the log are there before the result.
func TestStream(t *testing.T) {
	p := program.Start(t)
	p.Want(p.Tool("pack", `{"files":7,"pause_ms":0}`), `"message":"file 1"`, `"message":"file 2"`, `"message":"file 3"`, `"message":"file 4"`,
		`"message":"file 5"`, `"message":"file 6"`, `"progress":7,"total":7,"message":"file 7"`,
		`"params":{"level":"warning","logger":"pack","data":{"file":7,"message":"the file is empty"}}`, `7 files packed`)
	p.Want(p.Tool("recite", `{}`), `"message":"Roses are red,"`, `"message":"violets are blue,"`, `"message":"this is a stream,"`, `"message":"and so are you."`,
		`{"type":"text","text":"Roses are red,"},{"type":"text","text":"violets are blue,"}`)
	// A session cancels by a notification, a client of 2026-07-28 by going away.
	for i, revision := range []string{client.Older, client.Newest} {
		t.Run(revision, func(t *testing.T) { cancels(t, p.URL, revision, i+1) })
	}
	p.Readme(`"progress":3,"total":9,"message":"file 3"`)
	p.Stop()
}

// cancels cancels a pack that runs, the n-th, and waits until the program knows.
func cancels(t *testing.T, url, revision string, n int) {
	progress := make(chan float64, 1000)
	c := client.Connect(t, url, client.Config{Revision: revision, Options: mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) { progress <- r.Params.Progress },
	}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	params := &mcp.CallToolParams{Name: "pack", Arguments: map[string]any{"files": 100000}}
	params.SetProgressToken("pack")
	ended := make(chan error, 1)
	go func() {
		_, err := c.CallTool(ctx, params)
		ended <- err
	}()
	select {
	case <-progress:
		cancel()
	case <-time.After(30 * time.Second):
		t.Fatal("there is no progress")
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the call ended with %v", err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got := c.Tool("cancelled", nil)
		if got == fmt.Sprint(n) {
			return
		}
		if time.Now().After(deadline) || strings.HasPrefix(got, "error") {
			t.Fatalf("%s packs are cancelled, want %d", got, n)
		}
	}
}
