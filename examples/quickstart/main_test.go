package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

func TestQuickstart(t *testing.T) {
	p := program.Start(t)
	p.Want(p.Tool("add", `{"a":0,"b":5}`), `"structuredContent":{"sum":5}`)
	p.Want(p.Tool("add", `{"a":1}`), `b: expected a number`)
	p.Want(p.Tool("countdown", `{"from":2,"delay_ms":0}`),
		`"progress":1,"total":2,"message":"2"`, `"progress":2,"total":2,"message":"1"`, `"text":"liftoff"`)
	p.Want(p.Tool("fail", `{}`), `there is no fuel left`)
	p.Want(p.Tool("cancelled_calls", `{}`), `{"count":0}`)
	list := p.Call("tools/list", "", "")
	p.Want(list, `"name":"add"`)
	for _, name := range []string{"countdown", "cancelled_calls", "fail"} {
		p.Want(list, `"name":"`+name+`"`)
	}
	p.Readme(`"structuredContent":{"sum":5}`)
	p.Stop()
}

// TestQuickstartPrintsACallThatWorks pastes what it prints into a shell.
func TestQuickstartPrintsACallThatWorks(t *testing.T) {
	p := program.Start(t)
	_, command, found := strings.Cut(p.Printed(), "Try it:\n")
	if !found || !strings.HasPrefix(command, "curl ") {
		t.Fatalf("no command in %s", p.Printed())
	}
	command, _, _ = strings.Cut(command, "\n\n")
	out, err := exec.CommandContext(t.Context(), "bash", "-c", command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s\n(it needs bash and curl)", command, err, out)
	}
	p.Want([]string{string(out)}, `"structuredContent":{"sum":5}`)
	p.Stop()
}
