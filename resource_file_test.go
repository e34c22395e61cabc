//go:build unix

package fastmcp_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
)

// put writes a file, and the directories that it is in.
func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func link(t testing.TB, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

// absent reads what must not be found, in every revision, and cannot be told from what is not there.
func (s *server) absent(uri string) {
	s.t.Helper()
	same := func(revision string, code int, a, missing answer) {
		s.t.Helper()
		a.message(s.t).fails(s.t, code, "Resource not found", fmt.Sprintf(`{"uri":%q}`, uri))
		if a.status != 200 || missing.status != 200 || strings.ReplaceAll(a.body, uri, "no://such") != missing.body {
			s.t.Errorf("%s %s: %d %s, but what is not there is %d %s", revision, uri, a.status, a.body, missing.status, missing.body)
		}
	}
	same("2026-07-28", -32602, s.read("", uri), s.read("", "no://such"))
	for _, revision := range revisions {
		c := s.open(revision)
		a := c.send("resources/read", fmt.Sprintf(`"uri":%q`, uri))
		c.next = 0
		same(revision, -32002, a, c.send("resources/read", `"uri":"no://such"`))
	}
}

func TestFileIsWhatItsNameAndBytesSay(t *testing.T) {
	dir := t.TempDir()
	png := "\x89PNG\r\n\x1a\n"
	blob := func(s string) string { return `"blob":"` + base64.StdEncoding.EncodeToString([]byte(s)) + `"` }
	app, l := newApp(t, fastmcp.Config{})
	cases := []struct{ name, mime, text, want string }{
		{"a.md", "", "# hi", `"mimeType":"text/markdown","text":"# hi"`},
		{"A.JSON", "", "{}", `"mimeType":"application/json","text":"{}"`},
		{"a.yaml", "", "a: 1", `"mimeType":"application/yaml","text":"a: 1"`},
		{"a.svg", "", "<svg/>", `"mimeType":"image/svg+xml","text":"<svg/>"`},
		{"motd", "", "hi \u00fc", `"mimeType":"text/plain","text":"hi ü"`},
		{"motd.html", "text/x-own; charset=utf-8", "hi", `"mimeType":"text/x-own; charset=utf-8","text":"hi"`},
		{"zipped.txt", "application/zip", "hi", `"mimeType":"application/zip",` + blob("hi")},
		{"latin.txt", "", "h\xfc", `"mimeType":"text/plain",` + blob("h\xfc")},
		{"image", "", png, `"mimeType":"image/png",` + blob(png)},
		{"image.png", "", "not one", `"mimeType":"image/png",` + blob("not one")},
		{"data.bin", "", "\x00\x01", `"mimeType":"application/octet-stream",` + blob("\x00\x01")},
		{"empty", "", "", `"mimeType":"text/plain","text":""`},
		{"empty.bin", "application/octet-stream", "", `"mimeType":"application/octet-stream","blob":""`},
	}
	for _, c := range cases {
		put(t, filepath.Join(dir, c.name), c.text)
		app.AddResource(fastmcp.Resource{URI: "file:///" + c.name, MimeType: c.mime, Handler: fastmcp.File(filepath.Join(dir, c.name))})
	}
	app.AddTool(fastmcp.Tool{Name: "embed", Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct{ URI string }) (content.ResourceBlock, error) {
		return c.Embed(in.URI)
	})})
	s := serve(t, app, l)
	session := s.open("2025-03-26")
	for _, c := range cases {
		uri := "file:///" + c.name
		want := `{"uri":"` + uri + `",` + c.want + `}`
		if got := s.read("", uri).message(t).contents(t); got != `[`+want+`]` {
			t.Errorf("%s\nnot %s", got, want)
		}
		if got := session.send("resources/read", fmt.Sprintf(`"uri":%q`, uri)).message(t).contents(t); got != `[`+want+`]` {
			t.Errorf("%s\nnot %s", got, want)
		}
		if a := s.callStateless("embed", fmt.Sprintf(`{"URI":%q}`, uri)); !strings.Contains(a.body, want) {
			t.Errorf("embedded it is %s\nnot %s", a.body, want)
		}
	}
}

func TestFileIsReadAtEachRequest(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "motd")
	t.Chdir(dir)
	app, l := newApp(t, fastmcp.Config{})
	app.AddResource(fastmcp.Resource{URI: "a://motd", Handler: fastmcp.File("motd")})
	t.Chdir(os.TempDir())
	s := serve(t, app, l)
	s.absent("a://motd")
	for _, text := range []string{"one", "two and more"} {
		put(t, path, text)
		if got := textOf(s.read("", "a://motd").message(t).contents(t)); got != text {
			t.Errorf("%q is not %q", got, text)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.absent("a://motd")
	if !strings.Contains(l.String(), "file cannot be read") || !strings.Contains(l.String(), "no such file") {
		t.Errorf("the operator is not told:\n%s", l)
	}
	put(t, filepath.Join(dir, "elsewhere"), "followed")
	link(t, "elsewhere", path)
	if got := textOf(s.read("", "a://motd").message(t).contents(t)); got != "followed" {
		t.Errorf("a link of the operator's gives %q", got)
	}
}

func TestFileOfAFileSystem(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	fsys := fstest.MapFS{"guide/a.md": {Data: []byte("# A")}}
	app.AddResource(fastmcp.Resource{URI: "a://a", Handler: fastmcp.File("guide/a.md", fastmcp.FileConfig{FS: fsys})})
	app.AddResource(fastmcp.Resource{URI: "a://none", Handler: fastmcp.File("guide/b.md", fastmcp.FileConfig{FS: fsys})})
	s := serve(t, app, l)
	if got := s.read("", "a://a").message(t).contents(t); got != `[{"uri":"a://a","mimeType":"text/markdown","text":"# A"}]` {
		t.Error(got)
	}
	s.absent("a://none")
}

func TestFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "file"), "x")
	app, l := newApp(t, fastmcp.Config{})
	for name, path := range map[string]string{"pipe": "pipe", "dir": ".", "below": "file/x", "long": strings.Repeat("n", 300)} {
		app.AddResource(fastmcp.Resource{URI: "a://" + name, Handler: fastmcp.File(filepath.Join(dir, path))})
	}
	app.AddResource(fastmcp.Resource{URI: "a://device", Handler: fastmcp.File("/dev/zero")})
	s := serve(t, app, l)
	for _, name := range []string{"pipe", "dir", "below", "long", "device"} {
		s.absent("a://" + name)
	}
	for what, f := range map[string]func(){
		"File was given no path":                   func() { fastmcp.File("") },
		`"/etc/motd", which is no path of a file`:  func() { fastmcp.File("/etc/motd", fastmcp.FileConfig{FS: fstest.MapFS{}}) },
		`"../etc/motd", which is no path of a fil`: func() { fastmcp.File("../etc/motd", fastmcp.FileConfig{FS: fstest.MapFS{}}) },
	} {
		if got := fmt.Sprint(panicOf(f)); !strings.Contains(got, what) {
			t.Errorf("%q does not say %q", got, what)
		}
	}
}

func TestFileAtItsBound(t *testing.T) {
	dir := t.TempDir()
	app, l := newApp(t, fastmcp.Config{})
	add := func(name string, size int, config fastmcp.FileConfig) {
		put(t, filepath.Join(dir, name), strings.Repeat("x", size))
		app.AddResource(fastmcp.Resource{URI: "a://" + name, Handler: fastmcp.File(filepath.Join(dir, name), config)})
	}
	add("fits", 8, fastmcp.FileConfig{MaxBytes: 8})
	add("over", 9, fastmcp.FileConfig{MaxBytes: 8})
	add("default", content.DefaultMaxFileBytes, fastmcp.FileConfig{MaxBytes: -1})
	add("overdefault", content.DefaultMaxFileBytes+1, fastmcp.FileConfig{})
	s := serve(t, app, l)
	for name, size := range map[string]int{"fits": 8, "default": content.DefaultMaxFileBytes} {
		if got := len(textOf(s.read("", "a://"+name).message(t).contents(t))); got != size {
			t.Errorf("%s: %d bytes", name, got)
		}
	}
	for name, words := range map[string]string{
		"over":        "the file is too large to be read: it has 9 bytes or more, and 8 is the most",
		"overdefault": "it has 10485761 bytes or more, and 10485760 is the most",
	} {
		s.read("", "a://"+name).message(t).fails(t, -32603, words)
	}
	if !strings.Contains(l.String(), "raise MaxBytes") {
		t.Errorf("the operator is not told the cure:\n%s", l)
	}
}

func TestEmbedThatNeverEnds(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddResource(fastmcp.Resource{URI: "a://self", Handler: fastmcp.Get(func(c *fastmcp.Context) (content.ResourceBlock, error) { return c.Embed("a://other") })})
	app.AddResource(fastmcp.Resource{URI: "a://other", Handler: fastmcp.Get(func(c *fastmcp.Context) (content.ResourceBlock, error) { return c.Embed("a://self") })})
	app.AddResource(fastmcp.Resource{URI: "a://leaf", Handler: gives("leaf")})
	// nest://n embeds the one below: n others, then a leaf.
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "nest://{n}", Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
		N int `json:"n"`
	}) (content.ResourceBlock, error) {
		if in.N == 1 {
			return c.Embed("a://leaf")
		}
		return c.Embed(fmt.Sprintf("nest://%d", in.N-1))
	})})
	var mu sync.Mutex
	seen := 0
	app.AddTool(fastmcp.Tool{Name: "many", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if _, err := c.Embed("a://leaf"); err == nil {
					mu.Lock()
					seen++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		for range 300 { // one after the other there is no bound
			if _, err := c.Embed("a://leaf"); err != nil {
				return "", err
			}
		}
		return fmt.Sprint(seen), nil
	})})
	s := serve(t, app, l)
	s.read("", "a://self").message(t).fails(t, -32603, "Internal error", "correlationId")
	if !strings.Contains(l.String(), "one that embeds itself, or another that embeds it, must not") {
		t.Errorf("the operator is not told the cure:\n%s", l)
	}
	if got := textOf(s.read("", "nest://100").message(t).contents(t)); got != "leaf" {
		t.Error(got)
	}
	s.read("", "nest://101").message(t).fails(t, -32603, "Internal error")
	if got := s.callStateless("many", `{}`).message(t).tool(t).text(); got != "100" {
		t.Errorf("%s of 100 at once", got)
	}
}
