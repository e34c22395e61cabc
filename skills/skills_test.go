package skills_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/skills"
)

const (
	modern = "2026-07-28"
	id     = "io.modelcontextprotocol/skills"
)

var revisions = []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", modern}

// files makes a file system of pairs of a path and a text.
func files(pairs ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

// md is a SKILL.md with a name, and perhaps more lines of YAML.
func md(name string, more ...string) string {
	return "---\nname: " + name + "\ndescription: What " + name + " is for\n" + strings.Join(append(more, ""), "\n") + "---\n# " + name + "\n"
}

func library() fstest.MapFS {
	return files(
		"git-workflow/SKILL.md", md("git-workflow", "license: MIT", "metadata:", "  version: '1.0'", "  author: me"),
		"git-workflow/references/commits.md", "# Commits\nBe <brief> & clear.\u2028\n",
		"git-workflow/references/deep/note.txt", "",
		"git-workflow/scripts/my script.py", "print('hé')\n",
		"git-workflow/assets/logo.png", "\x89PNG\r\n\x1a\n\x00\xff",
		"git-workflow/assets/latin1.txt", "caf\xe9",
		"git-workflow/.env", "SECRET=1",
		"acme/billing/refunds/SKILL.md", md("refunds"),
		"acme/billing/refunds/inner/SKILL.md", "a file like any other",
		"acme/README.md", "not a skill's",
		"README.md", "not a skill's either",
		".git/config", "hidden",
	)
}

func newApp(t *testing.T, config skills.Config) (*fastmcp.App, *skills.Set) {
	t.Helper()
	app := fastmcp.New(fastmcp.Config{Name: "t", Stateless: true, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	set, err := skills.TryAdd(app, config)
	if err != nil {
		t.Fatal(err)
	}
	return app, set
}

type answer struct {
	Status int             `json:"-"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int            `json:"code"`
		Message string         `json:"message"`
		Data    map[string]any `json:"data"`
	} `json:"error"`
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if a.Error != nil {
		t.Fatalf("error %d: %s", a.Error.Code, a.Error.Message)
	}
	if err := json.Unmarshal(a.Result, v); err != nil {
		t.Fatalf("%s: %v", a.Result, err)
	}
}

// call calls a method at a revision, without a session. role is a header that the guards of these tests look at.
func call(t *testing.T, app *fastmcp.App, revision, role, method, params string) (a answer) {
	t.Helper()
	header, meta := http.Header{}, ""
	if revision == modern {
		header.Set("Mcp-Method", method)
		meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"` + modern + `","io.modelcontextprotocol/clientCapabilities":{}}`
		if params != "" {
			meta += ","
		}
		var named struct{ URI any }
		if json.Unmarshal([]byte("{"+params+"}"), &named) == nil && method == "resources/read" {
			header.Set("Mcp-Name", fmt.Sprint(named.URI))
		}
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/mcp",
		strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":{`+meta+params+`}}`))
	req.Header = header
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	req.Header.Set("Mcp-Protocol-Version", revision)
	req.Header.Set("X-Role", role)
	res, err := app.Test(req, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	a.Status = res.StatusCode
	return a
}

func uri(u string) string { return `"uri":"` + u + `"` }

type entry struct {
	URI         string
	Frontmatter json.RawMessage
	Resources   []struct {
		URI, Digest string
		Size        int
	}
}

type listing struct {
	Skills     []entry
	Resources  []struct{ URI, Name, Description, MimeType string }
	NextCursor *string
	TTLMs      *int
	CacheScope string
	ResultType string
}

func (l listing) uris() (all []string) {
	for _, s := range l.Skills {
		all = append(all, s.URI)
	}
	for _, r := range l.Resources {
		all = append(all, r.URI)
	}
	return all
}

// read gives the bytes of a resource.
func read(t *testing.T, app *fastmcp.App, revision, u string) []byte {
	t.Helper()
	var r struct {
		Contents []struct{ URI, MimeType, Text, Blob string }
	}
	call(t, app, revision, "", "resources/read", uri(u)).into(t, &r)
	if len(r.Contents) != 1 || r.Contents[0].URI != u {
		t.Fatalf("%s: %+v", u, r)
	}
	blob, err := base64.StdEncoding.DecodeString(r.Contents[0].Blob)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte(r.Contents[0].Text), blob...)
}

func TestEveryRevision(t *testing.T) {
	app, _ := newApp(t, skills.Config{FS: library(), TTL: 1500 * time.Millisecond})
	for _, revision := range revisions {
		t.Run(revision, func(t *testing.T) {
			var list listing
			call(t, app, revision, "", "skills/list", "").into(t, &list)
			if got := list.uris(); !slices.Equal(got, []string{"skill://acme/billing/refunds/SKILL.md", "skill://git-workflow/SKILL.md"}) {
				t.Fatalf("%v", got)
			}
			if isModern := revision == modern; isModern != (list.TTLMs != nil) || isModern && (*list.TTLMs != 1500 || list.CacheScope != "public" || list.ResultType != "complete") || list.NextCursor != nil {
				t.Errorf("%+v", list)
			}
			checkEntry(t, app, revision, list.Skills[1], 6)
			checkEntry(t, app, revision, list.Skills[0], 2)
			var got struct{ Skill entry }
			a := call(t, app, revision, "", "skills/get", uri("skill://git-workflow/SKILL.md"))
			a.into(t, &got)
			if fmt.Sprint(got.Skill) != fmt.Sprint(list.Skills[1]) || strings.Contains(string(a.Result), "ttlMs") != (revision == modern) {
				t.Errorf("%s", a.Result)
			}
			if want := `{"name":"git-workflow","description":"What git-workflow is for","license":"MIT","metadata":{"version":"1.0","author":"me"}}`; string(got.Skill.Frontmatter) != want {
				t.Errorf("%s, want %s", got.Skill.Frontmatter, want)
			}
		})
	}
}

// checkEntry compares an entry with what is read.
func checkEntry(t *testing.T, app *fastmcp.App, revision string, e entry, n int) {
	t.Helper()
	if len(e.Resources) != n || e.Resources[0].URI != e.URI {
		t.Errorf("%s has %+v, want %d files", e.URI, e.Resources, n)
	}
	for _, r := range e.Resources {
		data := read(t, app, revision, r.URI)
		sum := sha256.Sum256(data)
		if r.Digest != "sha256:"+hex.EncodeToString(sum[:]) || r.Size != len(data) {
			t.Errorf("%s: %s, %d bytes; read %q", r.URI, r.Digest, r.Size, data)
		}
	}
}

func TestDirectories(t *testing.T) {
	app, _ := newApp(t, skills.Config{FS: library()})
	for u, want := range map[string]string{
		"skill://git-workflow":                 "SKILL.md text/markdown,assets inode/directory,references inode/directory,scripts inode/directory",
		"skill://git-workflow/assets":          "latin1.txt text/plain,logo.png image/png",
		"skill://git-workflow/references":      "commits.md text/markdown,deep inode/directory",
		"skill://git-workflow/references/deep": "note.txt text/plain",
		"skill://git-workflow/scripts":         "my%20script.py text/x-python",
		"skill://acme":                         "billing inode/directory",
		"skill://acme/billing":                 "refunds inode/directory",
		"skill://acme/billing/refunds":         "SKILL.md text/markdown,inner inode/directory",
	} {
		var list listing
		call(t, app, modern, "", "resources/directory/read", uri(u)).into(t, &list)
		var got []string
		for _, r := range list.Resources {
			got = append(got, strings.TrimPrefix(r.URI, u+"/")+" "+r.MimeType)
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%s: %v, want %s", u, got, want)
		}
		if list.TTLMs == nil || list.CacheScope != "public" {
			t.Errorf("%s: %+v", u, list)
		}
	}
}

func TestResourcesList(t *testing.T) {
	app, _ := newApp(t, skills.Config{FS: library(), URI: "kb://docs/v2/"})
	a := call(t, app, modern, "", "resources/list", "")
	var list listing
	a.into(t, &list)
	if got := list.uris(); !slices.Equal(got, []string{"kb://docs/v2/acme/billing/refunds/SKILL.md", "kb://docs/v2/git-workflow/SKILL.md"}) {
		t.Errorf("%v", got)
	}
	for _, want := range []string{
		`"name":"git-workflow","description":"What git-workflow is for","mimeType":"text/markdown","size":`,
		`"io.modelcontextprotocol.skills/license":"MIT"`, `"io.modelcontextprotocol.skills/metadata":{"version":"1.0","author":"me"}`,
		`"cacheScope":"public"`,
	} {
		if !strings.Contains(string(a.Result), want) {
			t.Errorf("no %s in %s", want, a.Result)
		}
	}
	if a := call(t, app, modern, "", "resources/directory/read", uri("kb://docs/v2")); !strings.Contains(string(a.Result), `"kb://docs/v2/acme"`) {
		t.Errorf("%s", a.Result)
	}
	if a := call(t, app, modern, "", "server/discover", ""); !strings.Contains(string(a.Result), `"extensions":{"io.modelcontextprotocol/skills":{"directoryRead":true}}`) {
		t.Errorf("%s", a.Result)
	}
}

func TestBadInput(t *testing.T) {
	app, _ := newApp(t, skills.Config{FS: library()})
	for _, r := range []struct{ method, params, words string }{
		{"skills/get", uri("skill://nothing/SKILL.md"), "No skill is served at this URI"},
		{"skills/get", uri("skill://git-workflow"), "No skill"},
		{"skills/get", uri("skill://git-workflow/references/commits.md"), "No skill"},
		{"skills/get", uri("skill://acme/billing/refunds/inner/SKILL.md"), "No skill"},
		{"skills/get", uri("skill://git-workflow/../git-workflow/SKILL.md"), "No skill"},
		{"skills/get", `"uri":7`, "uri"},
		{"skills/get", ``, "uri"},
		{"skills/list", `"cursor":7`, "cursor"},
		{"skills/list", `"cursor":"7"`, "the cursor is not one of this list"},
		{"skills/list", `"cursor":"AAAA"`, "the cursor is not one of this list"},
		{"resources/directory/read", uri("skill://git-workflow/SKILL.md"), "It is a file"},
		{"resources/directory/read", uri("skill://git-workflow/"), "No directory"},
		{"resources/directory/read", uri("skill://git-workflow/.."), "No directory"},
		{"resources/directory/read", uri("skill://"), "No directory"},
		{"resources/directory/read", uri("file:///etc"), "No directory"},
		{"resources/directory/read", uri("skill://git-workflow") + `,"cursor":"x"`, "cursor"},
		{"resources/directory/read", ``, "uri"},
		{"resources/read", uri("skill://git-workflow/.env"), "Resource not found"},
		{"resources/read", uri("skill://git-workflow/../../../etc/passwd"), "Resource not found"},
		{"resources/read", uri("skill://git-workflow/%2e%2e/README.md"), "Resource not found"},
		{"resources/read", uri("skill://README.md"), "Resource not found"},
	} {
		for _, revision := range []string{"2025-11-25", modern} {
			a := call(t, app, revision, "", r.method, r.params)
			code := -32602
			if r.method == "resources/read" && revision != modern {
				code = -32002
			}
			if a.Error == nil || a.Error.Code != code || !strings.Contains(a.Error.Message, r.words) {
				t.Errorf("%s %s %s: %d %s %+v", revision, r.method, r.params, a.Status, a.Result, a.Error)
			}
		}
	}
	if a := call(t, app, modern, "", "skills/list", `"later":1`); a.Error != nil {
		t.Errorf("a param of a later version: %+v", a.Error)
	}
}

// byRole is a guard that lets the role "staff" have refunds, challenges the role "guest", and panics for "trouble".
func byRole(ctx context.Context, a *auth.Access) auth.Decision {
	c, _ := fastmcp.From(ctx)
	role := c.Header("X-Role")
	switch {
	case role == "trouble":
		panic("trouble")
	case a.Kind != auth.KindResource || !strings.HasSuffix(a.Name, "/SKILL.md"):
		panic("asked about " + a.Kind + " " + a.Name)
	case role == "staff" || !strings.HasSuffix(a.Name, "/refunds/SKILL.md"):
		return auth.Allow()
	case role == "guest":
		return auth.Challenge("refunds:read")
	}
	return auth.Deny()
}

func TestGuard(t *testing.T) {
	app, _ := newApp(t, skills.Config{FS: library(), CanAccess: byRole, Sources: []skills.Source{{FS: files("open/SKILL.md", md("open"))}}})
	count := func(role, method, params string) int {
		var list listing
		a := call(t, app, modern, role, method, params)
		a.into(t, &list)
		if list.CacheScope != "private" {
			t.Errorf("%s: %q", method, list.CacheScope)
		}
		return len(list.Skills) + len(list.Resources)
	}
	inner, hidden := uri("skill://acme/billing/refunds/inner/SKILL.md"), uri("skill://acme/billing/refunds/SKILL.md")
	for _, r := range []struct {
		role        string
		listed      int // of the three skills
		seen, ready bool
	}{{"staff", 3, true, true}, {"guest", 3, true, false}, {"other", 2, false, false}, {"trouble", 1, false, false}} {
		if n, m := count(r.role, "skills/list", ""), count(r.role, "resources/list", ""); n != r.listed || m != r.listed {
			t.Errorf("%s: %d skills and %d resources are listed, want %d", r.role, n, m, r.listed)
		}
		for method, params := range map[string]string{"skills/get": hidden, "resources/directory/read": uri("skill://acme")} {
			if a := call(t, app, modern, r.role, method, params); (a.Error == nil) != r.seen || !r.seen && a.Error.Code != -32602 {
				t.Errorf("%s: %s: %s %+v", r.role, method, a.Result, a.Error)
			}
		}
		if a := call(t, app, modern, r.role, "resources/directory/read", hidden); a.Error == nil || strings.Contains(a.Error.Message, "a file") != r.seen {
			t.Errorf("%s: %+v", r.role, a.Error)
		}
		for _, file := range []string{hidden, inner} {
			a := call(t, app, modern, r.role, "resources/read", file)
			if (a.Error == nil) != r.ready || r.role == "guest" && a.Status != 403 || !r.seen && a.Error.Message != "Resource not found" {
				t.Errorf("%s: %s: %d %s %+v", r.role, file, a.Status, a.Result, a.Error)
			}
		}
	}
	for u, want := range map[string]string{"skill://open/SKILL.md": `"cacheScope":"public"`, "skill://git-workflow/SKILL.md": `"cacheScope":"private"`} {
		for _, method := range []string{"skills/get", "resources/read"} {
			if a := call(t, app, modern, "staff", method, uri(u)); !strings.Contains(string(a.Result), want) {
				t.Errorf("%s %s: %s", method, u, a.Result)
			}
		}
	}
}

func TestPages(t *testing.T) {
	m := fstest.MapFS{}
	for i := range 7 {
		name := fmt.Sprintf("skill-%d", i)
		m[name+"/SKILL.md"] = &fstest.MapFile{Data: []byte(md(name))}
		m[fmt.Sprintf("skill-0/part-%d.md", i)] = &fstest.MapFile{}
	}
	odd := func(_ context.Context, a *auth.Access) auth.Decision {
		return auth.Decision{Allowed: strings.Contains("skill-0/ skill-1/ skill-3/ skill-5/ skill-6/", strings.TrimSuffix(strings.TrimPrefix(a.Name, "skill://"), "SKILL.md"))}
	}
	app, set := newApp(t, skills.Config{FS: m, PageSize: 2, CanAccess: odd})
	walk := func(method, params string) (pages []string) {
		for cursor := ""; ; {
			var list listing
			call(t, app, modern, "", method, params+`"cursor":"`+cursor+`"`).into(t, &list)
			var names []string
			for _, u := range list.uris() {
				names = append(names, strings.TrimPrefix(u, "skill://"))
			}
			pages = append(pages, strings.Join(names, " "))
			if list.NextCursor == nil {
				return pages
			}
			if cursor = *list.NextCursor; cursor == "" || len(pages) > 9 {
				t.Fatalf("%q after %v", cursor, pages)
			}
		}
	}
	if got := walk("skills/list", ""); !slices.Equal(got, []string{"skill-0/SKILL.md skill-1/SKILL.md", "skill-3/SKILL.md skill-5/SKILL.md", "skill-6/SKILL.md"}) {
		t.Errorf("%q", got)
	}
	if got := walk("resources/directory/read", uri("skill://skill-0")+","); !slices.Equal(got, []string{
		"skill-0/SKILL.md skill-0/part-0.md", "skill-0/part-1.md skill-0/part-2.md", "skill-0/part-3.md skill-0/part-4.md", "skill-0/part-5.md skill-0/part-6.md",
	}) {
		t.Errorf("%q", got)
	}
	// What a cursor names may be gone when it comes back.
	var list listing
	call(t, app, modern, "", "skills/list", "").into(t, &list)
	delete(m, "skill-3/SKILL.md")
	if err := set.Reload(); err != nil {
		t.Fatal(err)
	}
	next := list.NextCursor
	list = listing{}
	call(t, app, modern, "", "skills/list", `"cursor":"`+*next+`"`).into(t, &list)
	if got := list.uris(); !slices.Equal(got, []string{"skill://skill-5/SKILL.md", "skill://skill-6/SKILL.md"}) {
		t.Errorf("%q", got)
	}
}
