// Package sample is what one measurement gives: the load generator prints it as JSON, the runner reads it.
package sample

// Sample is one measurement of one server. Times are microseconds unless their name says otherwise; what a measurement
// does not know is 0.
type Sample struct {
	Conns      int     `json:"conns,omitempty"`
	Seconds    float64 `json:"seconds,omitempty"`
	Requests   uint64  `json:"requests,omitempty"`
	Errors     uint64  `json:"errors"`
	FirstError string  `json:"first_error,omitempty"`
	Reconnects uint64  `json:"reconnects,omitempty"`
	// SSE tells that the answers were event streams.
	SSE bool `json:"sse,omitempty"`

	RPS float64 `json:"rps,omitempty"`
	P50 float64 `json:"p50_us,omitempty"`
	P90 float64 `json:"p90_us,omitempty"`
	P99 float64 `json:"p99_us,omitempty"`
	Max float64 `json:"max_us,omitempty"`

	// NotesPS counts notifications, Lost those that a call should have sent before its result and did not.
	NotesPS float64 `json:"notes_per_s,omitempty"`
	Lost    uint64  `json:"notes_lost"`

	// ServerCPU and GeneratorCPU are microseconds for each request, or for each delivery of a broadcast.
	ServerCPU    float64 `json:"server_cpu_us,omitempty"`
	GeneratorCPU float64 `json:"generator_cpu_us,omitempty"`
	ServerCores  float64 `json:"server_cores,omitempty"`
	// Collector is the share of the server's CPU that its garbage collector used, 0 to 1; Go servers only.
	Collector float64 `json:"collector,omitempty"`
	// Foreign is what the rest of the machine used meanwhile, in cores.
	Foreign float64 `json:"foreign_cores"`
	// BytesPer is the length of an answer's body.
	BytesPer float64 `json:"bytes_per_answer,omitempty"`

	// RSSBefore, RSSMax and RSS are resident MiB when counting began, at most, and at its end.
	RSSBefore float64 `json:"rss_before_mib,omitempty"`
	RSSMax    float64 `json:"rss_max_mib,omitempty"`
	RSS       float64 `json:"rss_mib,omitempty"`

	// Sessions is how many idle sessions with an open stream there were.
	Sessions int     `json:"sessions,omitempty"`
	OpenMS   float64 `json:"open_ms,omitempty"`
	// RSSPer and LivePer are KiB for each of them: resident, and Go's heap and stacks after a collection.
	RSSPer  float64 `json:"rss_per_session_kib,omitempty"`
	LivePer float64 `json:"live_per_session_kib,omitempty"`
	// BroadcastMS is from the call until the last session has it, the median; BroadcastMax the slowest.
	BroadcastMS  float64 `json:"broadcast_ms,omitempty"`
	BroadcastMax float64 `json:"broadcast_max_ms,omitempty"`

	// StartMS is from the start of the process to the answer to initialize, ListMS to that to the tools/list after it.
	StartMS float64 `json:"start_ms,omitempty"`
	ListMS  float64 `json:"list_ms,omitempty"`
}

// Fail counts an error, and keeps the first one's words.
func (s *Sample) Fail(err error) {
	s.Errors++
	if s.FirstError == "" {
		s.FirstError = err.Error()
	}
}
