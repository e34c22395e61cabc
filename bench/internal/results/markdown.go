package results

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Markdown is the results as tables that people read.
func (r *Results) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; %s. %s.\n\nVersions: %s.\n\nEach cell is the median of the rounds (min–max), then × the ratio to the hand-written Fiber server of the same round.\n",
		r.Date, r.Machine, r.Settings, strings.Join(r.Versions, ", "))
	for i := range r.Tables {
		b.WriteString(r.Tables[i].Markdown())
	}
	if bad := r.Dear(); len(bad) > 0 {
		fmt.Fprintf(&b, "\nThe load generator used more CPU than the server, so that these rows say little: %s.\n", strings.Join(bad, "; "))
	}
	return b.String()
}

// Markdown is one table.
func (t *Table) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n", t.Title)
	if t.Note != "" {
		b.WriteString(t.Note + "\n\n")
	}
	b.WriteString("| " + t.ID + " |")
	for _, m := range t.Metrics {
		b.WriteString(" " + m.Title + " |")
	}
	b.WriteString(" errors |\n|---|" + strings.Repeat("--:|", len(t.Metrics)+1) + "\n")
	for i := range t.Rows {
		t.row(&b, &t.Rows[i])
	}
	return b.String()
}

func (t *Table) row(b *strings.Builder, r *Row) {
	name := r.Title
	if r.Answer == "SSE" {
		name += " (SSE)"
	}
	if r.Point != "" {
		name += ", " + r.Point
	}
	fmt.Fprintf(b, "| %s |", name)
	for _, m := range t.Metrics {
		b.WriteString(" " + m.cell(r) + " |")
	}
	errors := strconv.FormatUint(r.Errors, 10)
	if r.FirstError != "" {
		words := []rune(strings.NewReplacer("|", "/", "\n", " ").Replace(r.FirstError))
		errors += ": " + string(words[:min(len(words), 90)])
	}
	b.WriteString(" " + errors + " |\n")
}

func (m *Metric) cell(r *Row) string {
	v, ok := r.Values[m.Key]
	if !ok {
		return "–"
	}
	s := m.number(v.Median)
	if m.Spread && v.Min != v.Max {
		s += " (" + m.number(v.Min) + "–" + m.number(v.Max) + ")"
	}
	if m.Ratio && v.Ratio != nil {
		s += fmt.Sprintf(" ×%.2f", v.Ratio.Median)
	}
	return s
}

// number writes thousands apart, where there are no digits after the point.
func (m *Metric) number(f float64) string {
	s := strconv.FormatFloat(f, 'f', m.Digits, 64)
	if m.Digits > 0 || math.Abs(f) < 10_000 {
		return s
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Dear names the rows in which the load generator used more CPU for a request than the server: it must be cheaper than
// whatever it measures.
func (r *Results) Dear() (rows []string) {
	for _, t := range r.Tables {
		for _, row := range t.Rows {
			own, server := row.Values["generator"], row.Values["cpu"]
			if server.Median > 0 && own.Median >= server.Median {
				rows = append(rows, fmt.Sprintf("%s %s", t.ID, row.Server))
			}
		}
	}
	return rows
}
