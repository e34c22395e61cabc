package fasthost

import (
	"bytes"

	"github.com/valyala/fasthttp"
)

// Fault is why a request is not served: two who read its bytes may disagree about where it ends, so that what one takes
// for its body is the next request to the other (RFC 9112, 11.2). fasthttp itself is lenient: of two lengths it takes the
// last, it takes every transfer coding for chunked, joins folded lines, and ends lines at a bare LF.
type Fault struct {
	Status  int
	Message string
}

// fault is the index of one in faults; fine and chunked are none.
type fault byte

const (
	fine fault = iota
	chunked
	badVersion
	badMethod
	badTarget
	bareLine
	folded
	perhapsFolded
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
	chunkedStream
)

var faults = [...]Fault{
	badVersion:    {505, "HTTP version not supported: this is a server of HTTP/1.1"},
	badMethod:     {400, "Bad request: the method is not a token"},
	badTarget:     {400, "Bad request: the target is no path and no http URL, or has a space or a control character"},
	bareLine:      {400, "Bad request: a line of the headers does not end with CR LF"},
	folded:        {400, "Bad request: a header goes on in the next line"},
	perhapsFolded: {400, "Bad request: the last header ends with a space, as one does that goes on in the next line: leave the space out"},
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
	chunkedStream: {411, "Length required: a server that reads bodies as streams takes no chunked ones"},
}

// Screen looks at the headers of each request before its body is read. One with a fault gets neither its body read nor
// a 100 Continue; its handler finds the fault by Refused, and its connection ends with the answer. Behind some that are
// served nothing is read either: see look. It is for fasthttp.Server.HeaderReceived; maxBody, in bytes, is the server's own
// limit.
//
// The first line it sees only as fasthttp has read it, which takes one that ends with a bare LF, and one without a version
// for HTTP/1.0.
func Screen(maxBody int) func(*fasthttp.RequestHeader) fasthttp.RequestConfig {
	return func(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
		seen := look(h, maxBody)
		if seen.fault > chunked {
			mark(h, seen.fault)
			return fasthttp.RequestConfig{}
		}
		if seen.last {
			h.SetConnectionClose()
		}
		if seen.expects && (seen.old || h.ContentLength() == 0 || seen.lengths+seen.codings == 0) {
			h.Del(fasthttp.HeaderExpect) // HTTP/1.0 knows no 100 Continue, and there is nothing to wait for (RFC 9110, 10.1.1)
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

// Inspect is Screen and Refused for a request that a server has read which is not ours. Where it reads bodies as streams, what
// a handler leaves of one would be the next request.
func Inspect(ctx *fasthttp.RequestCtx) *Fault {
	h := &ctx.Request.Header
	seen := look(h, 0)
	streamed := ctx.Request.IsBodyStream()
	switch {
	case seen.fault > chunked:
		return &faults[seen.fault]
	case seen.fault == chunked && streamed:
		return &faults[chunkedStream] // its trailers are still to come
	case seen.fault == chunked && hasTrailers(h):
		return &faults[trailers]
	case seen.last || streamed:
		ctx.Response.SetConnectionClose()
	}
	return nil
}

// sight is what a look at a request's headers has found.
type sight struct {
	fields
	fault fault
	old   bool // it is of HTTP/1.0
	// last tells that nothing behind the request may be read, for one of these reasons:
	//   - its client says so, in any spelling (RFC 9112, 9.6);
	//   - its body is chunked: fasthttp reads chunks more leniently than others do, so where it ends is not beyond doubt;
	//   - its last header ends with a space. fasthttp joins folded lines in its buffer; where the last header is one that ends
	//     with a space it does not find the end of the headers at first, reads them once more as they have become, and what it
	//     has moved lies behind them twice. The fold does not show any more. With a body, in which that would lie, it is
	//     refused.
	last bool
}

// look looks for a fault. It is on the way of every request: it reads the headers once, eight bytes at a time.
func look(h *fasthttp.RequestHeader, maxBody int) (s sight) {
	if v := h.Protocol(); string(v) != "HTTP/1.1" {
		if s.old = string(v) == "HTTP/1.0"; !s.old {
			s.fault = badVersion
			return s
		}
	}
	if !isToken(h.Method()) {
		s.fault = badMethod
		return s
	}
	if !isTarget(h.RequestURI(), h.Host()) {
		s.fault = badTarget
		return s
	}
	if s.fault = s.scan(h.RawHeaders()); s.fault == fine {
		s.fault = s.judge(h, maxBody)
	}
	s.last = s.closes || s.spaced || s.fault == chunked
	return s
}

// judge looks for a fault in what the headers say together.
func (s *sight) judge(h *fasthttp.RequestHeader, maxBody int) fault {
	switch {
	case s.hosts == 0 && !s.old: // RFC 9112, 3.2
		return noHost
	case s.hosts > 1:
		return manyHosts
	case !isHost(s.host):
		return badHost
	case s.lengths > 1: // RFC 9112, 6.3
		return manyLengths
	case s.spaced && s.lengths+s.codings > 0:
		return perhapsFolded
	case s.codings > 0:
		return framed(s.coding, s.codings+s.lengths, s.old)
	case maxBody > 0 && h.ContentLength() > maxBody:
		return tooLong
	}
	return fine
}

// isTarget tells that a target is a path, an http URL, or an asterisk, and that fasthttp finds no other host in it than is
// there: of a path that begins with two slashes it may make one (RFC 9112, 3.2).
func isTarget(target, host []byte) bool {
	for _, c := range target {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	switch {
	case len(target) == 0:
		return false
	case target[0] != '/':
		return string(target) == "*" || hasScheme(target, "http://") || hasScheme(target, "https://")
	case len(target) > 1 && target[1] == '/':
		return len(host) > 0 && !bytes.Contains(target, []byte("://"))
	}
	return true
}

func hasScheme(target []byte, scheme string) bool {
	return len(target) > len(scheme) && bytes.EqualFold(target[:len(scheme)], []byte(scheme))
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
