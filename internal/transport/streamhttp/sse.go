package streamhttp

import (
	"bytes"
	"strconv"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

// comment is what keeps an idle stream alive: an event without fields, which every client ignores.
const comment = ": \n\n"

// appendEvent appends one event of an event stream (HTML, 9.2.6). The event's name is left to its default, message. Data
// is JSON, so that a line break in it can only be white space between its parts: it becomes a space, because one message
// must be one data line.
func appendEvent(dst []byte, m rpc.Message) []byte {
	if m.ID != "" {
		dst = append(appendLine(append(dst, "id: "...), m.ID), '\n')
	}
	if m.Retry > 0 {
		dst = strconv.AppendInt(append(dst, "retry: "...), m.Retry.Milliseconds(), 10)
		dst = append(dst, '\n')
	}
	if m.Data != nil || m.ID != "" {
		dst = append(appendLine(append(dst, "data: "...), m.Data), '\n')
	}
	return append(dst, '\n')
}

// appendLine appends text as what it must be, one line.
func appendLine[T ~string | ~[]byte](dst []byte, text T) []byte {
	start := len(dst)
	dst = append(dst, text...)
	line := dst[start:]
	if bytes.IndexByte(line, '\n') < 0 && bytes.IndexByte(line, '\r') < 0 {
		return dst
	}
	for i, c := range line {
		if c == '\n' || c == '\r' {
			line[i] = ' '
		}
	}
	return dst
}
