package ratelimit

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// link is whether the storage is worth asking. After it has failed one request a second tries it again; the others do not
// wait for it.
type link struct {
	again atomic.Int64 // when to try again, in nanoseconds since base; 0 while all is well
	base  time.Time
}

// tryAgain is how long a storage that has failed is left alone.
const tryAgain = time.Second

func newLink() *link { return &link{base: time.Now()} }

// open tells that the storage is to be asked, and whether that is a trial.
func (l *link) open(now time.Time) (ask, trial bool) {
	at := l.again.Load()
	if at == 0 {
		return true, false
	}
	since := now.Sub(l.base)
	if int64(since) < at {
		return false, false
	}
	won := l.again.CompareAndSwap(at, int64(since+tryAgain))
	return won, won
}

// failed takes note that the storage did not answer. The operator hears of it once.
func (l *link) failed(log *slog.Logger, err error) {
	if l.again.Swap(int64(time.Since(l.base)+tryAgain)) == 0 {
		log.Warn("ratelimit: the store cannot count: each process limits by itself until it can", "error", err)
	}
}

// answered takes note that a trial has been answered. What others get was under way, and tells nothing.
func (l *link) answered(log *slog.Logger) {
	if l.again.Swap(0) != 0 {
		log.Info("ratelimit: the store counts again")
	}
}
