package hostile

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// shape is the begin of a request that another reader might take for something else. What follows it on the connection is
// the request to /hit.
type shape struct {
	name string
	// head is the request up to its empty line, with ADDR for the address and PATH for the path, body what follows.
	head, body string
	status     int
}

const (
	line = "POST PATH HTTP/1.1\r\nHost: ADDR\r\nContent-Type: application/json\r\n"
	hit  = "GET /hit HTTP/1.1\r\nHost: ADDR\r\n\r\n"
)

var shapes = []shape{
	// Where the body ends (RFC 9112, 6).
	{"two lengths", line + "Content-Length: 0\r\nContent-Length: 40\r\n\r\n", "", 400},
	{"two lengths, the last of them 0", line + "Content-Length: 40\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"the same length twice", line + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n", "{}", 400},
	{"lengths in a list", line + "Content-Length: 2, 2\r\n\r\n", "{}", 400},
	{"a length with a plus", line + "Content-Length: +2\r\n\r\n", "{}", 400},
	{"a negative length", line + "Content-Length: -2\r\n\r\n", "", 400},
	{"a length in hex", line + "Content-Length: 0x2\r\n\r\n", "{}", 400},
	{"a length with a fraction", line + "Content-Length: 2.0\r\n\r\n", "{}", 400},
	{"a length with a space in it", line + "Content-Length: 4 0\r\n\r\n", "", 400},
	{"no length", line + "Content-Length:\r\n\r\n", "", 400},
	{"a length beyond 64 bits", line + "Content-Length: 18446744073709551618\r\n\r\n", "{}", 400},
	{"a length in quotes", line + "Content-Length: \"2\"\r\n\r\n", "{}", 400},
	{"length, then chunked", line + "Content-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n", 400},
	{"chunked, then length", line + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "0\r\n\r\n", 400},
	{"chunked, and a length that is none", line + "Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n", "0\r\n\r\n", 400},
	{"chunked twice", line + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n", 400},
	{"chunked, then identity", line + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", "0\r\n\r\n", 400},
	{"identity", line + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n", "{}", 400},
	{"identity alone", line + "Transfer-Encoding: identity\r\n\r\n", "", 501},
	{"xchunked", line + "Transfer-Encoding: xchunked\r\n\r\n", "0\r\n\r\n", 501},
	{"chunked with a tab", line + "Transfer-Encoding:\tchunked\r\n\r\n", "0\r\n\r\n", 501},
	{"chunked in quotes", line + "Transfer-Encoding: \"chunked\"\r\n\r\n", "0\r\n\r\n", 501},
	{"gzip, chunked", line + "Transfer-Encoding: gzip, chunked\r\n\r\n", "0\r\n\r\n", 501},
	{"chunked, identity in a list", line + "Transfer-Encoding: chunked, identity\r\n\r\n", "0\r\n\r\n", 501},
	{"chunked in HTTP/1.0", "POST PATH HTTP/1.0\r\nHost: ADDR\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n", 400},
	{"chunked, in a line that goes on", line + "Transfer-Encoding:\r\n chunked\r\n\r\n", "0\r\n\r\n", 400},

	// Chunks.
	{"a chunk without a size", line + "Transfer-Encoding: chunked\r\n\r\n", "\r\n{}\r\n0\r\n\r\n", 400},
	{"a size that is none", line + "Transfer-Encoding: chunked\r\n\r\n", "xyz\r\n{}\r\n0\r\n\r\n", 400},
	{"a negative size", line + "Transfer-Encoding: chunked\r\n\r\n", "-2\r\n{}\r\n0\r\n\r\n", 400},
	{"a size of too many digits", line + "Transfer-Encoding: chunked\r\n\r\n", "00000000000000002\r\n{}\r\n0\r\n\r\n", 400},
	{"a chunk longer than its size", line + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n{}\r\n0\r\n\r\n", 400},
	{"a chunk that ends with LF", line + "Transfer-Encoding: chunked\r\n\r\n", "2\r\n{}\n0\r\n\r\n", 400},
	{"trailers", line + "Transfer-Encoding: chunked\r\nTrailer: X-Forwarded-For\r\n\r\n", "2\r\n{}\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n", 400},
	{"trailers that nobody has announced", line + "Transfer-Encoding: chunked\r\n\r\n", "2\r\n{}\r\n0\r\nOrigin: http://localhost\r\n\r\n", 400},
	{"a cookie as a trailer beside one that was sent", line + "Cookie: a=b\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\n{}\r\n0\r\nCookie: admin=1\r\n\r\n", 400},
	{"a type as a trailer beside two that were sent", line + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\n{}\r\n0\r\nContent-Type: text/html\r\n\r\n", 400},
	{"a length as a trailer", line + "Transfer-Encoding: chunked\r\n\r\n", "2\r\n{}\r\n0\r\nContent-Length: 40\r\n\r\n", 400},

	// Lines.
	{"a header that goes on", line + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a header that goes on after a tab", line + "X: a\r\n\tContent-Length: 40\r\n\r\n", "", 400},
	{"a space before the first header", "POST PATH HTTP/1.1\r\n Host: ADDR\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a last header that goes on with spaces, and a body", line + "Content-Length: 2\r\nX: a\r\n  \r\n\r\n", "{}", 400},
	{"a length that goes on with spaces", line + "Content-Length: 2\r\n  \r\n\r\n", "{}", 400},
	{"a last header that goes on with spaces, and chunks", line + "Transfer-Encoding: chunked\r\nX: a\r\n  \r\n\r\n", "2\r\n{}\r\n0\r\n\r\n", 400},
	{"a bare LF", line + "X: a\nContent-Length: 0\r\n\r\n", "", 400},
	{"bare LFs alone", "POST PATH HTTP/1.1\nHost: ADDR\nContent-Length: 0\n\n", "", 400},
	{"a bare CR", line + "X: a\rContent-Length: 40\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a space before the colon", line + "Content-Length : 40\r\n\r\n", "", 400},
	{"a tab before the colon", line + "Transfer-Encoding\t: chunked\r\n\r\n", "0\r\n\r\n", 400},
	{"a header without a colon", line + "Content-Length 40\r\n\r\n", "", 400},
	{"a header without a name", line + ": 40\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a NUL in a value", line + "X: a\x00b\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a NUL in a name", line + "Content-Length\x00: 40\r\n\r\n", "", 400},
	{"a control character before a name", line + "\x0bTransfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n", 400},
	{"a name in another alphabet", line + "Tran\u017ffer-Encoding: chunked\r\n\r\n", "0\r\n\r\n", 400},

	// The first line.
	{"no Host", "POST PATH HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"two Hosts", line + "Host: evil.example\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"two names in Host", "POST PATH HTTP/1.1\r\nHost: ADDR, evil.example\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a path in Host", "POST PATH HTTP/1.1\r\nHost: ADDR/x\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"two spaces before the version", "POST PATH  HTTP/1.1\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a target with a space", "POST PATH x HTTP/1.1\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a path that fasthttp finds a host in", "POST //evil.examplePATH?u=a://b HTTP/1.1\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a path for an empty Host", "POST //evil.examplePATH HTTP/1.1\r\nHost:\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a path that does not begin with a slash", "POST xPATH HTTP/1.1\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a target with a NUL", "POST PATH\x00 HTTP/1.1\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a method with a NUL", "POST\x00 PATH HTTP/1.1\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a method in quotes", "\"POST\" PATH HTTP/1.1\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"a space before the method", " POST PATH HTTP/1.1\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 400},
	{"HTTP/1.2", "POST PATH HTTP/1.2\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 505},
	{"HTTP/3", "POST PATH HTTP/3.0\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 505},
	{"the version in lower case", "POST PATH http/1.1\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 505},
	{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", 505},
	{"a handshake of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "", 400},

	// Methods that the server has never heard of (RFC 9110, 9.1).
	{"a method in lower case", "post PATH HTTP/1.1\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 501},
	{"a method of WebDAV", "PROPFIND PATH HTTP/1.1\r\nHost: ADDR\r\nContent-Length: 0\r\n\r\n", "", 501},
}

func (s shape) text(addr, path string) string {
	return strings.NewReplacer("ADDR", addr, "PATH", path).Replace(s.head + s.body + hit)
}

// A request that can be read in two ways is refused, and nothing that follows it on its connection is read.
func TestAmbiguousRequests(t *testing.T) {
	s := serve(t, fastmcp.Config{})
	for _, sh := range shapes {
		for _, path := range []string{"/mcp", "/echo"} {
			for _, slowly := range []bool{false, true} {
				name := fmt.Sprintf("%s, %s, slowly %t", sh.name, path, slowly)
				echoes := s.echoes.Load()
				c := dial(t, s.addr)
				send(c, sh.text(s.addr, path), slowly)
				all, _ := answers(t, c, 3)
				_ = c.Close()
				if len(all) != 1 {
					t.Errorf("%s: %d answers: %+v", name, len(all), all)
					continue
				}
				refused(t, name, all[0], sh.status)
				if s.echoes.Load() != echoes {
					t.Errorf("%s: it has reached its handler", name)
				}
			}
		}
	}
	if n := s.hits.Load(); n != 0 {
		t.Errorf("%d requests were smuggled", n)
	}
	s.works()
}

// They are refused as well when they follow a proper request on its connection.
func TestAmbiguousRequestsBehindOthers(t *testing.T) {
	s := serve(t, fastmcp.Config{})
	for _, sh := range shapes {
		c := dial(t, s.addr)
		_, _ = io.WriteString(c, s.post("/mcp", length(initialize), initialize)+s.post("/echo", "Content-Length: 2\r\n", "{}")+sh.text(s.addr, "/mcp"))
		all, _ := answers(t, c, 4)
		_ = c.Close()
		if len(all) != 3 || all[0].status != 200 || all[1].status != 200 {
			t.Errorf("%s: %+v", sh.name, all)
			continue
		}
		refused(t, sh.name, all[2], sh.status)
	}
	if n := s.hits.Load(); n != 0 {
		t.Errorf("%d requests were smuggled", n)
	}
}

// What is unusual and clear is served, and the next request on the connection, too, where closes is false.
func TestUnusualRequests(t *testing.T) {
	s := serve(t, fastmcp.Config{})
	echo := "\"{}|127.0.0.1|\""
	chunked := "Transfer-Encoding: chunked\r\n"
	for _, c := range []struct {
		name, request string
		closes        bool
	}{
		{"plain", s.post("/echo", "Content-Length: 2\r\n", "{}"), false},
		{"an empty line before", "\r\n" + s.post("/echo", "Content-Length: 2\r\n", "{}"), false},
		{"names in other cases", "POST /echo HTTP/1.1\r\nhOsT: " + s.addr + "\r\ncontent-LENGTH: 2\r\n\r\n{}", false},
		{"zeros before the length", s.post("/echo", "Content-Length: 0002\r\n", "{}"), false},
		{"a whole URL", "POST http://" + s.addr + "/echo HTTP/1.1\r\nHost: " + s.addr + "\r\nContent-Length: 2\r\n\r\n{}", false},
		{"HTTP/1.0", "POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", true},
		{"HTTP/1.0 that keeps alive", "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}", false},
		{"an offer of HTTP/2", s.post("/echo", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 2\r\n", "{}"), false},
		{"a tab in a value", s.post("/echo", "X: a\tb\r\nContent-Length: 2\r\n", "{}"), false},
		{"another alphabet in a value", s.post("/echo", "X: caf\u00e9\r\nContent-Length: 2\r\n", "{}"), false},
		{"a body in parts of a form, and more behind them", s.post("/echo", "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 2\r\n", "{}"), false},
		{"a header that ends with a space", s.post("/echo", "X: a \r\nContent-Length: 2\r\n", "{}"), false},
		{"a close in capitals", s.post("/echo", "Connection: Close\r\nContent-Length: 2\r\n", "{}"), true},
		{"a close among others", s.post("/echo", "Connection: te, close\r\nContent-Length: 2\r\n", "{}"), true},
		{"a close, and then not", s.post("/echo", "Connection: close\r\nConnection: keep-alive\r\nContent-Length: 2\r\n", "{}"), true},
		{"HTTP/1.0 that expects 100", "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}", false},
		// Their framing is read leniently by fasthttp: so nothing follows them.
		{"chunks", s.post("/echo", chunked, "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"), true},
		{"chunks with extensions", s.post("/echo", chunked, "2;a=b;c=\"d\"\r\n{}\r\n0;e\r\n\r\n"), true},
		{"an extension with a line end of its own", s.post("/echo", chunked, "2;\nxx\r\n{}\r\n0\r\n\r\n"), true},
	} {
		for _, slowly := range []bool{false, true} {
			name := fmt.Sprintf("%s, slowly %t", c.name, slowly)
			hits := s.hits.Load()
			conn := dial(t, s.addr)
			send(conn, c.request+s.hit(), slowly)
			most := 2
			if c.closes {
				most = 3 // until it is closed
			}
			all, closed := answers(t, conn, most)
			_ = conn.Close()
			if len(all) == 0 || all[0].status != 200 || all[0].body != echo {
				t.Errorf("%s: %+v", name, all)
				continue
			}
			if closed != c.closes || (s.hits.Load() != hits) == c.closes || len(all) > 1 && all[1].status != 200 {
				t.Errorf("%s: closed %t, hits %d, %+v", name, closed, s.hits.Load()-hits, all)
			}
		}
	}
}

// A folded line that ends with a space is joined by fasthttp in its buffer, by which it moves the rest of it and reads the
// end of the headers twice: what is left then may be a request of whoever wrote the headers. Nothing of it is read.
func TestFoldsThatEndWithSpaces(t *testing.T) {
	s := serve(t, fastmcp.Config{})
	smuggled := "Host: " + s.addr + "\r\nX: " + strings.TrimSuffix(s.hit(), "\r\n\r\n")
	folds := []string{"X: a\r\n  \r\n", "X: a\r\n b \r\n", "X: a \r\n \r\n  c \r\n", "X: a\r\n\t \r\n"}
	for n := range len(s.hit()) + 4 { // each CR moves it by one
		folds = append(folds, "X: a\r\n "+strings.Repeat("\r", n)+" \r\n")
	}
	for _, fold := range folds {
		for _, head := range []string{
			"GET /echo HTTP/1.1\r\nHost: " + s.addr + "\r\n" + fold,
			"GET /echo HTTP/1.1\r\n" + fold + smuggled,
		} {
			c := dial(t, s.addr)
			_, _ = io.WriteString(c, head+"\r\n\r\n")
			time.Sleep(time.Millisecond) // it waits for more, which is the next one's request
			_, _ = io.WriteString(c, s.hit())
			all, _ := answers(t, c, 3)
			_ = c.Close()
			if len(all) > 1 || s.hits.Load() != 0 {
				t.Fatalf("%q: %d answers, %d hits", head, len(all), s.hits.Load())
			}
		}
	}
	s.works()
}

// Whether what comes after the last chunk is one more makes no difference: nothing behind it is read.
func TestLastChunkTwice(t *testing.T) {
	s := serve(t, fastmcp.Config{})
	for _, slowly := range []bool{false, true} {
		c := dial(t, s.addr)
		send(c, s.post("/echo", "Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n0\r\n\r\n")+s.hit(), slowly)
		if all, _ := answers(t, c, 3); len(all) != 1 || all[0].status != 200 && all[0].status != 400 || s.hits.Load() != 0 {
			t.Errorf("slowly %t: %+v, %d hits", slowly, all, s.hits.Load())
		}
	}
}

// What follows the last part of a multipart body is still its body.
func TestBehindAMultipartBody(t *testing.T) {
	s := serve(t, fastmcp.Config{})
	form := "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n" + strings.Repeat("\r\n", 10_000) + s.hit()
	c := dial(t, s.addr)
	_, _ = io.WriteString(c, "POST /echo HTTP/1.1\r\nHost: "+s.addr+"\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\n"+length(form)+"\r\n"+form)
	if all, _ := answers(t, c, 3); len(all) != 1 || all[0].status != 200 || s.hits.Load() != 0 {
		t.Errorf("%d answers, %d hits", len(all), s.hits.Load())
	}
	c = dial(t, s.addr)
	_, _ = io.WriteString(c, "POST /echo HTTP/1.1\r\nHost: "+s.addr+"\r\nContent-Type: multipart/form-data; boundary=b\r\n"+length(form)+"\r\n"+form+
		"POST /echo HTTP/1.1\r\nHost: "+s.addr+"\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
	if all, _ := answers(t, c, 3); len(all) != 2 || s.hits.Load() != 0 {
		t.Errorf("%d answers, %d hits", len(all), s.hits.Load())
	}
}

// A trailer does not become a header: nobody's address can be claimed with one behind a proxy that passes them on.
func TestTrailersAreNoHeaders(t *testing.T) {
	s := serve(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{TrustedProxies: []string{"127.0.0.1"}}})
	c := dial(t, s.addr)
	_, _ = io.WriteString(c, s.post("/echo", "X-Forwarded-For: 10.1.2.3\r\nTransfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"))
	all, _ := answers(t, c, 2)
	if len(all) != 1 || s.echoes.Load() != 0 {
		t.Fatalf("%+v", all)
	}
	refused(t, "a trailer", all[0], 400)
}

// Many requests in one write are answered in their order, streams and refusals among them.
func TestPipelining(t *testing.T) {
	s := serve(t, fastmcp.Config{})
	h := s.open()
	lines := "Mcp-Session-Id: " + h["Mcp-Session-Id"] + "\r\nMCP-Protocol-Version: 2025-11-25\r\n"
	const n = 200
	var b strings.Builder
	for i := range n {
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo","arguments":{"s":"number %d"}}}`, i, i)
		if i%10 == 9 {
			body = fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"nothing"}`, i)
		}
		b.WriteString(s.post("/mcp", lines+length(body), body))
	}
	c := dial(t, s.addr)
	go func() { _, _ = io.WriteString(c, b.String()) }()
	r := bufio.NewReader(c)
	for i := range n {
		a, want := next(t, r), fmt.Sprintf("number %d\"", i)
		if i%10 == 9 {
			want = "-32601"
		}
		if a.status != 200 || !strings.Contains(a.body, want) || !strings.Contains(a.body, fmt.Sprintf(`"id":%d,`, i)) && !strings.Contains(a.body, fmt.Sprintf(`"id":%d}`, i)) {
			t.Fatalf("answer %d: %d %s", i, a.status, a.body)
		}
	}
	_ = c.SetDeadline(time.Now().Add(patience))
}

// A message whose JSON nests as deeply as its length lets it is refused before anything follows it down.
func TestGiantDepth(t *testing.T) {
	s := serve(t, fastmcp.Config{})
	for name, body := range map[string]string{
		"arrays":            strings.Repeat("[", 4<<20),
		"objects":           strings.Repeat(`{"a":`, 800_000),
		"in the params":     `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"x":` + strings.Repeat("[", 2<<20) + strings.Repeat("]", 2<<20-100) + `}}`,
		"in the envelope":   `{"x":` + strings.Repeat(`{"x":`, 800_000),
		"strings unclosed":  `{"jsonrpc":"` + strings.Repeat(`\"`, 2_000_000),
		"many small things": `{"jsonrpc":"2.0","id":1,"method":"initialize","params":[` + strings.Repeat("{},", 1_300_000) + `{}]}`,
	} {
		begun := time.Now()
		a := s.do("POST", "/mcp", nil, body)
		if a.status != 400 && a.status != 200 || !strings.Contains(a.body, `"error":{"code":-32`) {
			t.Errorf("%s: %d %.200s", name, a.status, a.body)
		}
		if d := time.Since(begun); d > 10*time.Second {
			t.Errorf("%s took %s", name, d)
		}
	}
	s.works()
}
