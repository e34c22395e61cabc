package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
	"github.com/ulule/limiter/v3"
)

// counter counts in a storage. Under a key there is one number, which the storage forgets a period after it was made: that
// is the window. The number only grows, so that whoever adds to it and finds the sum within the limit is one of those that
// fit, whatever happens elsewhere; nothing is ever given back, since that could fall into the next window.
//
// Its lower bits are the count. The upper bits are when the window ends, for those that did not begin it: who begins a
// window adds them to it. They are of that node's clock and decide nothing.
type counter struct{ of *store.Backend }

const (
	usedBits = 38 // 2.7e11 requests in a window: what is known to be over the limit is not counted any more
	markBits = 25
	usedMask = 1<<usedBits - 1
	markMask = 1<<markBits - 1
	markUnit = 10 // milliseconds: the marks of 3.8 days are different, and no window is longer than one
)

// tally is the number under a key.
type tally struct {
	used int64
	mark int64 // when the window ends, in units, modulo 2^markBits; 0 is not said yet
}

func parseTally(v int64) tally { return tally{used: v & usedMask, mark: v >> usedBits & markMask} }

// markOf is the mark of an end, rounded up. It is never 0.
func markOf(end time.Time) int64 { return max((end.UnixMilli()+markUnit-1)/markUnit&markMask, 1) }

// end is when the window ends, by the clock that now is of. Where nobody has said when, it is one that no window reaches.
func (t tally) end(now time.Time) time.Time {
	if t.mark == 0 {
		return now.Add(7 * 24 * time.Hour)
	}
	ahead := (t.mark - now.UnixMilli()/markUnit) & markMask
	if ahead > markMask/2 {
		ahead -= markMask + 1 // it is over, by this clock
	}
	return now.Add(time.Duration(ahead) * markUnit * time.Millisecond)
}

// spend counts n, if it fits. What weighs more than 1 looks first: what has been added stays, and would be lost to requests
// that weigh less.
func (s counter) spend(ctx context.Context, key string, n int64, rate limiter.Rate) (t tally, fits bool, err error) {
	if n > 1 {
		if t, err = s.peek(ctx, key); err != nil || t.used+n > rate.Limit {
			return t, false, err
		}
	}
	v, err := s.of.Atomic.Add(ctx, key, n, rate.Period)
	if err != nil {
		return tally{}, false, err
	}
	if t = parseTally(v); t.used == n && t.mark == 0 {
		t.mark = markOf(time.Now().Add(rate.Period))
		// Who does not learn of the end takes the latest that it can be.
		_, _ = s.of.Atomic.Add(ctx, key, t.mark<<usedBits, rate.Period)
	}
	return t, t.used <= rate.Limit, nil
}

func (s counter) peek(ctx context.Context, key string) (tally, error) {
	raw, err := s.of.KV.Get(ctx, key)
	if err != nil || raw == nil {
		return tally{}, err
	}
	v, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return tally{}, fmt.Errorf("%w: under %q", store.ErrNotNumber, key)
	}
	return parseTally(v), nil
}

// NewStore makes a store of github.com/ulule/limiter that counts in a Backend, such as App.Store: for its Limiter, whose
// other drivers have connections of their own. All of its methods are one atomic command, and Increment up to three. Windows
// are those of the package's comment; where the Backend is not shared, they are this process's.
func NewStore(b *store.Backend) limiter.Store { return counter{b} }

// scoped is where the keys of NewStore are.
func scoped(key string) string { return "ratelimit:" + digest(key) }

// Get counts 1; see limiter.Store.
func (s counter) Get(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	return s.Increment(ctx, key, 1, rate)
}

var errCount = errors.New("ratelimit: a count must be 1 or more")

// Increment counts more than 1, and nothing if that does not fit; see limiter.Store.
func (s counter) Increment(ctx context.Context, key string, n int64, rate limiter.Rate) (limiter.Context, error) {
	if n < 1 {
		return limiter.Context{}, errCount
	}
	t, fits, err := s.spend(ctx, scoped(key), n, rate)
	if err != nil {
		return limiter.Context{}, err
	}
	return t.context(rate, fits), nil
}

// Peek counts nothing; see limiter.Store.
func (s counter) Peek(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	t, err := s.peek(ctx, scoped(key))
	if err != nil {
		return limiter.Context{}, err
	}
	return t.context(rate, t.used <= rate.Limit), nil
}

// Reset ends a window; see limiter.Store.
func (s counter) Reset(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	if err := s.of.KV.Delete(ctx, scoped(key)); err != nil {
		return limiter.Context{}, err
	}
	return tally{}.context(rate, true), nil
}

// context is what ulule's limiter says of a window.
func (t tally) context(rate limiter.Rate, fits bool) limiter.Context {
	now := time.Now()
	end := t.end(now)
	if last := now.Add(rate.Period); end.After(last) {
		end = last
	}
	return limiter.Context{Limit: rate.Limit, Remaining: max(rate.Limit-t.used, 0), Reset: seconds(end), Reached: !fits}
}

// seconds is a time in seconds since 1970, rounded up: who waits until then has waited long enough.
func seconds(t time.Time) int64 { return t.Add(time.Second - 1).Unix() }
