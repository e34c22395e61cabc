// Package conformance runs the official conformance suite against examples/everything: all revisions, one process, one
// URL.
package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/live"
)

// server is examples/everything, started once.
var server *live.Server

func TestMain(m *testing.M) { os.Exit(live.Run(m, live.Serve("everything", &server))) }

const (
	suite = "node_modules/@modelcontextprotocol/conformance/dist/index.js"
	// patience bounds a scenario.
	patience = 60 * time.Second
	// extension is what the suite says in place of a revision.
	extension = "extension"
)

// repeat is how often in a row a streaming scenario has to pass.
func repeat(t *testing.T) int {
	n := 5
	if v := os.Getenv("FASTMCP_REPEAT"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil || n < 1 {
			t.Fatalf("FASTMCP_REPEAT=%s is no number of runs", v)
		}
	}
	return n
}

var listed = regexp.MustCompile(`^\s+- (\S+) \[([^\]]*)\]$`)

// scenarios are those of the suite, with the revisions that they apply to.
func scenarios(t *testing.T) map[string][]string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	out, err := live.Node(ctx, t, suite, "list", "--server").Output()
	if err != nil {
		t.Fatalf("list the scenarios: %v\n%s", err, out)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		if m := listed.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			all[m[1]] = strings.Split(m[2], ",")
		}
	}
	if len(all) == 0 {
		t.Fatalf("the suite lists no scenario:\n%s", out)
	}
	return all
}

// TestTables compares the tables with the suite: what is in neither would never run.
func TestTables(t *testing.T) {
	all := scenarios(t)
	tables := map[string]int{}
	for _, s := range required {
		tables[s.name]++
	}
	for name := range skipped {
		tables[name]++
	}
	for name := range all {
		if tables[name] != 1 {
			t.Errorf("%s stands in the tables %d times, want once", name, tables[name])
		}
	}
	for name := range tables {
		if all[name] == nil {
			t.Errorf("the suite has no scenario %s", name)
		}
	}
}

func TestRequired(t *testing.T) {
	all, runs := scenarios(t), repeat(t)
	for _, s := range required {
		for _, revision := range all[s.name] {
			if !s.streaming {
				t.Run(revision+"/"+s.name, func(t *testing.T) { expect(t, s, revision) })
				continue
			}
			for i := range runs {
				t.Run(fmt.Sprintf("%s/%s/run %d", revision, s.name, i+1), func(t *testing.T) { expect(t, s, revision) })
			}
		}
	}
}

// expect runs a scenario that has to pass, and notes its warnings.
func expect(t *testing.T, s scenario, revision string) {
	got := run(t, s.name, revision)
	for _, c := range got.checks {
		switch {
		case c.Status == "SUCCESS":
		case c.Status == "FAILURE", c.Status == "SKIPPED", slices.Contains(s.must, c.ID):
			t.Errorf("%s: %s: %s\n%s", c.Status, c.ID, c.Description, c.why())
		case c.Status == "WARNING":
			t.Logf("note: warning at %s, %s: %s: %s", revision, s.name, c.ID, c.ErrorMessage)
		}
	}
	for _, id := range s.must {
		if !slices.ContainsFunc(got.checks, func(c check) bool { return c.ID == id }) {
			t.Errorf("the check %s was not made", id)
		}
	}
	if !got.passed() || t.Failed() {
		t.Errorf("the suite said:\n%s", got.output)
	}
}

// TestSkipped finds out when the suite begins to check what it skips today.
func TestSkipped(t *testing.T) {
	for name, instead := range skipped {
		got := run(t, name, extension)
		for _, c := range got.checks {
			if c.Status != "SKIPPED" {
				t.Errorf("%s is not skipped any more (%s: %s): require it; so far %s stood in for it", name, c.Status, c.ID, instead)
			}
		}
		if len(got.checks) == 0 {
			t.Errorf("%s reports nothing: %v\n%s", name, got.err, got.output)
		}
	}
}

// What the suite says at the end of a run of all that a revision requires.
var (
	total     = regexp.MustCompile(`(?m)^Total: (\d+) passed, (\d+) failed`)
	uncounted = regexp.MustCompile(`(?m)^Not scored for .*, (\d+) failing`)
)

// TestRequirements runs what the suite itself requires of a server of a revision, in one go: nothing may fail, whether it
// counts or not.
func TestRequirements(t *testing.T) {
	for _, revision := range []string{"2025-11-25", "2026-07-28"} {
		t.Run(revision, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
			defer stop()
			out, err := live.Node(ctx, t, suite, "server", "--url", server.URL, "--requirements", revision).CombinedOutput()
			all, rest := total.FindSubmatch(out), uncounted.FindSubmatch(out)
			if err != nil || all == nil || string(all[1]) == "0" || string(all[2]) != "0" || rest == nil || string(rest[1]) != "0" {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// check is one check of a scenario, as the suite reports it.
type check struct {
	ID, Description, Status, ErrorMessage string
	Details                               json.RawMessage
}

func (c check) why() string {
	var details bytes.Buffer
	if json.Indent(&details, c.Details, "", "  ") != nil {
		return c.ErrorMessage
	}
	return c.ErrorMessage + "\n" + details.String()
}

type outcome struct {
	checks []check
	err    error
	output string
}

// passed: something was checked, and nothing of it failed.
func (o outcome) passed() bool {
	has := func(status string) bool {
		return slices.ContainsFunc(o.checks, func(c check) bool { return c.Status == status })
	}
	return o.err == nil && has("SUCCESS") && !has("FAILURE")
}

// run runs one scenario at one revision, once. An extension's scenario chooses its revision by itself.
func run(t *testing.T, name, revision string) outcome {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	dir := t.TempDir()
	args := []string{suite, "server", "--url", server.URL, "--scenario", name, "-o", dir}
	if revision != extension {
		args = append(args, "--spec-version", revision)
	}
	out, err := live.Node(ctx, t, args...).CombinedOutput()
	o := outcome{err: err, output: string(out)}
	files, gerr := filepath.Glob(filepath.Join(dir, "*", "checks.json"))
	if gerr != nil || len(files) != 1 {
		o.err = fmt.Errorf("the suite left %d reports (%v, %v)", len(files), err, gerr)
		return o
	}
	report, err := os.ReadFile(files[0])
	if err == nil {
		err = json.Unmarshal(report, &o.checks)
	}
	if err != nil {
		o.err = err
	}
	return o
}
