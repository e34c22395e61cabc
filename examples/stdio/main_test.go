package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

// patience bounds what a test waits for.
const patience = time.Minute

// process is the example as a process, which a test speaks to as a client does.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	pipe   io.Closer
	out    *bufio.Reader
	errors *program.Output
}

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "fastmcp-stdio")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "notes")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := build(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func start(t *testing.T) *process {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel) // it also ends a process that a test has not
	p := &process{t: t, cmd: exec.CommandContext(ctx, path), errors: &program.Output{}}
	p.cmd.Stderr = p.errors
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.pipe, p.out = out, bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) send(lines ...string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, strings.Join(lines, "\n")+"\n"); err != nil {
		p.t.Fatalf("%v\n%s", err, p.errors)
	}
}

// want fails the test unless the next lines are JSON and have these texts in them.
func (p *process) want(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		line, err := p.out.ReadString('\n')
		if err != nil {
			p.t.Fatalf("%v, want %s\n%s", err, text, p.errors)
		}
		if !json.Valid([]byte(line)) || !strings.Contains(line, text) {
			p.t.Errorf("got %s want %s in it", line, text)
		}
	}
}

// ended fails the test unless the process ends with 0, and says nothing more.
func (p *process) ended() {
	p.t.Helper()
	rest, err := io.ReadAll(p.out)
	if err != nil || len(rest) > 0 {
		p.t.Errorf("%v, and it said %q", err, rest)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("it ended with %v, want 0\n%s", err, p.errors)
	}
}

const (
	initialize  = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
	initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
	cancelled   = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}`
	stateless   = `"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},`
)

// call calls a tool. meta is what its _meta has before the progress token.
func call(id int, tool, args, meta string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"arguments":%s,"_meta":{%s"progressToken":%d}}}`, id, tool, args, meta, id)
}

func TestConversation(t *testing.T) {
	for revision, meta := range map[string]string{"2025-11-25": "", "2026-07-28": stateless} {
		t.Run(revision, func(t *testing.T) {
			p := start(t)
			if meta == "" {
				p.send(initialize, initialized)
				p.want(`"protocolVersion":"2025-11-25"`)
			} else {
				p.send(`{"jsonrpc":"2.0","id":0,"method":"server/discover","params":{"_meta":{` + strings.TrimSuffix(meta, ",") + `}}}`)
				p.want(`"supportedVersions"`)
			}
			p.send(call(1, "write_note", `{"text":"line one\nline two"}`, meta))
			p.want(`"structuredContent":{"number":1}`)
			p.send(call(2, "read_note", `{"number":1}`, meta))
			p.want(`"text":"line one\nline two"`)
			p.send(call(3, "read_note", `{"number":9}`, meta))
			p.want(`there are 1 notes`)
			p.send(call(4, "read_note", `{}`, meta))
			p.want(`"isError":true`)
			p.send(call(5, "review_notes", `{"pause_ms":0}`, meta))
			p.want(`"progressToken":5,"progress":1,"total":1`, `1 notes reviewed`)
			p.send(call(6, "review_notes", `{"pause_ms":60000}`, meta))
			p.want(`"progressToken":6`)
			p.send(fmt.Sprintf(cancelled, 6), `not JSON`, call(7, "read_note", `{"number":1}`, meta))
			p.want(`-32700`, `"id":7`)
			_ = p.in.Close()
			p.ended()
			if !strings.Contains(p.errors.String(), "noted") {
				t.Errorf("standard error has %q, want the log", p.errors)
			}
		})
	}
}

func TestEndsWithASignal(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := start(t)
		p.send(initialize, call(1, "write_note", `{"text":"x"}`, ""))
		p.want(`"protocolVersion"`, `"number":1`)
		if err := p.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		p.ended()
	}
}

// A call that would take a minute does not hold up the end: 2026-07-28 cancels it at once, a session after 1 s.
func TestEndsWithACallThatRuns(t *testing.T) {
	for revision, meta := range map[string]string{"2025-11-25": "", "2026-07-28": stateless} {
		p := start(t)
		p.send(initialize, call(1, "write_note", `{"text":"x"}`, meta))
		p.want(`"protocolVersion"`, `"number":1`)
		p.send(call(2, "review_notes", `{"pause_ms":60000}`, meta))
		p.want(`"progressToken":2`)
		_ = p.in.Close()
		rest, err := io.ReadAll(p.out)
		if err != nil || meta == "" && len(rest) > 0 || meta != "" && bytes.Count(rest, []byte("\n")) != 1 {
			t.Errorf("%s: %v, and it said %q", revision, err, rest)
		}
		p.ended()
	}
}

// The process of a client that has died must not live on, nor die by the signal of its pipe before it has cleaned up.
func TestEndsWhenNobodyReads(t *testing.T) {
	p := start(t)
	p.send(initialize)
	p.want(`"protocolVersion"`)
	_ = p.pipe.Close()
	p.send(call(1, "write_note", `{"text":"x"}`, ""))
	_ = p.cmd.Wait()
	if code := p.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(p.errors.String(), "serving failed") {
		t.Errorf("it ended with %d, want 1\n%s", code, p.errors)
	}
}
