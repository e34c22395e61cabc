package fasthost

import (
	"bytes"
	"net/netip"
	"reflect"
	"strings"

	"github.com/valyala/fasthttp"
)

// kept is what Keep copied of a request. nil is the request of an exchange that was not kept, and has ended.
type kept struct {
	verb, target, authority string
	lines                   fasthttp.RequestHeader
	args                    fasthttp.Args
	remote, here            netip.Addr
	locals                  []value
}

type value struct{ key, value any }

// or is k, or an empty request.
func (k *kept) or() *kept {
	if k == nil {
		return &kept{}
	}
	return k
}

func (k *kept) method() string              { return k.or().verb }
func (k *kept) path(*Config) string         { return k.or().target }
func (k *kept) host(*Config) string         { return k.or().authority }
func (k *kept) remoteIP(*Config) netip.Addr { return k.or().remote }
func (k *kept) localIP() netip.Addr         { return k.or().here }
func (k *kept) query(name string) string    { return stable(k.or().args.Peek(name)) }
func (k *kept) header(name string) string   { return first(&k.or().lines, name) }
func (k *kept) values(name string) []string { return lines(&k.or().lines, name) }
func (k *kept) body() []byte                { return nil }
func (k *kept) keep(*Config) *kept          { return k }

func (k *kept) value(key any) any {
	for _, v := range k.or().locals {
		if v.key == key {
			return durable(v.value)
		}
	}
	return nil
}

// first is the first value of a header.
func first(h *fasthttp.RequestHeader, name string) string {
	return stable(bytes.TrimSpace(h.Peek(name)))
}

// lines are all values of a header.
func lines(h *fasthttp.RequestHeader, name string) []string {
	all := h.PeekAll(name)
	if len(all) == 0 {
		return nil
	}
	values := make([]string, len(all))
	for i, line := range all {
		values[i] = stable(bytes.TrimSpace(line))
	}
	return values
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
