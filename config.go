package fastmcp

import (
	"context"
	"io/fs"
	"log/slog"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/go-playground/validator/v10"
)

// Config is what an App is. Every field is optional; what its zero value means stands beside it.
type Config struct {
	// Name and Version are who the server says it is. Defaults: "fastmcp" and "0.0.0".
	Name, Version string
	// Title and Description are for people, Website and Icons for clients that show them.
	Title, Description, Website string
	Icons                       []protocol.Icon
	// Instructions tell a model how to use the server as a whole.
	Instructions string

	// Auth says who is calling. Default: nobody is asked, and everybody is anonymous.
	Auth auth.Provider
	// Storage is what Context.Store gives handlers and middleware to keep things in: any of Fiber's storages, or
	// store.Memory(). Default: the memory of the process, bounded and expiring. Sessions live in the process's memory
	// whatever it is.
	Storage store.Storage
	// Keys seal what travels through clients and comes back: newest first, each 32 random bytes or more. The first seals,
	// all of them open, so that a key can be changed while clients hold what the one before has sealed: add the new one as
	// the second everywhere, then make it the first, and drop the old one after AskTTL. Default: a random one, which is
	// good for one process, and until it ends: several nodes, and those that must survive a restart, need keys. A Storage
	// that is not the process's own memory is an error without them, when serving starts.
	Keys [][]byte
	// Log is the operator's log. Default: slog.Default().
	Log *slog.Logger
	// Validator judges the values of arguments, and brings custom validations. It belongs to the App from then on:
	// the App registers rules on it. Default: one of its own.
	Validator *validator.Validate
	// On is told what happens.
	On Events

	// Lenient repairs arguments that are of another type than the schema says, where that leaves one reading: "10" for a
	// number, "true" for a boolean, JSON in a string for an object or an array. Strings are never touched. Repairs are
	// logged and counted: App.Repairs. Default: off, such calls are errors for the model.
	Lenient bool

	// Stateless gives the older revisions no session: no stream of their own, no state, no replay. 2026-07-28 is
	// always stateless. Default: sessions.
	Stateless bool
	// Sessions bounds them.
	Sessions SessionConfig

	// Hosts are the names that the server answers to, against DNS rebinding: "mcp.example.com", with or without a
	// port, or "*.example.com", or "*" for any. Default: a listener on a loopback address answers to loopback names
	// only, any other to every name.
	Hosts []string
	// Origins are the pages that may call from a browser: "https://app.example.com", "https://*.example.com", or "*".
	// A request without an Origin comes from no page and passes. Default: pages of loopback names, and only on a
	// listener on a loopback address.
	Origins []string

	// StreamAfter is how long a call may be silent before its answer becomes an event stream, so that a proxy does
	// not give up on it. Default: 5 s.
	StreamAfter time.Duration
	// StreamContent also sends Context.Stream's blocks as notifications/tool/streamContent, which is not part of the
	// protocol. Default: off; they go out as progress.
	StreamContent bool
	// AskTimeout is how long a client with a session may take to answer a question. It begins anew whenever the client
	// tells of its progress with it. Default: 5 min.
	AskTimeout time.Duration
	// AskLimit is how long it may take in all, whatever progress it tells of. Default: 30 min.
	AskLimit time.Duration
	// NoRoots keeps the server from asking clients for their roots: Context.Roots and Session.Roots are an
	// UnsupportedError, nothing is asked, and Events.RootsChanged hears of nothing. Default: off, they may be asked.
	NoRoots bool
	// Ping asks clients with a session for signs of life.
	Ping PingConfig
	// AskTTL is how long a client of 2026-07-28 may take to come back with its answers, and how long a ticket is good
	// (Context.Ticket). Default: 30 min.
	AskTTL time.Duration
	// PageSize is how many items a page of a list has. Default: 1000; at most 10,000.
	PageSize int
	// Cache is how long clients of 2026-07-28 may keep lists. Default: not at all.
	Cache CacheConfig
	// ShutdownTimeout is how long running calls may take to end after Shutdown, or SIGTERM. Default: 30 s.
	ShutdownTimeout time.Duration

	// Tasks bounds the calls that are answered at once and finished later: see Tool.Task.
	Tasks TaskConfig

	// Idempotency bounds the calls that have a key, and so run at most once.
	Idempotency IdempotencyConfig

	// Select picks the App that serves a principal's request, whose tools and limits are its own: a tenant's. It is asked for
	// each message, with the request's context, so it should find what it has made before. nil without an error is this App
	// itself. An *Error or a *protocol.Error is told to the client with 403, what TooMany makes with 429, an error of auth as a
	// challenge; any other is masked, logged, and told as 503.
	//
	// The App that is picked lives in this one: it shares its transports, its storage and its Keys, under a scope that is
	// named after Principal.Tenant, or after its own Config.Name where that is "". It keeps sessions, state, tasks, and what
	// Context.Store gives, apart from all other scopes, and so are its limits. This App's MCP handlers come before its own,
	// and this App's Events hear of it, too. Of its own Config it does not use Auth, Storage, Select, HTTP and Stateless, and Keys
	// only if it has some. It belongs to one scope of one App, and must not be served in another way. Default: none.
	Select func(ctx context.Context, p *auth.Principal) (*App, error)

	// HTTP is how it is served over HTTP.
	HTTP HTTPConfig

	sources *sources // of what is not the program's own; nil: all is
}

// HTTPConfig is how an App is served over HTTP.
type HTTPConfig struct {
	// Addr is where Listen("") listens: see Listen. Default: "127.0.0.1:8080".
	Addr string
	// Path is where MCP is served. Default: "/mcp".
	Path string
	// SSE is how it is served to the clients of 2024-11-05. Default: on, unless Stateless.
	SSE SSEConfig
	// TLS is for Listen, Listener and ListenTLS. Default: none, and plain HTTP.
	TLS TLSConfig
	// AdminAddr is where a second listener serves the routes that are the operator's (RouteConfig.Admin), and nothing
	// else, over plain HTTP: "127.0.0.1:9090", or any address that Listen takes. It opens with Listen, Listener and Mount
	// and closes at the end of Shutdown, so that probes and metrics see an App that is drained. On a loopback address it
	// answers to loopback names only. Default: none.
	AdminAddr string
	// SocketMode is who may connect to "unix:" addresses: the permissions of the socket's file. Default: 0660.
	SocketMode fs.FileMode
	// TrustedProxies are the addresses, or CIDR ranges, of proxies whose X-Forwarded-For is believed, and by routes also
	// X-Forwarded-Proto and X-Forwarded-Host; "unix" is who connects to a "unix:" address. Default: none.
	TrustedProxies []string
	// MaxBody bounds a request's body, in bytes. Default: 4 MiB.
	MaxBody int
	// MaxHeader bounds a request's headers, in bytes. Default: 16 KiB.
	MaxHeader int
	// MaxBatch bounds an array of messages (2025-03-26). Default: 50.
	MaxBatch int
	// MaxStreams bounds the open streams that wait for news. Default: 10,000.
	MaxStreams int
	// MaxConns bounds the connections that are open on a listener, idle ones and streams among them: who comes then gets
	// 503. Default: 65,536, or three quarters of the files that the process may have open, if those are fewer; negative: no
	// bound.
	MaxConns int
	// MaxConnsPerIP bounds those of one address, or one /64 of IPv6: who comes then gets 429. TrustedProxies are not bounded.
	// Default: three quarters of MaxConns, which leaves room for others; negative: no bound.
	MaxConnsPerIP int
	// ReadTimeout is how long a request may take to arrive. Default: 30 s. It is never 0, because a connection that
	// says nothing would hold up Shutdown for ever.
	ReadTimeout time.Duration
	// IdleTimeout is how long a connection may wait for its next request. Default: 2 min.
	IdleTimeout time.Duration
	// WriteTimeout is how long one write may take: a reader that is slower loses its connection. It does not bound a
	// stream as a whole. Default: 10 s.
	WriteTimeout time.Duration
	// Heartbeat is how long a stream may be silent before a comment is sent on it. Default: 15 s; negative: never.
	Heartbeat time.Duration
	// DrainDelay is how long, at SIGTERM, the App goes on listening after it has become unready, so that what balances
	// between nodes finds out before connections are refused: the time between two probes of it, and some. Keep the idle
	// connections of a proxy below it, as deploy/nginx.conf does. Default: 5 s where another node can serve what this one
	// does not, with a Storage that nodes share or Stateless, and 0 otherwise; negative: 0. SIGINT, which comes from a
	// terminal, does not wait. A second signal ends the process at once.
	DrainDelay time.Duration
	// Retry is what a stream that the server ends tells its client to wait before it comes back. Default: 1 s.
	Retry time.Duration
}

// SessionConfig bounds the sessions of the older revisions.
type SessionConfig struct {
	// TTL is how long a session lives without use; an open stream and a running call are use. Default: 1 h.
	TTL time.Duration
	// MaxPerPrincipal and MaxPerIP bound who may have how many, Max all of them. A full house first loses the session
	// that has been idle longest, then answers 503. Defaults: 1,000, 1,000 and 100,000. Callers without a name are
	// bounded by address alone. Where Config.Select picks Apps, Max of the App that picks bounds all of their sessions together, too.
	MaxPerPrincipal, MaxPerIP, Max int
	// LogEvents and LogBytes bound what each stream keeps for clients that come back. Defaults: 256 and 1 MiB.
	LogEvents, LogBytes int
	// StateKeys and StateBytes bound a session's state: how many values, and how long they and their keys are in all.
	// Defaults: 256 and 64 KiB.
	StateKeys, StateBytes int
	// MaxCalls bounds how many requests of a session run at once, and how many questions wait for its client to answer.
	// Default: 1,024.
	MaxCalls int
	// MaxEvents and EventBytes bound what a session's client has told and Events have not heard of yet: how many events
	// wait, and how large their parameters may be in all. Defaults: 64 and 256 KiB.
	MaxEvents, EventBytes int
	// MaxSubscriptions bounds how many resources a session may subscribe to, and how many one subscriptions/listen of
	// 2026-07-28. Default: 1,000.
	MaxSubscriptions int
}

func (c *Config) setDefaults() {
	fallback(&c.Name, "fastmcp")
	fallback(&c.Version, "0.0.0")
	if c.Log == nil {
		c.Log = slog.Default()
	}
	fallback(&c.StreamAfter, 5*time.Second)
	fallback(&c.AskTimeout, 5*time.Minute)
	fallback(&c.AskLimit, 30*time.Minute)
	fallback(&c.AskTTL, 30*time.Minute)
	c.Ping.setDefaults()
	fallback(&c.PageSize, 1000)
	c.PageSize = min(c.PageSize, 10_000)
	fallback(&c.ShutdownTimeout, 30*time.Second)
	c.Tasks.setDefaults()
	c.Idempotency.setDefaults()
	h := &c.HTTP
	fallback(&h.Addr, defaultAddr)
	fallback(&h.Path, "/mcp")
	h.SSE.setDefaults()
	h.TLS.setDefaults()
	fallback(&h.SocketMode, 0o660)
	fallback(&h.MaxBody, 4<<20)
	fallback(&h.MaxHeader, 16<<10)
	fallback(&h.MaxBatch, 50)
	fallback(&h.MaxStreams, 10_000)
	fallback(&h.ReadTimeout, 30*time.Second)
	fallback(&h.IdleTimeout, 2*time.Minute)
	fallback(&h.WriteTimeout, 10*time.Second)
	fallback(&h.Heartbeat, 15*time.Second)
	fallback(&h.Retry, time.Second)
	s := &c.Sessions
	fallback(&s.TTL, time.Hour)
	fallback(&s.MaxPerPrincipal, 1000)
	fallback(&s.MaxPerIP, 1000)
	fallback(&s.Max, 100_000)
	fallback(&s.LogEvents, 256)
	fallback(&s.LogBytes, 1<<20)
	fallback(&s.StateKeys, 256)
	fallback(&s.StateBytes, 64<<10)
	fallback(&s.MaxCalls, 1024)
	fallback(&s.MaxEvents, 64)
	fallback(&s.EventBytes, 256<<10)
	fallback(&s.MaxSubscriptions, 1000)
}

func fallback[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
