package fasthost

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/valyala/fasthttp"
)

// Fault is why a request is not served: two who read its bytes may disagree about where it ends, so that what one takes
// for its body is the next request to the other (RFC 9112, 11.2). fasthttp itself is lenient: of two lengths it takes the
// last, it takes every transfer coding for chunked, joins folded lines, and ends lines at a bare LF.
type Fault struct {
	Status  int
	Message string
}

// fault is the index of one in faults; fine, chunked and spaced are none.
type fault byte

const (
	fine fault = iota
	chunked
	spaced
	badVersion
	badMethod
	badTarget
	bareLine
	folded
	badName
	badValue
	noHost
	manyHosts
	badHost
	manyLengths
	twoFramings
	oldChunked
	unknownCoding
	tooLong
	trailers
)

var faults = [...]Fault{
	badVersion:    {505, "HTTP version not supported: this is a server of HTTP/1.1"},
	badMethod:     {400, "Bad request: the method is not a token"},
	badTarget:     {400, "Bad request: the target has a space or a control character"},
	bareLine:      {400, "Bad request: a line of the headers does not end with CR LF"},
	folded:        {400, "Bad request: a header goes on in the next line"},
	badName:       {400, "Bad request: the name of a header is not a token"},
	badValue:      {400, "Bad request: a header has a control character"},
	noHost:        {400, "Bad request: Host is missing"},
	manyHosts:     {400, "Bad request: Host is there more than once"},
	badHost:       {400, "Bad request: Host is not one name"},
	manyLengths:   {400, "Bad request: Content-Length is there more than once"},
	twoFramings:   {400, "Bad request: Transfer-Encoding is there more than once, or beside Content-Length"},
	oldChunked:    {400, "Bad request: HTTP/1.0 has no Transfer-Encoding"},
	unknownCoding: {501, "Not implemented: the only Transfer-Encoding is chunked"},
	tooLong:       {413, "The body is longer than this server reads"},
	trailers:      {400, "Bad request: a chunked body has trailers, which would become headers"},
}

// Screen looks at the headers of each request before its body is read. One with a fault gets neither its body read nor
// a 100 Continue; its handler finds the fault by Refused, and its connection ends with the answer. One with a chunked body
// is served, but its connection ends with the answer, too: fasthttp reads chunks more leniently than others do, so where
// the body ends is not beyond doubt. The same goes for one with a header that ends in a space: fasthttp may have made that
// of a folded line of spaces, and then reads the end of the headers twice. It is for fasthttp.Server.HeaderReceived; maxBody, in bytes, is the server's own limit.
func Screen(maxBody int) func(*fasthttp.RequestHeader) fasthttp.RequestConfig {
	return func(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
		switch f := screen(h, maxBody); f {
		case fine:
		case chunked, spaced:
			h.SetConnectionClose()
		default:
			mark(h, f)
		}
		return fasthttp.RequestConfig{}
	}
}

// markByte begins the method of a request that is refused: no method of a request that is served has it.
const markByte = 0

func mark(h *fasthttp.RequestHeader, f fault) {
	h.SetMethodBytes([]byte{markByte, byte(f)})
	h.SetContentLength(-2) // which is fasthttp's for: there is no body
	h.Del(fasthttp.HeaderExpect)
	h.SetConnectionClose()
}

// Refused is the fault that Screen found in the request of ctx, or that its trailers are; nil when it is to be served.
func Refused(ctx *fasthttp.RequestCtx) *Fault {
	h := &ctx.Request.Header
	if m := h.Method(); len(m) == 2 && m[0] == markByte {
		return &faults[m[1]]
	}
	if h.ConnectionClose() && hasTrailers(h) {
		return &faults[trailers]
	}
	return nil
}

// Inspect is Screen and Refused for a request that a server has read which is not ours. Of a request with a chunked body
// it has the answer end the connection.
func Inspect(ctx *fasthttp.RequestCtx) *Fault {
	h := &ctx.Request.Header
	switch f := screen(h, 0); f {
	case fine:
		return nil
	case chunked, spaced:
		if hasTrailers(h) {
			return &faults[trailers]
		}
		ctx.Response.SetConnectionClose()
		return nil
	default:
		return &faults[f]
	}
}

// screen looks for a fault. It is on the way of every request: it reads the headers once, eight bytes at a time.
func screen(h *fasthttp.RequestHeader, maxBody int) fault {
	old := false
	if v := h.Protocol(); string(v) != "HTTP/1.1" {
		if old = string(v) == "HTTP/1.0"; !old {
			return badVersion
		}
	}
	if !isToken(h.Method()) {
		return badMethod
	}
	for _, c := range h.RequestURI() {
		if c <= ' ' || c == 0x7f {
			return badTarget
		}
	}
	var seen fields
	if f := seen.scan(h.RawHeaders()); f != fine {
		return f
	}
	switch {
	case seen.hosts == 0 && !old: // RFC 9112, 3.2
		return noHost
	case seen.hosts > 1:
		return manyHosts
	case !isHost(seen.host):
		return badHost
	case seen.lengths > 1: // RFC 9112, 6.3
		return manyLengths
	case seen.codings > 0:
		return framed(seen.coding, seen.codings+seen.lengths, old)
	case maxBody > 0 && h.ContentLength() > maxBody:
		return tooLong
	case seen.spaced:
		return spaced
	}
	return fine
}

// framed judges a Transfer-Encoding (RFC 9112, 6.1 and 6.3).
func framed(coding []byte, framings int, old bool) fault {
	switch {
	case framings > 1:
		return twoFramings
	case old:
		return oldChunked
	case !bytes.EqualFold(bytes.Trim(coding, " "), []byte("chunked")):
		return unknownCoding
	}
	return chunked
}

// isHost tells that b, the value of a Host, can be one name and a port: it says nothing about which (RFC 9112, 3.2).
func isHost(b []byte) bool {
	for _, c := range bytes.Trim(b, " ") {
		switch c {
		case ' ', '\t', ',', '/', '\\', '@', '?', '#', '"', '<', '>':
			return false
		}
	}
	return true
}

// isHeader tells that line is the header of that name, which has its colon and is in lower case.
func isHeader(line []byte, name string) bool {
	if len(line) < len(name) {
		return false
	}
	for i := range len(name) {
		if line[i]|0x20 != name[i] && line[i] != name[i] {
			return false
		}
	}
	return true
}

// tchar tells which bytes may be in a token (RFC 9110, 5.6.2): bit c of the first for those below 64, of the second above.
const tcharLow, tcharHigh uint64 = 0x3ff6cfa00000000, 0x57ffffffc7fffffe

func isToken(b []byte) bool {
	for _, c := range b {
		if c < 64 && tcharLow>>c&1 == 0 || c >= 64 && (c >= 128 || tcharHigh>>(c-64)&1 == 0) {
			return false
		}
	}
	return len(b) > 0
}

const ones = 0x0101010101010101

// unprintable has the highest bit of each byte of x that is not printable ASCII.
func unprintable(x uint64) uint64 {
	low := x & (0x7f * ones)
	return (^(low + 0x60*ones) | (low + ones) | x) & (0x80 * ones) // below 0x20, or DEL, or above
}

// fields are the headers that say where a request ends, and whom it is for.
type fields struct {
	hosts, lengths, codings int
	host, coding            []byte // the value of the last of each
	spaced                  bool   // a line ends with a space
}

// scan goes from one byte that is not printable to the next: in plain headers those are the ends of lines.
func (s *fields) scan(raw []byte) fault {
	line := 0 // where it begins
	for at := 0; at < len(raw); at += 8 {
		var x uint64
		if at+8 <= len(raw) {
			x = binary.LittleEndian.Uint64(raw[at:])
		} else {
			x = tail(raw[at:])
		}
		for found := unprintable(x); found != 0; found &= found - 1 {
			i := at + bits.TrailingZeros64(found)/8
			if i < line { // the LF of the line before
				continue
			}
			if raw[i] != '\r' || i+1 == len(raw) || raw[i+1] != '\n' {
				return suspect(raw, s)
			}
			if f := s.line(raw[line:i]); f != fine {
				return f
			}
			line = i + 2
		}
	}
	return fine
}

// tail is b, shorter than eight bytes, with spaces behind it.
func tail(b []byte) uint64 {
	x := uint64(0x20 * ones)
	for i := len(b) - 1; i >= 0; i-- {
		x = x<<8 | uint64(b[i])
	}
	return x
}

// line takes a line without its end.
func (s *fields) line(line []byte) fault {
	if len(line) == 0 {
		return fine
	}
	s.spaced = s.spaced || line[len(line)-1] == ' '
	switch line[0] | 0x20 {
	case ' ':
		return folded
	case ':':
		return badName
	case 'h':
		if isHeader(line, "host:") {
			s.hosts, s.host = s.hosts+1, line[len("host:"):]
		}
	case 'c':
		if isHeader(line, "content-length:") {
			s.lengths++
		}
	case 't':
		if isHeader(line, "transfer-encoding:") {
			s.codings, s.coding = s.codings+1, line[len("transfer-encoding:"):]
		}
	}
	return fine
}

// suspect looks closer at headers with bytes that most have not: tabs and bytes above ASCII may be in values (RFC 9110,
// 5.5), and not in names; some take a letter that looks like an s for one.
func suspect(raw []byte, s *fields) fault {
	*s = fields{}
	for len(raw) > 0 {
		end := bytes.IndexByte(raw, '\n')
		if end < 1 || raw[end-1] != '\r' {
			return bareLine
		}
		line := raw[:end-1]
		if raw = raw[end+1:]; len(line) == 0 {
			break
		}
		if line[0] == '\t' {
			return folded
		}
		if f := s.line(line); f != fine {
			return f
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if !isToken(name) {
			return badName
		}
		for _, c := range value {
			if c < ' ' && c != '\t' || c == 0x7f {
				return badValue
			}
		}
	}
	return fine
}

// hasTrailers tells that fasthttp made headers of the trailers of a chunked body: a header is there, or is there more
// often, that was not sent as one. A trailer must not become a header (RFC 9110, 6.5.1): X-Forwarded-For would be believed.
func hasTrailers(h *fasthttp.RequestHeader) bool {
	sent := make(map[string]int)
	isChunked := false
	for raw := h.RawHeaders(); len(raw) > 0; {
		line, rest, _ := bytes.Cut(raw, []byte("\r\n"))
		raw = rest
		name, _, _ := bytes.Cut(line, []byte(":"))
		name = bytes.ToLower(name)
		isChunked = isChunked || string(name) == "transfer-encoding"
		sent[string(name)]++
	}
	if !isChunked {
		return false
	}
	found := false
	h.VisitAll(func(name, _ []byte) {
		lower := string(bytes.ToLower(name))
		sent[lower]--
		// Those two may be Screen's and fasthttp's own; as trailers fasthttp does not take them.
		found = found || sent[lower] < 0 && lower != "connection" && lower != "content-length"
	})
	return found
}
