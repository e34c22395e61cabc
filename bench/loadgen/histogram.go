//go:build linux

package main

import "math/bits"

// histogram counts latencies in nanoseconds, each to 1.6 %: 64 steps between two powers of two.
type histogram struct {
	n     [64 * 64]uint64
	count uint64
	max   int64
}

func (h *histogram) add(ns int64) {
	if ns < 1 {
		ns = 1
	}
	if ns > h.max {
		h.max = ns
	}
	h.count++
	h.n[indexOf(uint64(ns))]++
}

// indexOf is the step that v belongs to.
func indexOf(v uint64) int {
	if v < 64 {
		return int(v)
	}
	e := bits.Len64(v) - 7 // v>>e is in [64,128)
	return (e+1)*64 + int(v>>e) - 64
}

// middle is the value in the middle of a step.
func middle(i int) int64 {
	if i < 64 {
		return int64(i)
	}
	e := i/64 - 1
	return int64(64+i%64)<<e + int64(1)<<e/2
}

// quantile is the q-quantile in microseconds.
func (h *histogram) quantile(q float64) float64 {
	if h.count == 0 {
		return 0
	}
	want := uint64(q*float64(h.count-1)) + 1
	var c uint64
	for i, n := range h.n {
		if c += n; c >= want {
			v := middle(i)
			if v > h.max {
				v = h.max
			}
			return float64(v) / 1e3
		}
	}
	return float64(h.max) / 1e3
}
