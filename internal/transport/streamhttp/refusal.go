package streamhttp

import (
	"net/netip"
	"sync"

	"github.com/fastmcp-go/fastmcp/protocol"
)

// Refused is a request that was turned down before any link of a chain could see it.
type Refused struct {
	Status, Code int
	Message      string
	IP           netip.Addr
}

// Refusals are how many requests were turned down with a status and a code.
type Refusals struct {
	Status, Code int
	Count        int64
}

// maxRefusals bounds the kinds that are counted apart: codes may be an App's own. Above it they count as code 0.
const maxRefusals = 64

// refusals counts them.
type refusals struct {
	mu     sync.Mutex
	counts map[[2]int]int64
}

func (r *refusals) count(status, code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = make(map[[2]int]int64)
	}
	kind := [2]int{status, code}
	if _, known := r.counts[kind]; !known && len(r.counts) >= maxRefusals {
		kind[1] = 0
	}
	r.counts[kind]++
}

// Refusals are those that there have been, in no order.
func (h *Handler) Refusals() []Refusals {
	h.refusals.mu.Lock()
	defer h.refusals.mu.Unlock()
	all := make([]Refusals, 0, len(h.refusals.counts))
	for kind, n := range h.refusals.counts {
		all = append(all, Refusals{kind[0], kind[1], n})
	}
	return all
}

// Refused counts a request that is turned down, and tells of it.
func (h *Handler) Refused(x Exchange, status int, e *protocol.Error) {
	h.refusals.count(status, e.Code)
	if f := h.config.OnRefused; f != nil {
		f(Refused{status, e.Code, e.Message, x.RemoteIP()})
	}
}

// Fail turns a request down with a status and an error that nobody's id goes with.
func (h *Handler) Fail(x Exchange, status, code int, format string, args ...any) {
	e := protocol.Errorf(code, format, args...)
	h.Refused(x, status, e)
	x.Answer(status, typeJSON, protocol.AppendError(nil, nil, e))
}
