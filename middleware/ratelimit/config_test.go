package ratelimit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/ratelimit"
)

// TestBadConfig: a mistake panics in New, with what is wrong and what to do.
func TestBadConfig(t *testing.T) {
	type config = ratelimit.Config
	for name, row := range map[string]struct {
		config config
		words  []string
	}{
		"no number":            {config{Rate: "M"}, []string{`Rate "M"`, `as in "100-M"`}},
		"a slash":              {config{Rate: "100/M"}, []string{`"100/M"`, `as in "100-M"`}},
		"no such period":       {config{Rate: "100-W"}, []string{"incorrect period 'W'", "S, M, H or D"}},
		"no period":            {config{Rate: "100-"}, []string{"incorrect period", "S, M, H or D"}},
		"a fraction":           {config{Rate: "1.5-S"}, []string{"incorrect limit '1.5'"}},
		"two dashes":           {config{Rate: "-5-S"}, []string{`"-5-S"`, "incorrect format"}},
		"a limit of 0":         {config{Rate: "0-M"}, []string{`Rate "0-M" lets nothing through`, "App.SetToolEnabled", "CanAccess", "leave ratelimit out"}},
		"0 among several":      {config{Rate: "1-S", Rates: []string{"0-H"}}, []string{`Rates "0-H" lets nothing through`}},
		"an empty one":         {config{Rates: []string{""}}, []string{`Rates ""`, "incorrect format"}},
		"too large":            {config{Rate: "1000000001-D"}, []string{"1 to 1000000000"}},
		"not an int64":         {config{Rate: "99999999999999999999-D"}, []string{"incorrect limit"}},
		"one period twice":     {config{Rate: "5-S", Rates: []string{"9-s"}}, []string{`"5-S" and "9-S" have the same period`, "keep the smaller"}},
		"a negative weight":    {config{Weights: map[string]int{"x": -1}}, []string{`weight of "x" is -1`, "0, for a call that does not count"}},
		"a weight too large":   {config{Rate: "10-M", Rates: []string{"5-S"}, Weights: map[string]int{"x": 6}}, []string{`weight of "x" is 6`, "limit of 5", "lower the weight"}},
		"a weight of no tool":  {config{Weights: map[string]int{"": 1}}, []string{`""`, "no tool's name"}},
		"a weight of no name":  {config{Weights: map[string]int{"no tool": 1}}, []string{`"no tool"`, "as it is in lists"}},
		"a method without one": {config{Methods: []string{"tools/call", ""}}, []string{`Methods has ""`, "leave Methods out"}},
	} {
		for _, word := range row.words {
			if got := panicOf(func() { ratelimit.New(row.config) }); !strings.HasPrefix(got, "ratelimit: ") || !strings.Contains(got, word) {
				t.Errorf("%s: %q, want %q in it", name, got, word)
			}
		}
	}
	app := fastmcp.New()
	for want, config := range map[string]ratelimit.FiberConfig{
		"needs FiberConfig.App": {}, "lets nothing through": {App: app, Rate: "0-S"}, "as in \"100-M\"": {App: app, Rates: []string{"x"}},
	} {
		if got := panicOf(func() { ratelimit.NewFiber(config) }); !strings.Contains(got, want) {
			t.Errorf("%q, want %q in it", got, want)
		}
	}
	if got := panicOf(func() { ratelimit.New(config{Rate: "1000000000-d"}) }); got != "" {
		t.Errorf("at the bound: %s", got)
	}
}

func panicOf(f func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}
