package main

import (
	"strings"
	"testing"
	"time"
)

// A figure may be as large as its bound says, and no larger.
func TestCompare(t *testing.T) {
	before := held{Goroutines: 100, Heap: 10 << 20, Files: 40, Sessions: 0}
	for name, c := range map[string]struct {
		bounds []bound
		after  held
		failed string
	}{
		"the same":                          {atRest, before, ""},
		"less":                              {atRest, held{}, ""},
		"all at their bounds":               {atRest, held{Goroutines: 110, Heap: 12 << 20, Files: 45}, ""},
		"a goroutine more":                  {atRest, held{Goroutines: 111, Heap: 10 << 20, Files: 40}, "goroutines"},
		"a byte more":                       {atRest, held{Goroutines: 100, Heap: 12<<20 + 1, Files: 40}, "heap"},
		"a file more":                       {atRest, held{Goroutines: 100, Heap: 10 << 20, Files: 46}, "files"},
		"a session":                         {atRest, held{Sessions: 1}, "sessions"},
		"all at their bounds, under load":   {underLoad, held{Goroutines: 175, Heap: 28<<20 + 1<<19, Files: 100, Sessions: 1 << 20}, ""},
		"a goroutine more, under load":      {underLoad, held{Goroutines: 176}, "goroutines"},
		"a byte of memory more, under load": {underLoad, held{Heap: 28<<20 + 1<<19 + 1}, "heap"},
		"a file more, under load":           {underLoad, held{Files: 101}, "files"},
	} {
		rows := compare("test", c.bounds, before, c.after)
		var failed []string
		for _, r := range rows {
			if !r.ok {
				failed = append(failed, r.what)
			}
		}
		switch {
		case c.failed == "" && len(failed) != 0:
			t.Errorf("%s: %v", name, failed)
		case c.failed != "" && (len(failed) != 1 || !strings.HasPrefix(failed[0], c.failed)):
			t.Errorf("%s: %v, want %s", name, failed, c.failed)
		}
		if text := table(rows); strings.Contains(text, "FAIL") != (c.failed != "") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func series(goroutines ...int) (s []sample) {
	for i, g := range goroutines {
		s = append(s, sample{time.Duration(i), held{Goroutines: g, Heap: uint64(g), Files: g, Sessions: int64(g)}})
	}
	return s
}

// A peak is no growth; what grows is.
func TestHalves(t *testing.T) {
	if _, _, err := halves(series(1, 2, 3)); err == nil {
		t.Error("three samples are enough")
	}
	first, second, err := halves(series(10, 900, 11, 10, 12, 11, 10, 800))
	if err != nil || first.Goroutines > 12 || second.Goroutines > 12 || second.Heap > 12 || second.Files > 12 || second.Sessions > 12 {
		t.Errorf("%+v %+v %v", first, second, err)
	}
	first, second, err = halves(series(10, 20, 30, 40, 50, 60))
	if err != nil || first.Goroutines != 20 || second.Goroutines != 50 {
		t.Errorf("%+v %+v %v", first, second, err)
	}
}
