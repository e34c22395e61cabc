// Package conformance runs the official conformance suite against examples/everything: all revisions, one process, one
// URL.
package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
	for _, names := range later {
		for _, name := range names {
			tables[name]++
		}
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

// TestLater runs what is not required yet. It never fails: it says what there is to come, and what is there already.
func TestLater(t *testing.T) {
	all := scenarios(t)
	for _, reason := range slices.Sorted(maps.Keys(later)) {
		fates := map[string][]string{}
		for _, name := range later[reason] {
			for _, revision := range all[name] {
				fate := "not run"
				if revision != extension {
					fate = "not passed"
					if run(t, name, revision).passed() {
						fate = "passed"
					}
				}
				fates[fate] = append(fates[fate], name+" "+revision)
			}
		}
		for fate, names := range fates {
			t.Logf("note: not required yet, %s; %s: %s", reason, fate, strings.Join(names, ", "))
		}
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

// run runs one scenario at one revision, once.
func run(t *testing.T, name, revision string) outcome {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	dir := t.TempDir()
	out, err := live.Node(ctx, t, suite, "server", "--url", server.URL, "--spec-version", revision, "--scenario", name, "-o", dir).CombinedOutput()
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
