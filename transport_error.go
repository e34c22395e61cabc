package fastmcp

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode"
)

// TransportFault is what went wrong with a connection.
type TransportFault string

// The faults.
const (
	// FaultMalformed: what came is no request of HTTP.
	FaultMalformed TransportFault = "malformed"
	// FaultTooLarge: a request's head is longer than HTTPConfig.MaxHeader, or its body than MaxBody.
	FaultTooLarge TransportFault = "too large"
	// FaultTimeout: a request did not arrive within HTTPConfig.ReadTimeout, a handshake neither, or its answer was not read within
	// WriteTimeout.
	FaultTimeout TransportFault = "timeout"
	// FaultTLS: a handshake failed: no certificate that is wanted, a wrong one, no version in common, or no TLS at all.
	FaultTLS TransportFault = "tls"
	// FaultClosed: the client went away in the middle of a request or of an answer.
	FaultClosed TransportFault = "closed"
	// FaultOverload: there are too many connections.
	FaultOverload TransportFault = "overload"
	// FaultAccept: the system gives no more connections, for want of file descriptors, say.
	FaultAccept TransportFault = "accept"
)

// TransportError is what went wrong with a connection before a request reached the App, or beneath it: Events.TransportError hears
// of it.
type TransportError struct {
	// Fault is what went wrong, Err how that shows. Its text has nothing of a request's head or body.
	Fault TransportFault
	Err   error
	// IP is who is at the other end: behind a proxy, the proxy. It is not valid on a socket in the file system, nor for FaultAccept.
	IP netip.Addr
}

// transportErrors is where the servers' errors go.
type transportErrors struct {
	on  func(TransportError)
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	since time.Time                         // when this minute began
	count map[TransportFault]transportCount // in it
}

func (t *transportErrors) init(c *Config) { t.on, t.log, t.now = c.On.TransportError, c.Log, time.Now }

type transportCount struct{ logged, more int }

// transportLines is how many lines of each fault go into the log in a minute: what anybody can cause must not fill it.
const transportLines = 10

// event tells the event of an error.
func (t *transportErrors) event(e TransportError) {
	if t.on == nil {
		return
	}
	if err := contain(func() error { t.on(e); return nil }); err != nil {
		t.log.Error("Events.TransportError failed", "error", err, "stack", string(err.(*fault).stack))
	}
}

// tell tells of an error: the event of each, the log of some.
func (t *transportErrors) tell(e TransportError) {
	t.event(e)
	level := slog.LevelWarn
	switch e.Fault {
	case FaultClosed:
		level = slog.LevelDebug // clients do
	case FaultAccept:
		level = slog.LevelError
	}
	if !t.log.Enabled(context.Background(), level) {
		return
	}
	if t.admit(e.Fault) {
		attrs := []any{"fault", string(e.Fault), "error", printable(e.Err.Error())}
		if e.IP.IsValid() {
			attrs = append(attrs, "ip", e.IP.String())
		}
		t.log.Log(context.Background(), level, "a connection failed", attrs...)
	}
}

// admit tells whether there is room in the log. What was left out in the minute before is told with the next line.
func (t *transportErrors) admit(f TransportFault) bool {
	t.mu.Lock()
	now := t.now()
	var left map[TransportFault]transportCount
	if now.Sub(t.since) >= time.Minute {
		t.since, left, t.count = now, t.count, make(map[TransportFault]transportCount)
	}
	c := t.count[f]
	admitted := c.logged < transportLines
	if admitted {
		c.logged++
	} else {
		c.more++
	}
	t.count[f] = c
	t.mu.Unlock()
	for f, c := range left {
		if c.more > 0 {
			t.log.Warn("connections failed that were not logged one by one", "fault", string(f), "number", c.more)
		}
	}
	return admitted
}

// printable is text of bounded length that is one line.
func printable(text string) string {
	const most = 200
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return '.'
		}
		return r
	}, text)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}
