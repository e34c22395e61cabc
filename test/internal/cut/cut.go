// Package cut is a proxy that loses connections at a chosen moment, to see who finds their way back.
package cut

import (
	"bytes"
	"errors"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// note is what the events that are counted have in them.
const note = `"notifications/progress"`

// How a connection is lost.
type How string

const (
	// Between events: the last event arrives whole, then the connection is gone.
	Between How = "between two events"
	// Inside an event: the event after it arrives in part.
	Inside How = "inside an event"
	// Cleanly: the answer ends as if it were complete, as it does behind a proxy that has had enough.
	Cleanly How = "cleanly"
)

// Proxy stands before a server and loses one connection: the first that has carried so many progress notes.
type Proxy struct {
	// URL is the server's, through the proxy.
	URL string

	how     How
	after   int32
	seen    atomic.Int32
	cuts    atomic.Int32
	resumes atomic.Int32
}

// New starts a proxy for the server at target, which loses a connection after so many progress notes.
func New(t testing.TB, target string, how How, after int) *Proxy {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{how: how, after: int32(after), URL: "http://" + l.Addr().String() + to.Path}
	forward := &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: to.Scheme, Host: to.Host}) },
		FlushInterval:  -1,
		ErrorLog:       log.New(io.Discard, "", 0), // it would report each loss
		ModifyResponse: p.watch,
	}
	// The transport of its own does not share connections with those of another test.
	transport := &http.Transport{}
	forward.Transport = transport
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Last-Event-ID") != "" {
			p.resumes.Add(1)
		}
		forward.ServeHTTP(w, r)
	})}
	var wg sync.WaitGroup
	wg.Go(func() { server.Serve(l) })
	t.Cleanup(func() {
		server.Close()
		transport.CloseIdleConnections()
		wg.Wait()
	})
	return p
}

// Cuts is how many connections have been lost, Resumes how many requests came with a Last-Event-ID.
func (p *Proxy) Cuts() int    { return int(p.cuts.Load()) }
func (p *Proxy) Resumes() int { return int(p.resumes.Load()) }

func (p *Proxy) watch(r *http.Response) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "text/event-stream" {
		r.Body = &stream{ReadCloser: r.Body, p: p}
	}
	return nil
}

// stream hands on the events of an answer, one at a time, until it is time to lose the connection.
type stream struct {
	io.ReadCloser
	p    *Proxy
	held []byte // read from the server, not yet a whole event
	out  []byte // whole events for the client
	lost bool
	err  error
}

func (s *stream) Read(b []byte) (int, error) {
	for len(s.out) == 0 {
		if s.lost {
			return 0, s.loss()
		}
		if s.err != nil {
			return 0, s.err
		}
		s.fill()
	}
	n := copy(b, s.out)
	s.out = s.out[n:]
	return n, nil
}

func (s *stream) fill() {
	buf := make([]byte, 4096)
	n, err := s.ReadCloser.Read(buf)
	s.held, s.err = append(s.held, buf[:n]...), err
	for !s.lost {
		end := bytes.Index(s.held, []byte("\n\n"))
		if end < 0 {
			break
		}
		event := s.held[:end+2]
		s.held = s.held[end+2:]
		s.take(event)
	}
	if s.err != nil && !s.lost {
		s.out = append(s.out, s.held...)
		s.held = nil
	}
}

// take decides what becomes of one event.
func (s *stream) take(event []byte) {
	p := s.p
	isNote := bytes.Contains(event, []byte(note))
	if isNote && p.how == Inside && p.seen.Load() == p.after && p.cuts.CompareAndSwap(0, 1) {
		s.out = append(s.out, event[:len(event)/2]...)
		s.lost = true
		return
	}
	s.out = append(s.out, event...)
	if isNote && p.seen.Add(1) == p.after && p.how != Inside && p.cuts.CompareAndSwap(0, 1) {
		s.lost = true
	}
}

var errLost = errors.New("lost on purpose")

// loss is the end of the stream as the client is to see it. After an error in the middle of a body httputil.ReverseProxy
// closes the connection, and the body has no end.
func (s *stream) loss() error {
	s.ReadCloser.Close()
	if s.p.how == Cleanly {
		return io.EOF
	}
	return errLost
}
