package session

import (
	"slices"
	"sync"
)

// Posting is what has become of a Post.
type Posting uint8

const (
	// Queued: it will run, even if the session ends before.
	Queued Posting = iota
	// Merged: one with its key waits to run, and will do for both.
	Merged
	// Lost: there is no room for it.
	Lost
	// LostAgain: others have been lost since the inbox was last empty. It is told apart so that a client which tells too
	// much does not fill the operator's log, too.
	LostAgain
)

// inbox is what the client's notifications have given rise to, and what has not run yet.
type inbox struct {
	mu      sync.Mutex
	waiting []posted
	bytes   int
	running bool
	full    bool // one has been lost since it was last empty
}

type posted struct {
	key  string
	size int
	f    func()
}

// Post runs f after all that was posted before, on a goroutine that lives while there is something to run: a session
// has one at most. f must not panic. With a key it is Merged when another with that key waits. size is how many bytes f
// keeps. It is Lost when Config.InboxSize or InboxBytes would be exceeded.
func (r *Record) Post(key string, size int, f func()) Posting {
	b, c := &r.inbox, &r.hub.c
	b.mu.Lock()
	defer b.mu.Unlock()
	if key != "" && slices.ContainsFunc(b.waiting, func(p posted) bool { return p.key == key }) {
		return Merged
	}
	if len(b.waiting) >= c.InboxSize || size > c.InboxBytes-b.bytes {
		r.hub.lose(1)
		if b.full {
			return LostAgain
		}
		b.full = true
		return Lost
	}
	b.waiting = append(b.waiting, posted{key, size, f})
	b.bytes += size
	if !b.running {
		b.running = true
		go b.run()
	}
	return Queued
}

func (b *inbox) run() {
	done := false
	defer func() {
		if !done {
			go b.run() // f has ended its goroutine, by runtime.Goexit, and not the inbox
		}
	}()
	for f := b.next(); f != nil; f = b.next() {
		f()
	}
	done = true
}

// next takes out what is to run next; nil when there is nothing.
func (b *inbox) next() func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		b.running, b.full, b.waiting = false, false, nil
		return nil
	}
	p := b.waiting[0]
	b.waiting[0] = posted{}
	b.waiting = b.waiting[1:]
	b.bytes -= p.size
	return p.f
}
