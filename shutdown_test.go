package fastmcp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
)

// stop begins a Shutdown, and waits until the server takes no new connections.
func (l *living) stop(timeout time.Duration) chan error {
	l.t.Helper()
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		done <- l.app.Shutdown(ctx)
	}()
	l.refuses()
	return done
}

// refuses waits until nobody can connect.
func (s *server) refuses() {
	s.t.Helper()
	within(s.t, 20*time.Second, "new connections are refused", func() bool {
		conn, err := net.DialTimeout("tcp", s.addr, 5*time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
}

// kept is a connection that has had an answer and may bring another request.
func (s *server) kept() *rawConn {
	s.t.Helper()
	c := s.rawConn()
	if a := c.do("POST", []string{"Content-Type: application/json"}, `{}`); a.status != 400 || a.header.Get("Connection") != "" {
		s.t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	return c
}

// ended waits until the server has closed the connection.
func (c *rawConn) ended() {
	c.t.Helper()
	_ = c.conn.SetDeadline(time.Now().Add(10 * time.Second))
	if b, err := io.ReadAll(c.in); err != nil || len(b) > 0 {
		c.t.Errorf("the connection does not end: %q, %v", b, err)
	}
}

func TestShutdownWaitsForCalls(t *testing.T) {
	l := newLiving(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{Retry: 1500 * time.Millisecond}})
	c := l.open("2025-11-25")
	own := make(chan answer, 1)
	begun := l.listen("GET", l.open("2025-06-18").headers(), "")
	get := l.request(t.Context(), "GET", c.headers(), "")
	res, err := http.DefaultClient.Do(get)
	if err != nil {
		t.Fatal(err)
	}
	if !res.Close {
		t.Error("the stream ends with its connection, and does not say so")
	}
	go func() {
		b, _ := io.ReadAll(res.Body)
		own <- answer{res.StatusCode, res.Header, string(b)}
	}()
	json := l.start(func() answer { return l.callStateless("hold", `{}`) })
	stream := l.start(func() answer { return c.call("tell", `{"from":1,"to":2}`) })
	broken := c.stream("tell", `{"from":1,"to":2,"key":"broken"}`)
	last := broken.expect("broken", 1, 2)
	l.hasBegun()
	guests := []*rawConn{l.kept(), l.kept(), l.kept(), l.kept(), l.kept(), l.kept()}

	done := l.stop(10 * time.Second)
	begun.ended()
	if a := receive(t, "the end of the stream", own); !strings.HasSuffix(a.body, "retry: 1500\n\n") {
		t.Errorf("a stream ends with %q", a.body)
	}
	events := []string{"Accept: text/event-stream", "Mcp-Session-Id: " + c.id}
	call := `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":2}}}`
	open := `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`
	for i, r := range []struct {
		name, method string
		lines        []string
		body         string
		status       int
	}{
		{"call in 2026-07-28", "POST", statelessHeaders("tools/call", "add").lines(), stateless(1, "tools/call", `"name":"add","arguments":{"a":1,"b":2}`, ""), 200},
		{"call in a session", "POST", c.headers().lines(), call, 200},
		{"initialize", "POST", headers{}.lines(), open, 503}, // it would end with this process
		{"GET", "GET", events, "", 503},
		{"GET of a call", "GET", append(events, "Last-Event-ID: "+last), "", 503},
	} {
		a := guests[i].do(r.method, r.lines, r.body)
		if a.status != r.status || (a.header.Get("Retry-After") != "") != (r.status == 503) || a.header.Get("Connection") != "close" {
			t.Errorf("%s: %d %v %s", r.name, a.status, a.header, a.body)
		}
		guests[i].ended()
	}
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	for range 3 {
		l.letGo <- struct{}{}
	}
	if a := receive(t, "the answer", json); a.status != 200 || a.message(t).tool(t).text() != "held" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := receive(t, "the answer", stream); len(a.messages(t)) != 5 || a.message(t).tool(t).text() != "told" {
		t.Errorf("%d %s", a.status, a.body)
	}
	broken.expect("broken", 3, 4)
	if broken.message().tool(t).text() != "told" {
		t.Error("no result")
	}
	if err := receive(t, "the end", done); err != nil {
		t.Error(err)
	}
	guests[5].ended() // last
}

// The listener of an App that is mounted is not its own: new work would come for ever, and is refused.
func TestShutdownOfAMountedApp(t *testing.T) {
	l := livingApp(t, fastmcp.Config{})
	site := fiber.New(fiber.Config{DisableStartupMessage: true, ReadBufferSize: 16 << 10, ReadTimeout: time.Second})
	l.app.Mount(site)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.addr, l.url = ln.Addr().String(), "http://"+ln.Addr().String()+"/mcp"
	served := make(chan error, 1)
	go func() { served <- site.Listener(ln) }()
	t.Cleanup(func() {
		if err := errors.Join(site.Shutdown(), <-served); err != nil {
			t.Error(err)
		}
	})
	call := l.start(func() answer { return l.callStateless("hold", `{}`) })
	done := make(chan error, 1)
	go func() { done <- l.app.Shutdown(t.Context()) }()
	within(t, 5*time.Second, "new work is refused", func() bool { return l.callStateless("add", `{"a":1,"b":2}`).status == 503 })
	raw := l.rawConn()
	a := raw.do("POST", statelessHeaders("tools/list", "").lines(), stateless(1, "tools/list", "", ""))
	if a.status != 503 || a.header.Get("Retry-After") == "" || a.header.Get("Connection") != "close" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	raw.ended()
	l.letGo <- struct{}{}
	if a := receive(t, "the answer", call); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if err := receive(t, "the end", done); err != nil {
		t.Error(err)
	}
}

func TestShutdownAtItsDeadline(t *testing.T) {
	l := newLiving(t, fastmcp.Config{})
	c := l.open("2025-11-25")
	calls := []chan answer{
		l.start(func() answer { return l.callStateless("hold", `{}`) }),
		l.start(func() answer { return c.call("hold", `{}`) }),
		l.start(func() answer { return c.call("tell", `{"from":1,"to":2}`) }), // does not look at its Context
	}
	begun := time.Now()
	done := l.stop(300 * time.Millisecond)
	if err := receive(t, "the end", done); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 2*time.Second {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
	l.cancelled()
	l.cancelled()
	l.letGo <- struct{}{}
	for _, call := range calls {
		receive(t, "the end of a call", call)
	}
}

// lifeOfAServer serves all kinds of answers, and stops.
func lifeOfAServer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := livingApp(t, fastmcp.Config{StreamAfter: 5 * time.Millisecond, HTTP: fastmcp.HTTPConfig{Heartbeat: 10 * time.Millisecond}})
	l.addr = ln.Addr().String()
	l.url = "http://" + l.addr + "/mcp"
	served := make(chan error, 1)
	go func() { served <- l.app.Listener(ln) }()
	for _, revision := range revisions {
		c := l.open(revision)
		c.listen("").silent(c.session())
		c.listen("").close()
		done := l.start(func() answer { return c.call("hold", `{}`) })
		s := c.stream("tell", `{"from":1,"to":3}`)
		l.hasBegun()
		s.close()
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			res, err := http.DefaultClient.Do(l.request(ctx, "POST", statelessHeaders("tools/call", "hold"), stateless(1, "tools/call", `"name":"hold","arguments":{}`, "")))
			if err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		}()
		l.hasBegun()
		cancel()
		<-gone
		l.cancelled()
		l.letGo <- struct{}{}
		l.letGo <- struct{}{}
		receive(t, "the answer", done)
		receive(t, "the end of the call", l.ended)
	}
	http.DefaultClient.CloseIdleConnections() // one that it has opened and not used would be waited for
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := errors.Join(l.app.Shutdown(ctx), <-served, l.app.Shutdown(ctx)); err != nil {
		t.Error(err)
	}
}

func TestNoGoroutineIsLeft(t *testing.T) {
	lifeOfAServer(t) // what the process starts once
	http.DefaultClient.CloseIdleConnections()
	runtime.GC()
	before := runtime.NumGoroutine()
	for range 3 {
		lifeOfAServer(t)
	}
	after := 0
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		http.DefaultClient.CloseIdleConnections()
		if after = runtime.NumGoroutine(); after <= before {
			return
		}
	}
	var stacks strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
	t.Errorf("%d goroutines before, %d after:\n%s", before, after, stacks.String())
}

func TestSilentConnectionsDoNotHoldUpShutdown(t *testing.T) {
	l := newLiving(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{ReadTimeout: 500 * time.Millisecond}})
	silent, half, idle := l.rawConn(), l.rawConn(), l.rawConn()
	if _, err := io.WriteString(half.conn, "POST /mcp HTTP/1.1\r\nHost: loc"); err != nil {
		t.Fatal(err)
	}
	if a := idle.do("POST", []string{"Content-Type: application/json"}, `{}`); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
	begun := time.Now()
	if err := l.app.Shutdown(t.Context()); err != nil || time.Since(begun) > 3*time.Second {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
	_ = silent
}

const servesEnv = "FASTMCP_TEST_SERVES"

// TestServes is the program that the next test starts: this binary, with a variable set.
func TestServes(t *testing.T) {
	if os.Getenv(servesEnv) == "" {
		return // it has nothing to test: it is for another process
	}
	delay, err := time.ParseDuration(os.Getenv(servesEnv))
	if err != nil {
		t.Fatal(err)
	}
	app := fastmcp.New(fastmcp.Config{HTTP: fastmcp.HTTPConfig{DrainDelay: delay}})
	app.AddRoute(fiber.MethodGet, "/ready", routes.Ready(app))
	app.AddTool(addTool)
	app.AddTool(fastmcp.Tool{Name: "sleep", Handler: fastmcp.Typed(func(c *fastmcp.Context, in noteInput) (string, error) {
		fmt.Println("sleeping")
		for range in.To {
			time.Sleep(10 * time.Millisecond)
		}
		return "slept", nil
	})})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("listening " + ln.Addr().String())
	if err := app.Listener(ln); err != nil {
		t.Fatal(err)
	}
}

// process starts it, with a DrainDelay.
func process(t *testing.T, delay time.Duration) (cmd *exec.Cmd, s *server, said func(word string) string) {
	t.Helper()
	cmd = exec.Command(os.Args[0], "-test.run=^TestServes$", "-test.count=1")
	cmd.Env = append(os.Environ(), servesEnv+"="+delay.String())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := make(chan string, 1024)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	said = func(word string) string {
		t.Helper()
		timeout := time.After(20 * time.Second)
		for {
			select {
			case line, ok := <-lines:
				if !ok {
					t.Fatalf("the process has ended and not said %q", word)
				}
				if _, after, found := strings.Cut(line, word); found {
					return strings.TrimSpace(after)
				}
			case <-timeout:
				t.Fatalf("the process does not say %q", word)
			}
		}
	}
	addr := said("listening ")
	return cmd, &server{t: t, addr: addr, url: "http://" + addr + "/mcp"}, said
}

func TestSIGTERM(t *testing.T) {
	cmd, s, said := process(t, 0)
	idle, silent := s.rawConn(), s.rawConn()
	if a := idle.do("POST", []string{"Content-Type: application/json"}, `{}`); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
	stream := s.open("2025-11-25").listen("")
	call := make(chan answer, 1)
	go func() { call <- s.callStateless("sleep", `{"to":100}`) }()
	said("sleeping")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	said("stopping")
	stream.ended()
	if a := receive(t, "the answer", call); a.status != 200 || a.message(t).tool(t).text() != "slept" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	// A connection that has never sent a byte counts as idle after 5 s.
	if d := time.Since(begun); d > 20*time.Second { // ReadTimeout is 30 s
		t.Errorf("it took %s", d)
	}
	_ = silent
}

// TestDrainDelay: what SIGTERM begins comes to its end.
func TestDrainDelay(t *testing.T) {
	cmd, s, said := process(t, 300*time.Millisecond)
	stream := s.open("2025-11-25").listen("")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	said("draining")
	said("stopping")
	stream.ended()
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestWhileDraining: the node is not ready any more, and serves whoever comes until the listener closes.
func TestWhileDraining(t *testing.T) {
	cmd, s, said := process(t, time.Hour)
	idle := s.kept()
	c := s.open("2025-11-25")
	stream := c.listen("")
	if a := s.at("GET", "/ready", nil); a.status != 200 || a.body != `{"status":"ready"}` {
		t.Errorf("%d %s", a.status, a.body)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	said("draining")
	calls := statelessHeaders("tools/call", "add").lines()
	add := stateless(1, "tools/call", `"name":"add","arguments":{"a":1,"b":2}`, "")
	for _, conn := range []*rawConn{idle, s.rawConn()} {
		if a := conn.do("POST", calls, add); a.status != 200 || a.header.Get("Connection") != "close" {
			t.Errorf("%d %v %s", a.status, a.header, a.body)
		}
		conn.ended()
	}
	if a := s.at("GET", "/ready", nil); a.status != 503 || a.body != `{"status":"draining"}` {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.open("2025-11-25").call("add", `{"a":1,"b":2}`); a.status != 200 { // a session may still begin
		t.Errorf("%d %s", a.status, a.body)
	}
	for open := true; open; {
		select {
		case _, ok := <-stream.events: // its opening
			if !ok {
				t.Fatal("the stream has ended")
			}
		default:
			open = false
		}
	}
}

// A terminal does not balance, and nobody at it wants to wait.
func TestSIGINTDoesNotDrain(t *testing.T) {
	cmd, s, said := process(t, time.Hour)
	s.kept() // it serves
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	said("stopping")
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestSecondSIGTERMWhileDraining ends a process that would be drained for an hour.
func TestSecondSIGTERMWhileDraining(t *testing.T) {
	cmd, s, said := process(t, time.Hour)
	s.kept() // it serves
	for _, wait := range []func(){func() { said("draining") }, func() {}} {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		wait()
	}
	err := cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v", err)
	}
}

func TestSecondSIGTERM(t *testing.T) {
	cmd, s, said := process(t, 0)
	go func() {
		res, err := http.DefaultClient.Do(s.request(t.Context(), "POST", statelessHeaders("tools/call", "sleep"), stateless(1, "tools/call", `"name":"sleep","arguments":{"to":2000}`, "")))
		if err == nil {
			_ = res.Body.Close()
		}
	}()
	said("sleeping")
	for _, wait := range []func(){func() { said("stopping") }, func() {}} {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		wait()
	}
	begun := time.Now()
	err := cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM || time.Since(begun) > 3*time.Second {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
}
