// Package metrics counts and times what an App does, for Prometheus. One line serves all of it on /metrics:
//
//	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Route(app), fastmcp.RouteConfig{Admin: true}) // on HTTPConfig.AdminAddr
//
// Its parts can be put together otherwise: New is the link that counts requests, App the collector of how an App is doing,
// Store a storage that is timed, and Handler serves what a registry has.
//
// There is no global registry: each Route has one of its own, so that two Apps in one process do not know each other, and
// Config.Registerer is another.
//
// # Of requests, by New
//
//	mcp_requests_total{method,name,revision,outcome}  that are over; outcome is succeeded, failed or cancelled
//	mcp_errors_total{method,name,reason}              that failed, and why: tool_error, when the tool says so to the model;
//	                                                  panic; timeout; internal, an error that is kept from the client;
//	                                                  a JSON-RPC code; or other
//	mcp_request_duration_seconds{method,name}         a histogram of the chain, and of making the answer; of a task until
//	                                                  it is over; not of subscriptions/listen, which lasts as long as its
//	                                                  client likes
//	mcp_requests_in_flight{method}                    whose chain runs
//	mcp_questions_total{method,name}                  answers of 2026-07-28 that ask the client, who calls again with the
//	                                                  answers: such a call counts once, with the last of its rounds
//	mcp_request_bytes_total{method,name}              JSON of parameters, and
//	mcp_answer_bytes_total{method,name}               of answers
//
// Labels are bounded. name is what the App has registered (fastmcp.Context.Target): tools, prompts, resources, templates;
// no word of a client's gets into it. Above Config.MaxNames it is "other".
//
// What is turned down before the chain (an unknown tool, a caller without a right, a session that is over) is not seen by
// any link; mcp_refused_total counts it. See App and Store for the others.
package metrics

import (
	"fmt"
	"slices"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/internal/outcome"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/prometheus/client_golang/prometheus"
)

// Config is where and how it is counted. What its zero value means stands beside each field.
type Config struct {
	// Next skips a request when it is true. Default: none is skipped.
	Next func(*fastmcp.Context) bool
	// Registerer is where the metrics are registered. Those that are there already are used on, so that what several Apps
	// count in one registry is their sum; prometheus.WrapRegistererWith keeps them apart by a label. New and Store need one;
	// Route makes one of its own, and one that it is given must be a prometheus.Gatherer, too, as a *prometheus.Registry is.
	Registerer prometheus.Registerer
	// Namespace begins the names of all metrics. Default: "mcp".
	Namespace string
	// Buckets are the upper bounds of the buckets of mcp_request_duration_seconds, in seconds, rising. Default: 1 ms to 60 s
	// in 15 steps: those of prometheus.DefBuckets and some that are shorter and longer.
	Buckets []float64
	// StoreBuckets are those of mcp_store_operation_duration_seconds. Default: 50 µs to 5 s in 12 steps.
	StoreBuckets []float64
	// MaxNames bounds how many names there are in labels; what is called under another counts as "other". Default: 200.
	MaxNames int
	// Anyone lets Handler and Route serve everybody. Default: off, only those who are known by fastmcp.Config.Auth and those
	// who come by fastmcp.HTTPConfig.AdminAddr; others get a 403 that says so.
	Anyone bool
}

// ConfigDefault is what is counted by itself. It has no Registerer: see Route.
var ConfigDefault = Config{
	Namespace:    "mcp",
	Buckets:      []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
	StoreBuckets: []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .05, .25, 1, 5},
	MaxNames:     200,
}

// configOf is the one Config that a function was given, complete and without mistakes.
func configOf(name string, config []Config) Config {
	c := ConfigDefault
	if len(config) > 0 {
		c = config[0]
	}
	if c.Namespace == "" {
		c.Namespace = ConfigDefault.Namespace
	}
	if c.Buckets == nil {
		c.Buckets = ConfigDefault.Buckets
	}
	if c.StoreBuckets == nil {
		c.StoreBuckets = ConfigDefault.StoreBuckets
	}
	if c.MaxNames == 0 {
		c.MaxNames = ConfigDefault.MaxNames
	}
	if c.MaxNames < 0 {
		panic("metrics: " + name + ": Config.MaxNames is negative: give the number of tools, prompts and resources that should have a label of their own")
	}
	for setting, buckets := range map[string][]float64{"Buckets": c.Buckets, "StoreBuckets": c.StoreBuckets} {
		if len(buckets) == 0 || !slices.IsSorted(buckets) || len(slices.Compact(slices.Clone(buckets))) != len(buckets) {
			panic(fmt.Sprintf("metrics: %s: Config.%s are %v: give at least one, each above the one before", name, setting, buckets))
		}
	}
	return c
}

// registered is a collector in its place: the one that is there already, if it is the same.
func registered[C prometheus.Collector](r prometheus.Registerer, c C) C {
	err := r.Register(c)
	if there, ok := err.(prometheus.AlreadyRegisteredError); ok {
		if existing, ok := there.ExistingCollector.(C); ok {
			return existing
		}
	}
	if err != nil {
		panic(fmt.Errorf("metrics: %w: give Config.Namespace another value, or Config.Registerer a registry of its own", err))
	}
	return c
}

// New makes the link. Put it first, so that it also counts what other links turn down. It panics without a Registerer,
// because nobody could read what it counts.
func New(config ...Config) fastmcp.Handler {
	c := configOf("New", config)
	if c.Registerer == nil {
		panic("metrics: New: nobody could read what is counted: set Config.Registerer to a *prometheus.Registry, or serve all of it with metrics.Route(app)")
	}
	m := &meter{next: c.Next, families: newFamilies(c)}
	m.answered = m.count
	return m.serve
}

type meter struct {
	next     func(*fastmcp.Context) bool
	answered func(*fastmcp.Context, fastmcp.Answer) // count, made once
	*families
}

func (m *meter) serve(c *fastmcp.Context) error {
	if m.next != nil && m.next(c) {
		return c.Next()
	}
	s := m.of(c.Method(), c.Target(), c.Revision())
	s.running.Inc()
	defer s.running.Dec()
	c.OnAnswer(m.answered)
	return c.Next()
}

// count counts a request that is over.
func (m *meter) count(c *fastmcp.Context, a fastmcp.Answer) {
	s := m.of(c.Method(), c.Target(), c.Revision())
	s.received.Add(float64(c.Size()))
	s.sent.Add(float64(a.Bytes))
	kind := outcome.Of(a)
	if kind == outcome.Asked {
		m.questions.WithLabelValues(s.method, s.name).Inc()
		return
	}
	s.requests[kind].Inc()
	if s.method != protocol.MethodListen {
		s.durations.Observe(a.Took.Seconds())
	}
	if kind == outcome.Failed {
		m.errors.WithLabelValues(s.method, s.name, outcome.Reason(a)).Inc()
	}
}
