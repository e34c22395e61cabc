package streamhttp

import (
	"sync"
	"time"
)

// patience makes streams of the answers of calls that have been silent for too long. All wait equally long, so they stand
// in a row, and one timer, for the first, serves all: most calls are over before it is even looked at.
type patience struct {
	after time.Duration

	mu          sync.Mutex
	first, last *answer
	armed       bool
}

// wait is an answer's place in the row.
type wait struct {
	before, behind *answer
	since          time.Time
	in             bool
}

func (p *patience) add(a *answer) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	a.wait = wait{before: p.last, since: now, in: true}
	if p.last == nil {
		p.first = a
	} else {
		p.last.wait.behind = a
	}
	p.last = a
	if !p.armed {
		p.armed = true
		time.AfterFunc(p.after, p.look)
	}
}

func (p *patience) remove(a *answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unlink(a)
}

func (p *patience) unlink(a *answer) {
	w := &a.wait
	if !w.in {
		return
	}
	if w.before == nil {
		p.first = w.behind
	} else {
		w.before.wait.behind = w.behind
	}
	if w.behind == nil {
		p.last = w.before
	} else {
		w.behind.wait.before = w.before
	}
	*w = wait{}
}

// look takes those out of the row whose time has come, and comes back for the next.
func (p *patience) look() {
	var due []*answer
	p.mu.Lock()
	for p.first != nil && time.Since(p.first.wait.since) >= p.after {
		due = append(due, p.first)
		p.unlink(p.first)
	}
	if p.armed = p.first != nil; p.armed {
		time.AfterFunc(p.after-time.Since(p.first.wait.since), p.look)
	}
	p.mu.Unlock()
	for _, a := range due {
		go a.promote() // it may have to wait for a slow reader, and the others must not
	}
}
