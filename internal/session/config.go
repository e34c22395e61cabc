// Package session keeps what a stateful client left here between its requests: who it is, what it negotiated, its
// running calls, its state, and the logs of events from which a broken connection is taken up again (MCP 2025-11-25,
// transports, resumability).
//
// All of it lives in the memory of this process, unless Config.Share says that several nodes have the same sessions. Then
// the store has what is true, under names that begin with the session's id:
//
//	s:ID:r           the record: who it is. A Record is a copy, believed for 10 s, and read again when messages may be lost
//	s:ID:k           the state, all values in one, changed by compare and swap
//	s:ID:q:QUESTION  who waits for the answer to a question, then the answer
//	s:ID:e:STREAM    the log of each stream (far.go), numbered by the store; with ":f" behind it the fence of its newest
//	                 reader, ":p" how far the session's own has been written, ":d" that a dead node's call has been ended
//
// A node says every 2 s that it is alive (cluster.go). Messages between nodes wake and hint only: whatever they tell can be
// found in the store, later.
//
// Locks are taken in this order: Hub.mu, Stream.turn, attachment.writer, Stream.mu, Record.mu; cluster.mu is held alone. No
// hook, no sink and no function of a caller's is called under Hub.mu, Stream.mu or Record.mu, and the store under none
// but Stream.turn.
package session

import "time"

// Config bounds a Hub. Zero is the default; a negative number is no bound, a negative duration the
// default.
type Config struct {
	// TTL is how long a session lives without a request, a running call or an open stream. Default: 1 h.
	TTL time.Duration
	// MaxPerPrincipal bounds one principal's sessions. Anonymous callers are bounded by their address only. Default:
	// 1000.
	MaxPerPrincipal int
	// MaxPerIP bounds the sessions from one IPv4 address or one IPv6 /64. Callers without an address are not counted.
	// Default: 1000.
	MaxPerIP int
	// MaxTotal bounds all sessions. Default: 100 000.
	MaxTotal int
	// RetryAfter is what a client is told that finds no room. Default: 5 s.
	RetryAfter time.Duration

	// LogSize is how many events of one stream are kept. Default: 256.
	LogSize int
	// LogBytes is how many bytes of one stream's events are kept; the newest event is kept whatever its size. Default:
	// 1 MiB.
	LogBytes int
	// LogTotalBytes is how many bytes of events are kept in all. Beyond it a stream that gets an event keeps that one
	// only. Default: 256 MiB.
	LogTotalBytes int64
	// StreamsPerSession bounds the call streams that a session has, running and finished. Those that finished first go
	// first. Default: 32.
	StreamsPerSession int
	// ReplayTTL is how long a finished call's stream can be taken up. Default: 5 min.
	ReplayTTL time.Duration
	// CallsPerSession bounds the calls that run at a time in one session. Default: 1024.
	CallsPerSession int

	// InboxSize is how many functions that were posted to a session wait to run. Default: 64.
	InboxSize int
	// InboxBytes is how many bytes they keep. Default: 256 KiB.
	InboxBytes int

	// StateKeys is how many keys a session's state may have. Default: 256.
	StateKeys int
	// StateBytes is how large its keys and values may be together. Default: 64 KiB.
	StateBytes int

	// Retry is how soon a client shall come back whose connection is ended though its stream goes on. Default: 1 s.
	Retry time.Duration
	// SweepEvery is how often sessions, streams and credentials are looked through for those that have expired: they
	// end at most so much too late. An expired session is found out at once when it is asked for. Default: 15 s.
	SweepEvery time.Duration

	// OnCreate, if not nil, hears of each new session before its client does.
	OnCreate func(*Record)
	// OnEnd, if not nil, hears once of each session that has ended, after its OnCreate has returned unless End or
	// Close was called meanwhile. It must not call Hub.Close.
	OnEnd func(*Record, Reason)
	// OnChange, if not nil, hears of a session whose own stream is here when another node has changed what is kept of it.
	OnChange func(*Record)
	// OnGone, if not nil, is called behind OnEnd, and for sessions that end here only, because another node has them or has
	// ended them, too.
	OnGone func()

	// Share, when it is not nil, has the sessions kept where other nodes find them. What is here of one is then a copy,
	// and MaxPerPrincipal and MaxPerIP count the sessions that this node has opened.
	Share *Share

	// Above, when it is not nil, is a Hub that counts in Lost what this one loses, too, and whose MaxTotal and LogTotalBytes
	// bound all hubs below it together.
	Above *Hub

	// Now tells the time. Default: time.Now.
	Now func() time.Time
}

// Reason is why a session ended.
type Reason uint8

const (
	// Deleted: its client, or the server, wanted it so.
	Deleted Reason = iota + 1
	// Expired: nobody has used it for the TTL.
	Expired
	// Evicted: it was the one that had been idle longest when a new one needed its room.
	Evicted
	// Closed: the hub was closed.
	Closed
	// Elsewhere: it has ended on another node, which has told OnEnd there.
	Elsewhere
)

// String is the reason in lower case.
func (r Reason) String() string {
	switch r {
	case Deleted:
		return "deleted"
	case Expired:
		return "expired"
	case Evicted:
		return "evicted"
	case Closed:
		return "closed"
	case Elsewhere:
		return "ended elsewhere"
	}
	return "unknown"
}

const unbounded = int(^uint(0) >> 1)

// withDefaults is c with every field set.
func (c Config) withDefaults() Config {
	bound(&c.MaxPerPrincipal, 1000)
	bound(&c.MaxPerIP, 1000)
	bound(&c.MaxTotal, 100_000)
	bound(&c.LogSize, 256)
	bound(&c.LogBytes, 1<<20)
	bound(&c.StreamsPerSession, 32)
	bound(&c.CallsPerSession, 1024)
	bound(&c.InboxSize, 64)
	bound(&c.InboxBytes, 256<<10)
	bound(&c.StateKeys, 256)
	bound(&c.StateBytes, 64<<10)
	switch {
	case c.LogTotalBytes == 0:
		c.LogTotalBytes = 256 << 20
	case c.LogTotalBytes < 0:
		c.LogTotalBytes = int64(unbounded)
	}
	period(&c.TTL, time.Hour)
	period(&c.RetryAfter, 5*time.Second)
	period(&c.ReplayTTL, 5*time.Minute)
	period(&c.Retry, time.Second)
	period(&c.SweepEvery, 15*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func bound(n *int, otherwise int) {
	switch {
	case *n == 0:
		*n = otherwise
	case *n < 0:
		*n = unbounded
	}
}

func period(d *time.Duration, otherwise time.Duration) {
	if *d <= 0 {
		*d = otherwise
	}
}
