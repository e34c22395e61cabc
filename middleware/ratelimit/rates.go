package ratelimit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ulule/limiter/v3"
)

// maxLimit keeps a count apart from what is kept beside it: see counter.
const maxLimit = 1_000_000_000

// parseRates are the rates of a Config, shortest period first. A mistake panics with the cure.
func parseRates(rate string, more []string, otherwise string) (all []limiter.Rate) {
	if rate == "" && len(more) == 0 {
		rate = otherwise
	}
	if rate != "" {
		all = append(all, parseRate("Rate", rate))
	}
	for _, r := range more {
		all = append(all, parseRate("Rates", r))
	}
	slices.SortStableFunc(all, func(a, b limiter.Rate) int { return cmp.Compare(a.Period, b.Period) })
	for i := 1; i < len(all); i++ {
		if all[i].Period == all[i-1].Period {
			panic(fmt.Sprintf("ratelimit: %q and %q have the same period: keep the smaller", all[i-1].Formatted, all[i].Formatted))
		}
	}
	return all
}

func parseRate(field, text string) limiter.Rate {
	rate, err := limiter.NewRateFromFormatted(text)
	switch {
	case err != nil:
		panic(fmt.Sprintf(`ratelimit: %s %q: %v: write a number, a dash and S, M, H or D, as in "100-M"`, field, text, err))
	case rate.Limit == 0:
		panic(fmt.Sprintf("ratelimit: %s %q lets nothing through: to switch a tool off use App.SetToolEnabled, to keep callers out "+
			"CanAccess, and to have no limit leave ratelimit out", field, text))
	case rate.Limit < 0 || rate.Limit > maxLimit:
		panic(fmt.Sprintf("ratelimit: %s %q: the number must be 1 to %d", field, text, maxLimit))
	}
	_, period, _ := strings.Cut(text, "-")
	rate.Formatted = fmt.Sprintf("%d-%s", rate.Limit, strings.ToUpper(period))
	return rate
}

// periods are the words for the letters.
var periods = map[byte]string{'S': "second", 'M': "minute", 'H': "hour", 'D': "day"}

// words tell a rate to people and models.
func words(r limiter.Rate) string {
	return fmt.Sprintf("%d per %s", r.Limit, periods[r.Formatted[len(r.Formatted)-1]])
}

// smallest is the smallest limit.
func smallest(rates []limiter.Rate) int64 {
	return slices.MinFunc(rates, func(a, b limiter.Rate) int { return cmp.Compare(a.Limit, b.Limit) }).Limit
}
