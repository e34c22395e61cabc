package streamhttp

import "github.com/fastmcp-go/fastmcp/internal/rpc"

// OpenStreams is how many event streams are open: those that a Feed is, and the answers that have become one.
func (h *Handler) OpenStreams() int { return h.pulse.len() }

// Sent is how many messages have been written on streams. One whose client has gone just then is counted, too.
func (h *Handler) Sent() int64 { return h.sent.Load() }

// count counts messages that have been written. Events without one, as those that only say when to come back, are none.
func (h *Handler) count(messages ...rpc.Message) {
	n := int64(0)
	for _, m := range messages {
		if m.Data != nil {
			n++
		}
	}
	if n > 0 {
		h.sent.Add(n)
	}
}
