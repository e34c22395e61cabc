package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

func TestGuards(t *testing.T) {
	p := program.Start(t)
	for _, revision := range []string{"2025-03-26", client.Newest} {
		t.Run(revision, func(t *testing.T) {
			for _, caller := range []struct {
				name, list string
				may        []string
				mayNot     map[string]string
			}{
				{"sue", "whoami read write ring admin_restart", []string{"whoami", "read", "write", "ring", "admin_restart"}, nil},
				{"joe", "whoami read write ring", []string{"whoami", "read", "ring"},
					map[string]string{"write": "Forbidden", "admin_restart": "nknown tool", "nosuch": "nknown tool"}},
				{"bot", "whoami write ring", []string{"whoami"}, map[string]string{"read": "nknown tool", "ring": "bots may look, but not touch"}},
			} {
				c := client.Connect(t, p.URL, client.Config{Revision: revision, Token: caller.name + "-0123456789abcdef"})
				var list []string
				for tool, err := range c.Tools(t.Context(), nil) {
					if err != nil {
						t.Fatal(err)
					}
					list = append(list, tool.Name)
				}
				if got := strings.Join(list, " "); got != caller.list {
					t.Errorf("%s sees %s, want %s", caller.name, got, caller.list)
				}
				for _, tool := range caller.may {
					if got := c.Tool(tool, nil); got != caller.name {
						t.Errorf("%s calls %s: %s", caller.name, tool, got)
					}
				}
				for tool, want := range caller.mayNot {
					if got := c.Tool(tool, nil); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, want) {
						t.Errorf("%s calls %s: %s, want %s", caller.name, tool, got, want)
					}
				}
			}
		})
	}
	t.Run("turned away", func(t *testing.T) { turnsAway(t, p.URL) })
	p.Readme(`"text":"joe"`)
	p.Stop()
}

// turnsAway looks at the statuses and challenges (RFC 6750).
func turnsAway(t *testing.T, url string) {
	for _, want := range []struct {
		token, tool string
		status      int
		challenge   string
	}{
		{"", "whoami", 401, `Bearer`},
		{"nobody-0123456789abcdef", "whoami", 401, `error="invalid_token"`},
		{"joe-0123456789abcdef", "write", 403, `error="insufficient_scope", scope="notes:write"`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(
			`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+want.tool+`","_meta":{`+
				`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Content-Type": {"application/json"}, "Mcp-Protocol-Version": {client.Newest}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {want.tool}}
		if want.token != "" {
			req.Header.Set("Authorization", "Bearer "+want.token)
		}
		transport := &http.Transport{DisableKeepAlives: true}
		res, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if got := res.Header.Get("WWW-Authenticate"); err != nil || res.StatusCode != want.status || !strings.Contains(got, want.challenge) {
			t.Errorf("%q calls %s: %d %s\n%s, want %d %s", want.token, want.tool, res.StatusCode, got, body, want.status, want.challenge)
		}
	}
}
