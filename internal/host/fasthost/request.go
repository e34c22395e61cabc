package fasthost

import (
	"net/netip"

	"github.com/valyala/fasthttp"
)

// request is what an exchange knows of its request. Strings that it gives stay valid.
type request interface {
	method() string
	path(*Config) string
	query(name string) string
	header(name string) string
	values(name string) []string
	host(*Config) string
	body() []byte
	value(key any) any
	remoteIP(*Config) netip.Addr
	localIP() netip.Addr
	// keep copies all but the body.
	keep(*Config) *kept
}

// The methods below take the lock even to read: the request may end meanwhile, and fasthttp normalises names in a buffer of
// the header's own.

// Method is the request's method.
func (x *Exchange) Method() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.request.method()
}

// Path is the request's path, decoded and normalised as fasthttp does it, without its query.
func (x *Exchange) Path() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.request.path(x.cfg)
}

// Query is the first value of a query parameter.
func (x *Exchange) Query(name string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.request.query(name)
}

// Header is the first value of a request header. A header that is absent, or has one of the values that MCP clients
// always send, costs no allocation.
func (x *Exchange) Header(name string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.request.header(name)
}

// HeaderValues are all values of a request header, a line each, in the order in which they were sent.
func (x *Exchange) HeaderValues(name string) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.request.values(name)
}

// Host is the Host header, or the authority of a request that names a whole URL.
func (x *Exchange) Host() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.request.host(x.cfg)
}

// Body is the request's body: the server's own buffer, nil after Release even when the request was kept.
func (x *Exchange) Body() []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.request.body()
}

// Value is a user value of the request, which is what Fiber's Locals sets. Texts and byte slices are copied, whatever their
// types are called: middleware stores strings that fasthttp overwrites with the next request. What lies within other values
// is theirs to copy.
func (x *Exchange) Value(key any) any {
	defer func() { _ = recover() }() // a key that cannot be compared is no key
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.request.value(key)
}

// RemoteIP is the peer's address or, when the peer is a trusted proxy, the right-most address in X-Forwarded-For that is
// not one of a trusted proxy: what stands left of it anybody may have written. It is not valid on a unix socket without
// a trusted proxy.
func (x *Exchange) RemoteIP() netip.Addr {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.request.remoteIP(x.cfg)
}

// LocalIP is the address that the client, or the proxy, connected to; not valid on a unix socket.
func (x *Exchange) LocalIP() netip.Addr {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.request.localIP()
}

// Keep copies the request, except for its body; see streamhttp.Exchange. It costs some 2 KB. After Release it is too
// late.
func (x *Exchange) Keep() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.released && x.kept == nil {
		x.kept = x.request.keep(x.cfg)
	}
}

// served is a request that the server has read.
type served struct{ ctx *fasthttp.RequestCtx }

func (s served) method() string { return stable(s.ctx.Method()) }

func (s served) path(c *Config) string {
	if uri := s.ctx.Request.Header.RequestURI(); isPath(uri) {
		return c.pathString(uri)
	}
	return stable(s.ctx.Path())
}

func (s served) query(name string) string    { return stable(s.ctx.QueryArgs().Peek(name)) }
func (s served) header(name string) string   { return first(&s.ctx.Request.Header, name) }
func (s served) values(name string) []string { return lines(&s.ctx.Request.Header, name) }
func (s served) host(c *Config) string       { return c.hostString(hostOf(s.ctx)) }
func (s served) body() []byte                { return s.ctx.PostBody() }
func (s served) value(key any) any           { return durable(s.ctx.UserValue(key)) }
func (s served) localIP() netip.Addr         { return addrIP(s.ctx.LocalAddr()) }

func (s served) remoteIP(c *Config) netip.Addr {
	return c.client(addrIP(s.ctx.RemoteAddr()), s)
}

func (s served) keep(c *Config) *kept {
	ctx := s.ctx
	k := &kept{verb: s.method(), target: s.path(c), authority: s.host(c), remote: s.remoteIP(c), here: s.localIP()}
	ctx.Request.Header.CopyTo(&k.lines)
	_ = k.lines.SetTrailer("") // whose names the copy would share with the next request
	ctx.QueryArgs().CopyTo(&k.args)
	ctx.VisitUserValuesAll(func(key, v any) { k.locals = append(k.locals, value{durable(key), durable(v)}) })
	return k
}

// isPath tells that a request's target is its path already, so that fasthttp need not take it apart.
func isPath(uri []byte) bool {
	if len(uri) == 0 || uri[0] != '/' {
		return false
	}
	for i, c := range uri {
		switch {
		case c == '%' || c == '?' || c == '#' || c == '\\' || c < ' ':
			return false
		case i > 0 && uri[i-1] == '/' && (c == '/' || c == '.'):
			return false
		}
	}
	return true
}

// hostOf is the authority that a request names. Only one that names a whole URL has to be taken apart for it (RFC 9112,
// 3.2.2).
func hostOf(ctx *fasthttp.RequestCtx) []byte {
	if uri := ctx.Request.Header.RequestURI(); len(uri) > 0 && uri[0] == '/' {
		return ctx.Request.Header.Host()
	}
	return ctx.Host()
}
