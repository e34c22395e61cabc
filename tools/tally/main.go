// Command tally reads what `go test -json` prints, shows what a person wants to know of it, and counts.
//
//	go test -json ./... | tally -o counts
//
// A line for each package, all the output of a test that failed, and the notes: lines that a test logs as "note: ...".
// A test counts when it has no subtests of its own; a skipped one counts as failed, so that none goes unnoticed. The
// counts, "passed failed", go to the file. It exits with 1 when something failed or nothing ran.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

func main() {
	out := flag.String("o", "", "the file that gets the counts")
	flag.Parse()
	t := newTally(os.Stdout)
	err := t.read(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
	}
	t.finish()
	if *out != "" {
		if werr := os.WriteFile(*out, fmt.Appendf(nil, "%d %d\n", t.passed, t.failed), 0o644); werr != nil {
			fmt.Fprintln(os.Stderr, "tally:", werr)
			os.Exit(1)
		}
	}
	if err != nil || t.failed > 0 || t.passed == 0 {
		os.Exit(1)
	}
}

// event is a line of `go test -json`: see `go doc test2json`.
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// testcase is a test, or a package where its name is empty.
type testcase struct {
	output  []string
	verdict string
	// parent has subtests; blamed has one that failed.
	parent, blamed bool
}

type tally struct {
	w              io.Writer
	tests          map[string]*testcase // by package and test
	builds         map[string][]string  // what the compiler said, by import path
	order          []string
	notes          []string
	passed, failed int
}

func newTally(w io.Writer) *tally {
	return &tally{w: w, tests: map[string]*testcase{}, builds: map[string][]string{}}
}

func key(pkg, test string) string { return pkg + "\x00" + test }

func (t *tally) of(pkg, test string) *testcase {
	k := key(pkg, test)
	c := t.tests[k]
	if c == nil {
		c = &testcase{}
		t.tests[k] = c
		t.order = append(t.order, k)
		if up, _, isSub := cutLast(test, "/"); isSub {
			t.of(pkg, up).parent = true
		}
	}
	return c
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func (t *tally) read(r io.Reader) error {
	lines := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if len(line) > 0 && json.Unmarshal(line, &e) == nil && e.Action != "" {
			t.take(e)
		} else if len(line) > 0 {
			fmt.Fprintf(t.w, "%s", line) // the go command itself has something to say
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

var noteLine = regexp.MustCompile(`^\s+\S+\.go:\d+: note: (.*)\n$`)

func (t *tally) take(e event) {
	switch e.Action {
	case "build-output":
		t.builds[e.ImportPath] = append(t.builds[e.ImportPath], e.Output)
	case "build-fail":
		fmt.Fprint(t.w, strings.Join(t.builds[e.ImportPath], ""))
	case "output":
		c := t.of(e.Package, e.Test)
		c.output = append(c.output, e.Output)
		if m := noteLine.FindStringSubmatch(e.Output); m != nil {
			t.notes = append(t.notes, m[1])
		}
	case "pass", "fail", "skip":
		c := t.of(e.Package, e.Test)
		if c.verdict != "fail" { // of several runs the worst counts
			c.verdict = e.Action
		}
		if e.Test == "" {
			t.endOfPackage(e, c)
		} else if e.Action == "fail" {
			t.blame(e.Package, e.Test)
		}
	}
}

// blame tells all that hold a failed test that it is not they who failed.
func (t *tally) blame(pkg, test string) {
	for {
		up, _, isSub := cutLast(test, "/")
		if !isSub {
			up = ""
		}
		t.of(pkg, up).blamed = true
		if !isSub {
			return
		}
		test = up
	}
}

func (t *tally) endOfPackage(e event, c *testcase) {
	switch {
	case e.Action == "skip": // it has no test files
		return
	case e.Action == "pass":
		fmt.Fprintf(t.w, "ok    %s (%.1fs)\n", e.Package, e.Elapsed)
	default:
		fmt.Fprintf(t.w, "FAIL  %s (%.1fs)\n", e.Package, e.Elapsed)
		if !c.blamed {
			t.failed++
			fmt.Fprint(t.w, strings.Join(c.output, ""))
		}
	}
}

// finish counts, and shows what failed.
func (t *tally) finish() {
	for _, k := range t.order {
		pkg, name, _ := strings.Cut(k, "\x00")
		c := t.tests[k]
		if name == "" {
			if c.verdict == "" {
				t.failed++
				fmt.Fprintf(t.w, "FAIL  %s did not end\n%s", pkg, strings.Join(c.output, ""))
			}
			continue
		}
		switch {
		case c.verdict == "" && len(c.output) == 0:
			// No test, but the first part of the name of one that has a slash in it.
		case c.verdict == "pass" && !c.parent:
			t.passed++
		case c.verdict == "pass", c.verdict == "fail" && c.blamed:
			if c.verdict == "fail" {
				t.show(pkg, name, c) // it may say why in its own words
			}
		default:
			t.failed++
			t.show(pkg, name, c)
		}
	}
	slices.Sort(t.notes)
	for _, n := range slices.Compact(t.notes) {
		fmt.Fprintln(t.w, "note ", n)
	}
}

func (t *tally) show(pkg, name string, c *testcase) {
	verdict := "FAIL "
	switch c.verdict {
	case "skip":
		verdict = "SKIP, which is not allowed:"
	case "":
		verdict = "FAIL, it did not end:"
	}
	text := strings.Join(slices.DeleteFunc(slices.Clone(c.output), func(s string) bool {
		return strings.HasPrefix(s, "=== ")
	}), "")
	if c.blamed && strings.Count(text, "\n") < 2 {
		return // only its own verdict
	}
	fmt.Fprintf(t.w, "%s %s %s\n%s", verdict, pkg, name, text)
}
