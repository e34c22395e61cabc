package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

// headers are those of a call of 2026-07-28.
func headers(tool string) http.Header {
	return http.Header{"Mcp-Protocol-Version": {client.Newest}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {tool}}
}

func body(tool string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","_meta":{` +
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
}

func TestLimits(t *testing.T) {
	p := program.Start(t, "-rate", "40-H")
	for _, revision := range []string{client.Older, client.Newest} {
		c := client.Connect(t, p.URL, client.Config{Revision: revision})
		if got := c.Tool("quote", nil); got != "so it goes" {
			t.Errorf("%s: %q", revision, got)
		}
	}
	p.Readme(`all is well`)
	h, messages := p.Post(headers("report"), body("report"))
	p.Want(messages, `"text":"all is well"`)
	if h.Get("X-RateLimit-Limit") != "2" || h.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("%v", h)
	}
	p.Want(p.Tool("report", `{}`), `Too many requests: 2 per hour are allowed. Try again in `)

	var all sync.WaitGroup
	var mu sync.Mutex
	answers := map[bool]int{}
	for range 5 { // two run, two wait, one is told
		all.Go(func() {
			messages := p.Tool("render", `{"ms":1500}`)
			mu.Lock()
			defer mu.Unlock()
			answers[strings.Contains(messages[0], "Busy: 2 requests at once are allowed")]++
		})
	}
	all.Wait()
	if answers[true] != 1 || answers[false] != 4 {
		t.Errorf("%d were told that it is busy, want 1 of 5", answers[true])
	}
	p.Want(p.Tool("quote", `{}`), `Too many requests: 40 per hour are allowed`) // 5 calls, and 5 that count as seven

	at := strings.TrimSuffix(p.URL, "/mcp") + "/hello"
	for i, want := range []int{200, 200, 200, 429} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, body := program.Send(t, req); status != want {
			t.Errorf("%d: %d %s", i, status, body)
		}
	}
	p.Stop()
}
