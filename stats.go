package fastmcp

import (
	"cmp"
	"runtime"
	"runtime/metrics"
	"slices"
	"time"
)

// Stats is how an App is doing: what App.Stats gives. Counts that only grow begin when the App was made. It is of this
// process alone: nodes that share Config.Storage are asked one by one.
type Stats struct {
	// Started is when serving began, the zero time before, and Uptime how long ago that is.
	Started time.Time
	Uptime  time.Duration
	// Sessions are those that are open here: the ones that this node has opened or served lately, where nodes share them.
	Sessions int
	// Streams are the event streams that are open over HTTP: sessions' own, those of calls that have become one, and
	// subscriptions/listen.
	Streams int
	// Running are the requests that are being served, and functions of Events that are being told what a client told.
	Running int
	// Calls are the calls of tools that are over, and Errors those among them that failed: as Events.ToolCall would tell it,
	// so that a call that asks its client counts once, and one that its client cancelled is no error.
	Calls, Errors int64
	// Events are the messages that were sent on event streams over HTTP.
	Events int64
	// Dropped are the messages that nobody will get: those to clients that had not read them when the log of their stream was
	// full (SessionConfig.LogEvents and LogBytes), because they read too slowly or were away, and those of clients that told
	// more than Events could take (MaxEvents and EventBytes). Of a log in a shared storage they are counted when their client
	// comes back.
	Dropped int64
	// Refused are the requests over HTTP that were turned down before any link of a chain could see them, by what their clients
	// were told, most frequent first: see Events.Refused. Codes beyond the first 64 kinds count as 0.
	Refused []Refusal
	// Tasks are the task calls that run here, or were handed over to TaskConfig.Runner here, and are not over.
	Tasks int
	// Repairs are the arguments that Config.Lenient has repaired.
	Repairs int64
	// Memory is what Go holds of the machine's memory for the whole process, in bytes: without what it has given back. Goroutines
	// are those of the whole process, too.
	Memory     uint64
	Goroutines int
	// Storage is what Config.Storage is good for.
	Storage StorageStats
	// Draining tells that the App is about to stop: see App.Drain.
	Draining bool
}

// Refusal is how often requests were turned down with an HTTP status and a JSON-RPC code.
type Refusal struct {
	Status, Code int
	Count        int64
}

// StorageStats is what Config.Storage is good for. Whether it can be reached is what App.Ready asks.
type StorageStats struct {
	// Mode is "memory", this process's own; "storage", one that keeps things beyond the process and is for one node; or "shared",
	// one that several nodes can share sessions by.
	Mode string
	// Shared tells that Mode is "shared".
	Shared bool
	// Filled are the parts that the storage lacks and that are kept in this process: "Atomic", "Log", "Bus", "Index".
	Filled []string
}

// Stats tells how the App is doing. It may be called from any goroutine, asks neither storage nor network, and costs a few
// µs, so that a probe every second is no load. Requests that run do not wait for it. Where Config.Select picks Apps, their host
// counts what they have, too; what one of them counts is its own, but for Events and Refused, which only the host knows.
func (a *App) Stats() Stats {
	e := a.engine()
	s := Stats{
		Streams: a.http.OpenStreams(), Calls: e.running.calls.Load(), Errors: e.running.failed.Load(),
		Events: a.http.Sent(), Dropped: e.hub.Lost(), Repairs: e.repairs.Load(), Memory: heldMemory(), Goroutines: runtime.NumGoroutine(),
		Storage: a.storageStats(), Draining: a.http.Draining() || e.isLeaving(),
	}
	s.Refused = a.refusals()
	if e.realm != nil {
		s.Streams = e.hub.Reading() + e.listeners.len()
	}
	s.add(e)
	a.realms.each(func(r *realm) {
		if e := r.at.Load(); e != nil {
			s.add(e)
		}
	})
	if at := a.begun.Load(); at != nil {
		s.Started, s.Uptime = *at, time.Since(*at)
	}
	return s
}

func (a *App) refusals() []Refusal {
	counts := a.http.Refusals()
	all := make([]Refusal, 0, len(counts))
	for _, r := range counts {
		all = append(all, Refusal(r))
	}
	slices.SortFunc(all, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code))
	})
	return all
}

// add adds what goes on at the moment.
func (s *Stats) add(e *engine) {
	s.Sessions += e.hub.Len()
	s.Running += e.running.now()
	s.Tasks += e.tasks.now()
}

func (a *App) storageStats() StorageStats {
	b := a.engine().backend
	s := StorageStats{Mode: "memory", Shared: b.Shared, Filled: slices.Clone(b.Filled)}
	switch {
	case b.Shared:
		s.Mode = "shared"
	case b.Filled != nil:
		s.Mode = "storage"
	}
	return s
}

// heldMemory reads what runtime/metrics knows without stopping anything, unlike runtime.ReadMemStats.
func heldMemory() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	for _, s := range samples {
		if s.Value.Kind() != metrics.KindUint64 {
			return 0 // a Go that does not know it any more
		}
	}
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}

// begin notes when serving began.
func (a *App) begin() {
	now := time.Now()
	a.begun.CompareAndSwap(nil, &now)
}

// count counts a tool's call that is over.
func (j *job) count(a answer, err error) {
	failed := (err != nil || a.isError) && !j.wasCancelled()
	j.engine.running.count(failed)
	if r := j.engine.realm; r != nil {
		r.host.engine().running.count(failed)
	}
}

func (r *running) count(failed bool) {
	r.calls.Add(1)
	if failed {
		r.failed.Add(1)
	}
}

func (e *engine) countRepairs(n int64) {
	e.repairs.Add(n)
	if e.realm != nil {
		e.realm.host.engine().repairs.Add(n)
	}
}

// wasCancelled tells that the client does not want an answer: it has said so, or, where that says so, gone away.
func (j *job) wasCancelled() bool {
	j.mu.Lock()
	cancelled := j.cancelled
	j.mu.Unlock()
	c := &j.context
	return cancelled || c.call.Revision.HasCancelByDisconnect() && c.stream.Gone()
}
