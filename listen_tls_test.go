package fastmcp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
)

// authority vouches for certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, pool: x509.NewCertPool(), file: filepath.Join(t.TempDir(), "ca.pem")}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	pair := a.issue(template)
	a.cert, a.key = pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey)
	a.pool.AddCert(a.cert)
	writePEM(t, a.file, "CERTIFICATE", a.cert.Raw)
	return a
}

// issue makes a certificate; one that nobody has signed yet is the authority's own.
func (a *authority) issue(template *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// server writes a certificate for 127.0.0.1.
func (a *authority) server() (certFile, keyFile string) {
	a.t.Helper()
	pair := a.issue(&x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		a.t.Fatal(err)
	}
	dir := a.t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePEM(a.t, certFile, "CERTIFICATE", pair.Certificate[0])
	writePEM(a.t, keyFile, "PRIVATE KEY", key)
	return certFile, keyFile
}

// client is a certificate of a client's.
func (a *authority) client(uri string, until time.Time, usage ...x509.ExtKeyUsage) *tls.Certificate {
	a.t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		a.t.Fatal(err)
	}
	if usage == nil {
		usage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	pair := a.issue(&x509.Certificate{SerialNumber: big.NewInt(3), NotBefore: time.Now().Add(-time.Hour), NotAfter: until, URIs: []*url.URL{u}, ExtKeyUsage: usage})
	return &pair
}

// shows is an HTTP client that trusts an authority and shows a certificate, if there is one, whoever the server says that it
// trusts.
func (a *authority) shows(cert *tls.Certificate) *http.Client {
	c := &tls.Config{RootCAs: a.pool, ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if cert == nil {
			return &tls.Certificate{}, nil
		}
		return cert, nil
	}
	transport := &http.Transport{TLSClientConfig: c}
	a.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func mutualApp(t *testing.T, config fastmcp.TLSConfig) (*fastmcp.App, *logs) {
	t.Helper()
	app, l := newApp(t, fastmcp.Config{
		HTTP: fastmcp.HTTPConfig{TLS: config},
		Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{
			auth.Certificate(auth.CertificateConfig{Scopes: []string{"read"}}),
			auth.Tokens(map[string]auth.Principal{aliceToken: {Subject: "alice"}}),
		}}),
	})
	app.AddTool(fastmcp.Tool{Name: "who", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) { return c.Principal().Subject, nil })})
	app.AddRoute("GET", "/who", func(c *fiber.Ctx) error { return c.SendString(fastmcp.PrincipalOf(c).Subject) })
	return app, l
}

// secured is an App over TLS.
func secured(t *testing.T, app *fastmcp.App, l *logs, client *http.Client) *opened {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return starts(t, app, l, client, "https://"+ln.Addr().String(), func() error { return app.Listener(ln) })
}

// callWho calls the tool that tells who calls.
func (s *opened) callWho(client *http.Client) string {
	s.t.Helper()
	other := &server{t: s.t, url: s.base + "/mcp"}
	res, err := client.Do(other.request(s.t.Context(), "POST", statelessHeaders("tools/call", "who"), stateless(1, "tools/call", `"name":"who","arguments":{}`, "")))
	if err != nil {
		return err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	b := make([]byte, 4096)
	n, _ := res.Body.Read(b)
	return string(b[:n])
}

// The client's certificate says who calls, tools and routes alike; a wrong one is refused in the handshake.
func TestMutualTLS(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	certFile, keyFile := ours.server()
	app, l := mutualApp(t, fastmcp.TLSConfig{CertFile: certFile, KeyFile: keyFile, ClientCAs: ours.file})
	const agent = "spiffe://example.org/agent"
	hour := time.Now().Add(time.Hour)
	good := ours.shows(ours.client(agent, hour))
	s := secured(t, app, l, good)
	for range 2 {
		if got := s.callWho(good); !strings.Contains(got, agent) {
			t.Errorf("a tool: %s", got)
		}
		if a := s.get("/who", nil); a.body != agent {
			t.Errorf("a route: %d %s", a.status, a.body)
		}
		good.CloseIdleConnections() // the next connection is no resumed session that would not show it
	}
	foreign := theirs.client(agent, hour)
	for name, client := range map[string]*http.Client{
		"no certificate":        ours.shows(nil),
		"another authority's":   ours.shows(foreign),
		"one that has expired":  ours.shows(ours.client(agent, time.Now().Add(-time.Minute))),
		"one that is a servers": ours.shows(ours.client(agent, hour, x509.ExtKeyUsageServerAuth)),
	} {
		if res, err := client.Get(s.base + "/who"); err == nil || !strings.Contains(err.Error(), "tls: ") {
			t.Errorf("%s: %v, %v", name, res, err)
		}
	}
}

// Where a certificate is optional a token does as well, but a wrong certificate does not.
func TestOptionalMutualTLS(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	certFile, keyFile := ours.server()
	app, l := mutualApp(t, fastmcp.TLSConfig{CertFile: certFile, KeyFile: keyFile, ClientCAs: ours.file, ClientOptional: true})
	plain := ours.shows(nil)
	s := secured(t, app, l, plain)
	if a := s.get("/who", bearer(aliceToken)); a.body != "alice" {
		t.Errorf("%d %s", a.status, a.body)
	}
	rpcError(t, "nobody", s.get("/who", nil), 401)
	const agent = "spiffe://example.org/agent"
	if a := getURL(t, ours.shows(ours.client(agent, time.Now().Add(time.Hour))), s.base+"/who", nil); a.body != agent {
		t.Errorf("%d %s", a.status, a.body)
	}
	if _, err := ours.shows(theirs.client(agent, time.Now().Add(time.Hour))).Get(s.base + "/who"); err == nil {
		t.Error("another authority's certificate was taken")
	}
}

// A session belongs to the certificate's subject.
func TestMutualTLSSession(t *testing.T) {
	ours := newAuthority(t)
	certFile, keyFile := ours.server()
	app, l := mutualApp(t, fastmcp.TLSConfig{CertFile: certFile, KeyFile: keyFile, ClientCAs: ours.file})
	hour := time.Now().Add(time.Hour)
	one, renewed, two := ours.shows(ours.client("urn:one", hour)), ours.shows(ours.client("urn:one", hour)), ours.shows(ours.client("urn:two", hour))
	s := secured(t, app, l, one)
	post := func(client *http.Client, session, body string) (int, string) {
		t.Helper()
		h := headers{"MCP-Protocol-Version": "2025-11-25"}
		if session != "" {
			h["Mcp-Session-Id"] = session
		}
		res, err := client.Do((&server{t: t, url: s.base + "/mcp"}).request(context.Background(), "POST", h, body))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		return res.StatusCode, res.Header.Get("Mcp-Session-Id")
	}
	status, id := post(one, "", `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`)
	if status != 200 || id == "" {
		t.Fatal(status, id)
	}
	const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	for name, c := range map[string]struct {
		client *http.Client
		status int
	}{"who opened it": {one, 200}, "the same, with a new certificate": {renewed, 200}, "somebody else": {two, 404}} {
		if status, _ := post(c.client, id, ping); status != c.status {
			t.Errorf("%s: %d", name, status)
		}
	}
}

func TestTLSMinVersion(t *testing.T) {
	ours := newAuthority(t)
	certFile, keyFile := ours.server()
	app, l := newApp(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{TLS: fastmcp.TLSConfig{CertFile: certFile, KeyFile: keyFile, MinVersion: tls.VersionTLS13}}})
	of := func(version uint16) *http.Client {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ours.pool, MinVersion: version, MaxVersion: version}}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport}
	}
	s := secured(t, app, l, of(tls.VersionTLS13))
	if _, err := of(tls.VersionTLS12).Get(s.base + "/nowhere"); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.2: %v", err)
	}
	if a := s.get("/nowhere", nil); a.status != 404 {
		t.Errorf("TLS 1.3: %d", a.status)
	}
}

// A listener that should speak TLS never speaks plain HTTP, however the App is served.
func TestTLSIsNotForgotten(t *testing.T) {
	ours := newAuthority(t)
	certFile, keyFile := ours.server()
	config := fastmcp.Config{HTTP: fastmcp.HTTPConfig{TLS: fastmcp.TLSConfig{CertFile: certFile, KeyFile: keyFile}}}
	app, l := newApp(t, config)
	s := secured(t, app, l, ours.shows(nil))
	if a, err := http.Get(strings.Replace(s.base, "https:", "http:", 1) + "/nowhere"); err == nil && a.StatusCode == 404 {
		t.Error("plain HTTP is answered")
	}
	other, _ := newApp(t, config)
	if v, _ := panicOf(func() { other.Mount(fiber.New()) }).(string); !strings.Contains(v, "HTTPConfig.TLS") {
		t.Errorf("Mount: %q", v)
	}
}

// A mounted App knows the certificates that the Fiber app's own TLS has verified; one that was asked for and not verified says
// nothing.
func TestMutualTLSOfAMountedApp(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	certFile, keyFile := ours.server()
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	hour := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		config *tls.Config
		client *http.Client
		status int
	}{
		"verified":     {&tls.Config{ClientCAs: ours.pool, ClientAuth: tls.RequireAndVerifyClientCert}, ours.shows(ours.client("urn:one", hour)), 200},
		"not verified": {&tls.Config{ClientAuth: tls.RequireAnyClientCert}, ours.shows(theirs.client("urn:one", hour)), 401},
	} {
		app, l := mutualApp(t, fastmcp.TLSConfig{})
		f := fiber.New(fiber.Config{DisableStartupMessage: true, ReadTimeout: 5 * time.Second, ReadBufferSize: 16 << 10, DisablePreParseMultipartForm: true})
		app.Mount(f)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c.config.Certificates = []tls.Certificate{pair}
		s := starts(t, app, l, c.client, "https://"+ln.Addr().String(), func() error { return f.Listener(tls.NewListener(ln, c.config)) })
		t.Cleanup(func() { _ = f.ShutdownWithTimeout(5 * time.Second) }) // before that of starts
		if a := s.get("/who", nil); a.status != c.status || c.status == 200 && a.body != "urn:one" {
			t.Errorf("%s: a route: %d %s", name, a.status, a.body)
		}
		if got := s.callWho(c.client); strings.Contains(got, "urn:one") != (c.status == 200) {
			t.Errorf("%s: a tool: %s", name, got)
		}
	}
}
