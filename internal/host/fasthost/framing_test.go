package fasthost

import (
	"bufio"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

const plainHeaders = "Host: 127.0.0.1:8080\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 160\r\nAccept: application/json, text/event-stream\r\n" +
	"Content-Type: application/json\r\nMcp-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: 0f9d3a6d8f1b4d0a8d5c3f1e2b7a6c54\r\nAccept-Encoding: gzip\r\n"

func parsed(tb testing.TB, head string) *fasthttp.RequestHeader {
	tb.Helper()
	h := &fasthttp.RequestHeader{}
	if err := h.Read(bufio.NewReader(strings.NewReader(head))); err != nil {
		tb.Fatalf("%q: %v", head, err)
	}
	return h
}

// What fasthttp takes and others would read in another way.
func TestScreen(t *testing.T) {
	post := "POST /mcp HTTP/1.1\r\nHost: x\r\n"
	for _, c := range []struct {
		name, head string
		want       fault
	}{
		{"plain", "POST /mcp HTTP/1.1\r\n" + plainHeaders, fine},
		{"chunked", post + "Transfer-Encoding: chunked\r\n", chunked},
		{"chunked in capitals", post + "TRANSFER-ENCODING:  Chunked \r\nX: y\r\n", chunked},
		{"an old version", "POST /mcp HTTP/1.0\r\n", fine},
		{"a tab in a value", post + "X: a\tb, eight and more\r\n", fine},
		{"bytes of another alphabet", post + "X: caf\xc3\xa9, eight and more\r\n", fine},
		{"an empty value", post + "X:\r\n", fine},
		{"a value that ends with a space", post + "X: a \r\n", fine},
		{"a Host that ends with a space", "POST /mcp HTTP/1.1\r\nHost: x \r\n", fine},
		{"a last value that ends with a space, and a body", post + "Content-Length: 1\r\nX: a \r\n", perhapsFolded},
		{"an empty last value after a space, and a body", post + "Content-Length: 1\r\nX: \r\n", perhapsFolded},
		{"a last value that ends with a space, and chunks", post + "Transfer-Encoding: chunked\r\nX: a \r\n", perhapsFolded},
		{"a value that ends with a space, and a body", post + "X: a \r\nContent-Length: 1\r\n", fine},
		{"an asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n", fine},
		{"a URL", "POST HTTPS://x/mcp HTTP/1.1\r\nHost: x\r\n", fine},
		{"a URL in the query", "GET /mcp?u=a://b HTTP/1.1\r\nHost: x\r\n", fine},
		{"two slashes", "POST //mcp HTTP/1.1\r\nHost: x\r\n", fine},
		{"two slashes and a URL", "POST //evil/mcp?u=a://b HTTP/1.1\r\nHost: x\r\n", badTarget},
		{"two slashes and an empty Host", "POST //evil/mcp HTTP/1.1\r\nHost:\r\n", badTarget},
		{"a path without a slash", "GET admin HTTP/1.1\r\nHost: x\r\n", badTarget},
		{"a path without a slash and a URL", "GET foo//evil/admin?u=a://b HTTP/1.1\r\nHost: x\r\n", badTarget},
		{"another scheme", "GET ftp://x/mcp HTTP/1.1\r\nHost: x\r\n", badTarget},
		{"no headers in an old version", "GET / HTTP/1.0\r\n", fine},
		{"as long as may be", post + "Content-Length: 1000\r\n", fine},
		{"longer than may be", post + "Content-Length: 1001\r\n", tooLong},
		{"two lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n", manyLengths},
		{"the same length twice", post + "Content-Length: 5\r\ncontent-length: 5\r\n", manyLengths},
		{"length and chunked", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", twoFramings},
		{"chunked and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", twoFramings},
		{"chunked twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", twoFramings},
		{"chunked and identity", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", twoFramings},
		{"identity", post + "Transfer-Encoding: identity\r\n", unknownCoding},
		{"xchunked", post + "Transfer-Encoding: xchunked\r\n", unknownCoding},
		{"gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n", unknownCoding},
		{"a tab before chunked", post + "Transfer-Encoding:\tchunked\r\n", unknownCoding},
		{"no coding", post + "Transfer-Encoding:\r\n", unknownCoding},
		{"chunked in an old version", "POST /mcp HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", oldChunked},
		{"a line that goes on", post + "X: a\r\n b\r\n", folded},
		{"a length that goes on", post + "X: a\r\n Content-Length\r\n", folded},
		{"a bare LF", post + "X: a\nContent-Length: 5\r\n", bareLine},
		{"a bare CR", post + "X: a\rContent-Length: 5\r\n", badValue},
		{"a NUL", post + "X: a\x00b\r\n", badValue},
		{"a NUL at the end of a long value", post + "X: abcdefgh\x00\r\n", badValue},
		{"a NUL in the middle of a long value", post + "X: abcdefg\x00abcdefghijklmnop\r\n", badValue},
		{"DEL", post + "X: abcdefgh\x7f\r\n", badValue},
		{"a NUL in a name", post + "Content-Length\x00: 5\r\n", badName},
		{"a vertical tab in a name", post + "Transfer-Encoding\v: chunked\r\n", badName},
		{"a name in another alphabet", post + "Tran\xc5\xbffer-Encoding: chunked\r\n", badName},
		{"no name", post + ": chunked\r\n", badName},
		{"no Host", "POST /mcp HTTP/1.1\r\nX: y\r\n", noHost},
		{"no headers", "POST /mcp HTTP/1.1\r\n", noHost},
		{"two Hosts", post + "hOST: y\r\n", manyHosts},
		{"two Hosts in an old version", "POST /mcp HTTP/1.0\r\nHost: x\r\nHost: y\r\n", manyHosts},
		{"an empty Host", "POST /mcp HTTP/1.1\r\nHost:\r\n", fine},
		{"a Host of IPv6", "POST /mcp HTTP/1.1\r\nHost: [::1]:8080\r\n", fine},
		{"two names in a Host", "POST /mcp HTTP/1.1\r\nHost: x, y\r\n", badHost},
		{"a space in a Host", "POST /mcp HTTP/1.1\r\nHost: x y\r\n", badHost},
		{"a tab before a Host", "POST /mcp HTTP/1.1\r\nHost:\tx\r\n", badHost},
		{"a user in a Host", "POST /mcp HTTP/1.1\r\nHost: x@y\r\n", badHost},
		{"a path in a Host", "POST /mcp HTTP/1.1\r\nHost: x/y\r\n", badHost},
		{"HTTP/2", "PRI * HTTP/2.0\r\n", badVersion},
		{"HTTP/1.2", "POST /mcp HTTP/1.2\r\nHost: x\r\n", badVersion},
		{"lower-case version", "POST /mcp http/1.1\r\nHost: x\r\n", badVersion},
		{"two spaces before the version", "POST /mcp  HTTP/1.1\r\nHost: x\r\n", badTarget},
		{"a target with a space", "POST /mcp x HTTP/1.1\r\nHost: x\r\n", badTarget},
		{"a target with a NUL", "POST /m\x00cp HTTP/1.1\r\nHost: x\r\n", badTarget},
		{"a method with a NUL", "PO\x00ST /mcp HTTP/1.1\r\nHost: x\r\n", badMethod},
		{"a method that looks like a mark", "\x00\x07 /mcp HTTP/1.1\r\nHost: x\r\n", badMethod},
		{"a method with a quote", "POST\" /mcp HTTP/1.1\r\nHost: x\r\n", badMethod},
	} {
		h := parsed(t, c.head+"\r\n")
		if got := look(h, 1000).fault; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
		if c.want > chunked && faults[c.want].Status == 0 {
			t.Errorf("%s: there is no answer to it", c.name)
		}
	}
}

// Behind which requests nothing is read, and who gets no 100 Continue.
func TestScreenEnds(t *testing.T) {
	post := "POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
	for _, c := range []struct {
		head          string
		last, expects bool
	}{
		{post, false, false},
		{post + "Connection: keep-alive\r\n", false, false},
		{post + "Connection: closed, x-close\r\n", false, false},
		{post + "Connection: close\r\n", true, false},
		{post + "Connection: Close\r\n", true, false},
		{post + "Connection: te,\tclose\t, upgrade\r\n", true, false},
		{post + "Connection: close\r\nConnection: keep-alive\r\n", true, false},
		{post + "Connection: keep-alive\r\nconnection: CLOSE\r\n", true, false},
		{"POST /mcp HTTP/1.0\r\nContent-Length: 1\r\nConnection: keep-alive, close\r\n", true, false},
		{"GET /mcp HTTP/1.1\r\nHost: x\r\nX: a \r\n", true, false},
		{"GET /mcp HTTP/1.1\r\nX: a \r\nHost: x\r\n", false, false},
		{"POST /mcp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n", true, false},
		{post + "Expect: 100-continue\r\n", false, true},
		{"POST /mcp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n", true, true},
		{"POST /mcp HTTP/1.0\r\nContent-Length: 1\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n", false, false},
		{"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nExpect: 100-continue\r\n", false, false},
		{"GET /mcp HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n", false, false},
	} {
		h := parsed(t, c.head+"\r\n")
		Screen(1000)(h)
		if last, expects := h.ConnectionClose(), len(h.Peek("Expect")) > 0; last != c.last || expects != c.expects {
			t.Errorf("%q: the last %t, want %t; expects %t, want %t", c.head, last, c.last, expects, c.expects)
		}
	}
}

// A token is what RFC 9110 says, for each byte there is.
func TestToken(t *testing.T) {
	for c := range 256 {
		want := strings.IndexByte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", byte(c)) >= 0
		if got := isToken([]byte{'a', byte(c)}); got != want {
			t.Errorf("%q: %v", byte(c), got)
		}
	}
	if isToken(nil) {
		t.Error("nothing is no token")
	}
}

// A byte that is not printable is found wherever it stands, in lines of each length.
func TestUnprintable(t *testing.T) {
	for length := range 20 {
		raw := []byte("X: " + strings.Repeat("x", length) + "\r\nHost: x\r\n\r\n")
		if f := (&fields{}).scan(raw); f != fine {
			t.Fatalf("%q: %d", raw, f)
		}
		for at := 3; at < 3+length; at++ {
			for c := range 256 {
				raw[at] = byte(c)
				want := fine
				switch {
				case c == '\n':
					want = bareLine
				case c < ' ' && c != '\t' || c == 0x7f:
					want = badValue
				}
				var s fields
				if got := s.scan(raw); got != want || want == fine && s.hosts != 1 {
					t.Fatalf("%q: %d, want %d", raw, got, want)
				}
			}
			raw[at] = 'x'
		}
	}
}

func TestScreenAllocatesNothing(t *testing.T) {
	h := parsed(t, "POST /mcp HTTP/1.1\r\n"+plainHeaders+"\r\n")
	hook := Screen(4 << 20)
	if n := testing.AllocsPerRun(100, func() { hook(h) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkScreen(b *testing.B) {
	h := parsed(b, "POST /mcp HTTP/1.1\r\n"+plainHeaders+"\r\n")
	hook := Screen(4 << 20)
	b.ReportAllocs()
	for b.Loop() {
		hook(h)
	}
}

func BenchmarkParse(b *testing.B) {
	head := "POST /mcp HTTP/1.1\r\n" + plainHeaders + "\r\n"
	src := strings.NewReader(head)
	r := bufio.NewReader(src)
	h := &fasthttp.RequestHeader{}
	for b.Loop() {
		src.Reset(head)
		r.Reset(src)
		if err := h.Read(r); err != nil {
			b.Fatal(err)
		}
	}
}
