package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/bench/internal/results"
)

func value(median, ratio float64) map[string]results.Value {
	return map[string]results.Value{"rps": {Spread: results.Spread{Median: median}, Ratio: &results.Spread{Median: ratio}}}
}

func TestChart(t *testing.T) {
	r := &results.Results{Date: "2026-01-02", Machine: `2 cores <"&">`}
	r.Put(results.Table{ID: "call", Rows: []results.Row{
		{Server: "fiber", Values: value(80_000, 1)}, {Server: "fastmcp", Values: value(100_000, 1.25)},
		{Server: "gosdk", Values: value(4000, .05)}, {Server: "gosdk-json", Lost: 1, Values: value(4100, .06)}}})
	in, out := filepath.Join(t.TempDir(), "results.json"), filepath.Join(t.TempDir(), "chart.svg")
	if err := r.Write(in); err != nil {
		t.Fatal(err)
	}
	if err := draw(in, out); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	svg := string(b)
	for _, want := range []string{">×1.25<", ">100 k/s<", ">×0.06<", ">4.1 k/s, loses some<", "tools/call, 2025-11-25 with session: 1.25 times", "2 cores &lt;&quot;&amp;&quot;&gt;"} {
		if !strings.Contains(svg, want) {
			t.Errorf("there is no %q in\n%s", want, svg)
		}
	}
	if strings.Contains(svg, "×0.05") || strings.Contains(svg, "tools/list") {
		t.Error("a second mode of a server, or a table that was not measured, is shown")
	}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestChartOfNothing(t *testing.T) {
	in := filepath.Join(t.TempDir(), "results.json")
	if err := (&results.Results{}).Write(in); err != nil {
		t.Fatal(err)
	}
	if err := draw(in, in+".svg"); err == nil {
		t.Error("a chart was drawn of no tables")
	}
}
