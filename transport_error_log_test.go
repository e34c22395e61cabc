package fastmcp

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// What anybody can cause must not fill the log: of each fault there are so many lines a minute, and the next minute tells how
// many more there were.
func TestTransportErrorsInTheLogAreBounded(t *testing.T) {
	var b strings.Builder
	now := time.Unix(1_800_000_000, 0)
	heard := 0
	e := transportErrors{
		on: func(TransportError) { heard++ }, now: func() time.Time { return now },
		log: slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	lines := func(fault TransportFault) int { return strings.Count(b.String(), fmt.Sprintf("fault=%s ", fault)) }
	for range transportLines {
		e.tell(TransportError{Fault: FaultMalformed, Err: errors.New("bad")})
	}
	if n := lines(FaultMalformed); n != transportLines {
		t.Errorf("%d lines at the bound", n)
	}
	for range 5 {
		e.tell(TransportError{Fault: FaultMalformed, Err: errors.New("bad")})
	}
	e.tell(TransportError{Fault: FaultTLS, Err: errors.New("bad")})
	if n := lines(FaultMalformed); n != transportLines || lines(FaultTLS) != 1 || heard != transportLines+6 {
		t.Errorf("%d and %d lines behind the bound, %d events", n, lines(FaultTLS), heard)
	}
	now = now.Add(time.Minute - 1)
	e.tell(TransportError{Fault: FaultMalformed, Err: errors.New("bad")})
	if n := lines(FaultMalformed); n != transportLines {
		t.Errorf("%d lines in the same minute", n)
	}
	now = now.Add(1)
	e.tell(TransportError{Fault: FaultMalformed, Err: errors.New("bad")})
	if n := lines(FaultMalformed); n != transportLines+2 || !strings.Contains(b.String(), "fault=malformed number=6") {
		t.Errorf("%d lines in the next minute: %s", n, b.String())
	}
}

func TestTransportErrorsAreOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                        "plain",
		"a\r\nb\x00\x1b[31m\xff":       "a..b..[31m.",
		strings.Repeat("ä", 100):       strings.Repeat("ä", 100),
		strings.Repeat("ä", 101):       strings.Repeat("ä", 100) + "...",
		"x" + strings.Repeat("ä", 100): "x" + strings.Repeat("ä", 99) + "...",
	} {
		if got := printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
