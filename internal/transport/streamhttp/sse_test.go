package streamhttp

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

func TestAppendEvent(t *testing.T) {
	for _, c := range []struct {
		m    rpc.Message
		want string
	}{
		{rpc.Message{Data: []byte(`{"a":1}`)}, "data: {\"a\":1}\n\n"},
		{rpc.Message{ID: "1.2", Data: []byte(`{}`)}, "id: 1.2\ndata: {}\n\n"},
		{rpc.Message{ID: "1.0"}, "id: 1.0\ndata: \n\n"},
		{rpc.Message{Retry: 1500 * time.Millisecond}, "retry: 1500\n\n"},
		{rpc.Message{Data: []byte("{\n\"a\":\r\n1}")}, "data: { \"a\":  1}\n\n"},
		{rpc.Message{ID: "a\nb", Data: []byte("1")}, "id: a b\ndata: 1\n\n"},
	} {
		if got := string(appendEvent(nil, c.m)); got != c.want {
			t.Errorf("%+v is %q, want %q", c.m, got, c.want)
		}
	}
}

// FuzzAppendEvent: whatever the message holds, it is one event of one data line.
func FuzzAppendEvent(f *testing.F) {
	f.Add("1.1", []byte(`{"jsonrpc":"2.0"}`), int64(0))
	f.Add("", []byte("a\r\nb\n\nid: x"), int64(5))
	f.Fuzz(func(t *testing.T, id string, data []byte, retry int64) {
		out := appendEvent([]byte("before\n\n"), rpc.Message{ID: id, Data: data, Retry: time.Duration(retry)})
		event, ok := bytes.CutPrefix(out, []byte("before\n\n"))
		if !ok {
			t.Fatalf("%q lost what was before", out)
		}
		body, ok := strings.CutSuffix(string(event), "\n")
		if !ok {
			t.Fatalf("%q does not end", event)
		}
		seen := map[string]int{}
		for line := range strings.Lines(body) {
			name, _, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			seen[name]++
			if !ok || seen[name] > 1 || name != "id" && name != "data" && name != "retry" || strings.Contains(line, "\r") {
				t.Fatalf("%q has the line %q", event, line)
			}
		}
	})
}

func TestAccepts(t *testing.T) {
	for header, want := range map[string][2]bool{
		"": {true, true}, "*/*": {true, true}, "application/json": {true, false}, "text/event-stream": {false, true},
		"application/json, text/event-stream": {true, true}, "Application/JSON;q=0.5, text/*": {true, true}, "text/html": {false, false},
		"application/json;q=0, text/event-stream": {false, true}, "application/*": {true, false},
	} {
		json, sse := accepts(header)
		if json != want[0] || sse != want[1] {
			t.Errorf("%q: json %v, sse %v", header, json, sse)
		}
	}
}

func TestMatchHosts(t *testing.T) {
	for _, c := range []struct {
		pattern, host string
		want          bool
	}{
		{"a.example", "a.example", true}, {"a.example", "A.EXAMPLE", true}, {"a.example", "b.a.example", false}, {"*.example.com", "a.example.com", true},
		{"*.example.com", "example.com", false}, {"*.example.com", "evilexample.com", false}, {"*.example.com", ".example.com", false}, {"a.example:8080", "a.example:8080", true},
	} {
		if got := matchHost(c.pattern, c.host); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.host, got)
		}
	}
	for _, c := range []struct {
		pattern, origin string
		want            bool
	}{
		{"https://a.example", "https://a.example", true}, {"https://a.example", "http://a.example", false}, {"https://a.example", "https://a.example:444", false},
		{"https://*.example.com", "https://x.example.com", true}, {"https://*.example.com", "https://x.example.com.evil", false}, {"a.example", "https://a.example", false}, {"https://a.example", "null", false},
	} {
		if got := matchOrigin(c.pattern, c.origin); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.origin, got)
		}
	}
	for host, want := range map[string]string{"a:1": "a", "[::1]:80": "::1", "[::1]": "::1", "a": "a", "::1": "::1"} {
		if got := hostname(host); got != want {
			t.Errorf("%q is %q", host, got)
		}
	}
}
