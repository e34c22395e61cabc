package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

func TestMount(t *testing.T) {
	p := program.Start(t)
	for _, revision := range []string{"2024-11-05", client.Newest} {
		c := client.Connect(t, p.URL, client.Config{Revision: revision})
		if got := c.Tool("area", map[string]any{"width": 2, "height": 3.5}); got != "7" {
			t.Errorf("%s: %s", revision, got)
		}
		if got := c.Tool("area", map[string]any{"width": -2, "height": 3.5}); !strings.Contains(got, "width: expected at least 0") {
			t.Errorf("%s: %s", revision, got)
		}
	}
	for path, want := range map[string]int{"/": http.StatusOK, "/mcp": http.StatusNotFound, "/api/nothing": http.StatusNotFound} {
		if status, body := get(t, p, path, ""); status != want || path == "/" && body != "welcome" {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, body := get(t, p, "/api/mcp", "evil.example"); status != http.StatusMisdirectedRequest && status != http.StatusForbidden {
		t.Errorf("under another name: %d %s", status, body)
	}
	p.Readme(`"text":"6"`)
	p.Interrupt() // with a session and its stream still open
}

// get gets a path of the site, under a name of its own or another.
func get(t *testing.T, p *program.Program, path, host string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(p.URL, "/api/mcp")+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}
