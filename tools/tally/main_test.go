package main

import (
	"bytes"
	"strings"
	"testing"
)

func run(t *testing.T, lines ...string) (*tally, string) {
	t.Helper()
	var out bytes.Buffer
	c := newTally(&out)
	if err := c.read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	c.finish()
	return c, out.String()
}

func TestCountsLeavesOnly(t *testing.T) {
	c, out := run(t,
		`{"Action":"run","Package":"p","Test":"TestA"}`,
		`{"Action":"output","Package":"p","Test":"TestA/one","Output":"    a_test.go:3: note: three left out\n"}`,
		`{"Action":"pass","Package":"p","Test":"TestA/one"}`,
		`{"Action":"output","Package":"p","Test":"TestA/a/slash","Output":"=== RUN TestA/a/slash\n"}`,
		`{"Action":"pass","Package":"p","Test":"TestA/a/slash"}`,
		`{"Action":"output","Package":"p","Test":"TestA/two","Output":"    a_test.go:9: it broke\n"}`,
		`{"Action":"fail","Package":"p","Test":"TestA/two"}`,
		`{"Action":"fail","Package":"p","Test":"TestA"}`,
		`{"Action":"fail","Package":"p","Elapsed":1}`)
	if c.passed != 2 || c.failed != 1 {
		t.Errorf("counted %d passed, %d failed; want 2 and 1", c.passed, c.failed)
	}
	for _, want := range []string{"it broke", "FAIL  p", "note  three left out"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
}

func TestWhatDidNotRunFails(t *testing.T) {
	for name, lines := range map[string][]string{
		"a skipped test": {`{"Action":"skip","Package":"p","Test":"TestA"}`, `{"Action":"pass","Package":"p"}`},
		"a panic":        {`{"Action":"output","Package":"p","Test":"TestA","Output":"panic\n"}`, `{"Action":"fail","Package":"p"}`},
		"a broken build": {`{"Action":"build-output","ImportPath":"p","Output":"no"}`, `{"Action":"build-fail","ImportPath":"p"}`, `{"Action":"fail","Package":"p"}`},
		"a lost package": {`{"Action":"output","Package":"p","Output":"x\n"}`},
	} {
		if c, out := run(t, lines...); c.failed == 0 {
			t.Errorf("%s is not counted as failed:\n%s", name, out)
		}
	}
}

func TestPackagesWithoutTests(t *testing.T) {
	if c, _ := run(t, `{"Action":"output","Package":"p","Output":"?   \tp\t[no test files]\n"}`, `{"Action":"skip","Package":"p"}`); c.failed+c.passed != 0 {
		t.Errorf("counted %d passed, %d failed; want none", c.passed, c.failed)
	}
}
