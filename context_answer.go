package fastmcp

import (
	"errors"
	"slices"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Answer is what a request was answered with.
type Answer struct {
	// Bytes is how long the JSON-RPC answer is; 0 when there was none, because its client has cancelled.
	Bytes int
	// Err is why it is an error, or why a tool's result says isError: what the chain has returned, or what could not be
	// encoded. It is nil for a result that says isError by itself.
	Err error
	// IsError tells that a tool's result says isError.
	IsError bool
	// Again tells that the answer only asks the client: in 2026-07-28 a call that asks is answered, and made again with the
	// answers. The last of its rounds has no Again.
	Again bool
	// At is when the answer was made, and Took how long that was after the chain had begun; of a task when it was over, and
	// how long after it had begun.
	At   time.Time
	Took time.Duration
}

// OnAnswer calls f once, when the request has been answered: behind everything else, on the goroutine that has answered, with
// the Context of what was answered. Of several the last is called first, as deferred functions are. A call that became a
// task is answered when the task is over. What f panics with is logged. Afterwards it does nothing.
//
// A link that gives the same f for all requests, such as a method value that New keeps, costs no allocation.
func (c *Context) OnAnswer(f func(*Context, Answer)) {
	j := c.job
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.over {
		j.heard.add(f)
	}
}

// hearing is who hears of an answer: the first two have room of their own, because most requests have no more.
type hearing struct {
	first [2]func(*Context, Answer)
	more  []func(*Context, Answer)
}

func (h *hearing) add(f func(*Context, Answer)) {
	for i := range h.first {
		if h.first[i] == nil {
			h.first[i] = f
			return
		}
	}
	h.more = append(h.more, f)
}

// each calls do with each, the last first.
func (h *hearing) each(do func(func(*Context, Answer))) {
	for _, f := range slices.Backward(h.more) {
		do(f)
	}
	for _, f := range slices.Backward(h.first[:]) {
		if f != nil {
			do(f)
		}
	}
}

// tellAnswer tells those that hear of the answer.
func (j *job) tellAnswer(a Answer) {
	j.mu.Lock()
	heard := j.heard
	j.heard = hearing{}
	j.mu.Unlock()
	heard.each(func(f func(*Context, Answer)) {
		if err := contain(func() error { f(&j.context, a); return nil }); err != nil {
			j.context.Log().Error("OnAnswer failed", "error", err, "stack", string(err.(*fault).stack))
		}
	})
}

// hears tells that somebody wants to hear of the answer.
func (j *job) hears() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.heard.first[0] != nil
}

// takeHeard is for the request whose chain ran elsewhere: who listened there listens to it, too.
func (j *job) takeHeard(from *job) {
	from.mu.Lock()
	heard := from.heard
	from.heard = hearing{}
	from.mu.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, f := range heard.first {
		if f != nil {
			j.heard.add(f)
		}
	}
	for _, f := range heard.more {
		j.heard.add(f)
	}
}

// SetHeader sets a header of the HTTP answer. It does nothing once the answer has become a stream, and where the transport
// has no headers. Headers that the protocol sets are the protocol's.
func (c *Context) SetHeader(name, value string) {
	if s, ok := c.stream.(rpc.Headers); ok {
		s.SetHeader(name, value)
	}
}

// SetHeader passes on what a keyed call's chain sets.
func (s keyedStream) SetHeader(name, value string) {
	if s, ok := s.Stream.(rpc.Headers); ok {
		s.SetHeader(name, value)
	}
}

// SetHeader is for the request, as long as that has not been answered with the task.
func (t *taskRun) SetHeader(name, value string) {
	if !t.isLive() {
		t.from.context.SetHeader(name, value)
	}
}

// TooMany is an error of the chain that turns a request down for now: over HTTP it is status 429 with Retry-After, in whole
// seconds that are rounded up, and everywhere a JSON-RPC error with code -32000 and the same number as data.retryAfter. The
// text is for the client. Where retryAfter is not positive nothing is said of when.
func TooMany(retryAfter time.Duration, format string, args ...any) error {
	return putOff(rpc.TooMany, retryAfter, format, args)
}

// Unavailable is TooMany for what cannot be served at the moment, whoever asks and how often: over HTTP it is status 503.
func Unavailable(retryAfter time.Duration, format string, args ...any) error {
	return putOff(rpc.Unavailable, retryAfter, format, args)
}

func putOff(class rpc.Class, retryAfter time.Duration, format string, args []any) error {
	e := protocol.Errorf(protocol.CodeServer, format, args...)
	if retryAfter = max(retryAfter, 0); retryAfter > 0 {
		e.Data = map[string]int64{"retryAfter": int64((retryAfter + time.Second - 1) / time.Second)}
	}
	return refused{&rpc.Refusal{Class: class, RetryAfter: retryAfter, Err: e}}
}

// IsPanic tells that err is what a handler has panicked with. The links of a chain see the panic of what the chain ends in
// as such an error.
func IsPanic(err error) bool {
	f := (*fault)(nil)
	return errors.As(err, &f)
}

// contained is the end of a chain whose panic the links before it see as an error.
func contained(last Handler) Handler {
	return func(c *Context) error { return contain(func() error { return last(c) }) }
}
