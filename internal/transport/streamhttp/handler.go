package streamhttp

import (
	"context"
	"crypto/x509"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Config is what a Handler must be told. Every bound must be set; the root package has the defaults.
type Config struct {
	// Hosts and Origins are who may ask; see the root package.
	Hosts, Origins []string
	// MaxBody bounds a request's body, in bytes; MaxBatch how many messages an array of messages may hold.
	MaxBody, MaxBatch int
	// StreamAfter is how long a call may be silent before its answer becomes a stream, so that what stands between
	// does not give up. Heartbeat is how long a stream may be silent before a comment is sent on it.
	StreamAfter, Heartbeat time.Duration
	// MaxStreams bounds the streams that are open and wait for news: the sessions' own, and subscriptions/listen.
	MaxStreams int
	// Stateless: the older revisions get no session, and no stream of their own.
	Stateless bool
	Log       *slog.Logger
	// OnRefused hears of each request that is turned down before a chain. nil: nobody does.
	OnRefused func(Refused)
}

// Handler serves MCP on one path. Make it with New.
type Handler struct {
	engine   rpc.Engine
	provider auth.Provider
	config   Config
	gate     gate
	exposure atomic.Int32
	draining atomic.Bool
	pulse    *pulse
	patience patience
	streams  atomic.Int64
	sent     atomic.Int64
	refusals refusals
	troubles troubles
}

// New makes a Handler. provider may be nil: then nobody is asked who they are.
func New(engine rpc.Engine, provider auth.Provider, config Config) *Handler {
	h := &Handler{engine: engine, provider: provider, config: config}
	h.gate = gate{hosts: config.Hosts, origins: config.Origins, exposure: func() Exposure { return Exposure(h.exposure.Load()) }}
	h.patience.after = config.StreamAfter
	h.pulse = &pulse{interval: config.Heartbeat}
	return h
}

// Expose tells whom the listener is open to.
func (h *Handler) Expose(e Exposure) { h.exposure.Store(int32(e)) }

// Drain makes the answers from now on say that the connection ends with them.
func (h *Handler) Drain() { h.draining.Store(true) }

// Draining tells that Drain was called.
func (h *Handler) Draining() bool { return h.draining.Load() }

// Serve answers one request. It returns when the answer is complete, or, for a stream that lives on, when the host has
// taken it over.
func (h *Handler) Serve(ctx context.Context, x Exchange) {
	defer x.Release()
	p, ok := h.Enter(ctx, x)
	if !ok {
		return
	}
	switch x.Method() {
	case "POST":
		h.post(ctx, x, p)
	case "GET":
		h.get(ctx, x, p)
	case "DELETE":
		h.delete(ctx, x, p)
	default:
		h.notAllowed(x)
	}
}

// Enter makes the checks that come before a request is looked at: whether its sender may ask here, and who that is. ok is
// false when the answer has been given, which is also that to a preflight.
func (h *Handler) Enter(ctx context.Context, x Exchange) (p *auth.Principal, ok bool) {
	if h.draining.Load() {
		x.SetHeader("Connection", "close")
	}
	origin := x.Header("Origin")
	if !h.admit(x, origin) {
		return nil, false
	}
	if origin != "" {
		allowOrigin(x, origin)
	}
	if x.Method() == "OPTIONS" {
		preflight(x)
		return nil, false
	}
	return h.authenticate(ctx, x)
}

// admit makes the checks that protect a server from the browser of its own user.
func (h *Handler) admit(x Exchange, origin string) bool {
	if !h.gate.host(x) {
		h.Fail(x, 403, protocol.CodeServer, "Forbidden: this server does not answer to the host %q; Config.Hosts lists the hosts that it answers to", x.Host())
		return false
	}
	if !h.gate.origin(x, origin) {
		h.Fail(x, 403, protocol.CodeServer, "Forbidden: pages of %q may not call this server; Config.Origins lists the origins that may", origin)
		return false
	}
	return true
}

// authenticate asks the provider who is calling; ok is false when the answer has been given.
func (h *Handler) authenticate(ctx context.Context, x Exchange) (p *auth.Principal, ok bool) {
	if h.provider == nil {
		return nil, true
	}
	token, _, err := auth.ParseBearer(x.Header("Authorization"))
	if err == nil {
		r := &auth.Request{Token: token, Header: x.Header, IP: x.RemoteIP(), Path: x.Path()}
		if c, ok := x.(certified); ok {
			r.Certificates = c.Certificates()
		}
		p, err = h.provider.Verify(ctx, r)
	}
	if err == nil {
		return p, true
	}
	status := h.challenge(x, err, nil)
	message := "Unauthorized"
	if status >= 500 {
		if more, first := h.troubles.tell(time.Now()); first {
			h.config.Log.Error("authentication failed", "error", err, "unsaid", more)
		}
		message = "Authentication is not possible at the moment"
	}
	h.Fail(x, status, protocol.CodeServer, "%s", message)
	return nil, false
}

// certified is an Exchange whose host knows TLS.
type certified interface{ Certificates() []*x509.Certificate }

// Admit tells that the page that asks, if it is one, may, and that the server answers to the host that is asked for. When it
// is false the answer has been given.
func (h *Handler) Admit(x Exchange) bool { return h.admit(x, x.Header("Origin")) }

// challenge tells a client what it would need, and gives the status to say it with.
func (h *Handler) challenge(x Exchange, err error, scopes []string) int {
	if h.provider == nil {
		return 403
	}
	status, header := h.provider.Challenge(err, scopes)
	if header != "" {
		x.SetHeader("WWW-Authenticate", header)
	}
	return status
}

// isStatelessHeader tells that a request without a body says it is of a revision that has no such requests.
func isStatelessHeader(x Exchange) bool {
	rev, ok := protocol.ParseRevision(x.Header(protocol.HeaderVersion))
	return ok && rev.IsStateless()
}

func (h *Handler) notAllowed(x Exchange) {
	allow := "GET, POST, DELETE, OPTIONS"
	if h.config.Stateless || isStatelessHeader(x) {
		allow = "POST"
	}
	x.SetHeader("Allow", allow)
	h.Fail(x, 405, protocol.CodeServer, "Method not allowed: %s", x.Method())
}
