package cluster

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/test/internal/cluster"
)

// TestNginx: what nginx answers by itself is of the form of all errors, and what the nodes need to know arrives.
func TestNginx(t *testing.T) {
	c := cluster.Start(t, cluster.Config{Program: program, NoRedis: true})
	var client client
	defer client.http.CloseIdleConnections()

	t.Run("a body as large as a node takes", func(t *testing.T) {
		pad := strings.Repeat("x", 4<<20-2000)
		r, err := client.call(t.Context(), c.Nginx.URL, "json_schema_2020_12_tool", `{"contactMethod":"phone","phone":"`+pad+`"}`)
		if err != nil || r.status != 200 || !strings.Contains(r.text(), pad) {
			t.Errorf("%d %.200s, %v", r.status, r.body, err)
		}
	})
	t.Run("a larger one", func(t *testing.T) {
		r, err := client.call(t.Context(), c.Nginx.URL, "json_schema_2020_12_tool", `{"phone":"`+strings.Repeat("x", 4<<20)+`"}`)
		isError(t, r, err, 413, "too large")
	})
	t.Run("headers as large as a node takes", func(t *testing.T) {
		req, err := client.request(t.Context(), c.Nginx.URL, "tools/list", "", "")
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.Repeat("t", 12<<10))
		if r, err := client.do(req); err != nil || r.status != 200 {
			t.Errorf("%d %.200s, %v", r.status, r.body, err)
		}
	})
	t.Run("the host and the origin", func(t *testing.T) {
		req, err := client.request(t.Context(), c.Nginx.URL, "tools/list", "", "")
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "evil.example" // the nodes listen on a loopback address, and answer to its names only
		r, err := client.do(req)
		isError(t, r, err, 403, "evil.example")
	})
	t.Run("no node", func(t *testing.T) {
		for _, n := range c.Nodes {
			if err := n.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		r, err := client.call(t.Context(), c.Nginx.URL, "test_simple_text", `{}`)
		isError(t, r, err, 502, "not known")
		if r.header.Get("Retry-After") == "" {
			t.Errorf("%v", r.header)
		}
	})
}

func isError(t *testing.T, r reply, err error, status int, words string) {
	t.Helper()
	if err != nil || r.status != status || r.Error == nil || r.Error.Code != -32000 || !strings.Contains(r.Error.Message, words) ||
		!strings.HasPrefix(r.header.Get("Content-Type"), "application/json") {
		t.Errorf("%d %v %.200s, %v; want %d and %q", r.status, r.header, r.body, err, status, words)
	}
	if r.status == http.StatusOK {
		t.Error("it worked")
	}
}
