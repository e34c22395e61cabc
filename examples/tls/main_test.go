package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

// connect asks who it is that calls, with a certificate or without, on a connection of its own. It gives the serial number of
// the server's certificate, too.
func connect(t *testing.T, dir, url string, shows bool) (body, serial string, err error) {
	t.Helper()
	authority, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(authority)
	if shows {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "agent.pem"), filepath.Join(dir, "agent-key.pem"))
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(url, "/mcp")+"/whoami", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Transport{TLSClientConfig: config, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return string(b), res.TLS.PeerCertificates[0].SerialNumber.String(), err
}

func TestTLS(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := filepath.Join(os.TempDir(), "fastmcp-tls")
	p := program.Start(t)
	const agent = "spiffe://example.org/agent"
	p.Readme(agent)
	body, before, err := connect(t, dir, p.URL, true)
	if err != nil || body != agent {
		t.Fatalf("%q, %v", body, err)
	}
	if body, _, err := connect(t, dir, p.URL, false); err == nil {
		t.Errorf("without a certificate: %q", body)
	}

	// Another authority, and all that it signs, while the program runs.
	for _, name := range []string{"ca", "agent", "server"} {
		if err := os.Remove(filepath.Join(dir, name+".pem")); err != nil {
			t.Fatal(err)
		}
	}
	if err := makeFiles(dir); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		body, after, err := connect(t, dir, p.URL, true)
		if err == nil && body == agent && after != before {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the certificate is not renewed: %q, %v", body, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.Stop()
}
