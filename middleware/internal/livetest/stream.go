package livetest

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
)

// Stream is an event stream that is open.
type Stream struct {
	Header http.Header
	t      testing.TB
	body   *bufio.Scanner
	close  func()
}

// Listen opens the stream of a session.
func (s *Server) Listen(session Headers) *Stream {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), Patience)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	for name, value := range session {
		req.Header.Set(name, value)
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	l := &Stream{Header: res.Header, t: s.t, body: bufio.NewScanner(res.Body), close: func() { cancel(); _ = res.Body.Close() }}
	s.t.Cleanup(l.close)
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("the stream was answered with %d", res.StatusCode)
	}
	return l
}

// Next is the data of the next event that has some; "" when the stream has ended.
func (l *Stream) Next() string {
	for l.body.Scan() {
		if data, ok := strings.CutPrefix(l.body.Text(), "data: "); ok && data != "" {
			return data
		}
	}
	return ""
}

// Close leaves it.
func (l *Stream) Close() { l.close() }
