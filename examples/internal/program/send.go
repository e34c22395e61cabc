package program

import (
	"io"
	"net/http"
	"testing"
)

// Send sends a request on a connection of its own, which is over when it returns, and gives the status and the body of what
// came back. A redirect is an answer like others.
func Send(t testing.TB, req *http.Request) (status int, body string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}
