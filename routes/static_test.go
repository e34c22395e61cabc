package routes_test

import (
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
)

//go:embed testdata/site
var embedded embed.FS

// site is a folder with files to serve, and some that are not to be.
func site(t *testing.T) string {
	t.Helper()
	outside := t.TempDir()
	dir := filepath.Join(outside, "public")
	write := func(path, text string) {
		path = filepath.Join(outside, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, text := range map[string]string{
		"secret.txt": "secret", "public/index.html": "<h1>home</h1>", "public/app.js": "let x = 1", "public/docs/index.html": "<h1>docs</h1>",
		"public/a b.txt": "0123456789", "public/empty.txt": "", "public/.env": "secret", "public/.git/config": "secret", "public/folder/only.txt": "x", "public/unknown.zzz": "\x89PNG\r\n\x1a\n",
	} {
		write(path, text)
	}
	for link, to := range map[string]string{"out": "../secret.txt", "away": "/etc/passwd", "up": "..", "inside": "app.js"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// serves starts a server with files under /s/, and gives a function that asks it with a path that no client tidies up.
func serves(t *testing.T, h fiber.Handler) func(method, path string, header ...string) (*http.Response, string) {
	t.Helper()
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	app.AddRoute(fiber.MethodGet, "/s", h)
	app.AddRoute(fiber.MethodGet, "/s/*", h)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Listener(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := app.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return func(method, path string, header ...string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+ln.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque = path
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(b)
	}
}

func TestStatic(t *testing.T) {
	ask := serves(t, routes.Static(site(t)))
	for _, want := range []struct{ path, kind, body string }{
		{"/s/", "text/html; charset=utf-8", "<h1>home</h1>"},
		{"/s/index.html", "text/html; charset=utf-8", "<h1>home</h1>"},
		{"/s/docs", "text/html; charset=utf-8", "<h1>docs</h1>"},
		{"/s/docs/", "text/html; charset=utf-8", "<h1>docs</h1>"},
		{"/s/app.js", "text/javascript; charset=utf-8", "let x = 1"},
		{"/s/a%20b.txt?v=1", "text/plain; charset=utf-8", "0123456789"},
		{"/s/empty.txt", "text/plain; charset=utf-8", ""},
		{"/s/unknown.zzz", "image/png", "\x89PNG\r\n\x1a\n"},
		{"/s/inside", "text/plain; charset=utf-8", "let x = 1"}, // a link that stays inside
	} {
		res, body := ask("GET", want.path)
		if res.StatusCode != 200 || body != want.body || res.Header.Get("Content-Type") != want.kind || res.Header.Get("X-Content-Type-Options") != "nosniff" ||
			res.Header.Get("Etag") == "" || res.Header.Get("Last-Modified") == "" || res.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("GET %s: %d %q %v", want.path, res.StatusCode, body, res.Header)
		}
		head, nothing := ask("HEAD", want.path)
		if head.StatusCode != 200 || nothing != "" || head.Header.Get("Content-Length") != strconv.Itoa(len(want.body)) || head.Header.Get("Etag") != res.Header.Get("Etag") {
			t.Errorf("HEAD %s: %d %v", want.path, head.StatusCode, head.Header)
		}
	}
}

// Whatever the path says and wherever links lead, nothing comes from outside, and nothing that is hidden.
func TestStaticKeepsInside(t *testing.T) {
	ask := serves(t, routes.Static(site(t)))
	for _, path := range []string{
		"/s/../secret.txt", "/s/%2e%2e/secret.txt", "/s/..%2fsecret.txt", "/s/%2e%2e%2fsecret.txt", "/s/docs/../../secret.txt", "/s/docs/%2e%2e/%2e%2e/secret.txt",
		"/s/%252e%252e/secret.txt", "/s/..%5csecret.txt", `/s/..\secret.txt`, "/s//etc/passwd", "/s/%2fetc/passwd", "/s/./app.js%00.txt", "/s/app.js%00",
		"/s/out", "/s/away", "/s/up/secret.txt", "/s/up/", "/s/pipe", "/s/folder", "/s/folder/", "/s/nowhere", "/s/.env", "/s/%2eenv", "/s/.git/config", "/s/docs//index.html",
		"/s/%zz", "/s/app.js/",
	} {
		res, body := ask("GET", path)
		if res.StatusCode == 200 && !strings.Contains(path, "app.js/") || strings.Contains(body, "secret") || strings.Contains(body, "root:") {
			t.Errorf("%s: %d %q", path, res.StatusCode, body)
		}
		if res.StatusCode != 200 && (res.Header.Get("Content-Type") != "application/json" || !strings.Contains(body, `"error"`)) {
			t.Errorf("%s: %d %v %s", path, res.StatusCode, res.Header, body)
		}
	}
	hidden := serves(t, routes.Static(site(t), routes.StaticConfig{Dotfiles: true}))
	if _, body := hidden("GET", "/s/.env"); body != "secret" {
		t.Errorf("with Dotfiles: %q", body)
	}
	// os.DirFS would follow the links.
	follows := serves(t, routes.StaticFS(os.DirFS(site(t))))
	if res, body := follows("GET", "/s/out"); res.StatusCode != 404 {
		t.Errorf("os.DirFS: %d %q", res.StatusCode, body)
	}
	if _, body := follows("GET", "/s/app.js"); body != "let x = 1" {
		t.Errorf("os.DirFS: %q", body)
	}
}

func TestStaticConditions(t *testing.T) {
	ask := serves(t, routes.Static(site(t), routes.StaticConfig{MaxAge: time.Hour, Index: "app.js"}))
	res, body := ask("GET", "/s/")
	tag, at := res.Header.Get("Etag"), res.Header.Get("Last-Modified")
	if body != "let x = 1" || res.Header.Get("Cache-Control") != "max-age=3600" {
		t.Errorf("%q %v", body, res.Header)
	}
	for _, want := range []struct {
		name, value string
		status      int
		body        string
	}{
		{"If-None-Match", tag, 304, ""},
		{"If-None-Match", `"other"`, 200, "let x = 1"},
		{"If-Modified-Since", at, 304, ""},
		{"If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT", 200, "let x = 1"},
		{"If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT", 412, "error"},
		{"Range", "bytes=4-6", 206, "x ="},
		{"Range", "bytes=-1", 206, "1"},
		{"Range", "bytes=100-", 416, "error"},
		{"Range", "bytes=0-1,4-5", 200, "let x = 1"},
		{"Range", "nonsense", 416, "error"},
	} {
		res, body := ask("GET", "/s/app.js", want.name, want.value)
		if res.StatusCode != want.status || body != want.body && (want.body != "error" || !strings.Contains(body, `"error":{`)) {
			t.Errorf("%s: %s: %d %q", want.name, want.value, res.StatusCode, body)
		}
		if want.status == 206 && res.Header.Get("Content-Range") == "" || want.status == 416 && res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s: %v", want.name, want.value, res.Header)
		}
	}
}

// An embedded file has no time: its tag is of its content.
func TestStaticFS(t *testing.T) {
	sub, err := fs.Sub(embedded, "testdata/site")
	if err != nil {
		t.Fatal(err)
	}
	ask := serves(t, routes.StaticFS(sub))
	tags := map[string]bool{}
	for _, path := range []string{"/s/a/same.txt", "/s/b/same.txt"} {
		for range 2 {
			res, _ := ask("GET", path)
			tag := res.Header.Get("Etag")
			if tags[tag] = true; res.StatusCode != 200 || !strings.HasPrefix(tag, `"`) || res.Header.Get("Last-Modified") != "" {
				t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
			}
			if res, body := ask("GET", path, "If-None-Match", tag); res.StatusCode != 304 || body != "" {
				t.Errorf("%s: %d %q", path, res.StatusCode, body)
			}
		}
	}
	if len(tags) != 2 {
		t.Errorf("two files have the tags %v", tags)
	}
	if res, _ := ask("GET", "/s/"); res.StatusCode != 404 {
		t.Errorf("a folder without an index: %d", res.StatusCode)
	}
	unseekable := serves(t, routes.StaticFS(plainFS{fstest.MapFS{"x": {Data: []byte("x")}}}))
	if res, _ := unseekable("GET", "/s/x"); res.StatusCode != 500 {
		t.Errorf("a file that cannot be read from any place: %d", res.StatusCode)
	}
}

// What is kept of a path must not be Fiber's memory, in which the next path stands: a file would have another's tag, and be
// told not to have changed.
func TestStaticKeepsTags(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 64 {
		files[fmt.Sprintf("file-%02d.txt", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "%d", i)}
	}
	ask := serves(t, routes.StaticFS(files))
	tags, again := map[string]string{}, map[string]string{}
	for _, round := range []map[string]string{tags, again} {
		for name := range files {
			res, _ := ask("GET", "/s/"+name)
			round[name] = res.Header.Get("Etag")
		}
	}
	different := map[string]bool{}
	for name, tag := range tags {
		different[tag] = true
		if again[name] != tag {
			t.Errorf("%s has had the tag %s, and has %s", name, tag, again[name])
		}
	}
	if len(different) != len(files) {
		t.Errorf("%d files have %d tags", len(files), len(different))
	}
}

// A file system may keep the names that it is asked for.
func TestStaticNamesMayBeKept(t *testing.T) {
	names := &rememberingFS{FS: fstest.MapFS{"a.txt": {Data: []byte("a")}, "b.txt": {Data: []byte("b")}}}
	ask := serves(t, routes.StaticFS(names))
	for range 4 {
		for _, name := range []string{"a.txt", "b.txt"} {
			if _, body := ask("GET", "/s/"+name); body != name[:1] {
				t.Errorf("%s: %q", name, body)
			}
		}
	}
	names.mu.Lock()
	defer names.mu.Unlock()
	for i, name := range names.opened {
		if want := []string{"a.txt", "b.txt"}[i%2]; name != want {
			t.Errorf("what was opened %d. is %q by now, was %q", i+1, name, want)
		}
	}
}

// rememberingFS keeps the names of what was opened.
type rememberingFS struct {
	fs.FS
	mu     sync.Mutex
	opened []string
}

func (r *rememberingFS) Open(name string) (fs.File, error) {
	r.mu.Lock()
	r.opened = append(r.opened, name)
	r.mu.Unlock()
	return r.FS.Open(name)
}

func (r *rememberingFS) Stat(name string) (fs.FileInfo, error) { return fs.Stat(r.FS, name) }

// plainFS has files that are no io.Seekers.
type plainFS struct{ fstest.MapFS }

func (p plainFS) Open(name string) (fs.File, error) {
	f, err := p.MapFS.Open(name)
	return struct{ fs.File }{f}, err
}

func TestStaticMistakes(t *testing.T) {
	for name, f := range map[string]func(){
		"no folder":      func() { routes.Static(filepath.Join(t.TempDir(), "none")) },
		"no file system": func() { routes.StaticFS(nil) },
	} {
		func() {
			defer func() {
				if v, _ := recover().(string); !strings.HasPrefix(v, "routes: Static") {
					t.Errorf("%s: %q", name, v)
				}
			}()
			f()
		}()
	}
}

// A large file goes out from where it is, and is closed when its client has left.
func TestStaticLargeFile(t *testing.T) {
	dir := t.TempDir()
	const size = 32 << 20
	if err := os.WriteFile(filepath.Join(dir, "large.bin"), make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := serves(t, routes.Static(dir))
	if res, body := ask("GET", "/s/large.bin"); res.StatusCode != 200 || len(body) != size {
		t.Errorf("%d, %d bytes", res.StatusCode, len(body))
	}
	if res, body := ask("GET", "/s/large.bin", "Range", "bytes="+strconv.Itoa(size-3)+"-"); res.StatusCode != 206 || len(body) != 3 {
		t.Errorf("%d, %d bytes", res.StatusCode, len(body))
	}
}
