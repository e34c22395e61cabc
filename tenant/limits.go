package tenant

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limits are what one tenant may use. A field that is zero leaves it to the next: a token's limits come before its plan's,
// and those before Config.Limits. With none of them there is no limit.
type Limits struct {
	// Sessions is how many sessions may be open at once, on all nodes: one more is refused with 429. Negative: no limit.
	Sessions int `json:"sessions,omitempty"`
	// Rate is how many requests there may be in a time, as "100-M": S, M, H and D are a second, a minute, an hour and a day.
	// Beyond it they are refused with 429 and Retry-After. All nodes count together, in a window that begins with the first
	// request in it; the store tells the time. Where it does not answer, each node counts for itself. Pings do not count.
	// "off": no limit.
	Rate string `json:"rate,omitempty"`
	// Concurrent is how many requests may run at once, on each node: one more is refused with 429. Streams of news do not
	// count. Negative: no limit.
	Concurrent int `json:"concurrent,omitempty"`
}

// rateOff is the Rate that lifts that of a plan.
const rateOff = "off"

// over is l with what it leaves open filled from below.
func (l Limits) over(below Limits) Limits {
	if l.Sessions == 0 {
		l.Sessions = below.Sessions
	}
	if l.Rate == "" {
		l.Rate = below.Rate
	}
	if l.Concurrent == 0 {
		l.Concurrent = below.Concurrent
	}
	return l
}

func (l Limits) check() error {
	_, err := parseRate(l.Rate)
	return err
}

// rate is a Limits.Rate; the zero value is none.
type rate struct {
	most   int64
	period time.Duration
}

// maxRate is more than anybody serves, and leaves no sum that overflows.
const maxRate = 1_000_000_000

func parseRate(s string) (rate, error) {
	if s == "" || s == rateOff {
		return rate{}, nil
	}
	count, unit, _ := strings.Cut(s, "-")
	n, err := strconv.ParseInt(count, 10, 64)
	period := map[string]time.Duration{"S": time.Second, "M": time.Minute, "H": time.Hour, "D": 24 * time.Hour}[unit]
	switch {
	case err != nil || period == 0 || strconv.FormatInt(n, 10) != count:
		return rate{}, fmt.Errorf("the rate %q is none: write a number, - and S, M, H or D, as %q", s, "100-M")
	case n < 1 || n > maxRate:
		return rate{}, fmt.Errorf("the rate %q is out of range: use 1 to %d; %q is no limit, and a tenant that may do nothing is one whose token is removed", s, maxRate, rateOff)
	}
	return rate{n, period}, nil
}
