package hostile

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// sit has a connection come in that stays, as soon as there is room for it.
func (s *target) sit() (c net.Conn) {
	s.t.Helper()
	within(s.t, "room for one", func() bool {
		c = dial(s.t, s.addr)
		_, _ = io.WriteString(c, s.post("/echo", length("{}"), "{}"))
		if next(s.t, bufio.NewReader(c)).status == 200 {
			return true
		}
		_ = c.Close()
		return false
	})
	return c
}

// once sends a request on a connection of its own, and tells whether it was served. What is refused must be so properly.
func (s *target) once(name string, status int) bool {
	s.t.Helper()
	c := dial(s.t, s.addr)
	defer func() { _ = c.Close() }()
	_, _ = io.WriteString(c, s.post("/echo", "Connection: close\r\n"+length("{}"), "{}"))
	all, _ := answers(s.t, c, 2)
	if len(all) != 1 {
		s.t.Fatalf("%s: %+v", name, all)
	}
	if all[0].status == 200 {
		return true
	}
	refused(s.t, name, all[0], status)
	return false
}

// At both bounds: the last who may come in does, the next is told why not, and who leaves makes room. Streams count.
func TestMaxConns(t *testing.T) {
	const most = 9
	for name, c := range map[string]struct {
		config fastmcp.HTTPConfig
		status int
	}{
		"in all":                    {fastmcp.HTTPConfig{MaxConns: most, MaxConnsPerIP: -1}, 503},
		"of one address":            {fastmcp.HTTPConfig{MaxConnsPerIP: most}, 429},
		"of one address, no others": {fastmcp.HTTPConfig{MaxConns: -1, MaxConnsPerIP: most}, 429},
		"of most of all":            {fastmcp.HTTPConfig{MaxConns: most / 3 * 4}, 429},
		"in all, of a proxy":        {fastmcp.HTTPConfig{MaxConns: most, MaxConnsPerIP: 2, TrustedProxies: []string{"127.0.0.1"}}, 503},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, fastmcp.Config{HTTP: c.config})
			stream, status := s.stream()
			if status != 200 {
				t.Fatal(status)
			}
			client.CloseIdleConnections() // the connection that the session was opened on ends in its own time
			var conns []net.Conn
			for range most - 1 {
				conns = append(conns, s.sit())
			}
			for range 5 {
				if s.once(name, c.status) {
					t.Error("one too many has come in")
				}
			}
			_ = conns[0].Close()
			conns[0] = s.sit()
			if s.once(name, c.status) {
				t.Error("one too many has come in for one that has left")
			}
			_ = stream.Close()
			s.sit()
			if s.once(name, c.status) {
				t.Error("one too many has come in for a stream that has ended")
			}
		})
	}
}

// Without bounds there are none.
func TestNoMaxConns(t *testing.T) {
	s := serve(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{MaxConns: -1, MaxConnsPerIP: -1}})
	for range 300 {
		s.sit()
	}
	if !s.once("unbounded", 0) {
		t.Error("refused")
	}
}

// calls serves a client who means well for a while, and tells how long the slowest call took.
func (s *target) calls(n int) (slowest time.Duration) {
	s.t.Helper()
	for range n {
		begun := time.Now()
		s.works()
		slowest = max(slowest, time.Since(begun))
	}
	return slowest
}

// Thousands of connections that have begun a request, or said nothing at all, keep nobody from being served, and each is
// told how it ends.
func TestHalfOpenConnections(t *testing.T) {
	const n, timeout = 3000, 3 * time.Second
	s := serve(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{ReadTimeout: timeout}})
	conns := make([]net.Conn, 0, n)
	for i := range n {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if i%2 == 0 {
			_, _ = io.WriteString(c, "POST /mcp HTTP/1.1\r\nHost: "+s.addr+"\r\n")
		}
		conns = append(conns, c)
	}
	slowest := s.calls(20)
	t.Logf("beside %d half-open connections the slowest of 20 sessions took %s", n, slowest)
	if slowest > 5*time.Second {
		t.Errorf("a session took %s", slowest)
	}
	for i, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || res.StatusCode != 408 {
			t.Fatalf("connection %d: %v, %v", i, res, err)
		}
		_ = c.Close()
	}
}

// Thousands of open streams keep nobody from being served, and end with the App.
func TestIdleStreams(t *testing.T) {
	const n = 2000
	s := serve(t, fastmcp.Config{Sessions: fastmcp.SessionConfig{MaxPerIP: n + 100, MaxPerPrincipal: n + 100}})
	for i := range n {
		if _, status := s.stream(); status != 200 {
			t.Fatalf("stream %d: %d", i, status)
		}
	}
	if slowest := s.calls(20); slowest > 5*time.Second {
		t.Errorf("a session took %s beside %d streams", slowest, n)
	}
}
