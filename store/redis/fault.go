package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/fastmcp-go/fastmcp/store"
)

// answered tells that err is what a server said.
func answered(err error) bool {
	var said goredis.Error
	return errors.As(err, &said)
}

// neverSent tells that there was no connection to send anything on.
func neverSent(err error) bool {
	var trouble *net.OpError
	return errors.As(err, &trouble) && trouble.Op == "dial" || errors.Is(err, goredis.ErrPoolTimeout)
}

// states are what a server's answers begin with when it is in no state to do what it is asked, and has not done it. Those
// before the nil pass soon: a failover, a start.
var states = []string{
	"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "ERR max number of clients reached", "UNBLOCKED",
	"", "BUSY", "MISCONF", "NOREPLICAS", "MOVED", "ASK",
}

// state tells whether err says that, and whether it will pass soon.
func state(err error) (is, soon bool) {
	if !answered(err) {
		return false, false
	}
	soon = true
	for _, s := range states {
		if s == "" {
			soon = false
		} else if says(err, s) {
			return true, soon
		}
	}
	return false, false
}

// says tells that err is, or is about, a certain answer: Redis 6 puts words before those that a script meets.
func says(err error, what string) bool {
	text := err.Error()
	return strings.HasPrefix(text, what) || strings.HasPrefix(text, "ERR Error running script") && strings.Contains(text, ": "+what)
}

// again tells whether to try once more after err. harmless is what may be done twice.
func again(err error, harmless bool) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, goredis.ErrClosed) || errors.Is(err, goredis.ErrPoolTimeout) {
		return false
	}
	if answered(err) {
		_, soon := state(err)
		return soon
	}
	return harmless || neverSent(err)
}

// fault makes what go-redis tells one of the errors that store names. ctx is the caller's.
func fault(ctx context.Context, err error) error {
	if done := over(ctx, err); done != nil {
		return done
	}
	inState, _ := state(err)
	switch {
	case errors.Is(err, goredis.ErrClosed):
		return store.ErrClosed
	case !answered(err):
		// In words only: what ended a connection is not for callers to tell apart, least of all a deadline not theirs.
		if timedOut(err) {
			return fmt.Errorf("%w: no answer in time: %v", store.ErrUnavailable, err)
		}
		return fmt.Errorf("%w: %v", store.ErrUnavailable, err)
	case inState:
		return fmt.Errorf("%w: %v", store.ErrUnavailable, err)
	case says(err, "WRONGTYPE"), says(err, foreign):
		return fmt.Errorf("%w: %v", store.ErrForeign, err)
	case says(err, "ERR value is not an integer"), says(err, "ERR increment or decrement would overflow"):
		return fmt.Errorf("%w: %v", store.ErrNotNumber, err)
	case says(err, "OOM"):
		return fmt.Errorf("%w: %v", store.ErrFull, err)
	}
	return fmt.Errorf("store/redis: %w", err)
}

// over is the error of ctx, if that is why err came. A connection's deadline may be a little ahead of the context's own.
func over(ctx context.Context, err error) error {
	if !errors.Is(err, context.Canceled) && !timedOut(err) {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= 0 {
		return context.DeadlineExceeded
	}
	return nil
}

func timedOut(err error) bool {
	var timeout net.Error // which a context's is as well
	return errors.As(err, &timeout) && timeout.Timeout()
}
