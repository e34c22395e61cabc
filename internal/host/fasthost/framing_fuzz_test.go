package fasthost

import (
	"bufio"
	"bytes"
	"net/http"
	"testing"

	"github.com/valyala/fasthttp"
)

// What is served is read by others as it is here: net/http finds the same end of the request, the same Host, and as much
// left behind it, or refuses it.
func FuzzScreen(f *testing.F) {
	for _, head := range []string{
		"POST /mcp HTTP/1.1\r\n" + plainHeaders + "\r\n",
		"POST /mcp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /mcp HTTP/1.0\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}GET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\na",
		"GET / HTTP/1.1\r\nHost:bx\r\nX: a\r\n  \r\n\r\n",
		"\r\nPOST / HTTP/1.1\r\nHost:x\r\nX:\tcaf\xc3\xa9\t\r\n\r\n",
	} {
		f.Add([]byte(head))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h := &fasthttp.RequestHeader{}
		mine := bufio.NewReaderSize(bytes.NewReader(b), 64<<10)
		if len(b) > 60<<10 || h.Read(mine) != nil {
			return
		}
		seen := look(h, 0)
		verdict := seen.fault
		if verdict > chunked {
			if faults[verdict].Status == 0 {
				t.Fatalf("%q: there is no answer to %d", b, verdict)
			}
			return
		}
		theirs := bufio.NewReaderSize(bytes.NewReader(b), 64<<10)
		req, err := http.ReadRequest(theirs)
		if err != nil {
			return
		}
		isChunked := len(req.TransferEncoding) == 1 && req.TransferEncoding[0] == "chunked"
		if isChunked != (verdict == chunked) {
			t.Fatalf("%q: chunked here %t, there %t", b, verdict == chunked, isChunked)
		}
		if length := int64(max(h.ContentLength(), 0)); !isChunked && length != req.ContentLength {
			t.Fatalf("%q: %d bytes here, %d there", b, length, req.ContentLength)
		}
		if !seen.last && mine.Buffered() != theirs.Buffered() {
			t.Fatalf("%q: %d bytes are left here, %d there", b, mine.Buffered(), theirs.Buffered())
		}
		if req.URL.Host == "" && string(h.Host()) != req.Host {
			t.Fatalf("%q: Host %q here, %q there", b, h.Host(), req.Host)
		}
	})
}
