package fastmcptest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// wire is the http.RoundTripper of a client. It adds headers, and lets the record hear what comes back, before the SDK's
// client does: that one drops notifications that it does not know, and hands the others on some time after the result
// that follows them.
type wire struct {
	next   http.RoundTripper
	header http.Header
	record *record
}

// RoundTrip sends a request.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context()) // a RoundTripper must leave the request as it is
	for name, values := range w.header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Header.Del("Host")
		r.Host = host
	}
	call := requestOf(r)
	w.record.sent(call)
	res, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	w.record.answered(call, res.StatusCode)
	kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	switch strings.TrimSpace(kind) {
	case "text/event-stream":
		res.Body = &tap{ReadCloser: res.Body, heard: w.record.heard, events: true}
	case "application/json":
		res.Body = &tap{ReadCloser: res.Body, heard: w.record.heard}
	}
	return res, nil
}

// request is what the record wants to know of a request.
type request struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		Meta struct {
			ProgressToken any `json:"progressToken"`
		} `json:"_meta"`
	} `json:"params"`
}

func requestOf(r *http.Request) (call request) {
	if r.GetBody == nil {
		return call
	}
	body, err := r.GetBody()
	if err != nil {
		return call
	}
	defer func() { _ = body.Close() }()
	if b, err := io.ReadAll(body); err == nil {
		_ = json.Unmarshal(b, &call) // what is no request is of no interest
	}
	return call
}

// message is a message of the App's.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
}

// tap is a body that is read by the SDK's client and heard on the way.
type tap struct {
	io.ReadCloser
	heard  func(message)
	events bool
	line   []byte // of a stream: what has come of a line; else all that has come
	data   []byte // of the event that has begun
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if t.events {
		t.feed(p[:n])
	} else if t.line = append(t.line, p[:n]...); err == io.EOF {
		t.tell(t.line)
		t.line = nil
	}
	return n, err
}

// feed takes the next bytes of an event stream.
func (t *tap) feed(p []byte) {
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			t.line = append(t.line, p...)
			return
		}
		line := bytes.TrimSuffix(append(t.line, p[:i]...), []byte("\r"))
		if data, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			t.data = append(append(t.data, bytes.TrimPrefix(data, []byte(" "))...), '\n')
		} else if len(line) == 0 && len(t.data) > 0 {
			t.tell(t.data)
			t.data = nil
		}
		t.line, p = t.line[:0], p[i+1:]
	}
}

func (t *tap) tell(text []byte) {
	var m message
	if json.Unmarshal(text, &m) == nil {
		t.heard(m)
	}
}
