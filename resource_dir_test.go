//go:build unix

package fastmcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
)

// listedResource is a resource as a list has it.
type listedResource struct {
	URI, Name, MimeType string
	Size                int64
	Annotations         struct {
		LastModified string
		Audience     []string
	}
}

// listed are all resources that a caller sees in 2026-07-28, page for page.
func (s *server) listed(token string) (all []listedResource) {
	s.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Resources  []listedResource
			NextCursor string
		}
		params := ""
		if cursor != "" {
			params = fmt.Sprintf(`"cursor":%q`, cursor)
		}
		m := s.inquire(token, "resources/list", "", params).message(s.t)
		if m.Error != nil || json.Unmarshal(m.Result, &page) != nil {
			s.t.Fatalf("%s %+v", m.Result, m.Error)
		}
		if all = append(all, page.Resources...); page.NextCursor == "" {
			return all
		}
		cursor = page.NextCursor
	}
}

func (s *server) listedURIs(token string) (all []string) {
	s.t.Helper()
	for _, r := range s.listed(token) {
		all = append(all, r.URI)
	}
	return all
}

// wantURIs fails the test unless the list is this one, in this order.
func (s *server) wantURIs(token string, want ...string) {
	s.t.Helper()
	if got := s.listedURIs(token); !slices.Equal(got, want) {
		s.t.Errorf("listed is %q\nnot %q", got, want)
	}
}

// inDirectory are the names that reading a directory gives.
func (s *server) inDirectory(token, uri string) string {
	s.t.Helper()
	var index struct {
		Entries []struct{ Name string }
		HasMore bool
	}
	var contents []struct{ MimeType, Text string }
	if err := json.Unmarshal([]byte(s.read(token, uri).message(s.t).contents(s.t)), &contents); err != nil || len(contents) != 1 {
		s.t.Fatalf("%v %v", contents, err)
	}
	if err := json.Unmarshal([]byte(contents[0].Text), &index); err != nil || contents[0].MimeType != "application/json" {
		s.t.Fatalf("%v %v", contents, err)
	}
	var names []string
	for _, e := range index.Entries {
		names = append(names, e.Name)
	}
	if index.HasMore {
		names = append(names, "...")
	}
	return strings.Join(names, " ")
}

// text reads what is there.
func (s *server) text(uri string) string {
	s.t.Helper()
	return textOf(s.read("", uri).message(s.t).contents(s.t))
}

func TestFilesAreListedAndRead(t *testing.T) {
	dir := t.TempDir()
	put(t, dir+"/b.txt", "bee")
	put(t, dir+"/a/deep/x.json", "{}")
	put(t, dir+"/a/b.md", "# B")
	put(t, dir+"/empty/.keep", "")
	changed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := os.Chtimes(dir+"/b.txt", changed, changed); err != nil {
		t.Fatal(err)
	}
	app, l := newApp(t, fastmcp.Config{PageSize: 2})
	app.AddResource(fastmcp.Resource{URI: "a://first", Handler: gives("")})
	app.AddFiles(fastmcp.Files{URI: "docs://", Dir: dir, Name: "docs", List: true, Annotations: &content.Annotations{Audience: []string{"user"}}})
	s := serve(t, app, l)
	s.wantURIs("", "a://first", "docs://", "docs://a/b.md", "docs://a/deep/x.json", "docs://b.txt")
	last := s.listed("")[4]
	if last.Name != "b.txt" || last.MimeType != "text/plain" || last.Size != 3 || last.Annotations.LastModified != "2026-01-02T03:04:05Z" || !slices.Equal(last.Annotations.Audience, []string{"user"}) {
		t.Errorf("%+v", last)
	}
	for _, revision := range revisions {
		c := s.open(revision)
		got := c.send("resources/read", `"uri":"docs://a/b.md"`).message(t).contents(t)
		if got != `[{"uri":"docs://a/b.md","mimeType":"text/markdown","text":"# B"}]` {
			t.Errorf("%s: %s", revision, got)
		}
		if list := c.send("resources/templates/list", "").body; !strings.Contains(list, `"uriTemplate":"docs://{+path}","name":"docs"`) {
			t.Errorf("%s: %s", revision, list)
		}
	}
	for uri, want := range map[string]string{"docs://": "a/ b.txt empty/", "docs://a": "b.md deep/", "docs://a/": "b.md deep/", "docs://empty/": ""} {
		if got := s.inDirectory("", uri); got != want {
			t.Errorf("%s has %q, not %q", uri, got, want)
		}
	}
	want := `{\"entries\":[{\"uri\":\"docs://a/\",\"name\":\"a/\",\"mimeType\":\"inode/directory\"},` +
		`{\"uri\":\"docs://b.txt\",\"name\":\"b.txt\",\"mimeType\":\"text/plain\",\"size\":3,\"lastModified\":\"2026-01-02T03:04:05Z\"}`
	if got := s.text("docs://"); !strings.HasPrefix(got, want) {
		t.Errorf("%s\nis not %s", got, want)
	}
	for _, uri := range []string{"docs://b.txt/", "docs://a//b.md", "docs://a/./b.md", "docs://.", "docs://empty/.keep", "docs://nosuch", "docs://a%2Fb.md", "docs://a%2fdeep/x.json"} {
		s.absent(uri)
	}
	for typed, want := range map[string]string{"": `["a/b.md","a/deep/x.json","b.txt"]`, "b": `["b.txt","a/b.md"]`, "xj": `["a/deep/x.json"]`, "zz": `[]`} {
		if got := s.completes("", "docs://{+path}", "path", typed, "").message(t).values(t); got != `{"values":`+want+`}` {
			t.Errorf("%q: %s", typed, got)
		}
	}
}

// Without List nothing tells which files there are.
func TestFilesThatAreNotListed(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddFiles(fastmcp.Files{URI: "docs://", FS: fstest.MapFS{"a/b.md": {Data: []byte("bee")}}})
	s := serve(t, app, l)
	s.wantURIs("")
	if got := s.text("docs://a/b.md"); got != "bee" {
		t.Error(got)
	}
	for _, uri := range []string{"docs://", "docs://a", "docs://a/"} {
		s.absent(uri)
	}
	if got := s.completes("", "docs://{+path}", "path", "", "").message(t).values(t); got != `{"values":[]}` {
		t.Error(got)
	}
}

func TestFilesThatMustNotBeRead(t *testing.T) {
	outside := t.TempDir()
	put(t, outside+"/passwd", "secret")
	dir := filepath.Join(outside, "docs")
	put(t, dir+"/in.txt", "in")
	put(t, dir+"/..a/b..txt", "dots are letters, too")
	put(t, dir+"/.env", "secret")
	put(t, dir+"/.git/config", "secret")
	put(t, dir+"/a\\b", "secret")
	put(t, dir+"/line\nbreak", "secret")
	put(t, dir+"/%2e%2e", "secret")
	put(t, dir+"/locked", "secret")
	if err := errors.Join(syscall.Mkfifo(dir+"/pipe", 0o600), os.Chmod(dir+"/locked", 0)); err != nil {
		t.Fatal(err)
	}
	link(t, "../passwd", dir+"/out.txt")
	link(t, outside, dir+"/outdir")
	link(t, "/etc/passwd", dir+"/absolute.txt")
	link(t, "loop", dir+"/loop")
	link(t, "in.txt", dir+"/link.txt")
	link(t, "/dev/zero", dir+"/zero")
	refused := []string{
		"../passwd", "..", "../", "x/../../passwd", "../../../../../../etc/passwd", "in.txt/../../passwd", "./in.txt",
		"/etc/passwd", "//etc/passwd", outside + "/passwd", "C:/passwd", "c:%5Cpasswd",
		"..%5Cpasswd", "..%5cpasswd", "a%5Cb", "%5Cetc%5Cpasswd",
		"in.txt%00", "%00", "in.txt%00.md", "line%0Abreak", "%7F",
		"%2e%2e/passwd", "%2E%2E%2Fpasswd", "..%2fpasswd", "%2fetc%2fpasswd", ".%2e/passwd",
		"%252e%252e", "%252e%252e%252fpasswd", "%25252e%25252e/passwd",
		"..;/passwd", ".../passwd", ".. /passwd", "..%20/passwd",
		"%c0%ae%c0%ae/passwd", "%ff", "%zz", "%",
		"out.txt", "outdir", "outdir/passwd", "absolute.txt", "loop", "loop/x", "zero", "pipe", "in.txt/x", "locked/x",
		".env", ".git/config", ".git", "..a/b..txt", "nosuch/../in.txt", strings.Repeat("n", 300), strings.Repeat("n/", 3000) + "x",
		"in.txt?x=1", "in.txt#x", "?", "#",
	}
	for kind, files := range map[string]fastmcp.Files{
		"Dir": {Dir: dir}, "os.DirFS": {FS: os.DirFS(dir)}, "fs.Sub": {FS: sub(t, os.DirFS(outside), "docs")},
	} {
		t.Run(kind, func(t *testing.T) {
			app, l := newApp(t, fastmcp.Config{})
			files.URI, files.List = "docs://", true
			app.AddFiles(files)
			s := serve(t, app, l)
			for _, path := range refused {
				s.absent("docs://" + path)
			}
			want := []string{"docs://", "docs://in.txt", "docs://link.txt", "docs://locked"}
			if kind == "Dir" {
				if got := s.text("docs://link.txt"); got != "in" {
					t.Errorf("a link that stays in the directory gives %q", got)
				}
			} else {
				want = slices.Delete(want, 2, 3)
				s.absent("docs://link.txt")
			}
			s.wantURIs("", want...)
			if os.Geteuid() != 0 { // root may read everything
				s.absent("docs://locked")
			}
			if got := s.text("docs://in.txt"); got != "in" {
				t.Error(got)
			}
		})
	}
}

func sub(t testing.TB, fsys fs.FS, dir string) fs.FS {
	t.Helper()
	inner, err := fs.Sub(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

// What a list names is read under the URI that it has, whatever is in the name; and completed, it is expanded by a
// client (RFC 6570) to a URI that is read, too.
func TestFileNamesComeBack(t *testing.T) {
	dir := t.TempDir()
	names := []string{
		"über straße.md", "日本/語.txt", "100%.txt", "100%41.txt", "a?b=c&d.txt", "a#b.txt", "a b.txt", "a+b,c;d=e@f:g.txt", "~(x)[y]{z}'!*$.txt",
		"a%b/c%20d.txt", `quo"te<>|^` + "`.txt", "😀.txt", "..two.txt", "trailing ", "nbsp\u00a0.txt", "a..b",
	}
	for _, name := range names {
		put(t, filepath.Join(dir, name), "in "+name)
	}
	app, l := newApp(t, fastmcp.Config{PageSize: 3})
	app.AddFiles(fastmcp.Files{URI: "docs://site/", Dir: dir, List: true, Hidden: true})
	app.AddFiles(fastmcp.Files{URI: "quiet://site/", Dir: dir, Hidden: true})
	s := serve(t, app, l)
	session := s.open("2024-11-05")
	read := func(uri, name string) {
		t.Helper()
		for _, a := range []answer{s.read("", uri), session.send("resources/read", fmt.Sprintf(`"uri":%q`, uri))} {
			var contents []struct{ URI, Text string }
			if json.Unmarshal([]byte(a.message(t).contents(t)), &contents) != nil || len(contents) != 1 || contents[0].Text != "in "+name || contents[0].URI != uri {
				t.Errorf("%s (%s): %s", uri, name, a.body)
			}
		}
	}
	found := map[string]bool{}
	for _, r := range s.listed("")[1:] {
		found[r.Name] = true
		read(r.URI, r.Name)
		read(strings.Replace(r.URI, "docs:", "quiet:", 1), r.Name) // by the template
	}
	if len(found) != len(names) {
		t.Errorf("%d of %d are listed: %v", len(found), len(names), found)
	}
	read("quiet://site/a%62%20c"[:13]+"%61%20b.txt", "a b.txt") // escapes that need not be
	read("quiet://site/a?b=c&d.txt", "a?b=c&d.txt")             // as {+path} is expanded
}

func TestHiddenMatchAndIgnore(t *testing.T) {
	fsys := fstest.MapFS{}
	for _, name := range []string{".env", ".well-known/x.md", "a.md", "a.MD", "b.txt", "guide/a.md", "guide/deep/b.md", "node_modules/m.md", "x/node_modules/m.md", "Secret.md", "private/s.md"} {
		fsys[name] = &fstest.MapFile{Data: []byte(name)}
	}
	for _, c := range []struct {
		files fastmcp.Files
		want  string
	}{
		{fastmcp.Files{}, "Secret.md a.MD a.md b.txt guide/a.md guide/deep/b.md node_modules/m.md private/s.md x/node_modules/m.md"},
		{fastmcp.Files{Hidden: true, Match: []string{".*", "x.md"}}, ".env .well-known/x.md"},
		{fastmcp.Files{Match: []string{"*.md"}, Ignore: []string{"NODE_modules", "secret.*", "Private/*"}}, "a.md guide/a.md guide/deep/b.md"},
		{fastmcp.Files{Match: []string{"guide/*", "b.txt"}}, "b.txt guide/a.md"},
		{fastmcp.Files{Ignore: []string{"*"}}, ""},
	} {
		app, l := newApp(t, fastmcp.Config{})
		c.files.URI, c.files.FS, c.files.List = "docs://", fsys, true
		app.AddFiles(c.files)
		s := serve(t, app, l)
		var got []string
		for _, r := range s.listed("")[1:] {
			got = append(got, r.Name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q\nnot %q", got, c.want)
		}
		for name := range fsys {
			if slices.Contains(got, name) {
				if text := s.text("docs://" + name); text != name {
					t.Errorf("%s: %s", name, text)
				}
			} else {
				s.absent("docs://" + name)
			}
		}
	}
}

func TestFilesAtTheirBounds(t *testing.T) {
	fsys := fstest.MapFS{"a/1": {}, "a/2": {}, "b": {Data: []byte("1234")}, "c": {Data: []byte("12345")}}
	for max, want := range map[int][]string{
		1: {"docs://"}, 3: {"docs://", "docs://b", "docs://c"}, 4: {"docs://", "docs://a/1", "docs://b", "docs://c"},
		5: {"docs://", "docs://a/1", "docs://a/2", "docs://b", "docs://c"}, 0: {"docs://", "docs://a/1", "docs://a/2", "docs://b", "docs://c"},
	} {
		app, l := newApp(t, fastmcp.Config{})
		app.AddFiles(fastmcp.Files{URI: "docs://", FS: fsys, List: true, MaxFiles: max, MaxBytes: 4})
		s := serve(t, app, l)
		if got := s.listedURIs(""); max > 2 && !slices.Equal(got, want) || max == 1 && len(got) > 2 {
			t.Errorf("%d: %q", max, got)
		}
		if told := strings.Contains(l.String(), "raise Files.MaxFiles"); told != (max > 0 && max < 5) {
			t.Errorf("%d: the operator is told: %v", max, told)
		}
		if got := s.inDirectory("", "docs://"); strings.HasSuffix(got, "...") != (max == 1) {
			t.Errorf("%d: %s", max, got)
		}
		if got := s.text("docs://b"); got != "1234" {
			t.Error(got)
		}
		s.read("", "docs://c").message(t).fails(t, -32603, "docs://c is too large to be read: it has 5 bytes or more, and 4 is the most")
	}
}

func TestFilesAreGuardedByTheirOnlyName(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	fsys := fstest.MapFS{"a b.md": {Data: []byte("open")}, "private/a b.md": {Data: []byte("secret")}}
	root := says("root")
	app.AddFiles(fastmcp.Files{URI: "docs://", FS: fsys, List: true, CanAccess: func(ctx context.Context, a *auth.Access) auth.Decision {
		if a.Name == "docs://private" || strings.HasPrefix(a.Name, "docs://private/") {
			return root(ctx, a)
		}
		return auth.Allow()
	}})
	s := serve(t, app, l)
	for _, uri := range []string{"docs://private/a%20b.md", "docs://%70rivate/a%20b.md", "docs://privat%65/%61%20b.md", "docs://private", "docs://private/", "docs://%70rivate/"} {
		s.absent(uri)
	}
	if got := textOf(s.read(rootToken, "docs://privat%65/%61%20b.md").message(t).contents(t)); got != "secret" {
		t.Error(got)
	}
	s.wantURIs("", "docs://", "docs://a%20b.md")
	s.wantURIs(rootToken, "docs://", "docs://a%20b.md", "docs://private/a%20b.md")
	for token, want := range map[string][2]string{"": {"a b.md", `["a b.md"]`}, rootToken: {"a b.md private/", `["a b.md","private/a b.md"]`}} {
		if got := s.inDirectory(token, "docs://"); got != want[0] {
			t.Errorf("%q: %s", token, got)
		}
		if got := s.completes(token, "docs://{+path}", "path", "a", "").message(t).values(t); got != `{"values":`+want[1]+`}` {
			t.Errorf("%q: %s", token, got)
		}
	}
}

func TestFilesThatChange(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "docs")
	put(t, dir+"/b", "1")
	put(t, dir+"/c", "1")
	app, l := newApp(t, fastmcp.Config{})
	app.AddFiles(fastmcp.Files{URI: "docs://", Dir: dir, List: true, MaxAge: -1})
	s := serve(t, app, l)
	c := s.open("2025-11-25")
	notes := c.listen("")
	for _, uri := range []string{"docs://b", "docs://c"} {
		if a := c.send("resources/subscribe", fmt.Sprintf(`"uri":%q`, uri)); a.message(t).Error != nil {
			t.Fatal(a.body)
		}
	}
	put(t, dir+"/a", "new")
	put(t, dir+"/c", "longer")
	s.wantURIs("", "docs://", "docs://b", "docs://c")
	if got := s.text("docs://a"); got != "new" {
		t.Errorf("what is not listed yet gives %q", got)
	}
	if err := app.RefreshFiles(); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{`notifications/resources/list_changed `: true, `notifications/resources/updated {"uri":"docs://c"}`: true}
	for range 2 {
		m := notes.message()
		if key := m.Method + " " + string(m.Params); !want[key] {
			t.Errorf("told is %s", key)
		} else {
			delete(want, key)
		}
	}
	s.wantURIs("", "docs://", "docs://a", "docs://b", "docs://c")
	if got := s.listed("")[3].Size; got != 6 {
		t.Errorf("the size is %d", got)
	}

	// Nothing has changed, and nothing is told: lists would be, before what is told at the same time of a resource.
	if err := app.RefreshFiles(); err != nil {
		t.Fatal(err)
	}
	app.ResourceUpdated("docs://b")
	if m := notes.message(); string(m.Params) != `{"uri":"docs://b"}` {
		t.Errorf("told is %s %s", m.Method, m.Params)
	}

	// The directory is replaced, as deployments do it.
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	if err := app.RefreshFiles(); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), `the files "docs://"`) {
		t.Errorf("a directory that has gone: %v", err)
	}
	s.read("", "docs://a").message(t).fails(t, -32603, "Internal error", "correlationId")
	s.wantURIs("", "docs://", "docs://a", "docs://b", "docs://c")
	put(t, dir+"/d", "the new one")
	if got := s.text("docs://d"); got != "the new one" {
		t.Error(got)
	}
	s.absent("docs://a") // though it is listed
	if err := app.RefreshFiles(); err != nil {
		t.Fatal(err)
	}
	s.wantURIs("", "docs://", "docs://d")
	for range 2 {
		if m := notes.message(); m.Method != "notifications/resources/list_changed" && string(m.Params) != `{"uri":"docs://b"}` && string(m.Params) != `{"uri":"docs://c"}` {
			t.Errorf("told is %s %s", m.Method, m.Params)
		}
	}
}

func TestListsOfFilesAreNoOlderThanMaxAge(t *testing.T) {
	fresh, old := t.TempDir(), t.TempDir()
	app, l := newApp(t, fastmcp.Config{})
	app.AddFiles(fastmcp.Files{URI: "fresh://", Dir: fresh, List: true, MaxAge: time.Nanosecond})
	app.AddFiles(fastmcp.Files{URI: "old://", Dir: old, List: true, MaxAge: time.Hour})
	s := serve(t, app, l)
	c := s.open("2025-06-18")
	notes := c.listen("")
	s.wantURIs("", "fresh://", "old://")
	put(t, fresh+"/a.md", "a")
	put(t, old+"/a.md", "a")
	s.wantURIs("", "fresh://", "fresh://a.md", "old://")
	if m := notes.message(); m.Method != "notifications/resources/list_changed" {
		t.Errorf("told is %s", m.Method)
	}
	put(t, fresh+"/b.md", "b")
	if got := s.completes("", "fresh://{+path}", "path", "", "").message(t).values(t); got != `{"values":["a.md","b.md"]}` {
		t.Error(got)
	}
	if got := c.send("resources/list", "").body; !strings.Contains(got, `"fresh://b.md"`) {
		t.Error(got)
	}
	if err := os.RemoveAll(fresh); err != nil {
		t.Fatal(err)
	}
	s.wantURIs("", "fresh://", "fresh://a.md", "fresh://b.md", "old://")
	if !strings.Contains(l.String(), "files cannot be listed anew") {
		t.Errorf("the operator is not told:\n%s", l)
	}
}

// Lists, reads, completions and refreshes at once: each sees a list that was right at some time.
func TestFilesThatChangeWhileTheyAreRead(t *testing.T) {
	dir := t.TempDir()
	put(t, dir+"/always.md", "here")
	app, l := newApp(t, fastmcp.Config{})
	app.AddFiles(fastmcp.Files{URI: "docs://", Dir: dir, List: true, MaxAge: time.Nanosecond})
	s := serve(t, app, l)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for range 20 {
				if got := s.listedURIs(""); !slices.Contains(got, "docs://always.md") || len(got) > 3 {
					t.Errorf("listed is %q", got)
				}
				if got := s.text("docs://always.md"); got != "here" {
					t.Error(got)
				}
				if got := s.completes("", "docs://{+path}", "path", "always", "").message(t).values(t); got != `{"values":["always.md"]}` {
					t.Error(got)
				}
			}
		})
	}
	for i := range 60 {
		if i%2 == 0 {
			put(t, dir+"/sometimes.md", "here")
		} else if err := os.Remove(dir + "/sometimes.md"); err != nil {
			t.Error(err)
		}
		if err := app.RefreshFiles(); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
}

func TestFilesBesideOthers(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	fsys := fstest.MapFS{"a": {Data: []byte("file")}, "b/c": {Data: []byte("file")}}
	app.AddResource(fastmcp.Resource{URI: "docs://a", Handler: gives("own")})
	app.AddFiles(fastmcp.Files{URI: "docs://", FS: fsys, List: true})
	app.AddFiles(fastmcp.Files{URI: "docs://b/", FS: fstest.MapFS{"d": {Data: []byte("other")}}, List: true})
	s := serve(t, app, l)
	s.wantURIs("", "docs://a", "docs://", "docs://b/", "docs://b/d")
	if got := s.text("docs://a") + s.text("docs://b/d"); got != "ownother" {
		t.Error(got)
	}
	s.absent("docs://b/c") // docs://b/ has the longer beginning
	if !app.RemoveResource("docs://b/{+path}") {
		t.Error("its template is not there")
	}
	s.wantURIs("", "docs://a", "docs://", "docs://b/c")
	if got := s.text("docs://b/c"); got != "file" {
		t.Error(got)
	}
	if !app.RemoveResource("docs://{+path}") || app.RemoveResource("docs://{+path}") {
		t.Error("removed is what is there")
	}
	s.wantURIs("", "docs://a")
	s.absent("docs://b/c")
	s.absent("docs://")
	app.AddFiles(fastmcp.Files{URI: "docs://", FS: fsys, List: true})
	s.wantURIs("", "docs://a", "docs://", "docs://b/c")
}

func TestFilesThatFail(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddFiles(fastmcp.Files{URI: "docs://", FS: brokenFS{fstest.MapFS{"a": {}, "b": {Data: []byte("b")}}}})
	app.AddTool(fastmcp.Tool{Name: "embed", Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct{ URI string }) (content.ResourceBlock, error) {
		return c.Embed(in.URI)
	})})
	s := serve(t, app, l)
	m := s.read("", "docs://a").message(t)
	m.fails(t, -32603, "Internal error", "correlationId")
	if strings.Contains(m.Error.Message+string(m.Error.Data), "bucket") || !strings.Contains(l.String(), "bucket 7 does not answer") {
		t.Errorf("%+v\n%s", m.Error, l)
	}
	if a := s.callStateless("embed", `{"URI":"docs://b"}`); !strings.Contains(a.body, `"resource":{"uri":"docs://b","mimeType":"text/plain","text":"b"}`) {
		t.Error(a.body)
	}
	s.callStateless("embed", `{"URI":"docs://../b"}`).message(t).fails(t, -32602, "Resource not found")
}

// brokenFS is a file system somewhere else, which fails for one of its files.
type brokenFS struct{ fs.FS }

func (b brokenFS) Open(name string) (fs.File, error) {
	if name == "a" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("bucket 7 does not answer")}
	}
	return b.FS.Open(name)
}

func TestMistakesInFilesPanicWithTheCure(t *testing.T) {
	fsys := fstest.MapFS{}
	for want, files := range map[string]fastmcp.Files{
		`the files "docs": its URI is not absolute: begin it with a scheme`:   {URI: "docs", FS: fsys},
		`the files "docs://a": its URI must end with '/'`:                     {URI: "docs://a", FS: fsys},
		`the files "docs://{a}/": its URI`:                                    {URI: "docs://{a}/", FS: fsys},
		`the files "docs://a?b/": its URI must end with '/'`:                  {URI: "docs://a?b/", FS: fsys},
		`the files "docs://": it needs a Dir or an FS, and not both`:          {URI: "docs://"},
		`the files "both://": it needs a Dir or an FS, and not both`:          {URI: "both://", FS: fsys, Dir: "."},
		`the files "dir://": open `:                                           {URI: "dir://", Dir: "no/such"},
		`the files "file://": open`:                                           {URI: "file://", Dir: "go.mod"},
		`the pattern "[": syntax error in pattern`:                            {URI: "docs://", FS: fsys, Match: []string{"["}},
		`the pattern "a[": syntax error in pattern`:                           {URI: "docs://", FS: fsys, Ignore: []string{"a["}},
		`there is a resource template "twice://{+path}" already: remove it f`: {URI: "twice://", FS: fsys},
	} {
		app, _ := newApp(t, fastmcp.Config{})
		app.AddFiles(fastmcp.Files{URI: "twice://", FS: fsys})
		if got := fmt.Sprint(panicOf(func() { app.AddFiles(files) })); !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
		if app.TryAddFiles(files) == nil {
			t.Errorf("no error: %s", want)
		}
	}
}
