//go:build linux

package main

import "github.com/fastmcp-go/fastmcp/bench/internal/sample"

// column is something that a table tells of each server.
type column struct {
	key, title string
	of         func(sample.Sample) float64
	digits     int
	spread     bool // shows min and max
	ratio      bool // shows the ratio to the hand-written Fiber server
	whole      bool // 0 is a value; otherwise it is not known
}

var (
	rps          = column{key: "rps", title: "requests/s", of: func(s sample.Sample) float64 { return s.RPS }, spread: true, ratio: true}
	p50          = column{key: "p50", title: "p50 µs", of: func(s sample.Sample) float64 { return s.P50 }, ratio: true}
	p99          = column{key: "p99", title: "p99 µs", of: func(s sample.Sample) float64 { return s.P99 }, ratio: true}
	serverCPU    = column{key: "cpu", title: "server CPU µs", of: func(s sample.Sample) float64 { return s.ServerCPU }, digits: 1, spread: true, ratio: true}
	generatorCPU = column{key: "generator", title: "generator CPU µs", of: func(s sample.Sample) float64 { return s.GeneratorCPU }, digits: 1}
	collector    = column{key: "collector", title: "collector %", of: func(s sample.Sample) float64 { return s.Collector * 100 }, digits: 1}
	memory       = column{key: "rss", title: "RSS MiB", of: func(s sample.Sample) float64 { return s.RSS }}
	lost         = column{key: "lost", title: "lost", of: func(s sample.Sample) float64 { return float64(s.Lost) }, whole: true}
	rssPer       = column{key: "rss_per_session", title: "RSS KiB a session", of: func(s sample.Sample) float64 { return s.RSSPer }, digits: 1, spread: true, ratio: true}
	livePer      = column{key: "live_per_session", title: "heap and stacks, KiB a session", of: func(s sample.Sample) float64 { return s.LivePer }, digits: 1, ratio: true}
	opening      = column{key: "open", title: "opening all, ms", of: func(s sample.Sample) float64 { return s.OpenMS }, ratio: true}
	broadcasts   = column{key: "broadcast", title: "broadcast until the last has it, ms", of: func(s sample.Sample) float64 { return s.BroadcastMS }, digits: 1, spread: true, ratio: true}
	slowest      = column{key: "broadcast_max", title: "slowest ms", of: func(s sample.Sample) float64 { return s.BroadcastMax }, digits: 1}
	foreign      = column{key: "foreign", title: "other work, cores", of: func(s sample.Sample) float64 { return s.Foreign }, digits: 2, whole: true}
	notes        = column{key: "notes", title: "notifications/s", of: func(s sample.Sample) float64 { return s.NotesPS }, spread: true, ratio: true}

	callColumns     = []column{rps, p50, p99, serverCPU, generatorCPU, collector, memory, foreign}
	latencyColumns  = []column{p50, p99, rps, serverCPU, generatorCPU, foreign}
	progressColumns = []column{notes, p50, p99, serverCPU, generatorCPU, collector, foreign, lost}
	sessionColumns  = []column{rssPer, livePer, broadcasts, slowest, opening, serverCPU, foreign}
	manyColumns     = []column{rssPer, {key: "rss", title: "RSS of all, MiB", of: memory.of, digits: 1, spread: true, ratio: true}, livePer, opening, foreign}
	slowColumns     = []column{broadcasts, slowest, serverCPU, foreign}
	flatColumns     = []column{serverCPU, rps, p50, p99, generatorCPU, memory, foreign}
	startColumns    = []column{{key: "start", title: "first answer, ms", of: func(s sample.Sample) float64 { return s.StartMS }, digits: 1, spread: true, ratio: true},
		{key: "list", title: "tools/list answered, ms", of: func(s sample.Sample) float64 { return s.ListMS }, digits: 1, spread: true, ratio: true}}
	memoryColumns = []column{{key: "rss_before", title: "RSS MiB at first", of: func(s sample.Sample) float64 { return s.RSSBefore }, digits: 1},
		{key: "rss_max", title: "at most", of: func(s sample.Sample) float64 { return s.RSSMax }, digits: 1},
		{key: "rss", title: "at the end", of: memory.of, digits: 1}, rps, serverCPU, collector, foreign}
)
