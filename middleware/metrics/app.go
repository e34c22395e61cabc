package metrics

import (
	"context"
	"strconv"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/prometheus/client_golang/prometheus"
)

// readyTimeout is how long the store may take to answer when readiness is asked for, as for routes.Ready.
const readyTimeout = 500 * time.Millisecond

// App collects how an App is doing, from fastmcp.App.Stats. Of config only the Namespace counts. Its metrics:
//
//	mcp_sessions                  open sessions that this node has opened or served lately
//	mcp_streams                   open event streams
//	mcp_running                   requests that are being served
//	mcp_tasks                     task calls that run here
//	mcp_tool_calls_total          calls of tools that are over
//	mcp_tool_errors_total         of them those that failed
//	mcp_events_total              messages that were sent on event streams
//	mcp_events_dropped_total      messages that were lost, because their client was too slow or too long away
//	mcp_refused_total{status,code} requests over HTTP that were turned down before any link of a chain could see them, by
//	                              HTTP status and JSON-RPC code: see fastmcp.Events.Refused
//	mcp_argument_repairs_total    arguments that fastmcp.Config.Lenient has repaired
//	mcp_ready                     1 when the node is ready (fastmcp.App.Ready, within 500 ms), else 0
//	mcp_draining                  1 when the App is about to stop
//	mcp_start_time_seconds        when serving began; not there before
//	mcp_storage_info{mode}        always 1; mode is "memory", "storage" or "shared": see fastmcp.StorageStats
func App(app *fastmcp.App, config ...Config) prometheus.Collector {
	c := configOf("App", config)
	if app == nil {
		panic("metrics: App: there is no App: give the *fastmcp.App that fastmcp.New has made")
	}
	a := &appCollector{app: app}
	add := func(kind prometheus.ValueType, name, help string, value func(*fastmcp.Stats) float64) {
		desc := prometheus.NewDesc(prometheus.BuildFQName(c.Namespace, "", name), help, nil, nil)
		a.values = append(a.values, appValue{desc, kind, value})
	}
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	add(gauge, "sessions", "Open sessions.", func(s *fastmcp.Stats) float64 { return float64(s.Sessions) })
	add(gauge, "streams", "Open event streams.", func(s *fastmcp.Stats) float64 { return float64(s.Streams) })
	add(gauge, "running", "Requests that are being served.", func(s *fastmcp.Stats) float64 { return float64(s.Running) })
	add(gauge, "tasks", "Task calls that run here.", func(s *fastmcp.Stats) float64 { return float64(s.Tasks) })
	add(counter, "tool_calls_total", "Calls of tools that are over.", func(s *fastmcp.Stats) float64 { return float64(s.Calls) })
	add(counter, "tool_errors_total", "Calls of tools that failed.", func(s *fastmcp.Stats) float64 { return float64(s.Errors) })
	add(counter, "events_total", "Messages that were sent on event streams.", func(s *fastmcp.Stats) float64 { return float64(s.Events) })
	add(counter, "events_dropped_total", "Messages that were lost, because their client was too slow or too long away.", func(s *fastmcp.Stats) float64 { return float64(s.Dropped) })
	add(counter, "argument_repairs_total", "Arguments that were repaired.", func(s *fastmcp.Stats) float64 { return float64(s.Repairs) })
	add(gauge, "draining", "Whether the App is about to stop.", func(s *fastmcp.Stats) float64 { return truth(s.Draining) })
	a.started = prometheus.NewDesc(prometheus.BuildFQName(c.Namespace, "", "start_time_seconds"), "When serving began, in seconds since 1970.", nil, nil)
	a.ready = prometheus.NewDesc(prometheus.BuildFQName(c.Namespace, "", "ready"), "Whether the node is ready for work.", nil, nil)
	a.refused = prometheus.NewDesc(prometheus.BuildFQName(c.Namespace, "", "refused_total"), "Requests that were turned down before any link of a chain.", []string{"status", "code"}, nil)
	a.storage = prometheus.NewDesc(prometheus.BuildFQName(c.Namespace, "", "storage_info"), "What the storage is good for.", []string{"mode"}, nil)
	return a
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// appValue is one number of an App's.
type appValue struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*fastmcp.Stats) float64
}

// appCollector is a prometheus.Collector of an App.
type appCollector struct {
	app    *fastmcp.App
	values []appValue

	started, ready, refused, storage *prometheus.Desc
}

// Describe tells of the metrics.
func (a *appCollector) Describe(to chan<- *prometheus.Desc) {
	for _, v := range a.values {
		to <- v.desc
	}
	to <- a.started
	to <- a.ready
	to <- a.refused
	to <- a.storage
}

// Collect asks the App.
func (a *appCollector) Collect(to chan<- prometheus.Metric) {
	s := a.app.Stats()
	for _, v := range a.values {
		to <- prometheus.MustNewConstMetric(v.desc, v.kind, v.value(&s))
	}
	for _, r := range s.Refused {
		to <- prometheus.MustNewConstMetric(a.refused, prometheus.CounterValue, float64(r.Count), strconv.Itoa(r.Status), strconv.Itoa(r.Code))
	}
	if !s.Started.IsZero() {
		to <- prometheus.MustNewConstMetric(a.started, prometheus.GaugeValue, float64(s.Started.UnixMilli())/1000)
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	to <- prometheus.MustNewConstMetric(a.ready, prometheus.GaugeValue, truth(a.app.Ready(ctx) == nil))
	to <- prometheus.MustNewConstMetric(a.storage, prometheus.GaugeValue, 1, s.Storage.Mode)
}
