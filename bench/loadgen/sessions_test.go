//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/fastmcp-go/fastmcp/bench/internal/sample"
)

// crowd is a server with sessions. deliver says how often the nth broadcast goes to the ith session.
type crowd struct {
	mu      sync.Mutex
	streams []chan string
	rounds  int
	deliver func(i, round int) int
}

func (s *crowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		s.stream(w, r)
		return
	}
	b, _ := io.ReadAll(r.Body)
	body := string(b)
	_, rest, _ := strings.Cut(body, `"id":`)
	switch {
	case strings.Contains(body, "notifications/initialized"):
		w.WriteHeader(http.StatusAccepted)
		return
	case strings.Contains(body, `"broadcast"`):
		s.broadcast()
	}
	w.Header().Set("Mcp-Session-Id", "a")
	_, _ = io.WriteString(w, three(rest[:10]))
}

func (s *crowd) stream(w http.ResponseWriter, r *http.Request) {
	news := make(chan string, 100)
	s.mu.Lock()
	s.streams = append(s.streams, news)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	w.(http.Flusher).Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case n := <-news:
			// An event in two pieces, with a heartbeat before it.
			_, _ = fmt.Fprintf(w, ":\n\nevent: message\ndata: %s", n[:10])
			w.(http.Flusher).Flush()
			_, _ = fmt.Fprintf(w, "%s\n\n", n[10:])
			w.(http.Flusher).Flush()
		}
	}
}

func (s *crowd) broadcast() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rounds++
	for i, news := range s.streams {
		for range s.deliver(i, s.rounds) {
			news <- `{"jsonrpc":"2.0","method":"notifications/message","params":{}}`
		}
	}
}

func broadcasts(t *testing.T, deliver func(i, round int) int) sample.Sample {
	t.Helper()
	s := httptest.NewServer(&crowd{deliver: deliver})
	defer s.Close()
	defer s.CloseClientConnections()
	target, err := newServer(strings.TrimPrefix(s.URL, "http://"), "/mcp", "")
	if err != nil {
		t.Fatal(err)
	}
	return measureSessions(config{server: target, sessions: 5, broadcasts: 4})
}

func TestBroadcastsReachAll(t *testing.T) {
	r := broadcasts(t, func(int, int) int { return 1 })
	if r.Errors != 0 || r.Sessions != 5 || r.BroadcastMS <= 0 || r.BroadcastMax < r.BroadcastMS {
		t.Errorf("got %+v, want 5 sessions, times and no errors", r)
	}
}

func TestBroadcastThatMissesOneIsAnError(t *testing.T) {
	r := broadcasts(t, func(i, round int) int {
		if i == 3 && round == 2 {
			return 0
		}
		return 1
	})
	if r.Errors != 1 || !strings.Contains(r.FirstError, "reached 4 of 5") {
		t.Errorf("%d errors, %q, want one that says that 4 of 5 were reached", r.Errors, r.FirstError)
	}
}

func TestBroadcastThatComesTwiceIsAnError(t *testing.T) {
	r := broadcasts(t, func(i, round int) int {
		if i == 3 && round == 2 {
			return 2
		}
		return 1
	})
	if r.Errors == 0 {
		t.Errorf("got %+v, want an error", r)
	}
}
