//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// response is an HTTP response that is read piece by piece.
type response struct {
	state   state
	line    []byte // a head, or the size of a chunk, that has not come completely
	status  int
	left    int // bytes of the body, or the chunk, that are still to come
	chunked bool
	toEOF   bool
	close   bool
	sse     bool
	session string // the last Mcp-Session-Id: it outlives the response
	body    []byte
	onData  func([]byte) // when it is set, the body goes there and not into body
}

type state uint8

const (
	inHead state = iota
	inBody
	inSize
	inChunk
	inChunkEnd
	inTrailer
	done
)

// reset begins the next response of a connection.
func (r *response) reset() {
	r.state, r.line, r.body = inHead, r.line[:0], r.body[:0]
	r.status, r.left, r.chunked, r.toEOF, r.close, r.sse = 0, 0, false, false, false, false
}

// feed takes the next bytes. After it state is done when the response is complete.
func (r *response) feed(p []byte) (err error) {
	for len(p) > 0 && err == nil {
		switch r.state {
		case inHead:
			p, err = r.feedHead(p)
		case inBody:
			p = r.feedBody(p)
		case inSize:
			p, err = r.feedSize(p)
		case inChunk:
			n := min(len(p), r.left)
			r.data(p[:n])
			p = p[n:]
			if r.left -= n; r.left == 0 {
				r.state, r.left = inChunkEnd, 2
			}
		case inChunkEnd:
			n := min(len(p), r.left)
			p = p[n:]
			if r.left -= n; r.left == 0 {
				r.state = inSize
			}
		case inTrailer:
			line, rest, whole := r.lineOf(p)
			p = rest
			if whole && len(bytes.TrimRight(line, "\r")) == 0 {
				r.state = done
			}
		case done:
			err = fmt.Errorf("%d bytes after the response", len(p))
		}
	}
	return err
}

var headEnd = []byte("\r\n\r\n")

func (r *response) feedHead(p []byte) ([]byte, error) {
	if len(r.line) == 0 { // nearly always it comes in one piece
		if i := bytes.Index(p, headEnd); i >= 0 {
			return p[i+4:], r.head(p[:i+2])
		}
	}
	r.line = append(r.line, p...)
	i := bytes.Index(r.line, headEnd)
	if i < 0 {
		if len(r.line) > 64<<10 {
			return nil, errors.New("the head of the response is longer than 64 KiB")
		}
		return nil, nil
	}
	rest := p[len(p)-(len(r.line)-i-4):]
	err := r.head(r.line[:i+2])
	r.line = r.line[:0]
	return rest, err
}

func (r *response) feedBody(p []byte) []byte {
	n := len(p)
	if !r.toEOF {
		n = min(n, r.left)
		if r.left -= n; r.left == 0 {
			r.state = done
		}
	}
	r.data(p[:n])
	return p[n:]
}

func (r *response) feedSize(p []byte) ([]byte, error) {
	line, rest, whole := r.lineOf(p)
	if !whole {
		return rest, nil
	}
	n, err := hex(line)
	if r.left, r.state = n, inChunk; n == 0 {
		r.state = inTrailer
	}
	return rest, err
}

// lineOf is the line that p ends, without its \n, and what comes after; whole is false when the line goes on.
func (r *response) lineOf(p []byte) (line, rest []byte, whole bool) {
	i := bytes.IndexByte(p, '\n')
	if i < 0 {
		r.line = append(r.line, p...)
		return nil, nil, false
	}
	line = p[:i]
	if len(r.line) > 0 {
		line = append(r.line, line...)
		r.line = line[:0]
	}
	return line, p[i+1:], true
}

func (r *response) data(p []byte) {
	if r.onData != nil {
		r.onData(p)
		return
	}
	r.body = append(r.body, p...)
}

func (r *response) head(h []byte) error {
	if len(h) < 12 || string(h[:7]) != "HTTP/1." {
		return fmt.Errorf("no HTTP response: %.40q", h)
	}
	r.status = int(h[9]-'0')*100 + int(h[10]-'0')*10 + int(h[11]-'0')
	sized := false
	for h = h[bytes.IndexByte(h, '\n')+1:]; len(h) > 0; {
		i := bytes.IndexByte(h, '\n')
		key, value, ok := bytes.Cut(h[:i], []byte{':'})
		h = h[i+1:]
		if !ok {
			continue
		}
		s, err := r.header(key, bytes.TrimSpace(value))
		if err != nil {
			return err
		}
		sized = sized || s
	}
	switch {
	case r.chunked:
		r.state = inSize
	case sized && r.left > 0:
		r.state = inBody
	case sized || r.status == 204 || r.status == 304 || r.status == 202:
		r.state = done
	default:
		r.state, r.toEOF = inBody, true
	}
	return nil
}

// header takes what the generator has to know, found by its length first; sized tells that it was the body's length.
func (r *response) header(key, value []byte) (sized bool, err error) {
	switch len(key) {
	case len("Connection"):
		if bytes.EqualFold(key, []byte("connection")) {
			r.close = bytes.EqualFold(value, []byte("close"))
		}
	case len("Content-Type"):
		if bytes.EqualFold(key, []byte("content-type")) {
			r.sse = bytes.HasPrefix(value, []byte("text/event-stream"))
		}
	case len("Content-Length"): // and of Mcp-Session-Id
		if bytes.EqualFold(key, []byte("content-length")) {
			r.left, err = strconv.Atoi(string(value))
			return true, err
		}
		if bytes.EqualFold(key, []byte("mcp-session-id")) && string(value) != r.session {
			r.session = string(value)
		}
	case len("Transfer-Encoding"):
		if bytes.EqualFold(key, []byte("transfer-encoding")) {
			r.chunked = bytes.Contains(bytes.ToLower(value), []byte("chunked"))
		}
	}
	return false, nil
}

// hex is the size of a chunk.
func hex(b []byte) (int, error) {
	size, _, _ := bytes.Cut(bytes.TrimRight(b, " \r"), []byte{';'})
	n, err := strconv.ParseUint(string(size), 16, 31)
	if err != nil {
		return 0, fmt.Errorf("%.20q is no size of a chunk", b)
	}
	return int(n), nil
}
