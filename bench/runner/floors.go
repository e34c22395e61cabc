//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/fastmcp-go/fastmcp/bench/internal/results"
)

// floor is what a ratio of a table must be: not less, or not more. Most are to the hand-written Fiber server.
type floor struct {
	Table   string  `json:"table"`
	Server  string  `json:"server,omitempty"` // whose row; "": guarded
	Metric  string  `json:"metric"`
	AtLeast float64 `json:"at_least,omitempty"`
	AtMost  float64 `json:"at_most,omitempty"`
}

// guarded is the server that has floors.
const guarded = "fastmcp"

func readFloors(file string) (all []floor, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, f := range all {
		if f.Table == "" || f.Metric == "" || (f.AtLeast > 0) == (f.AtMost > 0) {
			return nil, fmt.Errorf("%s: a floor has a table, a metric, and either at_least or at_most: %+v", file, f)
		}
	}
	return all, nil
}

// below says which floors a table breaks. Wrong answers and lost notifications break any.
func (b *bench) below(t *results.Table) (broken []string) {
	if b.floors == nil {
		return nil
	}
	r := t.Row(guarded)
	if r == nil {
		return nil
	}
	if r.Errors > 0 || r.Lost > 0 {
		broken = append(broken, fmt.Sprintf("%s: %d errors (%s), %d notifications lost", t.ID, r.Errors, r.FirstError, r.Lost))
	}
	for _, f := range b.floors {
		if f.Table != t.ID {
			continue
		}
		row := r
		if f.Server != "" {
			if row = t.Row(f.Server); row == nil {
				broken = append(broken, fmt.Sprintf("%s: %s did not take part", t.ID, f.Server))
				continue
			}
		}
		v, of := row.Values[f.Metric], "the hand-written server's"
		if f.Server != "" {
			of = guarded + "'s"
		}
		switch {
		case v.Ratio == nil:
			broken = append(broken, fmt.Sprintf("%s: %s has no ratio", t.ID, f.Metric))
		case f.AtLeast > 0 && v.Ratio.Median < f.AtLeast:
			broken = append(broken, fmt.Sprintf("%s: %s is %.2f of %s, at least %.2f is wanted", t.ID, f.Metric, v.Ratio.Median, of, f.AtLeast))
		case f.AtMost > 0 && v.Ratio.Median > f.AtMost:
			broken = append(broken, fmt.Sprintf("%s: %s is %.2f of %s, at most %.2f is wanted", t.ID, f.Metric, v.Ratio.Median, of, f.AtMost))
		}
	}
	return broken
}
