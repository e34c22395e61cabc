package fasthost

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"math/bits"
	"net/netip"

	"github.com/valyala/fasthttp"
)

// maxLines bounds the headers of a plain request. Clients send some ten.
const maxLines = 24

// plain is a request as nearly all clients send it, read in one pass where it lies. What is not quite as plain is no error:
// it is fasthttp's to read, and Screen's to judge. So everything that could be read in two ways is left to them, and the two
// agree on what is read here: FuzzPlain compares them.
type plain struct {
	lane  *lane
	conn  *conn
	head  []byte // all before the body; the lines below are offsets into it
	text  []byte // the body
	lines [maxLines]line
	n     int
}

// line is a header: name is in head[name:colon], and its value in head[value:end], without spaces around it.
type line struct{ name, colon, value, end uint16 }

// read tells that b is one whole request of the lane's and nothing else.
func (p *plain) read(b []byte) bool {
	l := p.lane
	if len(b) > 1<<16-1 || len(b) < len(l.first) || string(b[:len(l.first)]) != l.first {
		return false
	}
	p.n = 0
	length, hosts := -1, 0
	at := len(l.first)
	for {
		if at+1 < len(b) && b[at] == '\r' && b[at+1] == '\n' {
			break
		}
		var ok bool
		if at, ok = p.line(b, at); !ok {
			return false
		}
		special, ok := p.special(b, &p.lines[p.n-1])
		switch {
		case !ok, special >= 0 && length >= 0:
			return false
		case special >= 0:
			length = special
		case special == isHostLine:
			hosts++
		}
	}
	at += len("\r\n")
	if hosts != 1 || length < 0 || length > l.maxBody || at+length != len(b) {
		return false
	}
	p.head, p.text = b[:at], b[at:]
	return true
}

// line reads the header that begins at b[at], and tells where the next one does. One that says nothing is not plain.
func (p *plain) line(b []byte, at int) (next int, ok bool) {
	if p.n == maxLines {
		return 0, false
	}
	colon := at
	for ; colon < len(b) && isTchar(b[colon]); colon++ {
	}
	if colon == at || colon == len(b) || b[colon] != ':' {
		return 0, false
	}
	value := colon + 1
	for ; value < len(b) && b[value] == ' '; value++ {
	}
	end := printable(b, value)
	if end+1 >= len(b) || b[end] != '\r' || b[end+1] != '\n' || end == value || b[end-1] == ' ' {
		return 0, false
	}
	p.lines[p.n] = line{uint16(at), uint16(colon), uint16(value), uint16(end)}
	p.n++
	return end + len("\r\n"), true
}

// What special says of a header besides a length.
const (
	isNothing  = -1
	isHostLine = -2
)

// special looks at the headers that say where a request ends and what becomes of its connection, and at those that fasthttp
// keeps in a way of its own: of the latter there may be one. It gives a Content-Length, isHostLine or isNothing.
func (p *plain) special(b []byte, h *line) (what int, ok bool) {
	name, value := b[h.name:h.colon], b[h.value:h.end]
	switch len(name) {
	case len("host"):
		if equalFold(name, "host") {
			return isHostLine, len(value) > 0 && isHost(value)
		}
	case len("expect"): // and cookie, which fasthttp writes anew
		return isNothing, !equalFold(name, "expect") && !equalFold(name, "cookie")
	case len("trailer"): // and upgrade
		return isNothing, !equalFold(name, "trailer") && !equalFold(name, "upgrade")
	case len("connection"): // and user-agent
		if equalFold(name, "connection") {
			return isNothing, equalFold(value, "keep-alive")
		}
		return isNothing, !equalFold(name, "user-agent") || p.once(b, "user-agent")
	case len("content-type"):
		return isNothing, !equalFold(name, "content-type") || p.once(b, "content-type")
	case len("content-length"):
		if equalFold(name, "content-length") {
			n := decimal(value)
			return n, n >= 0
		}
	case len("transfer-encoding"):
		return isNothing, !equalFold(name, "transfer-encoding")
	}
	return isNothing, true
}

// once tells that there is one header of that name so far.
func (p *plain) once(b []byte, name string) bool {
	n := 0
	for _, h := range p.lines[:p.n] {
		if equalFold(b[h.name:h.colon], name) {
			n++
		}
	}
	return n == 1
}

// decimal is the number that b says, -1 where it is none or has more digits than a length here can have.
func decimal(b []byte) (n int) {
	if len(b) == 0 || len(b) > 5 {
		return -1
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// printable is the first byte from at on that is not printable ASCII, or len(b).
func printable(b []byte, at int) int {
	for ; at+8 <= len(b); at += 8 {
		if found := unprintable(binary.LittleEndian.Uint64(b[at:])); found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for ; at < len(b) && b[at] >= ' ' && b[at] < 0x7f; at++ {
	}
	return at
}

func (p *plain) method() string                { return "POST" }
func (p *plain) query(string) string           { return "" }
func (p *plain) value(any) any                 { return nil }
func (p *plain) body() []byte                  { return p.text }
func (p *plain) host(c *Config) string         { return c.hostString(p.find("Host")) }
func (p *plain) header(name string) string     { return stable(p.find(name)) }
func (p *plain) localIP() netip.Addr           { return addrIP(p.conn.LocalAddr()) }
func (p *plain) path(*Config) string           { return p.lane.Path }
func (p *plain) remoteIP(c *Config) netip.Addr { return c.client(addrIP(p.conn.RemoteAddr()), p) }

// find is the value of the first header of that name.
func (p *plain) find(name string) []byte {
	for i := range p.lines[:p.n] {
		if h := &p.lines[i]; equalFold(p.head[h.name:h.colon], name) {
			return p.head[h.value:h.end]
		}
	}
	return nil
}

func (p *plain) values(name string) (all []string) {
	for i := range p.lines[:p.n] {
		if h := &p.lines[i]; equalFold(p.head[h.name:h.colon], name) {
			all = append(all, stable(p.head[h.value:h.end]))
		}
	}
	return all
}

// equalFold compares names of headers.
func equalFold(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i := range len(name) {
		if b[i] != name[i] && lower(b[i]) != lower(name[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

func (p *plain) keep(c *Config) *kept {
	k := &kept{verb: p.method(), target: p.path(c), authority: p.host(c), remote: p.remoteIP(c), here: p.localIP()}
	p.copyTo(&k.lines)
	return k
}

// copyTo has fasthttp read the head, which it does without an error where it is plain.
func (p *plain) copyTo(h *fasthttp.RequestHeader) {
	_ = h.Read(bufio.NewReaderSize(bytes.NewReader(p.head), len(p.head)))
}
