package session

import (
	"errors"
	"strconv"
	"strings"

	"github.com/fastmcp-go/fastmcp/protocol"
)

// maxNode bounds the names of nodes, in bytes.
const maxNode = 64

// follow makes a stream of a call that runs, or has run, on another node.
func (r *Record) follow(id string) (*Stream, error) {
	node, number, ok := strings.Cut(id, "-")
	if n, err := strconv.ParseInt(number, 10, 64); !ok || err != nil || n < 1 || node == "" || len(node) > maxNode || strconv.FormatInt(n, 10) != number {
		return nil, ErrNotFound
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return nil, ErrEnded
	}
	if len(r.streams) >= r.hub.c.StreamsPerSession {
		return nil, ErrTooMany
	}
	s := &Stream{rec: r, id: id, far: newFar(r.hub.cluster, r.ID, id), headed: true}
	r.streams = append(r.streams, s)
	return s, nil
}

// unfollow forgets a stream of another node's call that could not be read.
func (r *Record) unfollow(s *Stream) {
	if s.mine || s.own || s.attached.Load() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(s)
}

// endIfOrphan ends the stream of a call whose node is gone: with an error that says so, once, whoever finds out.
func (s *Stream) endIfOrphan() {
	c := s.far.c
	node, _, _ := strings.Cut(s.id, "-")
	if alive, err := c.alive(node); alive || err != nil {
		return
	}
	head, err := s.far.after(0, 1)
	if errors.Is(err, ErrGap) || err == nil && (len(head) == 0 || head[0].data[0] != kindHead) {
		s.mu.Lock()
		s.letReaderGo(0) // there never was such a call, or whose it was is not kept any more
		s.mu.Unlock()
		return
	}
	if err != nil {
		return // the next beat looks again
	}
	ctx, cancel := c.ctx()
	defer cancel()
	first, err := c.b.Atomic.SetNX(ctx, s.far.name+":d", []byte(c.node), c.h.c.TTL)
	if err != nil || !first {
		return // who was first has written it
	}
	_, _, request, _ := readEntry(head[0].data)
	text := protocol.AppendError(nil, request, &protocol.Error{
		Code: protocol.CodeInternal, Message: "The server that ran this request is gone: how far it came is not known. Send it again if that does no harm.",
		Data: map[string]any{"retryable": true},
	})
	if _, err := s.far.append(newEntry(kindLast, text)); err != nil {
		_ = c.b.KV.Delete(ctx, s.far.name+":d") // so that another may
	}
	s.pull()
}

// dropFar takes the log of a call that ran here out of the store.
func (s *Stream) dropFar() {
	if s.far == nil || !s.mine {
		return
	}
	ctx, cancel := s.far.c.ctx()
	defer cancel()
	_ = s.far.c.b.Log.Drop(ctx, s.far.name) // it expires
}
