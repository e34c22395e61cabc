package metrics

import (
	"math"
	"sync"

	"github.com/fastmcp-go/fastmcp/middleware/internal/known"
	"github.com/fastmcp-go/fastmcp/middleware/internal/outcome"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/prometheus/client_golang/prometheus"
)

// other is the name of what has none of its own.
const other = "other"

// families are the metrics of requests.
type families struct {
	requests, errors, questions *prometheus.CounterVec
	received, sent              *prometheus.CounterVec
	durations                   *prometheus.HistogramVec
	running                     *prometheus.GaugeVec

	known known.Map[key, *series]

	mu       sync.Mutex
	names    map[string]bool
	maxNames int
}

// key finds a series.
type key struct {
	method, name string
	revision     protocol.Revision
}

// series is what is counted under one method, name and revision. Finding it once is cheaper than finding each of its parts.
type series struct {
	method, name   string
	requests       [outcome.Asked]prometheus.Counter
	received, sent prometheus.Counter
	durations      prometheus.Observer
	running        prometheus.Gauge
}

func newFamilies(c Config) *families {
	r := c.Registerer
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return registered(r, prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: c.Namespace, Name: name, Help: help}, labels))
	}
	f := &families{
		requests:  counter("requests_total", "Requests that are over, by how they went.", "method", "name", "revision", "outcome"),
		errors:    counter("errors_total", "Requests that failed, by why.", "method", "name", "reason"),
		questions: counter("questions_total", "Answers that ask the client, who calls again with the answers.", "method", "name"),
		received:  counter("request_bytes_total", "JSON of the parameters of requests.", "method", "name"),
		sent:      counter("answer_bytes_total", "JSON of answers.", "method", "name"),
		durations: registered(r, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: c.Namespace, Name: "request_duration_seconds", Help: "How long requests took.", Buckets: c.Buckets,
		}, []string{"method", "name"})),
		running: registered(r, prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: c.Namespace, Name: "requests_in_flight", Help: "Requests that are being served.",
		}, []string{"method"})),
		names: map[string]bool{"": true}, maxNames: c.MaxNames + 1,
	}
	return f
}

// of finds the series of a request. What is registered has a name of its own, as long as there is room; methods that are not
// the protocol's are counted among the names.
func (f *families) of(method, name string, r protocol.Revision) *series {
	if s, ok := f.known.Get(key{method, name, r}); ok {
		return s
	}
	k := f.room(method, name, r)
	if s, ok := f.known.Get(k); ok {
		return s
	}
	return f.known.Add(k, f.newSeries(k), math.MaxInt) // there are no more keys than names
}

// room is the key that a request is counted under.
func (f *families) room(method, name string, r protocol.Revision) key {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !protocol.IsMethod(method) {
		method = f.bounded(method)
	}
	return key{method, f.bounded(name), r}
}

// bounded is a name, or "other" when there are too many.
func (f *families) bounded(name string) string {
	if f.names[name] {
		return name
	}
	if len(f.names) >= f.maxNames {
		return other
	}
	f.names[name] = true
	return name
}

func (f *families) newSeries(k key) *series {
	s := &series{
		method: k.method, name: k.name,
		received: f.received.WithLabelValues(k.method, k.name), sent: f.sent.WithLabelValues(k.method, k.name),
		running: f.running.WithLabelValues(k.method),
	}
	if k.method != protocol.MethodListen {
		s.durations = f.durations.WithLabelValues(k.method, k.name)
	}
	for kind := range outcome.Asked { // all from 0 on, so that the first of each shows in a rate
		s.requests[kind] = f.requests.WithLabelValues(k.method, k.name, k.revision.String(), kind.String())
	}
	return s
}
