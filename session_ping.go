package fastmcp

import (
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// PingConfig is how clients with a session are asked for signs of life, on the session's own stream. Heartbeats
// (HTTPConfig.Heartbeat) keep connections open, and find out that one has broken; behind a proxy that keeps its side
// open for a client that is gone, only the client itself can tell that it is there. What clients ping is always answered.
type PingConfig struct {
	// Interval is how long a client may say nothing before it is pinged. Default: 0, it never is: some clients do not
	// answer, and a ping wakes a device that sleeps.
	Interval time.Duration
	// Timeout is how long it may take to answer, also Session.Ping. Default: 10 s.
	Timeout time.Duration
	// Misses is how many pings in a row a client may leave unanswered, while it says nothing else either. Then its
	// session is ended, as Session.End does it: what it left running is cancelled, and a client that was only away for
	// long initializes again. Default: 3.
	Misses int
}

func (c *PingConfig) setDefaults() {
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Misses <= 0 {
		c.Misses = 3
	}
}

// pinger pings the clients of all sessions, from one goroutine, which runs while there are sessions.
type pinger struct {
	engine *engine

	mu      sync.Mutex
	running bool
}

// pinged is what the pinger knows of a session whose stream is open. Only its goroutine looks at it.
type pinged struct {
	at     time.Duration // when it was last pinged, in the hub's time; 0 when it has said something since
	waits  bool          // that ping may yet be answered
	misses int
	seen   int // the round in which the stream was last open
}

// start sees to it that the pinger runs, when there is to be one. It is called for each new session.
func (p *pinger) start() {
	if p.engine.config.Ping.Interval <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running {
		p.running = true
		go p.run()
	}
}

// run looks around eight times an interval, so that a ping is late by an eighth at most.
func (p *pinger) run() {
	c := &p.engine.config.Ping
	ticker := time.NewTicker(max(min(c.Interval, c.Timeout)/8, time.Millisecond))
	defer ticker.Stop()
	all := map[*session.Record]*pinged{}
	for round := 0; ; round++ {
		select {
		case <-p.engine.stopping:
			return // and there are no new sessions any more
		case <-ticker.C:
			p.round(all, round)
		}
		if p.retire() {
			return
		}
	}
}

// retire ends the pinger when there is nobody left to ping.
func (p *pinger) retire() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = p.engine.hub.Len() > 0
	return !p.running
}

// round pings who has said nothing for the interval, and ends the sessions of those who were pinged in vain.
func (p *pinger) round(all map[*session.Record]*pinged, round int) {
	p.engine.hub.All(func(r *session.Record) bool {
		if !r.Own().Attached() {
			return true // there is nothing to ping on; without one the session expires
		}
		s := all[r]
		if s == nil {
			s = &pinged{}
			all[r] = s
		}
		s.seen = round
		now, used := r.Life()
		switch p.judge(s, now, used) {
		case pingSend:
			// The answer is one that nobody waits for: that it came is what counts.
			_, _ = r.Own().Append((&question{method: protocol.MethodPing}).request(r.NextID())) // a session that has just ended needs none
		case pingEnd:
			p.engine.config.Log.Warn("a session is ended: its client answers no pings", "session", fingerprint(r.ID), "pings", s.misses, "silent for", r.Idle())
			go p.engine.end(r.ID) // its stream may have to wait for a write that blocks, and the others must not
		}
		return true
	})
	for r, s := range all {
		if s.seen != round {
			delete(all, r)
		}
	}
}

type pingVerdict uint8

const (
	pingWait pingVerdict = iota
	pingSend
	pingEnd
)

// judge decides what to do about a session, by when its client has said something last. Whatever it says is a sign of life: a
// client that makes requests is there, even if it answers no pings.
func (p *pinger) judge(s *pinged, now, used time.Duration) pingVerdict {
	c := &p.engine.config.Ping
	if s.at != 0 && used > s.at { // it has said something since
		*s = pinged{seen: s.seen}
	}
	switch {
	case s.waits && now-s.at < c.Timeout:
		return pingWait
	case s.waits:
		s.waits = false
		if s.misses++; s.misses >= c.Misses {
			return pingEnd
		}
	}
	// The first is due after the interval of silence, and one that follows a miss an interval after it, as idle goes on.
	if now-used < c.Interval*time.Duration(s.misses+1) {
		return pingWait
	}
	s.at, s.waits = now, true
	return pingSend
}
