package stdio

import (
	"log/slog"
	"time"
)

// Config bounds a Serve. The zero value of each field is its default.
type Config struct {
	// MaxMessage bounds a line, in bytes, without the newline. A longer one is answered with -32600, without an id, and
	// thrown away as it comes. Default: 4 MiB.
	MaxMessage int
	// MaxConcurrent is how many requests run at a time; further ones wait for their turn. Streams that last, as that of
	// subscriptions/listen, take no turn from the others, unless there are more than MaxConcurrent of them, too.
	// Default: 64.
	MaxConcurrent int
	// MaxWaiting is how many requests wait. One more is answered with -32000, so that reading goes on and a cancellation
	// gets through. Default: 1,024.
	MaxWaiting int
	// MaxBatch bounds an array of messages (2025-03-26). Default: 50.
	MaxBatch int
	// Drain is how long running calls may take to end once the input has ended. It is well below the 2 s that the
	// official TypeScript and Python clients wait before they send a signal. Default: 1 s; negative: not at all.
	Drain time.Duration
	// Unwind is how long calls that have been cancelled may take to return, after Drain. What has not returned then goes
	// on without anybody who waits for it. Default: 500 ms; negative: not at all.
	Unwind time.Duration
	// Log is the operator's log. It must not write to where the messages go. Default: none.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	fallback(&c.MaxMessage, 4<<20)
	fallback(&c.MaxConcurrent, 64)
	fallback(&c.MaxWaiting, 1024)
	fallback(&c.MaxBatch, 50)
	fallback(&c.Drain, time.Second)
	fallback(&c.Unwind, 500*time.Millisecond)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func fallback[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
