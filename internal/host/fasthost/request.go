package fasthost

import (
	"bytes"
	"net/netip"
	"reflect"
	"strings"

	"github.com/valyala/fasthttp"
)

// kept is what Keep copied of a request.
type kept struct {
	method, path, host string
	header             fasthttp.RequestHeader
	query              fasthttp.Args
	remote, local      netip.Addr
	values             []value
}

type value struct{ key, value any }

// header is the request's header while it lasts, else the copy, else nil. Even to read it takes the lock: fasthttp
// normalises names in a buffer of the header's own.
func (x *Exchange) header() *fasthttp.RequestHeader {
	switch {
	case x.ctx != nil:
		return &x.ctx.Request.Header
	case x.kept != nil:
		return &x.kept.header
	}
	return nil
}

// Method is the request's method.
func (x *Exchange) Method() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	ctx, k := x.ctx, x.kept
	switch {
	case ctx != nil:
		return stable(ctx.Method())
	case k != nil:
		return k.method
	}
	return ""
}

// Path is the request's path, decoded and normalised as fasthttp does it, without its query.
func (x *Exchange) Path() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	ctx, k := x.ctx, x.kept
	switch {
	case ctx != nil:
		if uri := ctx.Request.Header.RequestURI(); isPath(uri) {
			return x.cfg.pathString(uri)
		}
		return stable(ctx.Path())
	case k != nil:
		return k.path
	}
	return ""
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

// Query is the first value of a query parameter.
func (x *Exchange) Query(name string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	ctx, k := x.ctx, x.kept
	switch {
	case ctx != nil:
		return stable(ctx.QueryArgs().Peek(name))
	case k != nil:
		return stable(k.query.Peek(name))
	}
	return ""
}

// Header is the first value of a request header. A header that is absent, or has one of the values that MCP clients
// always send, costs no allocation.
func (x *Exchange) Header(name string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	h := x.header()
	if h == nil {
		return ""
	}
	return stable(bytes.TrimSpace(h.Peek(name)))
}

// HeaderValues are all values of a request header, a line each, in the order in which they were sent.
func (x *Exchange) HeaderValues(name string) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	h := x.header()
	if h == nil {
		return nil
	}
	lines := h.PeekAll(name)
	if len(lines) == 0 {
		return nil
	}
	values := make([]string, len(lines))
	for i, line := range lines {
		values[i] = stable(bytes.TrimSpace(line))
	}
	return values
}

// Host is the Host header, or the authority of a request that names a whole URL.
func (x *Exchange) Host() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	ctx, k := x.ctx, x.kept
	switch {
	case ctx != nil:
		return x.cfg.hostString(hostOf(ctx))
	case k != nil:
		return k.host
	}
	return ""
}

// hostOf is the authority that a request names. Only one that names a whole URL has to be taken apart for it (RFC 9112,
// 3.2.2).
func hostOf(ctx *fasthttp.RequestCtx) []byte {
	if uri := ctx.Request.Header.RequestURI(); len(uri) > 0 && uri[0] == '/' {
		return ctx.Request.Header.Host()
	}
	return ctx.Host()
}

// Body is the request's body: fasthttp's own buffer, nil after Release even when the request was kept.
func (x *Exchange) Body() []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ctx == nil {
		return nil
	}
	return x.ctx.PostBody()
}

// Value is a user value of the request, which is what Fiber's Locals sets. Texts and byte slices are copied, whatever their
// types are called: middleware stores strings that fasthttp overwrites with the next request. What lies within other values
// is theirs to copy.
func (x *Exchange) Value(key any) any {
	defer func() { _ = recover() }() // a key that cannot be compared is no key
	x.mu.Lock()
	defer x.mu.Unlock()
	ctx, k := x.ctx, x.kept
	switch {
	case ctx != nil:
		return durable(ctx.UserValue(key))
	case k != nil:
		for _, v := range k.values {
			if v.key == key {
				return durable(v.value)
			}
		}
	}
	return nil
}

// Keep copies the request, except for its body; see streamhttp.Exchange. It costs some 2 KB. After Release it is too
// late.
func (x *Exchange) Keep() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ctx == nil || x.kept != nil {
		return
	}
	ctx := x.ctx
	k := &kept{
		method: stable(ctx.Method()), path: stable(ctx.Path()), host: stable(hostOf(ctx)),
		remote: x.remoteIP(ctx), local: addrIP(ctx.LocalAddr()),
	}
	ctx.Request.Header.CopyTo(&k.header)
	_ = k.header.SetTrailer("") // whose names the copy would share with the next request
	ctx.QueryArgs().CopyTo(&k.query)
	ctx.VisitUserValuesAll(func(key, v any) { k.values = append(k.values, value{durable(key), durable(v)}) })
	x.kept = k
}

// durable is v, copied if it is a text or bytes, which may lie in a buffer of fasthttp.
func durable(v any) any {
	switch v := v.(type) {
	case string:
		return strings.Clone(v)
	case []byte:
		return bytes.Clone(v)
	}
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.String: // of a type of one's own
		return reflect.ValueOf(strings.Clone(r.String())).Convert(r.Type()).Interface()
	case r.Kind() == reflect.Slice && r.Type().Elem().Kind() == reflect.Uint8 && !r.IsNil():
		return reflect.ValueOf(bytes.Clone(r.Bytes())).Convert(r.Type()).Interface()
	}
	return v
}

// stable is b as a string that stays valid. What every request says is not copied anew.
func stable(b []byte) string {
	switch string(b) {
	case "":
		return ""
	case "GET":
		return "GET"
	case "POST":
		return "POST"
	case "DELETE":
		return "DELETE"
	case "/mcp":
		return "/mcp"
	case "application/json":
		return "application/json"
	case "text/event-stream":
		return "text/event-stream"
	case "application/json, text/event-stream":
		return "application/json, text/event-stream"
	case "application/json,text/event-stream":
		return "application/json,text/event-stream"
	case "tools/call":
		return "tools/call"
	case "tools/list":
		return "tools/list"
	case "2024-11-05":
		return "2024-11-05"
	case "2025-03-26":
		return "2025-03-26"
	case "2025-06-18":
		return "2025-06-18"
	case "2025-11-25":
		return "2025-11-25"
	case "2026-07-28":
		return "2026-07-28"
	}
	return string(b)
}
