package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/fastmcp-go/fastmcp/test/internal/cut"
	"github.com/fastmcp-go/fastmcp/test/internal/live"
)

// The checks of checks.mjs, by era.
var (
	anyChecks    = []string{"connect", "list", "call", "invalid arguments", "unknown tool", "error of a tool", "progress", "cancel", "close"}
	modernChecks = []string{"a loss cancels"}
	losses       = []cut.How{cut.Between, cut.Inside, cut.Cleanly}
)

// TestTypeScriptV1 speaks the newest revision that the client knows: it offers no other.
func TestTypeScriptV1(t *testing.T) { driveNode(t, "v1.mjs", "2025-11-25") }

func TestTypeScriptV2(t *testing.T) {
	for _, revision := range revisions[:len(revisions)-1] {
		t.Run(revision, func(t *testing.T) { driveNode(t, "v2-legacy.mjs", revision) })
	}
	for _, how := range []string{"pin", "auto"} {
		t.Run(modern+" "+how, func(t *testing.T) { driveNode(t, "v2-modern.mjs", modern, "FASTMCP_NEGOTIATE="+how) })
	}
}

// driveNode puts a client through what there is over Streamable HTTP.
func driveNode(t *testing.T, program, revision string, env ...string) {
	proxies, urls := map[cut.How]*cut.Proxy{}, map[cut.How]string{}
	for _, how := range losses {
		proxies[how] = cut.New(t, server.URL, how, 3)
		urls[how] = proxies[how].URL
	}
	cuts, err := json.Marshal(urls)
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(anyChecks)
	if revision == modern {
		want = append(want, modernChecks...)
	} else {
		for _, how := range losses {
			want = append(want, replayName(how))
		}
	}
	runNode(t, program, want, append(env, "FASTMCP_URL="+server.URL, "FASTMCP_REVISION="+revision, "FASTMCP_CUTS="+string(cuts))...)
	for how, p := range proxies {
		expectLoss(t, how, p, revision)
	}
}

// runNode runs one of the programs, and makes each of its checks a test: those that it has to make, and no other.
func runNode(t *testing.T, program string, want []string, env ...string) {
	ctx, stop := context.WithTimeout(t.Context(), 4*patience)
	defer stop()
	cmd := live.Node(ctx, t, program)
	cmd.Env = append(cmd.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v\n%s", program, err, &stderr)
	}
	want = slices.Clone(want)
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var line struct {
			Name, Error string
			OK          bool
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Errorf("%s printed %q, which is no check", program, lines.Text())
			continue
		}
		t.Run(line.Name, func(t *testing.T) {
			if !line.OK {
				t.Error(line.Error)
			}
		})
		if !slices.Contains(want, line.Name) {
			t.Errorf("the check %q is not expected, or came twice", line.Name)
		}
		want = slices.DeleteFunc(want, func(name string) bool { return name == line.Name })
	}
	for _, name := range want {
		t.Errorf("the check %q was not made\n%s", name, &stderr)
	}
}

func replayName(how cut.How) string { return "replay after a loss " + string(how) }

// expectLoss makes sure that the connection was lost, and that the client did come back.
func expectLoss(t *testing.T, how cut.How, p *cut.Proxy, revision string) {
	t.Helper()
	if revision == modern {
		if how == cut.Between && (p.Cuts() != 1 || p.Resumes() != 0) {
			t.Errorf("%s: %d connections were lost and %d requests came with a Last-Event-ID; want 1 and 0", how, p.Cuts(), p.Resumes())
		}
		return
	}
	if p.Cuts() != 1 || p.Resumes() == 0 {
		t.Errorf("%s: %d connections were lost and %d requests came with a Last-Event-ID; want 1 and at least 1", how, p.Cuts(), p.Resumes())
	}
}
