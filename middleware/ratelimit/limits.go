package ratelimit

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
	"github.com/ulule/limiter/v3"
)

// limits are the rates of one New or NewFiber, and what is known of them.
type limits struct {
	rates   []*rate
	link    *link
	timeout time.Duration
	named   bool
}

type rate struct {
	limiter.Rate
	id      string // what its counts are told from others by
	windows *windows
	text    string              // of Limit
	reset   atomic.Pointer[end] // the last that was written: many requests have the same
}

// end is when a window ends, in seconds since 1970, and how that is written.
type end struct {
	at   int64
	text string
}

// resetText is how the end of a window is written.
func (r *rate) resetText(at int64) string {
	if last := r.reset.Load(); last != nil && last.at == at {
		return last.text
	}
	e := &end{at, strconv.FormatInt(at, 10)}
	r.reset.Store(e)
	return e.text
}

// newLimits are the limits of rates. id is what tells limits apart that have no name.
func newLimits(rates []limiter.Rate, name, id string, maxKeys int, timeout time.Duration) *limits {
	l := &limits{link: newLink(), timeout: timeout, named: name != ""}
	if l.named {
		id = "\x00" + name
	}
	for _, r := range rates {
		l.rates = append(l.rates, &rate{Rate: r, text: strconv.FormatInt(r.Limit, 10), id: r.Formatted + "\x00" + id, windows: newWindows(r.Period, r.Limit, maxKeys)})
	}
	return l
}

// apart is what makes limits different that have no name, but for the place where they are used.
func apart(rates []limiter.Rate, methods []string) string {
	all := make([]string, 0, len(rates)+len(methods))
	for _, r := range rates {
		all = append(all, r.Formatted)
	}
	methods = slices.Clone(methods)
	slices.Sort(methods)
	return strings.Join(append(all, methods...), " ")
}

// asked is one request.
type asked struct {
	of         *store.Backend
	kind, name string // where the limit is used; see fastmcp.Context.Place
	key        string
	n          int64
	log        logger
}

// logger is asked for the operator's log when there is something to tell.
type logger interface{ Log() *slog.Logger }

// take counts a request in all rates, until it finds one with no room. What it gives is that one, or the one with the
// least left.
func (l *limits) take(a asked) (tightest Limit, r *rate, fits bool) {
	now := time.Now()
	if l.named {
		a.kind, a.name = "", ""
	}
	a.key = bounded(a.key)
	for i, each := range l.rates {
		s := l.spend(each, a, now)
		if i == 0 || !s.fits || s.left < tightest.Remaining {
			r = each
			tightest = Limit{
				Rate: r.Formatted, Limit: r.Limit, Remaining: s.left,
				Reset: s.end, RetryAfter: max(s.end.Sub(now), time.Millisecond),
			}
		}
		if !s.fits {
			return tightest, r, false
		}
	}
	return tightest, r, true
}

// spend counts a request in one rate: in the storage, if that is shared and answers, else in this process.
func (l *limits) spend(r *rate, a asked, now time.Time) state {
	key := windowKey{a.of, a.kind, a.name, a.key}
	if !a.of.Shared {
		return r.windows.spend(key, a.n, now)
	}
	if s, known := r.windows.exhausted(key, a.n, now); known {
		return s
	}
	ask, trial := l.link.open(now)
	if !ask {
		return r.windows.spend(key, a.n, now)
	}
	// Not the request's own context: what has been counted is counted, whether or not its client stays.
	ctx, cancel := context.WithTimeout(context.Background(), l.timeout)
	defer cancel()
	t, fits, err := counter{a.of}.spend(ctx, scoped(r.id+"\x00"+a.kind+" "+a.name+"\x00"+a.key), a.n, r.Rate)
	if err != nil {
		l.link.failed(a.log.Log(), err)
		return r.windows.spend(key, a.n, now)
	}
	if trial {
		l.link.answered(a.log.Log())
	}
	return r.windows.observe(key, t, fits, now)
}

// message tells a client, or a model, what to do.
func (l Limit) message(r *rate) string {
	return fmt.Sprintf("Too many requests: %s are allowed. Try again in %s.", words(r.Rate), inSeconds(l.RetryAfter))
}

func inSeconds(d time.Duration) string {
	n := wholeSeconds(d)
	if n == 1 {
		return "1 second"
	}
	return strconv.FormatInt(n, 10) + " seconds"
}

// wholeSeconds are those of a Retry-After, rounded up.
func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// headers set what the answer says of a limit.
func (r *rate) headers(l *Limit, set func(name, value string)) {
	set("X-RateLimit-Limit", r.text)
	set("X-RateLimit-Remaining", strconv.FormatInt(l.Remaining, 10))
	set("X-RateLimit-Reset", r.resetText(seconds(l.Reset)))
}
