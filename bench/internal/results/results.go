// Package results is what a run of the benchmark found: the runner writes it, as JSON and as Markdown, and the chart is
// drawn from it.
package results

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/fastmcp-go/fastmcp/bench/internal/sample"
)

// Results are the tables of a run.
type Results struct {
	Date     string   `json:"date"`
	Machine  string   `json:"machine"`
	Versions []string `json:"versions"`
	Settings string   `json:"settings"`
	Base     string   `json:"base"`
	Tables   []Table  `json:"tables"`
}

// Table is one scenario. The first of Metrics is what it is about.
type Table struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Note    string   `json:"note,omitempty"`
	Metrics []Metric `json:"metrics"`
	Rows    []Row    `json:"rows"`
}

// Metric is a column: Key names its Values in a Row.
type Metric struct {
	Key    string `json:"key"`
	Title  string `json:"title"`
	Digits int    `json:"digits"`
	// Spread and Ratio tell whether Markdown shows them.
	Spread bool `json:"spread,omitempty"`
	Ratio  bool `json:"ratio,omitempty"`
}

// Row is one server, at one size where the table has several.
type Row struct {
	Server     string           `json:"server"`
	Title      string           `json:"title"`
	Point      string           `json:"point,omitempty"`
	Answer     string           `json:"answer,omitempty"`
	Values     map[string]Value `json:"values"`
	Errors     uint64           `json:"errors"`
	FirstError string           `json:"first_error,omitempty"`
	Lost       uint64           `json:"lost"`
	Samples    []sample.Sample  `json:"samples"`
}

// Value is a metric over the rounds. Ratio is to the base in the same round, nil where there is none.
type Value struct {
	Spread
	Ratio *Spread `json:"ratio,omitempty"`
}

// Spread is the middle and the ends of some measurements.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// SpreadOf is the spread of v; ok is false when there is nothing in it.
func SpreadOf(v []float64) (s Spread, ok bool) {
	if len(v) == 0 {
		return s, false
	}
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	return Spread{Median: (v[(n-1)/2] + v[n/2]) / 2, Min: v[0], Max: v[n-1]}, true
}

// Read reads what Write has written.
func Read(file string) (r *Results, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// Write writes the results as JSON.
func (r *Results) Write(file string) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

// Put adds a table, in the place of the one with its ID.
func (r *Results) Put(t Table) {
	if i := slices.IndexFunc(r.Tables, func(o Table) bool { return o.ID == t.ID }); i >= 0 {
		r.Tables[i] = t
		return
	}
	r.Tables = append(r.Tables, t)
}

// Table is the table with that ID, nil when there is none.
func (r *Results) Table(id string) *Table {
	for i := range r.Tables {
		if r.Tables[i].ID == id {
			return &r.Tables[i]
		}
	}
	return nil
}

// Row is the row of a server, the first of its sizes; nil when there is none.
func (t *Table) Row(server string) *Row {
	for i := range t.Rows {
		if t.Rows[i].Server == server {
			return &t.Rows[i]
		}
	}
	return nil
}
