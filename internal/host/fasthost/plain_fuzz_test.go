package fasthost

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// What the lane reads the server would have read: the same end, the same Host, the same headers, none more and none less, and
// Screen has nothing to say about it.
func FuzzPlain(f *testing.F) {
	for _, b := range []string{
		"POST /mcp HTTP/1.1\r\n" + plainHeaders + "\r\n",
		"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
		"POST /mcp HTTP/1.1\r\nhost:x:80\r\nX-A:  1\r\nx-a: 2, 3\r\nConnection: Keep-Alive\r\nUser-Agent: a (b)\r\nContent-Type: application/json\r\ncontent-length: 02\r\n\r\n{}",
		"POST /mcp HTTP/1.1\r\nhost:0\r\nContent-TYpe:\r\nContent-length:2\r\n\r\n00",
		"POST /mcp HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nContent-Length: 0\r\n\r\n",
		"POST /mcp HTTP/1.1\r\nHost: x\r\nX:\r\nY: \r\n Z: a\r\nContent-Length: 0\r\n\r\n",
		"POST /mcp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
		"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\nTrailer: a\r\n\r\n1",
	} {
		f.Add([]byte(b))
	}
	l := &lane{Lane: Lane{Path: "/mcp"}, first: "POST /mcp HTTP/1.1\r\n", maxBody: 1 << 10}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := plain{lane: l}
		if !p.read(b) {
			return
		}
		h := &fasthttp.RequestHeader{}
		r := bufio.NewReaderSize(bytes.NewReader(b), 64<<10)
		if err := h.Read(r); err != nil {
			t.Fatalf("%q: the server cannot read it: %v", b, err)
		}
		if seen := look(h, l.maxBody); seen.fault != fine || seen.last || seen.expects {
			t.Fatalf("%q: the screen sees %+v", b, seen)
		}
		rest, _ := io.ReadAll(r)
		if !bytes.Equal(rest, p.text) || h.ContentLength() != len(rest) || len(p.head)+len(p.text) != len(b) {
			t.Fatalf("%q: the body is %q, the server's %q of %d", b, p.text, rest, h.ContentLength())
		}
		if string(h.Method()) != p.method() || string(h.RequestURI()) != p.path(nil) || string(h.Host()) != string(p.find("Host")) || h.ConnectionClose() {
			t.Fatalf("%q: the server reads %s %s of %q", b, h.Method(), h.RequestURI(), h.Host())
		}
		names := map[string]bool{}
		h.VisitAll(func(name, _ []byte) { names[strings.ToLower(string(name))] = true })
		for _, line := range p.lines[:p.n] {
			name := strings.ToLower(string(p.head[line.name:line.colon]))
			if !names[name] && p.header(name) != "" {
				t.Fatalf("%q: the server has no %q", b, name)
			}
			names[name] = true
		}
		for name := range names {
			if mine, theirs := p.values(name), lines(h, name); !slices.Equal(mine, theirs) || p.header(name) != first(h, name) {
				t.Fatalf("%q: %s is %q, the server's %q", b, name, mine, theirs)
			}
		}
		var k fasthttp.RequestHeader
		if p.copyTo(&k); k.ConnectionClose() || !slices.Equal(lines(&k, "host"), p.values("host")) || len(linesOf(&k)) != len(linesOf(h)) {
			t.Fatalf("%q: kept is %q", b, linesOf(&k))
		}
	})
}
