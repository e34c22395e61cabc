package fastmcp_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// What no link of a chain sees is counted and told, each with what its client was told, and what a link sees is not.
func TestRefused(t *testing.T) {
	var mu sync.Mutex
	var heard []fastmcp.RefusedEvent
	const token = "ann-0123456789abcdef"
	app, l := newApp(t, fastmcp.Config{
		Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{token: {Subject: "ann"}})}}),
		On: fastmcp.Events{Refused: func(e fastmcp.RefusedEvent) {
			mu.Lock()
			heard = append(heard, e)
			mu.Unlock()
			if strings.Contains(e.Message, "panics") {
				panic("a listener")
			}
		}},
	})
	seen := 0 // by a link
	app.Use(func(c *fastmcp.Context) error {
		seen++
		if c.Method() == "tools/call" && c.Name() == "busy" {
			return fastmcp.TooMany(time.Second, "slow down")
		}
		return c.Next()
	})
	app.AddTool(fastmcp.Tool{Name: "fine", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "fine", nil })})
	app.AddTool(fastmcp.Tool{Name: "busy", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "never", nil })})
	app.AddTool(fastmcp.Tool{Name: "secret", CanAccess: auth.RequireScopes("top"), Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", nil })})
	s := serve(t, app, l)
	list := `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	call := func(name string) string { return stateless(1, "tools/call", `"name":"`+name+`"`, "") }
	modern := func(name string) headers {
		return headers{"Authorization": "Bearer " + token, "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": name}
	}
	known := headers{"Authorization": "Bearer " + token}
	want := map[[2]int]int64{}
	for _, c := range []struct {
		name, method, body string
		headers            headers
		status, code       int // status 0: a link sees it
		words              string
	}{
		{"no credentials", "POST", list, nil, 401, -32000, "Unauthorized"},
		{"wrong credentials", "POST", list, headers{"Authorization": "Bearer wrong-0123456789abc"}, 401, -32000, "Unauthorized"},
		{"another page", "POST", list, headers{"Origin": "https://evil.example"}, 403, -32000, "evil.example"},
		{"no JSON", "POST", list, known.plus("Content-Type", "text/plain"), 415, -32600, "Unsupported media type"},
		{"no message", "POST", "{", known, 400, -32700, "Parse error"},
		{"no session", "POST", list, known, 400, -32600, "initialize first"},
		{"a session that is over", "POST", list, known.plus("Mcp-Session-Id", "0123456789abcdefghijkl"), 404, -32000, "Session not found"},
		{"another method", "PUT", list, known, 405, -32000, "Method not allowed"},
		{"an unknown tool", "POST", call("panics"), modern("panics"), 200, -32602, "panics"},
		{"no right", "POST", call("secret"), modern("secret"), 200, -32602, "unknown tool"},
		{"a link that refuses", "POST", call("busy"), modern("busy"), 0, 0, ""},
		{"fine", "POST", call("fine"), modern("fine"), 0, 0, ""},
	} {
		mu.Lock()
		heard = nil
		mu.Unlock()
		before := seen
		status := s.asked(c.method, c.headers, c.body)
		mu.Lock()
		got := slices.Clone(heard)
		mu.Unlock()
		if c.status == 0 {
			if len(got) != 0 || seen != before+1 {
				t.Errorf("%s: %+v, seen %d times", c.name, got, seen-before)
			}
			continue
		}
		want[[2]int{c.status, c.code}]++
		if len(got) != 1 || status != c.status || got[0].Status != c.status || got[0].Code != c.code || !strings.Contains(got[0].Message, c.words) ||
			got[0].IP.String() != "127.0.0.1" || seen != before {
			t.Errorf("%s: %d, %+v, seen %d times", c.name, status, got, seen-before)
		}
	}
	for _, r := range app.Stats().Refused {
		if key := [2]int{r.Status, r.Code}; r.Count != want[key] {
			t.Errorf("%v: %d, want %d", key, r.Count, want[key])
		} else {
			delete(want, key)
		}
	}
	if len(want) != 0 {
		t.Errorf("not counted: %v", want)
	}
	if !strings.Contains(l.String(), "Events.Refused failed") {
		t.Error("the panic was not logged")
	}
}

// asked sends a request and gives the status of the answer.
func (s *server) asked(method string, h headers, body string) int {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for name, value := range h {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode
}

// Messages of an array are counted one by one.
func TestRefusedInAnArray(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	s := serve(t, app, l)
	c := s.open("2025-03-26")
	s.asked("POST", c.headers(), `[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"nothing"},{"jsonrpc":"2.0","id":3},{"jsonrpc":"2.0","id":4,"method":"nothing"}]`)
	if got := fmt.Sprint(app.Stats().Refused); got != "[{200 -32601 2} {200 -32600 1}]" {
		t.Error(got)
	}
}
