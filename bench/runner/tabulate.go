//go:build linux

package main

import (
	"cmp"

	"github.com/fastmcp-go/fastmcp/bench/internal/results"
	"github.com/fastmcp-go/fastmcp/bench/internal/sample"
)

// tabulate makes a table of what was measured.
func tabulate(sc scenario, all []*entry) *results.Table {
	t := &results.Table{ID: sc.id, Title: sc.title, Note: sc.note}
	for _, c := range sc.columns {
		t.Metrics = append(t.Metrics, results.Metric{Key: c.key, Title: c.title, Digits: c.digits, Spread: c.spread, Ratio: c.ratio})
	}
	for _, e := range all {
		r := results.Row{Server: e.name, Title: e.title, Point: e.point.name, Values: map[string]results.Value{}, Samples: e.samples}
		for _, s := range e.samples {
			r.Errors += s.Errors
			r.Lost += s.Lost
			if r.FirstError == "" {
				r.FirstError = s.FirstError
			}
			if s.SSE {
				r.Answer = "SSE"
			}
		}
		against := compared(sc, all, e)
		for _, c := range sc.columns {
			if v, ok := c.value(e, against); ok {
				r.Values[c.key] = v
			}
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// compared is what an entry is measured against: the first size of the same server, or else the one that the scenario names, or the hand-written one.
func compared(sc scenario, all []*entry, e *entry) *entry {
	for _, o := range all {
		if sc.points != nil && o.server == e.server || sc.points == nil && o.name == cmp.Or(sc.against, base) {
			return o
		}
	}
	return nil
}

// value is a column of an entry. A ratio is made within each round, where both have been measured beside each other.
func (c *column) value(e, against *entry) (v results.Value, ok bool) {
	v.Spread, ok = results.SpreadOf(c.known(e.samples))
	if !ok || !c.ratio || against == nil {
		return v, ok
	}
	var ratios []float64
	for i := range min(len(e.samples), len(against.samples)) {
		if x, y := c.of(e.samples[i]), c.of(against.samples[i]); x > 0 && y > 0 {
			ratios = append(ratios, x/y)
		}
	}
	if s, ok := results.SpreadOf(ratios); ok {
		v.Ratio = &s
	}
	return v, true
}

func (c *column) known(samples []sample.Sample) (v []float64) {
	for _, s := range samples {
		if f := c.of(s); f != 0 || c.whole {
			v = append(v, f)
		}
	}
	return v
}
