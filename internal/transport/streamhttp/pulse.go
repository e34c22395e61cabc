package streamhttp

import (
	"sync"
	"sync/atomic"
	"time"
)

// pulse sends the heartbeats of all streams: one ticker for all of them, which runs while there are any, instead of a
// timer for each.
type pulse struct {
	interval time.Duration

	mu      sync.Mutex
	beats   map[*beat]func()
	running bool
}

// beat is a stream's place in the pulse.
type beat struct{ last atomic.Int64 }

// touch says that something has just been written.
func (b *beat) touch() { b.last.Store(time.Now().UnixNano()) }

// add has send called whenever b has not been touched for the interval.
func (p *pulse) add(b *beat, send func()) {
	b.touch()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.beats == nil {
		p.beats = make(map[*beat]func())
	}
	p.beats[b] = send
	if !p.running && p.interval > 0 {
		p.running = true
		go p.run()
	}
}

func (p *pulse) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.beats)
}

func (p *pulse) remove(b *beat) {
	if b.last.Load() == 0 {
		return // never added: most answers are no streams
	}
	p.mu.Lock()
	delete(p.beats, b)
	p.mu.Unlock()
}

// run looks around eight times an interval, so that a heartbeat is late by an eighth at most, and ends when nothing is
// left to look after.
func (p *pulse) run() {
	ticker := time.NewTicker(max(p.interval/8, time.Millisecond))
	defer ticker.Stop()
	for now := range ticker.C {
		due, more := p.due(now.Add(-p.interval + p.interval/8).UnixNano())
		for _, send := range due {
			go send() // it may have to wait for a slow reader, and the others must not
		}
		if !more {
			return
		}
	}
}

func (p *pulse) due(before int64) (due []func(), more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for b, send := range p.beats {
		if b.last.Load() <= before {
			b.touch()
			due = append(due, send)
		}
	}
	p.running = len(p.beats) > 0
	return due, p.running
}
