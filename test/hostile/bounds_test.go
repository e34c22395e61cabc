package hostile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// Headers as long as MaxHeader are read, a byte more is 431, and however much more is sent, the client can read that.
func TestMaxHeader(t *testing.T) {
	const limit = 2048
	s := serve(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{MaxHeader: limit}})
	head := func(n int) string { // the first line and the headers, n bytes in all
		lines := "Connection: close\r\n" + length("{}") + "X: "
		rest := n - len(s.post("/echo", lines+"\r\n", ""))
		return s.post("/echo", lines+strings.Repeat("x", rest)+"\r\n", "")
	}
	for n, want := range map[int]int{limit: 200, limit + 1: 431, 2 * limit: 431, 4 << 20: 431} {
		for _, slowly := range []bool{false, true} {
			if slowly && n > 2*limit {
				continue
			}
			name := fmt.Sprintf("%d bytes, slowly %t", n, slowly)
			c := dial(t, s.addr)
			send(c, head(n)+"{}", slowly)
			all, _ := answers(t, c, 2)
			if len(all) != 1 {
				t.Errorf("%s: %+v", name, all)
			} else if want != 200 {
				refused(t, name, all[0], want)
			} else if all[0].status != 200 {
				t.Errorf("%s: %+v", name, all[0])
			}
		}
	}
	// One header, or thousands of them: it is the same bound.
	c := dial(t, s.addr)
	send(c, s.post("/echo", strings.Repeat("A: b\r\n", 100_000), "{}"), false)
	all, _ := answers(t, c, 2)
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	refused(t, "many headers", all[0], 431)
	s.works()
}

// A body as long as MaxBody is read, a byte more is 413, and a client that sends all of it before it reads can read that.
func TestMaxBody(t *testing.T) {
	const limit = 64 << 10
	s := serve(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{MaxBody: limit}})
	chunks := func(n int) string {
		var b strings.Builder
		for ; n > 0; n -= 1000 {
			k := min(n, 1000)
			fmt.Fprintf(&b, "%x\r\n%s\r\n", k, strings.Repeat("x", k))
		}
		return b.String() + "0\r\n\r\n"
	}
	for n, want := range map[int]int{limit: 200, limit + 1: 413, 2 * limit: 413, 32 << 20: 413} {
		for framing, request := range map[string]string{
			"a length": s.post("/echo", "Connection: close\r\nContent-Length: "+fmt.Sprint(n)+"\r\n", strings.Repeat("x", n)),
			"chunks":   s.post("/echo", "Transfer-Encoding: chunked\r\n", chunks(n)),
		} {
			name := fmt.Sprintf("%d bytes, %s", n, framing)
			c := dial(t, s.addr)
			if _, err := io.WriteString(c, request); err != nil {
				t.Errorf("%s: not all could be sent: %v", name, err)
			}
			all, _ := answers(t, c, 2)
			if len(all) != 1 {
				t.Errorf("%s: %+v", name, all)
			} else if want != 200 {
				refused(t, name, all[0], want)
			} else if all[0].status != 200 || len(all[0].body) < n {
				t.Errorf("%s: %d", name, all[0].status)
			}
		}
	}
	if n := s.echoes.Load(); n != 2 {
		t.Errorf("%d bodies have reached the handler", n)
	}
	s.works()
}

// A client that asks before it sends is told at once, and sends nothing.
func TestExpectContinue(t *testing.T) {
	const limit = 1000
	s := serve(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{MaxBody: limit}})
	c := dial(t, s.addr)
	r := bufio.NewReader(c)
	send(c, s.post("/echo", "Expect: 100-continue\r\nContent-Length: 2\r\n", ""), false)
	if a := next(t, r); a.status != 100 {
		t.Fatalf("%+v", a)
	}
	send(c, "{}", false)
	if a := next(t, r); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	send(c, s.post("/echo", "Expect: 100-continue\r\nContent-Length: 1001\r\n", "")+s.hit(), false)
	all, _ := answers(t, c, 2)
	if len(all) != 1 || s.hits.Load() != 0 {
		t.Fatalf("%+v, %d hits", all, s.hits.Load())
	}
	refused(t, "too long", all[0], 413)
	// Nor is a 100 sent where the rest would be refused.
	c = dial(t, s.addr)
	send(c, s.post("/echo", "Expect: 100-continue\r\nContent-Length: 2\r\nContent-Length: 3\r\n", ""), false)
	if all, _ = answers(t, c, 2); len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	refused(t, "two lengths", all[0], 400)
}

// drip sends a byte at a time, more slowly than the server waits for all of them, until the connection ends.
func drip(c net.Conn, every time.Duration) {
	for {
		if _, err := c.Write([]byte("x")); err != nil {
			return
		}
		time.Sleep(every)
	}
}

// A request that does not arrive in ReadTimeout ends with 408, however it is late. Nobody else waits for it.
func TestReadTimeout(t *testing.T) {
	const timeout = 400 * time.Millisecond
	s := serve(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{ReadTimeout: timeout}})
	for _, c := range []struct {
		name, begin string
		drip        bool
	}{
		{"nothing", "", false},
		{"half a line", "POST /mc", false},
		{"half the headers", "POST /mcp HTTP/1.1\r\nHost: " + s.addr + "\r\nX: ", false},
		{"a byte of the headers at a time", "POST /mcp HTTP/1.1\r\nHost: " + s.addr + "\r\nX: ", true},
		{"no body", s.post("/mcp", "Content-Length: 1000\r\n", ""), false},
		{"half a body", s.post("/mcp", "Content-Length: 1000\r\n", initialize), false},
		{"a byte of the body at a time", s.post("/mcp", "Content-Length: 1000\r\n", initialize), true},
		{"no body after 100", s.post("/mcp", "Expect: 100-continue\r\nContent-Length: 1000\r\n", ""), false},
		{"half a chunk", s.post("/mcp", "Transfer-Encoding: chunked\r\n", "5\r\nxx"), false},
		{"a byte of a chunk at a time", s.post("/mcp", "Transfer-Encoding: chunked\r\n", "ffff\r\n"), true},
		{"half the size of a chunk", s.post("/mcp", "Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n1"), false},
		{"an extension without end", s.post("/mcp", "Transfer-Encoding: chunked\r\n", "2;"), true},
		{"no last line", s.post("/mcp", "Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n"), false},
		{"trailers without end", s.post("/mcp", "Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\nX: "), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			conn := dial(t, s.addr)
			send(conn, c.begin, false)
			if c.drip {
				go drip(conn, timeout/20)
			}
			all, _ := answers(t, conn, 3)
			took := time.Since(begun)
			if len(all) > 0 && all[0].status == 100 {
				all = all[1:]
			}
			if len(all) != 1 {
				t.Fatalf("%d answers after %s: %+v", len(all), took, all)
			}
			refused(t, c.name, all[0], 408)
			if took < timeout || took > timeout+8*time.Second { // a client that goes on sending is heard out for 2 s
				t.Errorf("it took %s, and ReadTimeout is %s", took, timeout)
			}
		})
	}
	t.Run("others", func(t *testing.T) {
		t.Parallel()
		for range 20 {
			s.works()
		}
	})
}

// A connection that waits for its next request is closed after IdleTimeout, without a word, and not before.
func TestIdleTimeout(t *testing.T) {
	const idle = time.Second
	s := serve(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{IdleTimeout: idle, ReadTimeout: 200 * time.Millisecond}})
	c := dial(t, s.addr)
	r := bufio.NewReader(c)
	for range 2 {
		send(c, s.post("/echo", length("{}"), "{}"), false)
		if a := next(t, r); a.status != 200 {
			t.Fatalf("%+v", a)
		}
		time.Sleep(idle / 2) // more than ReadTimeout
	}
	send(c, s.post("/echo", length("{}"), "{}"), false)
	if a := next(t, r); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	begun := time.Now()
	if b, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Fatalf("%q, %v", b, err)
	}
	if took := time.Since(begun); took < idle-idle/10 || took > idle+8*time.Second {
		t.Errorf("it was closed after %s, and IdleTimeout is %s", took, idle)
	}
	// The next request has its ReadTimeout, not what is left of the other.
	c = dial(t, s.addr)
	r = bufio.NewReader(c)
	send(c, s.post("/echo", length("{}"), "{}")+"POST ", false)
	if a := next(t, r); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	refused(t, "half of the second", next(t, r), 408)
}

// stream opens the stream of a session of its own. status is that of the answer.
func (s *target) stream() (conn net.Conn, status int) {
	s.t.Helper()
	h := s.open()
	conn = dial(s.t, s.addr)
	_, _ = fmt.Fprintf(conn, "GET /mcp HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nMcp-Session-Id: %s\r\nMCP-Protocol-Version: 2025-11-25\r\n\r\n", s.addr, h["Mcp-Session-Id"])
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return conn, res.StatusCode
}

// As many streams are open as may be; one more is 503 and costs nobody theirs, and there is room when one has gone.
func TestMaxStreams(t *testing.T) {
	const most = 20
	s := serve(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{MaxStreams: most}})
	var conns []net.Conn
	for i := range most {
		c, status := s.stream()
		if status != 200 {
			t.Fatalf("stream %d: %d", i+1, status)
		}
		conns = append(conns, c)
	}
	for range 3 {
		if _, status := s.stream(); status != 503 {
			t.Errorf("one too many: %d", status)
		}
	}
	s.works()
	_ = conns[0].Close()
	within(t, "room for another", func() bool {
		_, status := s.stream()
		return status == 200
	})
	for _, c := range conns[1:] {
		_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := io.Copy(io.Discard, c); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("another stream ended: %v", err)
		}
	}
}
