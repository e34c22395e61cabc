package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01"
	wav = "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"
)

// serve is a server on loopback.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
}

func fails(t *testing.T, err error, why string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("error %v, want %q", err, why)
	}
}

func image(address string, config Config) error {
	config.AllowPrivate = true
	_, err := Image(context.Background(), address, config)
	return err
}

func TestFetch(t *testing.T) {
	block, err := Image(t.Context(), serve(t, says(png)).URL+"/x.bin", Config{AllowPrivate: true})
	if err != nil || block.MimeType != "image/png" || string(block.Data) != png {
		t.Error(block, err)
	}
	sound, err := Audio(t.Context(), serve(t, says(wav)).URL, Config{AllowPrivate: true})
	if err != nil || sound.MimeType != "audio/wav" || string(sound.Data) != wav {
		t.Error(sound, err)
	}
	_, err = Audio(t.Context(), serve(t, says(png)).URL, Config{AllowPrivate: true})
	fails(t, err, "holds image/png, not audio")
	fails(t, image(serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		fmt.Fprint(w, "<html>")
	}).URL, Config{}), "not image") // whatever the server says
	fails(t, image(serve(t, http.NotFound).URL, Config{}), "status 404")
}

func TestMaxBytes(t *testing.T) {
	for name, body := range map[string]http.HandlerFunc{
		"announced": says(png),
		"chunked":   func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush(); fmt.Fprint(w, png) },
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, body).URL
			if err := image(address, Config{MaxBytes: int64(len(png))}); err != nil {
				t.Error("at the bound:", err)
			}
			fails(t, image(address, Config{MaxBytes: int64(len(png)) - 1}), "Config.MaxBytes")
		})
	}
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	err := image(server.URL, Config{Timeout: 20 * time.Millisecond})
	fails(t, err, "Config.Timeout")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Image(ctx, server.URL, Config{AllowPrivate: true}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// countdown redirects n times, and then has an image.
func countdown(t *testing.T) *httptest.Server {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &n)
		if r.Header.Get("Referer") != "" {
			t.Error("the address before is told to the next host")
		}
		if n == 0 {
			fmt.Fprint(w, png)
			return
		}
		http.Redirect(w, r, fmt.Sprintf("/%d", n-1), http.StatusFound)
	})
}

func TestRedirects(t *testing.T) {
	address := countdown(t).URL
	for _, c := range []struct {
		redirects int
		config    Config
		ok        bool
	}{
		{5, Config{}, true}, {6, Config{}, false},
		{2, Config{MaxRedirects: 2}, true}, {3, Config{MaxRedirects: 2}, false},
		{0, Config{MaxRedirects: -1}, true}, {1, Config{MaxRedirects: -1}, false},
	} {
		err := image(fmt.Sprintf("%s/%d", address, c.redirects), c.config)
		if c.ok && err != nil {
			t.Errorf("%d redirects: %v", c.redirects, err)
		} else if !c.ok {
			fails(t, err, "Config.MaxRedirects")
		}
	}
}

func TestSchemes(t *testing.T) {
	for _, address := range []string{"file:///etc/passwd", "ftp://example.com/", "gopher://x/", "data:image/png;base64,", "/x", "//host/x"} {
		fails(t, image(address, Config{}), "only http and https")
	}
	fails(t, image("http:///x", Config{}), "no host")
	fails(t, image("http://\x7f/", Config{}), "not a URL")
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(http.StatusFound)
	})
	fails(t, image(server.URL, Config{}), "only http and https")
}

// TestLoopbackRefused: by default, in each of its spellings, before anything is sent.
func TestLoopbackRefused(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was reached") })
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "127.1.2.3", "localhost", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::1]", "0.0.0.0", "[::]"} {
		address := "http://" + host + ":" + target.Port() + "/"
		for _, config := range [][]Config{nil, {{}}} {
			_, err := Image(t.Context(), address, config...)
			fails(t, err, "Config.AllowPrivate")
			if !errors.Is(err, ErrPrivate) {
				t.Errorf("%s: %v", host, err)
			}
		}
	}
	_, err = Audio(t.Context(), server.URL)
	fails(t, err, "Config.AllowPrivate")
}

// TestRedirectToLoopbackRefused: the check is made again for every connection. Only the first server passes here, as a
// public one would.
func TestRedirectToLoopbackRefused(t *testing.T) {
	secret := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was reached") })
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		reached := false
		target, _ := url.Parse(secret.URL)
		first := serve(t, func(w http.ResponseWriter, r *http.Request) {
			reached = true
			http.Redirect(w, r, "http://"+host+":"+target.Port()+"/", http.StatusFound)
		})
		permitted := strings.TrimPrefix(first.URL, "http://")
		check := func(network, address string, c syscall.RawConn) error {
			if address == permitted {
				return nil
			}
			return publicOnly(network, address, c)
		}
		_, err := get(t.Context(), first.URL, ConfigDefault, check)
		if !errors.Is(err, ErrPrivate) || !reached {
			t.Errorf("%s: reached %v, %v", host, reached, err)
		}
	}
}

// TestProxyIgnored: the environment does not decide who makes the connection.
func TestProxyIgnored(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was used") })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	client, done := clientOf(ConfigDefault, publicOnly)
	defer done()
	if client.Transport.(*http.Transport).Proxy != nil {
		t.Error("the transport has a proxy")
	}
	if err := image(serve(t, says(png)).URL, Config{}); err != nil {
		t.Error(err)
	}
}

// TestErrorsKeepSecrets: addresses are signed in their queries.
func TestErrorsKeepSecrets(t *testing.T) {
	server := serve(t, http.NotFound)
	for _, address := range []string{
		strings.Replace(server.URL, "//", "//user:secret@", 1) + "/x?token=secret#secret",
		"http://user:secret@127.0.0.1:1/x?token=secret",
		"ftp://user:secret@host/?secret",
		"http://user:secret@\x7f/",
	} {
		err := image(address, Config{})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Error(err)
		}
	}
}

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"1.1.1.1": true, "93.184.216.34": true, "2606:4700:4700::1111": true, "::ffff:1.1.1.1": true, "64:ff9b::101:101": true,
		"100.63.255.255": true, "100.128.0.0": true, "172.15.0.1": true, "172.32.0.1": true, "198.17.0.1": true, "198.20.0.1": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "127.0.0.1": false, "127.255.255.255": false,
		"100.64.0.1": false, "100.100.100.200": false, "100.127.255.255": false,
		"169.254.169.254": false, "169.254.0.1": false, "168.63.129.16": false, "192.0.0.192": false,
		"172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "192.0.2.1": false, "198.18.0.1": false,
		"198.19.255.255": false, "198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "239.255.255.255": false,
		"240.0.0.1": false, "255.255.255.255": false, "192.88.99.1": false,
		"::": false, "::1": false, "::127.0.0.1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false,
		"::ffff:169.254.169.254": false, "64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false,
		"fe80::1": false, "fe80::1%eth0": false, "2606:4700::1%eth0": false, "fec0::1": false, "fc00::1": false, "fd00:ec2::254": false,
		"ff02::1": false, "2001::1": false, "2001:db8::1": false, "2002:7f00:1::": false, "3fff::1": false, "100::1": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: public %v, want %v", address, got, want)
		}
	}
	if public(netip.Addr{}) {
		t.Error("no address is public")
	}
	if publicOnly("unix", "/run/docker.sock", nil) == nil {
		t.Error("a socket is public")
	}
}
