//go:build linux

package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/bench/internal/results"
	"github.com/fastmcp-go/fastmcp/bench/internal/sample"
)

func entries() []*entry {
	return []*entry{
		{server: &server{name: "fastmcp", title: "FastMCP"}, samples: []sample.Sample{{RPS: 100, ServerCPU: 5}, {RPS: 300, ServerCPU: 5}, {RPS: 50, ServerCPU: 5}}},
		{server: &server{name: base, title: "Fiber"}, samples: []sample.Sample{{RPS: 100, ServerCPU: 10}, {RPS: 100, ServerCPU: 10}, {RPS: 100, ServerCPU: 10}}},
	}
}

// TestRatiosAreOfTheSameRound: the median of the ratios, not the ratio of the medians.
func TestRatiosAreOfTheSameRound(t *testing.T) {
	all := entries()
	all[1].samples[1].RPS = 600
	row := tabulate(scenario{id: "call", columns: callColumns}, all).Row("fastmcp")
	v := row.Values["rps"]
	if v.Median != 100 || v.Min != 50 || v.Max != 300 || v.Ratio == nil || v.Ratio.Median != .5 || v.Ratio.Min != .5 || v.Ratio.Max != 1 {
		t.Errorf("got %+v, ratio %+v", v, v.Ratio)
	}
	if _, ok := row.Values["p50"]; ok {
		t.Error("what was not measured has a value")
	}
}

func TestSizesAreComparedWithTheFirst(t *testing.T) {
	s := &server{name: "fastmcp"}
	all := []*entry{{server: s, samples: []sample.Sample{{ServerCPU: 10}}}, {server: s, samples: []sample.Sample{{ServerCPU: 12}}}}
	table := tabulate(scenario{points: []point{{name: "few"}, {name: "many"}}, columns: flatColumns}, all)
	if r := table.Rows[1].Values["cpu"].Ratio; r == nil || math.Abs(r.Median-1.2) > 1e-9 {
		t.Errorf("got %+v, want 1.2", r)
	}
}

func TestFloors(t *testing.T) {
	for name, c := range map[string]struct {
		floors []floor
		change func(*sample.Sample)
		want   string
	}{
		"kept":        {floors: []floor{{Table: "call", Metric: "rps", AtLeast: .9}, {Table: "call", Metric: "cpu", AtMost: .6}}},
		"elsewhere":   {floors: []floor{{Table: "list", Metric: "rps", AtLeast: 9}}},
		"too slow":    {floors: []floor{{Table: "call", Metric: "rps", AtLeast: 1.1}}, want: "rps is 1.00"},
		"too dear":    {floors: []floor{{Table: "call", Metric: "cpu", AtMost: .4}}, want: "cpu is 0.50"},
		"not there":   {floors: []floor{{Table: "call", Metric: "rsp", AtLeast: 1}}, want: "no ratio"},
		"wrong":       {floors: []floor{}, change: func(s *sample.Sample) { s.Errors, s.FirstError = 1, "status 500" }, want: "1 errors (status 500)"},
		"notes lost":  {floors: []floor{}, change: func(s *sample.Sample) { s.Lost = 3 }, want: "3 notifications lost"},
		"nobody asks": {change: func(s *sample.Sample) { s.Errors = 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			all := entries()
			if c.change != nil {
				c.change(&all[0].samples[0])
			}
			b := &bench{floors: c.floors}
			got := strings.Join(b.below(tabulate(scenario{id: "call", columns: callColumns}, all)), "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestFloorsFile: each floor is about something that the short run measures.
func TestFloorsFile(t *testing.T) {
	all, err := readFloors("../floors.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Error("there are no floors")
	}
	scs := scenarios(sizes{conns: 64})
	for _, f := range all {
		i := slices.IndexFunc(scs, func(sc scenario) bool { return sc.id == f.Table })
		if i < 0 || !scs[i].short {
			t.Errorf("%+v: the short run has no such table", f)
			continue
		}
		if !slices.ContainsFunc(scs[i].columns, func(c column) bool { return c.key == f.Metric && c.ratio }) {
			t.Errorf("%+v: the table has no such ratio", f)
		}
	}
	bad := filepath.Join(t.TempDir(), "floors.json")
	for _, text := range []string{`[{"table":"call","metric":"rps"}]`, `[{"table":"call","metric":"rps","at_least":1,"at_most":2}]`, `[{"metric":"rps","at_least":1}]`, `[{"at_last":1}]`, `{`} {
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readFloors(bad); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

// TestScenariosAreWhole: ids differ, each table begins with what it is about, and fastmcp and its base are in every one.
func TestScenariosAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, sc := range scenarios(sizes{conns: 64, sessions: 10, manySessions: 10, broadcasts: 1}) {
		if seen[sc.id] || sc.id == "" || sc.title == "" || len(sc.columns) == 0 {
			t.Errorf("%q: no id, no title, no column, or twice", sc.id)
		}
		seen[sc.id] = true
		for _, name := range []string{"fastmcp", base} {
			if !slices.ContainsFunc(servers(""), func(s *server) bool { return s.name == name && sc.takes(s, false) }) {
				t.Errorf("%s: %s does not take part", sc.id, name)
			}
		}
	}
}

func TestParseServer(t *testing.T) {
	s, err := parseServer("before[2026,pprof,tls]=X=1 ./fastmcp")
	if err != nil || s.name != "before" || s.command != "X=1 ./fastmcp" || !s.modern || !s.goProfile || !s.tls || s.stateless {
		t.Errorf("got %+v, %v", s, err)
	}
	for _, bad := range []string{"before", "before=", "before[fast]=x"} {
		if _, err := parseServer(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestMarkdownAndJSON(t *testing.T) {
	r := results.Results{Date: "2026-01-02", Machine: "2 cores", Base: base}
	all := entries()
	all[0].samples[0].GeneratorCPU, all[0].samples[0].SSE = 7, true
	all[0].samples[1].Errors, all[0].samples[1].FirstError = 2, "one | two\nthree"
	r.Put(*tabulate(scenario{id: "call", title: "Calls", columns: callColumns}, all))
	md := r.Markdown()
	for _, want := range []string{"### Calls", "| FastMCP (SSE) | 100 (50–300) ×1.00 |", "2: one / two three |", "more CPU than the server, so that these rows say little: call fastmcp"} {
		if !strings.Contains(md, want) {
			t.Errorf("there is no %q in\n%s", want, md)
		}
	}
	file := filepath.Join(t.TempDir(), "results.json")
	if err := r.Write(file); err != nil {
		t.Fatal(err)
	}
	again, err := results.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(r)
	b, _ := json.Marshal(again)
	if string(a) != string(b) {
		t.Errorf("wrote %s, read %s", a, b)
	}
}

func TestHasTools(t *testing.T) {
	list := `{"jsonrpc":"2.0","id":2,"result":{"tools":[{},{}]}}`
	for _, body := range []string{list, "event: message\ndata: " + list + "\n\n"} {
		if err := hasTools(body, 2); err != nil {
			t.Errorf("%q: %v", body, err)
		}
		if hasTools(body, 3) == nil {
			t.Errorf("%q has 3 tools", body)
		}
	}
}
