package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/live"
)

// inspection is a command of the Inspector, and what comes of it.
type inspection struct {
	name, args string // args are divided at spaces
	code       int
	// words are in the result, on standard output, written without spaces around; for an error in the words that it
	// has on standard error.
	words []string
}

// The Inspector's exit codes: 1 is what the server, or the Inspector, refuses; 5 is a tool that is not there, or whose
// result is an error.
const (
	refused    = 1
	toolFailed = 5
)

// inspect runs `npx @modelcontextprotocol/inspector --cli` with a server and a command. A Node that is new enough for
// the Inspector is the first that its npx finds, and its home is empty: it keeps a catalog of servers there.
func inspect(t *testing.T, server []string, era string, args ...string) (out, errs string, code int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 4*patience)
	defer stop()
	root, err := live.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "test", "inspector")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal("the Inspector is not installed: run scripts/npm.sh")
	}
	command := append([]string{"--offline", "--no", "--", "@modelcontextprotocol/inspector", "--cli"}, server...)
	cmd := exec.CommandContext(ctx, "npx", append(append(command, "--protocol-era", era), args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(live.Node(ctx, t).Path)+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+t.TempDir())
	// npx starts the Inspector, and that the server: when time is over, all of them end.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) || ctx.Err() != nil {
		t.Fatalf("npx: %v, %v\n%s%s", err, ctx.Err(), &stdout, &stderr)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// check runs the command on a server, and compares.
func (i inspection) check(t *testing.T, server []string, era string) {
	t.Helper()
	out, errs, code := inspect(t, server, era, strings.Fields(i.args)...)
	if code != i.code {
		t.Errorf("it ended with %d, want %d\n%s%s", code, i.code, out, errs)
	}
	said := envelope(errs)
	if out != "" {
		var b bytes.Buffer
		if err := json.Compact(&b, []byte(out)); err != nil {
			t.Fatalf("%q is no JSON: %v\n%s", out, err, errs)
		}
		said = b.String()
	}
	for _, words := range i.words {
		if !strings.Contains(said, words) {
			t.Errorf("it says %s, want %s in it\n%s", said, words, errs)
		}
	}
}

// envelope is the message of the last error that the Inspector has told of.
func envelope(errs string) string {
	for _, line := range slices.Backward(strings.Split(strings.TrimSpace(errs), "\n")) {
		var e struct{ Error struct{ Message string } }
		if json.Unmarshal([]byte(line), &e) == nil && e.Error.Message != "" {
			return e.Error.Message
		}
	}
	return ""
}

// TestInspectorStdio has the Inspector start examples/stdio anew for each command, and wants the program to end by itself
// each time. It has neither resources nor prompts, and says so.
func TestInspectorStdio(t *testing.T) {
	all := []inspection{
		{"call", "--method tools/call --tool-name write_note --tool-arg text=eins", 0, []string{`"structuredContent":{"number":1}`, `"text":"{\"number\":1}"`}},
		{"error of a tool", "--method tools/call --tool-name read_note --tool-arg number=9", toolFailed, []string{`"text":"there are 0 notes"`, `"isError":true`}},
		{"unknown tool", "--method tools/call --tool-name no_such_tool", toolFailed, []string{"no_such_tool"}},
		{"resources", "--method resources/list", 0, []string{`{"resources":[]}`}},
		{"unknown resource", "--method resources/read --uri test://none", refused, []string{"Resource not found"}},
		// What the eras have alike is asked for once.
		{"list", "--method tools/list", 0, []string{`"name":"write_note"`, `"name":"read_note"`, `"name":"review_notes"`}},
		{"call with JSON", `--method tools/call --tool-name review_notes --tool-args-json {"pause_ms":0}`, 0, []string{`"text":"0 notes reviewed"`}},
		{"invalid arguments", "--method tools/call --tool-name read_note", toolFailed, []string{`number: expected an integer, which is required, got nothing`, `"isError":true`}},
		{"prompts", "--method prompts/list", 0, []string{`{"prompts":[]}`}},
		{"unknown prompt", "--method prompts/get --prompt-name no_such_prompt", refused, []string{`Invalid params: unknown prompt "no_such_prompt"`}},
	}
	for _, e := range []struct {
		era, revision string
		inspections   []inspection
	}{{"legacy", "2025-11-25", all}, {"modern", modern, all[:5]}, {"auto", modern, nil}} {
		t.Run(e.era, func(t *testing.T) {
			for _, i := range append([]inspection{connects(e.revision, "notes")}, e.inspections...) {
				t.Run(i.name, func(t *testing.T) {
					child := live.Watch(t, notes)
					i.check(t, append([]string{child.Command}, child.Args...), e.era)
					child.Ended(t, 0)
				})
			}
		})
	}
}

// TestInspectorHTTP has it ask examples/everything, over Streamable HTTP.
func TestInspectorHTTP(t *testing.T) {
	all := []inspection{
		{"list", "--method tools/list", 0, []string{`"name":"test_simple_text"`}},
		{"call", "--method tools/call --tool-name test_simple_text", 0, []string{`"type":"text"`}},
		{"resources", "--method resources/list", 0, []string{`"uri":"test://static-text"`}},
		{"prompts", "--method prompts/list", 0, []string{`"name":"test_simple_prompt"`}},
		{"unknown tool", "--method tools/call --tool-name no_such_tool", toolFailed, []string{"no_such_tool"}},
		{"error of a tool", "--method tools/call --tool-name test_error_handling", toolFailed, []string{`"isError":true`}},
		{"read", "--method resources/read --uri test://static-text", 0, []string{`"uri":"test://static-text"`, `"text":`}},
		{"prompt", "--method prompts/get --prompt-name test_prompt_with_arguments --prompt-args arg1=one arg2=two", 0, []string{"one", "two"}},
	}
	for _, e := range []struct {
		era, revision string
		inspections   []inspection
	}{{"legacy", "2025-11-25", all[1:2]}, {"modern", modern, all}} {
		t.Run(e.era, func(t *testing.T) {
			for _, i := range append([]inspection{connects(e.revision, "")}, e.inspections...) {
				t.Run(i.name, func(t *testing.T) { i.check(t, []string{"--server-url", everything.URL, "--transport", "http"}, e.era) })
			}
		})
	}
}

// connects only connects, and tells what has been negotiated with whom.
func connects(revision, name string) inspection {
	return inspection{"connect", "--method initialize", 0, []string{`"protocolVersion":"` + revision + `"`, `"serverInfo":{"name":"` + name}}
}
