package fastmcp

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"log/slog"
	weak "math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/store"
)

// Handler is a link of the chain that every request goes through. It calls Context.Next for what comes after it, or
// answers by itself with Context.SetResult or an error. It is an alias, as fiber.Handler is, so that a function literal
// needs no conversion.
type Handler = func(c *Context) error

// Context is one request while it is served. It is a context.Context: it is cancelled when the client cancels, when a
// client of 2026-07-28 goes away, when the tool's Timeout is over, and when the request has been answered. It is never
// used again for another request, so it may be kept; what it says of the request's headers may not, unless it was read
// before the request was answered. Its methods are safe from any goroutine.
type Context struct {
	engine *engine
	parent context.Context
	call   *rpc.Call
	stream rpc.Stream
	job    *job

	session *Session
	tool    *tool
	// What the request is about, where it is not a tool.
	resource   *resource
	prompt     *prompt
	completion *completion
	listener   *listener
	cache      *caching
	own        *ownMethod
	name       string
	args       []byte

	chain  []Handler
	index  int
	result any

	progress progress
	life     life

	mu     sync.Mutex
	locals map[any]any
	id     string
	key    string // of the principal, when it has been asked for
}

var _ context.Context = (*Context)(nil)

type contextKey struct{}

// From finds the Context that ctx was derived from: by context.WithTimeout, or by what a tracer wraps around it.
func From(ctx context.Context) (*Context, bool) {
	c, ok := ctx.Value(contextKey{}).(*Context)
	return c, ok
}

// Value is what Locals holds under key, else what the host's middleware stored in the request (Fiber's Locals), else
// what the context of the transport has. Of Fiber's Locals texts and bytes are copied; what lies within other values, such as
// the fields of a struct, must not be Fiber's memory: utils.CopyString makes it one's own.
func (c *Context) Value(key any) any {
	if _, ok := key.(contextKey); ok {
		return c
	}
	c.mu.Lock()
	v, ok := c.locals[key]
	c.mu.Unlock()
	if ok {
		return v
	}
	if v := c.call.Peer.Value(key); v != nil {
		return v
	}
	return c.parent.Value(key)
}

// Next runs the rest of the chain and returns its error. The result is then in Result. After the last link, and when it
// is called again, it does nothing.
func (c *Context) Next() error {
	if c.index >= len(c.chain) {
		return nil
	}
	h := c.chain[c.index]
	c.index++
	defer c.pass() // what h has kept from running must not run because a link before h calls Next again
	return h(c)
}

// pass ends the chain.
func (c *Context) pass() { c.index = len(c.chain) }

// Method is the method that is called, such as "tools/call".
func (c *Context) Method() string { return c.call.Method }

// Name is the name of the tool or the prompt that is called, or the URI of the resource; "" where there is none.
func (c *Context) Name() string {
	if c.tool != nil {
		return c.tool.def.Name
	}
	if c.name != "" {
		return c.name
	}
	return protocol.String(c.call.Name)
}

// Args are the arguments as the client sent them, as JSON; nil when there are none. They may be kept, not changed.
func (c *Context) Args() []byte { return c.call.Args }

// Meta is the _meta of the request as JSON; nil when there is none.
func (c *Context) Meta() []byte { return c.call.Meta.Raw }

// Result is what the rest of the chain has answered: for a tool what its function returned. It is nil before Next.
func (c *Context) Result() any { return c.result }

// SetResult answers, or replaces the answer. For a tool v is anything that a tool's function may return.
func (c *Context) SetResult(v any) { c.result = v }

// Principal is who is calling; nil is anonymous. It must not be changed.
func (c *Context) Principal() *auth.Principal { return c.call.Principal }

// PrincipalKey is Principal().Key(), which is made once for a request: "" for anonymous callers.
func (c *Context) PrincipalKey() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.key == "" && c.call.Principal != nil {
		c.key = c.call.Principal.Key()
	}
	return c.key
}

// Session is the caller's session. It is never nil: in 2026-07-28, and with Config.Stateless, it is one that lasts for
// this request and has no id.
func (c *Context) Session() *Session { return c.session }

// Header is a header of the HTTP request; "" when there is none, and after the request has been answered.
func (c *Context) Header(name string) string { return c.call.Peer.Header(name) }

// IP is the client's address; behind a trusted proxy the one that the proxy tells. It is not valid over stdio.
func (c *Context) IP() netip.Addr { return c.call.Peer.RemoteIP() }

// Revision is the revision of the protocol that the client speaks.
func (c *Context) Revision() protocol.Revision { return c.call.Revision }

// Client is who the client says it is. It proves nothing.
func (c *Context) Client() protocol.ClientInfo {
	if c.call.Revision.IsStateless() {
		return protocol.ParseClientInfo(c.call.Meta.Client)
	}
	return c.session.Client()
}

// Can is what the client says it can do.
func (c *Context) Can() protocol.Capabilities {
	if c.call.Revision.IsStateless() {
		return protocol.ParseCapabilities(c.call.Meta.Capabilities)
	}
	return c.session.capabilities()
}

// RequestID names the request in logs: the X-Request-Id header where it is one of up to 128 visible characters, else
// random.
func (c *Context) RequestID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.id == "" {
		if c.id = c.call.Peer.Header("X-Request-Id"); !visible(c.id) {
			c.id = newRequestID()
		}
	}
	return c.id
}

func visible(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	return !slices.ContainsFunc([]byte(s), func(b byte) bool { return b <= 0x20 || b > 0x7e })
}

// newRequestID makes an id of 96 bits that no other request has. It names, and proves nothing: it may be guessed, so it need
// not cost what newID does.
func newRequestID() string {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], weak.Uint64())
	binary.LittleEndian.PutUint64(b[8:], weak.Uint64())
	return base64.RawURLEncoding.EncodeToString(b[:12])
}

// newID makes an id of 96 random bits.
func newID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // it never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Locals stores a value for the rest of the request, and gives the one that is stored under key.
func (c *Context) Locals(key any, value ...any) any {
	if len(value) == 0 {
		return c.Value(key)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.locals == nil {
		c.locals = make(map[any]any)
	}
	c.locals[key] = value[0]
	return value[0]
}

// Store is the App's store: Config.Storage with what it lacks filled in. Its keys are the App's own.
func (c *Context) Store() *store.Backend { return c.engine.store }

// Log is the operator's log, with what the request is about. Nothing that it is told reaches the client.
func (c *Context) Log() *slog.Logger {
	about := append(make([]any, 0, 10), "request", c.RequestID(), "method", c.Method())
	switch name := c.Name(); {
	case c.job.method != nil && c.job.method.tasks && name != "":
		about = append(about, "task", fingerprint(name)) // who has no name of his own owns a task by knowing its id
	case name != "":
		about = append(about, "name", name)
	}
	if p := c.Principal(); p != nil {
		about = append(about, "principal", c.PrincipalKey())
	}
	if id := c.session.LogID(); id != "" {
		about = append(about, "session", id)
	}
	return c.engine.config.Log.With(about...)
}

// AppLog is the operator's log as it is, Config.Log: for links that say themselves what a request is about, or nothing of it.
func (c *Context) AppLog() *slog.Logger { return c.engine.config.Log }

// Deadline is when the tool's Timeout is over.
func (c *Context) Deadline() (time.Time, bool) { return c.life.end() }

// Done is closed when the Context is cancelled. Where a client cancels by going away, the first look at Done starts
// the watch for that.
func (c *Context) Done() <-chan struct{} { return c.life.channel(c) }

// Err is why the Context was cancelled: context.Canceled, or context.DeadlineExceeded after the tool's Timeout; nil
// while it was not. It is a look at Done, too: a handler may do nothing but ask for Err from time to time.
func (c *Context) Err() error { return c.life.look(c) }

// AfterFunc calls f when the Context is cancelled, on a goroutine of its own. The context package uses it, so that to
// derive from a Context starts no goroutine.
func (c *Context) AfterFunc(f func()) (stop func() bool) { return c.life.after(c, f) }
