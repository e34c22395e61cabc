package fasthost

import (
	"bufio"
	"bytes"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"
)

// hasTrailers tells that fasthttp made headers of the trailers of a chunked body: the headers that were sent, read by
// themselves, are not those that are there now. A trailer must not become a header (RFC 9110, 6.5.1): X-Forwarded-For would
// be believed.
func hasTrailers(h *fasthttp.RequestHeader) bool {
	raw := h.RawHeaders()
	var seen fields
	if seen.scan(raw) != fine || seen.codings == 0 {
		return false
	}
	head := append([]byte("POST / HTTP/1.1\r\n"), raw...)
	var sent fasthttp.RequestHeader
	if err := sent.Read(bufio.NewReaderSize(bytes.NewReader(head), len(head))); err != nil {
		return true
	}
	return !slices.Equal(linesOf(h), linesOf(&sent))
}

// linesOf are the headers of h, but for those by which Screen and fasthttp say how it ends, which no trailer becomes.
func linesOf(h *fasthttp.RequestHeader) (lines []string) {
	h.VisitAll(func(name, value []byte) {
		switch lower := strings.ToLower(string(name)); lower {
		case "connection", "content-length", "transfer-encoding", "expect":
		default:
			lines = append(lines, lower+": "+string(value))
		}
	})
	return lines
}
