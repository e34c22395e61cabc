package store

import (
	"encoding/binary"
	"math"
	"time"
)

// envelope is how plain keeps a value in a Storage: with the time of its end, which a Storage does not tell. It also
// makes up for what drivers do differently: Fiber's own memory counts in whole seconds, and takes less than one for
// ever; several drop empty values without an error.
type envelope struct {
	end int64  // in milliseconds since 1970; 0 is never
	val []byte // nil: nothing there
}

const (
	envelopeMark = 0xF5 // begins no UTF-8 text, so that what others wrote as text is told apart
	envelopeHead = 1 + 8
)

func newEnvelope(val []byte, now time.Time, ttl time.Duration) envelope {
	e := envelope{val: copied(val)}
	if ttl > 0 {
		e.end = now.Add(ttl).Add(time.Millisecond - 1).UnixMilli() // in two steps: their sum may overflow
	}
	return e
}

// seal writes the mark, the end (8 bytes, big endian) and the value.
func (e envelope) seal() []byte {
	sealed := append(make([]byte, 0, envelopeHead+len(e.val)), envelopeMark)
	return append(binary.BigEndian.AppendUint64(sealed, uint64(e.end)), e.val...)
}

func openEnvelope(sealed []byte) (envelope, error) {
	if len(sealed) < envelopeHead || sealed[0] != envelopeMark {
		return envelope{}, ErrForeign
	}
	end := int64(binary.BigEndian.Uint64(sealed[1:]))
	return envelope{end: end, val: copied(sealed[envelopeHead:])}, nil // a driver may hand out what it keeps
}

func (e envelope) past(now time.Time) bool { return e.end != 0 && e.end <= now.UnixMilli() }

// expiry is what the Storage is told: whole seconds, and one more, because drivers that count in seconds may be early by
// one. The end in the envelope is what counts.
func (e envelope) expiry(now time.Time) time.Duration {
	if e.end == 0 {
		return 0
	}
	const slack = 2 * time.Second
	rest := max(time.UnixMilli(e.end).Sub(now), 0)
	return min(rest, math.MaxInt64-slack).Truncate(time.Second) + slack
}
