package fastmcp_test

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// faults are the transport errors of an App.
type faults chan fastmcp.TransportError

func (f faults) next(t testing.TB, want fastmcp.TransportFault) fastmcp.TransportError {
	t.Helper()
	for {
		e := receive(t, "a fault: "+string(want), f)
		if e.Fault == want {
			return e
		}
		if e.Fault != fastmcp.FaultClosed {
			t.Errorf("%+v, want %s", e, want)
		}
	}
}

func TestTransportErrors(t *testing.T) {
	f := make(faults, 64)
	app, l := newApp(t, fastmcp.Config{
		HTTP: fastmcp.HTTPConfig{ReadTimeout: 200 * time.Millisecond, MaxHeader: 1 << 10, MaxBody: 1 << 10},
		On:   fastmcp.Events{TransportError: func(e fastmcp.TransportError) { f <- e }},
	})
	s := serve(t, app, l).begun()
	for _, c := range []struct {
		send string
		want fastmcp.TransportFault
	}{
		{"secret-token\r\n\r\n", fastmcp.FaultMalformed},
		{"POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret-token\r\nContent-Length: secret-token\r\n\r\n", fastmcp.FaultMalformed},
		{"GET /mcp HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("secret-token", 200) + "\r\n\r\n", fastmcp.FaultTooLarge},
		{"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4096\r\n\r\n", fastmcp.FaultTooLarge},
		{"POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: secret-token\r\n", fastmcp.FaultTimeout},
		{"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nsecret-token", fastmcp.FaultTimeout},
	} {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, c.send); err != nil {
			t.Error(err)
		}
		e := f.next(t, c.want)
		if !e.IP.IsLoopback() || strings.Contains(e.Err.Error(), "secret-token") {
			t.Errorf("%.40q: %+v", c.send, e)
		}
		_ = conn.Close()
	}
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nbegun")
	_ = conn.Close()
	f.next(t, fastmcp.FaultClosed)
	if text := l.String(); strings.Contains(text, "secret-token") || !strings.Contains(text, `fault="too large"`) || !strings.Contains(text, "ip=127.0.0.1") {
		t.Error(text)
	}
}

// What clients do that behave is no fault.
func TestTransportHasNoErrors(t *testing.T) {
	f := make(faults, 1024)
	l := newLiving(t, fastmcp.Config{On: fastmcp.Events{TransportError: func(e fastmcp.TransportError) { f <- e }}})
	for _, revision := range revisions {
		c := l.open(revision)
		own := c.listen("")
		c.call("add", `{"a":1,"b":2}`)
		st := c.stream("notes", `{"from":1,"to":3}`)
		st.ended()
		own.close()
	}
	l.callStateless("add", `{"a":1,"b":2}`)
	l.subscribes("", "1", `{"toolsListChanged":true}`, `{"toolsListChanged":true}`).close()
	if err := l.app.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	for range len(f) {
		if e := <-f; e.Fault != fastmcp.FaultClosed {
			t.Errorf("%+v", e)
		}
	}
}

func TestTransportErrorPanics(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{On: fastmcp.Events{TransportError: func(fastmcp.TransportError) { panic("broken") }}})
	app.AddTool(addTool)
	s := serve(t, app, l)
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "GARBAGE\r\n\r\n")
	within(t, 5*time.Second, "it is logged", func() bool { return strings.Contains(l.String(), "Events.TransportError failed") })
	_ = conn.Close()
	if r := s.callStateless("add", `{"a":1,"b":2}`).message(t).tool(t); r.IsError {
		t.Errorf("%+v", r)
	}
}

func TestTransportErrorsOfTLS(t *testing.T) {
	f := make(faults, 64)
	app, _ := newApp(t, fastmcp.Config{On: fastmcp.Events{TransportError: func(e fastmcp.TransportError) { f <- e }}})
	info := make(chan fastmcp.ListenInfo, 1)
	app.OnListen(func(i fastmcp.ListenInfo) { info <- i })
	certFile, keyFile, pool := certificate(t)
	done := make(chan error, 1)
	go func() { done <- app.ListenTLS("127.0.0.1:0", certFile, keyFile) }()
	where := receive(t, "OnListen", info)
	if !where.TLS || where.URL != "https://"+where.Address+"/mcp" {
		t.Errorf("%+v", where)
	}
	conn, err := net.Dial("tcp", where.Address)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "POST /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n") // plain HTTP
	f.next(t, fastmcp.FaultTLS)
	_ = conn.Close()
	if _, err := tls.Dial("tcp", where.Address, &tls.Config{}); err == nil {
		t.Error("a certificate that nobody vouches for was taken")
	}
	if e := f.next(t, fastmcp.FaultTLS); !strings.Contains(e.Err.Error(), "certificate") || !e.IP.IsLoopback() {
		t.Errorf("%+v", e)
	}
	if _, err := tls.Dial("tcp", where.Address, &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}); err == nil {
		t.Error("an old version was taken")
	}
	f.next(t, fastmcp.FaultTLS)
	if err := app.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := receive(t, "the end", done); err != nil {
		t.Error(err)
	}
}

func TestTransportErrorsOfTooManyConnections(t *testing.T) {
	f := make(faults, 64)
	app, l := newApp(t, fastmcp.Config{
		HTTP: fastmcp.HTTPConfig{MaxConns: 2, MaxConnsPerIP: -1},
		On:   fastmcp.Events{TransportError: func(e fastmcp.TransportError) { f <- e }},
	})
	s := serve(t, app, l)
	for n := range 3 {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if n < 2 {
			// Once it has been answered it has been let in.
			_, _ = io.WriteString(conn, "GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n")
			if _, err := io.ReadFull(conn, make([]byte, 12)); err != nil {
				t.Error(err)
			}
		}
	}
	if e := f.next(t, fastmcp.FaultOverload); !e.IP.IsLoopback() || !strings.Contains(e.Err.Error(), "503") {
		t.Errorf("%+v", e)
	}
}
