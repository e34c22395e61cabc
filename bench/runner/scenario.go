//go:build linux

package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/fastmcp-go/fastmcp/bench/internal/contract"
)

// scenario is one table: what is asked of which servers, and what is told of it.
type scenario struct {
	id, title string
	note      string
	args      []string // of loadgen
	columns   []column // the first is what the table is about
	rounds    int      // 0: as many as the run has
	seconds   float64  // 0: as long as the run says
	tools     int
	fresh     bool // a new process for each measurement
	tls       bool
	probe     bool // a start is measured, without loadgen
	extra     bool // only when it is asked for by name
	short     bool // belongs to the short run
	points    []point
	fits      func(*server) bool
	special   []string // sets of servers that take part besides the plain one
	only      []string // names that take part; nil: all that fit
	against   string   // the name of what ratios are to; "": the hand-written server
}

// point is one size of a scenario that measures the same at several: each is a row of its own.
type point struct {
	name  string
	tools int
	args  []string
}

// sizes are what a run can make larger or smaller.
type sizes struct{ conns, sessions, manySessions, broadcasts int }

func scenarios(z sizes) []scenario {
	conns := strconv.Itoa(z.conns)
	at := func(args ...string) []string { return append(args, "-c", conns) }
	sixteen := func(args ...string) []string { return append(args, "-c", "16") }
	answering := func(s *server) bool { return !s.fixed }
	stateful := func(s *server) bool { return !s.fixed && !s.stateless }
	modern := func(s *server) bool { return s.modern }
	streams := func(s *server) bool { return !s.fixed && !s.quiet }
	return slices.Concat([]scenario{
		{id: "call", title: "tools/call, 2025-11-25 with session, " + conns + " connections", args: at("-mode", "call"), columns: callColumns, short: true, special: []string{"json"}},
		{id: "call-2026", title: "tools/call, 2026-07-28, " + conns + " connections", args: at("-mode", "call", "-revision", "2026-07-28"), columns: callColumns, short: true, fits: modern},
		{id: "latency", title: "tools/call, 2025-11-25 with session, 1 connection", args: []string{"-mode", "call", "-c", "1"}, columns: latencyColumns, rounds: 7,
			note: "One connection is mostly waking up: it tells milliseconds from microseconds, and hardly more."},
		{id: "latency-2026", title: "tools/call, 2026-07-28, 1 connection", args: []string{"-mode", "call", "-revision", "2026-07-28", "-c", "1"}, columns: latencyColumns, rounds: 7, fits: modern},
		{id: "list", title: "tools/list, 100 tools, 16 connections", args: sixteen("-mode", "list", "-tools", "100"), columns: callColumns, tools: 100, short: true, fits: answering},
		{id: "progress", title: "tools/call with 100 progress notifications, 16 connections", args: sixteen("-mode", "progress", "-notes", "100"), columns: progressColumns, short: true, fits: streams},
		{id: "stream", title: "tools/call answered as an event stream: one notification and the result, " + conns + " connections", args: at("-mode", "progress", "-notes", "1"), columns: callColumns, fits: streams},
		{id: "echo", title: "tools/call with 64 KiB in and out, 16 connections", args: sixteen("-mode", "echo", "-size", "65536"), columns: callColumns, short: true, fits: answering, special: []string{"json"}},
		{id: "prompt", title: "prompts/get, 2025-11-25 with session, " + conns + " connections", args: at("-mode", "prompt"), columns: callColumns, short: true, fits: stateful},
		{id: "resource", title: "resources/read, 2025-11-25 with session, " + conns + " connections", args: at("-mode", "resource"), columns: callColumns, short: true, fits: stateful},
		{id: "initialize", title: "initialize, " + conns + " connections, at most 50,000 in all", args: at("-mode", "initialize", "-n", "50000", "-warm", "100ms"), columns: callColumns, fresh: true, short: true, fits: stateful,
			note: "Each begins a session that stays, in a process of its own for each measurement."},
	}, sessionScenarios(z), []scenario{
		{id: "tls", title: "tools/call over TLS 1.3, 2025-11-25 with session, " + conns + " connections", args: at("-mode", "call"), columns: callColumns, tls: true, fits: func(s *server) bool { return s.tls }},
		{id: "start", title: "from the start of a process with 100 typed tools to its first answers", columns: startColumns, tools: 100, rounds: 20, fresh: true, probe: true, fits: func(s *server) bool { return !s.fixed && !s.slowOpen },
			note: "initialize, then tools/list; the clock starts before the process does."},
		{id: "flat-tools", title: "tools/call beside 10, 1,000 and 10,000 tools", args: at("-mode", "call"), columns: flatColumns, only: []string{"fastmcp", base},
			points: []point{{"10 tools", 10, nil}, {"1,000 tools", 1000, nil}, {"10,000 tools", 10_000, nil}}, note: flatNote},
		{id: "flat-sessions", title: "tools/call beside idle sessions with an open stream", args: at("-mode", "call"), columns: flatColumns, only: []string{"fastmcp", base},
			points: []point{{"1 session", 0, []string{"-background", "1"}}, {"1,000 sessions", 0, []string{"-background", "1000"}},
				{"10,000 sessions", 0, []string{"-background", strconv.Itoa(z.manySessions)}}}, fresh: true, note: flatNote},
		{id: "collector", title: "tools/call, GOGC=100 and GOGC=800, " + conns + " connections", args: at("-mode", "call"), columns: callColumns, special: []string{"gogc"}, only: []string{"fastmcp", base, "gosdk-json", "mcpgo"}},
		{id: "chain", title: "tools/call with and without a chain of seven, 2025-11-25 with session, " + conns + " connections", args: at("-mode", "call", "-token", contract.Token), columns: flatColumns,
			rounds: 21, seconds: 1, special: []string{"chain"}, only: []string{"fastmcp", base}, against: "fastmcp", short: true,
			note: "The ratio is to FastMCP without the chain. Every call says the same, so that the cache answers it. The log is formatted as JSON and thrown away."},
		{id: "endurance", title: "ten minutes of tools/call, " + conns + " connections", args: at("-mode", "call"), columns: memoryColumns, rounds: 1, seconds: 600, fresh: true, extra: true, only: []string{"fastmcp", base}},
	})
}

const flatNote = "The ratio is to the first row of the same server."

// sessionScenarios are those about sessions that do nothing but listen.
func sessionScenarios(z sizes) []scenario {
	listen := func(n, broadcasts int, more ...string) []string {
		return append([]string{"-mode", "sessions", "-sessions", strconv.Itoa(n), "-broadcasts", strconv.Itoa(broadcasts)}, more...)
	}
	stateful := func(s *server) bool { return !s.fixed && !s.stateless }
	quick := func(s *server) bool { return stateful(s) && !s.slowOpen }
	return []scenario{
		{id: "sessions", title: fmt.Sprintf("%d idle sessions, each with its stream open; then %d broadcasts to all", z.sessions, z.broadcasts),
			args: listen(z.sessions, z.broadcasts), columns: sessionColumns, fresh: true, short: true, fits: stateful},
		{id: "sessions-many", title: fmt.Sprintf("%d idle sessions, each with its stream open", z.manySessions),
			args: listen(z.manySessions, 0), columns: manyColumns, rounds: 1, fresh: true, fits: quick},
		{id: "sessions-tls", title: fmt.Sprintf("%d idle sessions over TLS, each with its stream open", z.sessions),
			args: listen(z.sessions, 0), columns: manyColumns, rounds: 3, fresh: true, tls: true, fits: func(s *server) bool { return s.tls }},
		{id: "slow", title: "100 broadcasts of 16 KiB to 100 sessions that read, with and without 4 beside them that do not", columns: slowColumns, rounds: 3, fresh: true,
			fits: func(s *server) bool { return quick(s) && !s.quiet },
			points: []point{{"all read", 0, listen(100, 100, "-payload", "16384")},
				{"4 do not", 0, listen(100, 100, "-payload", "16384", "-slow", "4")}},
			note: flatNote + " Three broadcasts that did not reach all within 3 s end a measurement: they are errors."},
	}
}

// takes tells whether a server takes part.
func (sc *scenario) takes(s *server, added bool) bool {
	if sc.fits != nil && !sc.fits(s) || sc.tls && !s.tls {
		return false
	}
	if added {
		return true
	}
	if s.special != "" {
		return slices.Contains(sc.special, s.special)
	}
	return sc.only == nil || slices.Contains(sc.only, s.name)
}
