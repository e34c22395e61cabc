package fastmcp_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// unixClient is an HTTP client that reaches a socket in the file system.
func unixClient(t *testing.T, path string) *http.Client {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// socketDir is a folder whose name is short enough for a socket's.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mcp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// over calls MCP by a client of its own.
func (s *opened) over(client *http.Client, method, body string, h headers) answer {
	s.t.Helper()
	req := (&server{t: s.t, url: s.base + "/mcp"}).request(s.t.Context(), method, h, body)
	res, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	return readAll(s.t, res)
}

func TestUnixSocket(t *testing.T) {
	for _, mode := range []fs.FileMode{0, 0o600, 0o666} {
		path := filepath.Join(socketDir(t), "mcp.sock")
		l := livingApp(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{SocketMode: mode}})
		client := unixClient(t, path)
		s := listens(t, l.app, l.log, "unix:"+path, client)
		want := mode
		if mode == 0 {
			want = 0o660
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != want|fs.ModeSocket {
			t.Errorf("%v: %v, %v", mode, info.Mode(), err)
		}
		for range 2 {
			a := s.over(client, "POST", stateless(1, "tools/call", `"name":"add","arguments":{"a":1,"b":2}`, ""), statelessHeaders("tools/call", "add"))
			if a.message(t).tool(t).text() != `{"sum":3}` {
				t.Errorf("%d %s", a.status, a.body)
			}
			a = s.over(client, "POST", stateless(1, "tools/call", `"name":"notes","arguments":{"from":1,"to":3}`, ""), statelessHeaders("tools/call", "notes"))
			if len(a.messages(t)) != 4 {
				t.Errorf("a stream: %d %s", a.status, a.body)
			}
		}
		s.stop()
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file is left: %v", err)
		}
	}
}

// What a process has left that did not end properly is replaced; what somebody uses, or is something else, is not.
func TestUnixSocketThatIsThere(t *testing.T) {
	dir := socketDir(t)
	stale := filepath.Join(dir, "stale.sock")
	old, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale})
	if err != nil {
		t.Fatal(err)
	}
	old.SetUnlinkOnClose(false)
	_ = old.Close()
	app, l := newApp(t, fastmcp.Config{})
	listens(t, app, l, "unix:"+stale, unixClient(t, stale))

	used := filepath.Join(dir, "used.sock")
	ln, err := net.Listen("unix", used)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("keep"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for path, cure := range map[string]string{
		used: "somebody listens there", file: "is no socket", link: "is no socket", dir: "is no socket",
		filepath.Join(dir, "none", "x.sock"): "no such file", "": "needs the path",
		filepath.Join(dir, strings.Repeat("x", 108)): "use a shorter one",
	} {
		if err := fastmcp.New().Listen("unix:" + path); err == nil || !strings.HasPrefix(err.Error(), "fastmcp: ") || !strings.Contains(err.Error(), cure) {
			t.Errorf("%q: %v", path, err)
		}
	}
	if err := fastmcp.New().Listen("unix:" + used); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("%v", err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "keep" {
		t.Errorf("a file was touched: %s, %v", b, err)
	}
	if conn, err := net.Dial("unix", used); err != nil {
		t.Errorf("a socket was taken from who listens there: %v", err)
	} else {
		_ = conn.Close()
	}
}

// An App may listen on several addresses. What protects one of this machine from pages in a browser is not undone by another
// that no browser reaches.
func TestListenOnSeveral(t *testing.T) {
	path := filepath.Join(socketDir(t), "mcp.sock")
	l := livingApp(t, fastmcp.Config{})
	l.server = serve(t, l.app, l.log)
	within(t, 5*time.Second, "it is served", func() bool { return l.at("GET", "/nowhere", nil).status == 404 })
	client := unixClient(t, path)
	s := listens(t, l.app, l.log, "unix:"+path, client)
	call := stateless(1, "tools/call", `"name":"add","arguments":{"a":1,"b":2}`, "")
	h := statelessHeaders("tools/call", "add")
	if a := s.over(client, "POST", call, h); a.status != 200 {
		t.Errorf("the socket: %d %s", a.status, a.body)
	}
	if a := l.do("POST", h, call); a.status != 200 {
		t.Errorf("TCP: %d %s", a.status, a.body)
	}
	h["Host"] = "evil.example"
	if a := l.do("POST", h, call); a.status != 403 {
		t.Errorf("TCP, for another host: %d %s", a.status, a.body)
	}
}

func readAll(t testing.TB, res *http.Response) answer {
	t.Helper()
	defer func() { _ = res.Body.Close() }()
	b := new(strings.Builder)
	if _, err := io.Copy(b, res.Body); err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, b.String()}
}
