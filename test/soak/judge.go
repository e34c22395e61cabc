package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// held is what the server holds at a moment: what server/main.go tells.
type held struct {
	Goroutines int    `json:"goroutines"`
	Heap       uint64 `json:"heap"`
	Files      int    `json:"files"`
	Sessions   int64  `json:"sessions"`
}

// sample is one of a series.
type sample struct {
	at time.Duration // since the load began
	held
}

// bound is by how much a figure may be larger later than it was before: a share of it, and a number besides.
type bound struct {
	name     string
	of       func(held) float64
	unit     float64 // what it is divided by to be read
	suffix   string
	share    float64
	absolute float64
}

// Under load the number of sessions and connections goes up and down with the speed of the machine, and a reader that does
// not read has a megabyte of events waiting: the medians of the two halves are compared. At rest nothing is left of a load but what is leaked, and what is kept for good.
var (
	underLoad = []bound{
		{"goroutines", func(h held) float64 { return float64(h.Goroutines) }, 1, "", 0.25, 50},
		{"heap after GC", func(h held) float64 { return float64(h.Heap) }, 1 << 20, " MiB", 0.25, 16 << 20},
		{"files", func(h held) float64 { return float64(h.Files) }, 1, "", 0.25, 50},
	}
	atRest = []bound{
		{"goroutines", func(h held) float64 { return float64(h.Goroutines) }, 1, "", 0, 10},
		{"heap after GC", func(h held) float64 { return float64(h.Heap) }, 1 << 20, " MiB", 0.10, 1 << 20},
		{"files", func(h held) float64 { return float64(h.Files) }, 1, "", 0, 5},
		{"sessions", func(h held) float64 { return float64(h.Sessions) }, 1, "", 0, 0},
	}
)

// row is a line of the table.
type row struct {
	what                  string
	before, after, atMost string
	ok                    bool
}

// compare compares two moments.
func compare(when string, bounds []bound, before, after held) (rows []row) {
	for _, b := range bounds {
		x, y := b.of(before), b.of(after)
		most := x*(1+b.share) + b.absolute
		text := func(v float64) string {
			if b.unit == 1 {
				return fmt.Sprintf("%.0f%s", v, b.suffix)
			}
			return fmt.Sprintf("%.2f%s", v/b.unit, b.suffix)
		}
		rows = append(rows, row{b.name + ", " + when, text(x), text(y), text(most), y <= most})
	}
	return rows
}

// halves are the medians of the two halves of a series. It needs two samples in each.
func halves(series []sample) (first, second held, err error) {
	if len(series) < 4 {
		return first, second, fmt.Errorf("%d samples are too few to be compared: soak for longer", len(series))
	}
	middle := len(series) / 2
	return median(series[:middle]), median(series[middle:]), nil
}

// median is that of each figure by itself.
func median(series []sample) (m held) {
	m.Goroutines = middleOf(series, func(h held) int { return h.Goroutines })
	m.Heap = middleOf(series, func(h held) uint64 { return h.Heap })
	m.Files = middleOf(series, func(h held) int { return h.Files })
	m.Sessions = middleOf(series, func(h held) int64 { return h.Sessions })
	return m
}

func middleOf[T int | int64 | uint64](series []sample, of func(held) T) T {
	all := make([]T, len(series))
	for i, s := range series {
		all[i] = of(s.held)
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// table is the rows for people.
func table(rows []row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-6s %-28s %12s %12s %12s\n", "", "", "before", "after", "at most")
	for _, r := range rows {
		verdict := "ok"
		if !r.ok {
			verdict = "FAIL"
		}
		fmt.Fprintf(&b, "%-6s %-28s %12s %12s %12s\n", verdict, r.what, r.before, r.after, r.atMost)
	}
	return b.String()
}
