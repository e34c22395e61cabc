package fastmcp_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// stuck sends a request and reads nothing of the answer until it is told to.
func (s *server) stuck(method string, h headers, body string) *bufio.Reader {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if err := s.request(s.t.Context(), method, h, body).Write(conn); err != nil {
		s.t.Fatal(err)
	}
	return bufio.NewReader(conn)
}

// rest is what has arrived at a connection that is over: its notes, until it breaks off.
func rest(t *testing.T, r *bufio.Reader) (last int, id string) {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(res.Body)
	scanner.Buffer(nil, 8<<20)
	for m, ok := nextEvent(scanner); ok; m, ok = nextEvent(scanner) {
		if m.Method == "" {
			continue
		}
		if n := m.number(t).N; n != last+1 {
			t.Fatalf("note %d after %d", n, last)
		}
		last, id = last+1, m.event
	}
	return last, id
}

// A client that does not read loses its connection, not its call, and nobody else waits for it.
func TestSlowReader(t *testing.T) {
	const writeTimeout, size, notes = 2 * time.Second, 16 << 10, 1000
	l := newLiving(t, fastmcp.Config{
		HTTP:     fastmcp.HTTPConfig{WriteTimeout: writeTimeout},
		Sessions: fastmcp.SessionConfig{LogEvents: 1 << 20, LogBytes: 128 << 20},
	})
	flooded := make(chan error, 1)
	l.app.AddTool(fastmcp.Tool{Name: "flood", Handler: fastmcp.Typed(func(c *fastmcp.Context, in noteInput) (string, error) {
		text, err := sendNotes(c, in)
		flooded <- err
		return text, err
	})})
	args := fmt.Sprintf(`"name":"flood","arguments":{"from":1,"to":%d,"size":%d}`, notes, size)
	bound := func(what string, begun time.Time) {
		t.Helper()
		if d := time.Since(begun); d > writeTimeout+15*time.Second {
			t.Errorf("%s took %s", what, d)
		}
	}

	begun := time.Now()
	c := l.open("2025-11-25")
	c.next = 1
	conn := l.stuck("POST", c.headers(), `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{`+args+`}}`)
	if a := c.call("add", `{"a":1,"b":2}`); a.status != 200 {
		t.Errorf("the same client's other call: %s", a.body)
	}
	if err := receive(t, "the end of the flood", flooded); err != nil {
		t.Errorf("the call in a session: %v", err)
	}
	bound("the call in a session", begun)
	last, id := rest(t, conn)
	if last == 0 || last == notes {
		t.Fatalf("%d of %d notes have arrived", last, notes)
	}
	s := c.listen(id)
	for last++; last <= notes; last++ {
		if n := s.message().number(t).N; n != last {
			t.Fatalf("note %d, want %d", n, last)
		}
	}
	if s.message().tool(t).text() != "told" {
		t.Error("no result")
	}

	begun = time.Now()
	l.stuck("POST", statelessHeaders("tools/call", "flood"), stateless(1, "tools/call", args, ""))
	if err := receive(t, "the end of the flood", flooded); err == nil {
		t.Error("the stateless call has not found out")
	}
	bound("the stateless call", begun)
}

func TestBroadcastDoesNotWait(t *testing.T) {
	const writeTimeout, notes = 6 * time.Second, 150
	l := newLiving(t, fastmcp.Config{
		HTTP:     fastmcp.HTTPConfig{WriteTimeout: writeTimeout},
		Sessions: fastmcp.SessionConfig{LogBytes: 64 << 20},
	})
	stuck := l.open("2025-11-25")
	conn := l.stuck("GET", stuck.headers().plus("Accept", "text/event-stream"), "")
	if _, err := conn.Peek(1); err != nil { // it is connected
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	for range 9 {
		c := l.open("2025-11-25")
		res, err := http.DefaultClient.Do(l.request(t.Context(), "GET", c.headers(), ""))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		readers.Go(func() {
			scanner := bufio.NewScanner(res.Body)
			scanner.Buffer(nil, 8<<20)
			last := fmt.Sprintf("id: 0.%d", notes)
			for scanner.Scan() && string(scanner.Bytes()) != last {
			}
			if scanner.Err() != nil {
				t.Error(scanner.Err())
			}
		})
	}
	params := note{N: 1, Pad: strings.Repeat("x", 64<<10)}
	begun := time.Now()
	for params.N <= notes {
		if err := l.app.Broadcast(noteMethod, params); err != nil {
			t.Fatal(err)
		}
		params.N++
	}
	readers.Wait()
	if d := time.Since(begun); d > writeTimeout {
		t.Errorf("the others had to wait for %s", d)
	}
	time.Sleep(writeTimeout + time.Second) // whenever its last write began, it has lost its connection by then
	last, id := rest(t, conn)
	if last == 0 || last == notes {
		t.Errorf("%d notes have arrived", last)
	}
	stuck.listen(id).expect("", last+1, notes)
}
