package sse

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Config is what a Handler must be told. Every bound must be set; the root package has the defaults.
type Config struct {
	// Path and MessagesPath are where a host serves ServeStream and ServeMessage, but for the prefix that it may put
	// before both.
	Path, MessagesPath string
	// MaxCalls bounds the calls that run at a time on one connection; MaxBatch how many messages an array may hold.
	MaxCalls, MaxBatch int
	// Patience is how long a connection may be open without having initialized: until then no bound of sessions holds
	// for it. It must be positive.
	Patience time.Duration
	Log      *slog.Logger
}

// Handler serves MCP on two paths. Make it with New.
type Handler struct {
	engine rpc.Engine
	door   *streamhttp.Handler
	config Config

	mu       sync.Mutex
	conns    map[string]*conn
	draining bool
	open     sync.WaitGroup // the connections that have not altogether ended
}

// New makes a Handler behind the door of another: its hosts and origins, its provider, its bounds on bodies and streams,
// its heartbeat.
func New(engine rpc.Engine, door *streamhttp.Handler, config Config) *Handler {
	return &Handler{engine: engine, door: door, config: config, conns: make(map[string]*conn)}
}

// ServeStream answers a GET with a connection. It returns when the host has taken the stream over.
func (h *Handler) ServeStream(ctx context.Context, x streamhttp.Exchange) {
	defer x.Release()
	p, ok := h.door.Enter(ctx, x)
	if !ok {
		return
	}
	if x.Method() != "GET" || !x.CanStream() {
		// A client that tries Streamable HTTP here first is told by this to GET.
		h.notAllowed(x, "GET, OPTIONS")
		return
	}
	if _, sse := streamhttp.Accepted(x); !sse {
		h.door.Fail(x, 406, protocol.CodeServer, "Not acceptable: accept text/event-stream")
		return
	}
	feed, ok := h.door.Feed(x)
	if !ok {
		return
	}
	c := newConn(ctx, h, p, x, feed)
	if !h.enter(c) {
		c.cancel()
		feed.Close(0) // it has not begun
		h.door.Refuse(x, nil, stopping(), c.revision)
		return
	}
	c.wait()
	err := feed.Send("endpoint", rpc.Message{Data: []byte(h.endpoint(x.Path(), c.id))})
	if err != nil && c.isOver() {
		h.door.Refuse(x, nil, stopping(), c.revision) // Drain came between, and there is no stream
		return
	}
	feed.Park(c.end) // at once, when the client has gone
}

// enter registers a connection, so that messages find it; not when the server is about to stop.
func (h *Handler) enter(c *conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return false
	}
	h.conns[c.id] = c
	h.open.Add(1)
	return true
}

func (h *Handler) forget(c *conn) {
	h.mu.Lock()
	delete(h.conns, c.id)
	h.mu.Unlock()
}

// find finds the connection that a message is for. One of somebody else's is none.
func (h *Handler) find(id string, p *auth.Principal) *conn {
	h.mu.Lock()
	c := h.conns[id]
	h.mu.Unlock()
	if c == nil || c.principal.Key() != p.Key() {
		return nil
	}
	return c
}

func (h *Handler) all() []*conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*conn, 0, len(h.conns))
	for _, c := range h.conns {
		all = append(all, c)
	}
	return all
}

func (h *Handler) isDraining() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.draining
}

// Drain takes no new connections and ends each that is open when the calls that run on it have been answered. It does
// not wait for them.
func (h *Handler) Drain() {
	h.mu.Lock()
	h.draining = true
	h.mu.Unlock()
	for _, c := range h.all() {
		c.drain()
	}
}

// Close waits, after Drain, until the connections have ended, and ends those that have not when ctx ends.
func (h *Handler) Close(ctx context.Context) {
	ended := make(chan struct{})
	go func() {
		h.open.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		for _, c := range h.all() {
			go c.end()
		}
	}
}

func stopping() *rpc.Refusal {
	return &rpc.Refusal{Class: rpc.Unavailable, RetryAfter: time.Second, Err: protocol.Errorf(protocol.CodeServer, "The server is shutting down")}
}

func (h *Handler) notAllowed(x streamhttp.Exchange, allow string) {
	x.SetHeader("Allow", allow)
	h.door.Fail(x, 405, protocol.CodeServer, "Method not allowed: %s", x.Method())
}
