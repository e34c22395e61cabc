// Package program starts an example for its test, and stops it as an operator would.
package program

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds what a test waits for.
const patience = time.Minute

// Program is an example that runs.
type Program struct {
	// URL is where it serves MCP, as it printed it.
	URL string

	t      *testing.T
	out    Output
	stop   func() error
	signal os.Signal
}

// Output is what a program has printed, while it goes on printing. The zero value is ready.
type Output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds to it.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// String is what there is.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// listening is the line that an example prints once it can be called.
var listening = regexp.MustCompile(`(?m)^listening on (https?://127\.0\.0\.1:[1-9][0-9]*(?:/api)?/mcp)$`)

// Start builds the program in the folder of the test, and runs it on a free port, with more arguments if there are any.
func Start(t *testing.T, args ...string) *Program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	p := &Program{t: t, signal: syscall.SIGTERM}
	cmd := exec.CommandContext(ctx, path, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	p.stop = sync.OnceValue(func() error {
		defer cancel()
		if err := cmd.Process.Signal(p.signal); err != nil {
			return err
		}
		return cmd.Wait()
	})
	t.Cleanup(func() { _ = p.stop() }) // a test that has not stopped it has failed already
	for {
		if m := listening.FindStringSubmatch(p.out.String()); m != nil {
			p.URL = m[1]
			return p
		}
		select {
		case <-ctx.Done():
			t.Fatalf("it does not say where it listens:\n%s", p.out.String())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Stop asks the program to end, which it must do without an error.
func (p *Program) Stop() {
	p.t.Helper()
	if err := p.stop(); err != nil {
		p.t.Errorf("after %s it ended with %v, want 0\n%s", p.signal, err, p.out.String())
	}
}

// Interrupt is Stop by what a terminal sends at Ctrl-C.
func (p *Program) Interrupt() {
	p.t.Helper()
	p.signal = os.Interrupt
	p.Stop()
}

// Printed is what the program has printed.
func (p *Program) Printed() string { return p.out.String() }

// Call calls a method in 2026-07-28, and gives the messages that come back: those of a stream, or one. more goes into
// the params, behind a comma. The client wants progress and log messages.
func (p *Program) Call(method, name, more string) []string {
	p.t.Helper()
	h := http.Header{"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {method}}
	if name != "" {
		h.Set("Mcp-Name", name)
	}
	_, messages := p.Post(h, `{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":{"_meta":{"progressToken":1,`+
		`"io.modelcontextprotocol/logLevel":"info","io.modelcontextprotocol/protocolVersion":"2026-07-28",`+
		`"io.modelcontextprotocol/clientCapabilities":{}}`+more+`}}`)
	return messages
}

// Tool calls a tool; see Call.
func (p *Program) Tool(name, args string) []string {
	p.t.Helper()
	return p.Call("tools/call", name, `,"name":"`+name+`","arguments":`+args)
}

// Post posts a message, and gives the answer's header and messages.
func (p *Program) Post(h http.Header, body string) (http.Header, []string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.URL, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header = h.Clone()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport, Timeout: patience}).Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return res.Header, []string{string(b)}
	}
	var messages []string
	for line := range strings.Lines(string(b)) {
		if data, ok := strings.CutPrefix(line, "data: "); ok && data != "\n" {
			messages = append(messages, strings.TrimSpace(data))
		}
	}
	return res.Header, messages
}

// Want fails the test unless there are as many messages as wanted texts, and each has its text in it.
func (p *Program) Want(messages []string, texts ...string) {
	p.t.Helper()
	if len(messages) != len(texts) {
		p.t.Errorf("%d messages, want %d:\n%s", len(messages), len(texts), strings.Join(messages, "\n"))
		return
	}
	for i, text := range texts {
		if !strings.Contains(messages[i], text) {
			p.t.Errorf("message %d is %s, want %s in it", i, messages[i], text)
		}
	}
}
