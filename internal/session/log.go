package session

import "sync/atomic"

// eventLog keeps the newest events of a stream and counts all of them, from 1 and without a gap. The stream's lock
// guards it. It is the seam at which another way to keep events fits in.
type eventLog interface {
	// append keeps data, which must not change any more, and returns its number.
	append(data []byte) int64
	// at is the event with that number; ok is false when it is not kept.
	at(n int64) (data []byte, ok bool)
	// last is the newest event's number, 0 before the first.
	last() int64
	// first is the number of the oldest event that is kept, last()+1 when none is.
	first() int64
	// clear forgets all events but not how many there were.
	clear()
}

// ring is an eventLog in memory. It grows up to its bounds.
type ring struct {
	c *Config
	// shared is how much all rings of the hub keep.
	shared *atomic.Int64

	buf   [][]byte // a power of two long
	head  int      // where the oldest is
	kept  int
	bytes int
	count int64
}

func (r *ring) last() int64  { return r.count }
func (r *ring) first() int64 { return r.count - int64(r.kept) + 1 }

func (r *ring) append(data []byte) int64 {
	if r.kept == len(r.buf) && r.kept < r.c.LogSize {
		r.grow()
	}
	if r.kept == len(r.buf) {
		r.trim()
	}
	r.buf[(r.head+r.kept)&(len(r.buf)-1)] = data
	r.kept++
	r.count++
	r.account(len(data))
	for r.kept > 1 && (r.kept > r.c.LogSize || r.bytes > r.c.LogBytes || r.shared.Load() > r.c.LogTotalBytes) {
		r.trim()
	}
	return r.count
}

func (r *ring) at(n int64) ([]byte, bool) {
	first := r.first()
	if n < first || n > r.count {
		return nil, false
	}
	return r.buf[(r.head+int(n-first))&(len(r.buf)-1)], true
}

func (r *ring) clear() {
	r.account(-r.bytes)
	r.buf, r.head, r.kept = nil, 0, 0
}

// trim forgets the oldest event.
func (r *ring) trim() {
	r.account(-len(r.buf[r.head]))
	r.buf[r.head] = nil
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.kept--
}

func (r *ring) grow() {
	buf := make([][]byte, max(4, 2*len(r.buf)))
	for i := range r.kept {
		buf[i] = r.buf[(r.head+i)&(len(r.buf)-1)]
	}
	r.buf, r.head = buf, 0
}

func (r *ring) account(n int) {
	r.bytes += n
	r.shared.Add(int64(n))
}
