package fastmcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// inquire makes a request of 2026-07-28.
func (s *server) inquire(token, method, name, params string) answer {
	s.t.Helper()
	h := statelessHeaders(method, name)
	for k, v := range as(token) {
		h[k] = v
	}
	return s.do("POST", h, stateless(1, method, params, ""))
}

// read reads a resource in 2026-07-28.
func (s *server) read(token, uri string) answer {
	s.t.Helper()
	return s.inquire(token, "resources/read", uri, fmt.Sprintf(`"uri":%q`, uri))
}

// contents are those of a read, as JSON.
func (m message) contents(t testing.TB) string {
	t.Helper()
	var r struct{ Contents json.RawMessage }
	if m.Error != nil || json.Unmarshal(m.Result, &r) != nil {
		t.Fatalf("%s %+v", m.Result, m.Error)
	}
	return string(r.Contents)
}

// fails checks the code and the words of an error.
func (m message) fails(t testing.TB, code int, words ...string) {
	t.Helper()
	if m.Error == nil || m.Error.Code != code {
		t.Errorf("not %d: %s %+v", code, m.Result, m.Error)
		return
	}
	for _, word := range words {
		if !strings.Contains(m.Error.Message+string(m.Error.Data), word) {
			t.Errorf("%q %s does not say %q", m.Error.Message, m.Error.Data, word)
		}
	}
}

// gives is a Func that returns v.
func gives[T any](v T) fastmcp.Func {
	return fastmcp.Get(func(*fastmcp.Context) (T, error) { return v, nil })
}

// says is a guard that tells nothing of what it protects.
func says(token string) auth.Guard {
	return func(_ context.Context, a *auth.Access) auth.Decision {
		return auth.Decision{Allowed: a.Principal != nil && a.Principal.Subject == token}
	}
}

func TestReadOfEachKindOfResult(t *testing.T) {
	type data struct {
		A int `json:"a"`
	}
	png := []byte("\x89PNG\r\n\x1a\n")
	app, l := newApp(t, fastmcp.Config{})
	cases := []struct {
		mime, want string
		handler    fastmcp.Func
	}{
		{"", `[{"uri":"?","text":"hi <>"}]`, gives("hi <>")},
		{"text/markdown", `[{"uri":"?","mimeType":"text/markdown","text":"# hi"}]`, gives("# hi")},
		{"text/csv", `[{"uri":"?","mimeType":"text/csv","text":"a,b"}]`, gives([]byte("a,b"))},
		{"application/json; charset=utf-8", `[{"uri":"?","mimeType":"application/json; charset=utf-8","text":"{}"}]`, gives([]byte("{}"))},
		{"image/svg+xml", `[{"uri":"?","mimeType":"image/svg+xml","text":"<svg/>"}]`, gives([]byte("<svg/>"))},
		{"application/zip", `[{"uri":"?","mimeType":"application/zip","blob":"YWI="}]`, gives([]byte("ab"))},
		{"", `[{"uri":"?","mimeType":"image/png","blob":"iVBORw0KGgo="}]`, gives(png)},
		{"application/zip", `[{"uri":"?","mimeType":"application/zip","blob":""}]`, gives([]byte(nil))},
		{"", `[{"uri":"?","mimeType":"application/json","text":"{\"a\":1}"}]`, gives(data{1})},
		{"application/x+json", `[{"uri":"?","mimeType":"application/x+json","text":"{\"a\":1}"}]`, gives(&data{1})},
		{"", `[{"uri":"?","mimeType":"application/json","text":"{}"}]`, gives(map[string]int(nil))},
		{"", `[{"uri":"?","mimeType":"application/json","text":"[1]"}]`, gives(json.RawMessage(`[1]`))},
		{"", `[{"uri":"?","mimeType":"application/json","text":"7"}]`, gives(7)},
		{"text/plain", `[{"uri":"?","mimeType":"text/plain","text":"t"}]`, gives(content.Text("t"))},
		{"text/plain", `[{"uri":"x://own","mimeType":"text/own","text":"t"}]`, gives(content.Resource("x://own", "text/own", "t"))},
		{"text/plain", `[{"uri":"?","mimeType":"text/plain","text":"t"}]`, gives(content.Resource("", "", "t"))},
		{"text/plain", `[{"uri":"?","mimeType":"text/plain","text":"t"},{"uri":"x://b","mimeType":"a/b","blob":"YQ=="}]`,
			gives([]content.ResourceBlock{{Text: "t"}, content.Blob("x://b", "a/b", []byte("a"))})},
		{"", `[]`, gives([]content.ResourceBlock(nil))},
		{"", `[{"uri":"?","mimeType":"image/png","blob":"iVBORw0KGgo="}]`, gives(content.Image(png))},
		{"", `[{"uri":"?","text":""}]`, gives[any](nil)},
		{"text/plain", `[{"uri":"?","mimeType":"text/plain","text":""}]`, fastmcp.Do(func(*fastmcp.Context, struct{}) error { return nil })},
	}
	for i, c := range cases {
		app.AddResource(fastmcp.Resource{URI: fmt.Sprintf("test://%d", i), MimeType: c.mime, Handler: c.handler})
	}
	s := serve(t, app, l)
	sessions := []*client{s.open("2024-11-05"), s.open("2025-11-25")}
	for i, c := range cases {
		uri := fmt.Sprintf("test://%d", i)
		want := strings.ReplaceAll(c.want, "?", uri)
		m := s.read("", uri).message(t)
		if got := m.contents(t); got != want {
			t.Errorf("%s\nnot %s", got, want)
		}
		for _, member := range []string{`"resultType":"complete"`, `"ttlMs":0`, `"cacheScope":"private"`} {
			if !strings.Contains(string(m.Result), member) {
				t.Errorf("%s has no %s", m.Result, member)
			}
		}
		for _, session := range sessions {
			if m := session.send("resources/read", fmt.Sprintf(`"uri":%q`, uri)).message(t); string(m.Result) != `{"contents":`+want+`}` {
				t.Errorf("%s: %s\nnot %s", session.revision, m.Result, want)
			}
		}
	}
}

type shopInput struct {
	Shelf string `json:"shelf" validate:"required,oneof=top bottom"`
	ID    int    `json:"id" validate:"required,gte=1"`
	Lang  string `json:"lang"`
}

type pathInput struct {
	Path string `json:"path"`
}

func thePath(_ *fastmcp.Context, in pathInput) (string, error) { return "path " + in.Path, nil }

func textOf(s string) string {
	return strings.TrimSuffix(s[strings.Index(s, `"text":"`)+8:], `"}]`)
}

func TestTemplateBindsAndValidates(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "shop://{shelf}/{id}{?lang}", Handler: fastmcp.Typed(func(c *fastmcp.Context, in shopInput) (string, error) {
		return fmt.Sprint(c.Name(), " ", in), nil
	})})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "doc://{+path}", Handler: fastmcp.Typed(thePath)})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "free://{+path}", Trusted: []string{"path"}, Handler: fastmcp.Typed(thePath)})
	s := serve(t, app, l)
	session := s.open("2025-06-18")
	for uri, want := range map[string]string{
		"shop://top/7": "shop://top/7 {top 7 }", "shop://bottom/12?lang=de": "shop://bottom/12?lang=de {bottom 12 de}",
		"doc://007": "path 007", "doc://true": "path true", "doc://a/b%20c.txt": "path a/b c.txt", "doc://a..b": "path a..b",
		"free://../../etc/passwd": "path ../../etc/passwd", "free:///etc/passwd": "path /etc/passwd", "free://%252e%252e%252f": "path %2e%2e%2f",
	} {
		if got := s.read("", uri).message(t).contents(t); textOf(got) != want {
			t.Errorf("%s: %s", uri, got)
		}
	}
	for uri, words := range map[string]string{
		"shop://top/x": "id", "shop://top/0": "id", "shop://top/1.5": "id", "shop://middle/1": "shelf",
		"doc://../../etc/passwd": `path is refused: it has a ".." segment`, "doc://%2e%2e%2f%2E%2E/etc/passwd": `path is refused: it has a ".." segment`,
		"doc://%252e%252e%252fetc": "path is refused: it is encoded twice", "doc:///etc/passwd": "path is refused: it is an absolute path",
		"doc://a%00b": "path is refused: it has a zero byte", "doc://a%0Ab": "path is refused: it has a control character",
		"doc://..%5C..%5Cx": "path is refused", "doc://C:/x": "path is refused: it is an absolute path",
	} {
		for _, m := range []message{s.read("", uri).message(t), session.send("resources/read", fmt.Sprintf(`"uri":%q`, uri)).message(t)} {
			m.fails(t, -32602, words)
			if m.Error != nil && strings.Contains(m.Error.Message, "not found") {
				t.Errorf("%s: %s", uri, m.Error.Message)
			}
		}
	}
	for _, uri := range []string{"shop://top", "shop://top/1?other=2", "doc://", "nosuch://x"} {
		s.inquire("", "resources/read", uri, fmt.Sprintf(`"uri":%q`, uri)).message(t).fails(t, -32602, "not found", fmt.Sprintf(`{"uri":%q}`, uri))
	}
	for _, params := range []string{`"uri":7`, `"uri":null`, `"x":1`} {
		session.send("resources/read", params).message(t).fails(t, -32602, "uri must be a string")
	}
}

func TestMostLiteralResourceIsRead(t *testing.T) {
	for _, reverse := range []bool{false, true} {
		app, l := newApp(t, fastmcp.Config{})
		type both struct{ X, Y string }
		add := []func(){
			func() {
				app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "a://{X}/{Y}", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in both) (string, error) { return "two " + in.X + in.Y, nil })})
			},
			func() {
				app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "a://items/{Y}", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in both) (string, error) { return "one " + in.Y, nil })})
			},
			func() { app.AddResource(fastmcp.Resource{URI: "a://items/1", Handler: gives("exact")}) },
		}
		if reverse {
			slices.Reverse(add)
		}
		for _, f := range add {
			f()
		}
		s := serve(t, app, l)
		for uri, want := range map[string]string{"a://items/1": "exact", "a://items/2": "one 2", "a://other/1": "two other1"} {
			if got := textOf(s.read("", uri).message(t).contents(t)); got != want {
				t.Errorf("%s: %s", uri, got)
			}
		}
		if !app.RemoveResource("a://items/1") || !app.RemoveResource("a://items/{Y}") || app.RemoveResource("a://items/1") {
			t.Error("removed is what is there")
		}
		if got := textOf(s.read("", "a://items/1").message(t).contents(t)); got != "two items1" {
			t.Error(got)
		}
	}
}

func TestHiddenResourceIsNotFound(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	absent := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", fmt.Errorf("so: %w", fastmcp.ErrNotFound) })
	app.AddResource(fastmcp.Resource{URI: "a://open", Handler: gives("open")})
	app.AddResource(fastmcp.Resource{URI: "a://hide", Handler: gives("hide"), CanAccess: says("root")})
	app.AddResource(fastmcp.Resource{URI: "a://gone", Handler: absent})
	app.AddResource(fastmcp.Resource{URI: "a://fail", Handler: gives(""), CanAccess: func(context.Context, *auth.Access) auth.Decision { panic("secret") }})
	app.AddResource(fastmcp.Resource{URI: "a://asks", Handler: gives("asks"), CanAccess: auth.Discoverable(auth.RequireScopes("math:write"))})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "t://{+path}", Handler: fastmcp.Typed(thePath), CanAccess: says("root")})
	s := serve(t, app, l)
	same := func(what string, a, b answer, uri, other string) {
		t.Helper()
		for _, h := range []string{"Date", "Content-Length", "Mcp-Session-Id"} {
			a.header.Del(h)
			b.header.Del(h)
		}
		if a.status != b.status || strings.ReplaceAll(a.body, uri, other) != b.body || fmt.Sprint(a.header) != fmt.Sprint(b.header) {
			t.Errorf("%s: %d %s %v, but unknown is %d %s %v", what, a.status, a.body, a.header, b.status, b.body, b.header)
		}
	}
	for _, token := range []string{"", readerToken} {
		for _, uri := range []string{"a://hide", "a://gone", "a://fail", "t://x", "t://../.."} {
			a := s.read(token, uri)
			a.message(t).fails(t, -32602, "Resource not found", `{"uri":"`+uri+`"}`)
			same(uri, a, s.read(token, "no://such"), uri, "no://such")
			for _, revision := range revisions {
				c := s.open(revision, as(token))
				a := c.send("resources/read", fmt.Sprintf(`"uri":%q`, uri))
				a.message(t).fails(t, -32002, "Resource not found", `{"uri":"`+uri+`"}`)
				c.next = 0
				same(revision+uri, a, c.send("resources/read", `"uri":"no://such"`), uri, "no://such")
				if uri != "a://gone" {
					c.next = 0
					same("subscribe to "+uri, c.send("resources/subscribe", fmt.Sprintf(`"uri":%q`, uri)), a, "?", "?")
				}
			}
		}
	}
	if got := textOf(s.read(rootToken, "a://hide").message(t).contents(t)); got != "hide" {
		t.Error(got)
	}
	if a := s.read("", "a://asks"); a.status != 401 || !strings.Contains(a.header.Get("WWW-Authenticate"), `scope="math:write"`) {
		t.Errorf("%d %v", a.status, a.header)
	}
	if a := s.read(readerToken, "a://asks"); a.status != 403 || !strings.Contains(a.header.Get("WWW-Authenticate"), "insufficient_scope") {
		t.Errorf("%d %v", a.status, a.header)
	}
	list := func(token, method string) string {
		return string(s.inquire(token, method, "", "").message(t).Result)
	}
	for token, want := range map[string]string{"": "a://open a://gone a://asks", rootToken: "a://open a://hide a://gone a://asks t://{+path}"} {
		got := list(token, "resources/list") + list(token, "resources/templates/list")
		for _, uri := range []string{"a://open", "a://hide", "a://gone", "a://fail", "a://asks", "t://{+path}"} {
			if strings.Contains(got, uri) != strings.Contains(want, uri) {
				t.Errorf("%q: %s in %s", token, uri, got)
			}
		}
		if strings.Count(got, `"cacheScope":"private"`) != 2 {
			t.Error(got)
		}
	}
}

func TestEmbedReadsAsTheCaller(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	app.AddResource(fastmcp.Resource{URI: "a://hide", MimeType: "text/plain", CanAccess: says("root"), Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		return "for " + c.Principal().Subject, nil
	})})
	app.AddResource(fastmcp.Resource{URI: "a://none", Handler: gives([]content.ResourceBlock{})})
	app.AddResource(fastmcp.Resource{URI: "a://gone", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", fastmcp.ErrNotFound })})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "shop://{shelf}/{id}", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in shopInput) (shopInput, error) { return in, nil })})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "doc://{+path}", Handler: fastmcp.Typed(thePath)})
	type input struct{ URI string }
	var last error
	app.AddTool(fastmcp.Tool{Name: "embed", Handler: fastmcp.Typed(func(c *fastmcp.Context, in input) (content.ResourceBlock, error) {
		b, err := c.Embed(in.URI)
		last = err
		return b, err
	})})
	s := serve(t, app, l)
	embed := func(token, uri string) answer { return s.callAs(token, "embed", fmt.Sprintf(`{"URI":%q}`, uri)) }
	for uri, want := range map[string]string{
		"a://hide":     `"resource":{"uri":"a://hide","mimeType":"text/plain","text":"for root"}`,
		"shop://top/3": `"resource":{"uri":"shop://top/3","mimeType":"application/json","text":"{\"shelf\":\"top\",\"id\":3,\"lang\":\"\"}"}`,
		"doc://007":    `"text":"path 007"`,
	} {
		if a := embed(rootToken, uri); !strings.Contains(a.body, want) {
			t.Errorf("%s: %s", uri, a.body)
		}
	}
	for _, uri := range []string{"a://hide", "no://such", "a://gone", "a://none"} {
		embed(readerToken, uri).message(t).fails(t, -32602, "Resource not found", uri)
		if p := (*protocol.Error)(nil); !errors.As(last, &p) {
			t.Errorf("%s: %v", uri, last)
		}
	}
	embed(rootToken, "doc://../x").message(t).fails(t, -32602, "path is refused")
	embed(rootToken, "shop://top/x").message(t).fails(t, -32602, "shop://top/x")
}

func TestResourceListsOfEachRevision(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{PageSize: 2})
	icons, meta := []protocol.Icon{{Src: "https://example.com/i.png"}}, map[string]any{"a": 1}
	notes := &content.Annotations{Audience: []string{"user"}}
	for i := range 3 {
		app.AddResource(fastmcp.Resource{URI: fmt.Sprintf("a://%d", i), Title: "T", Description: "D", MimeType: "text/plain", Size: 5, Icons: icons, Annotations: notes, Meta: meta, Handler: gives("")})
	}
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "doc://{+path}", Name: "docs", Title: "T", Icons: icons, Annotations: notes, Meta: meta, Handler: fastmcp.Typed(thePath)})
	s := serve(t, app, l)
	check := func(revision string, m, templates message, page func(cursor string) message) {
		t.Helper()
		var list struct {
			Resources         []map[string]any
			ResourceTemplates []map[string]any
			NextCursor        string
		}
		if json.Unmarshal(m.Result, &list) != nil || json.Unmarshal(templates.Result, &list) != nil || len(list.Resources) != 2 || len(list.ResourceTemplates) != 1 {
			t.Fatalf("%s: %s %s", revision, m.Result, templates.Result)
		}
		r, tpl := list.Resources[0], list.ResourceTemplates[0]
		if r["uri"] != "a://0" || r["name"] != "a://0" || r["size"] != 5.0 || tpl["uriTemplate"] != "doc://{+path}" || tpl["name"] != "docs" || tpl["uri"] != nil || tpl["size"] != nil {
			t.Errorf("%s: %v %v", revision, r, tpl)
		}
		for _, item := range []map[string]any{r, tpl} {
			if (item["title"] != nil) != (revision >= "2025-06-18") || (item["_meta"] != nil) != (revision >= "2025-06-18") ||
				(item["icons"] != nil) != (revision >= "2025-11-25") || fmt.Sprint(item["annotations"]) != "map[audience:[user]]" {
				t.Errorf("%s: %v", revision, item)
			}
		}
		if strings.Contains(string(m.Result), "ttlMs") != (revision >= "2026") {
			t.Errorf("%s: %s", revision, m.Result)
		}
		next := page(list.NextCursor)
		if !strings.Contains(string(next.Result), `"a://2"`) || strings.Contains(string(next.Result), "nextCursor") {
			t.Errorf("%s: %s", revision, next.Result)
		}
		page("nonsense").fails(t, -32602, "cursor")
	}
	for _, revision := range revisions {
		c := s.open(revision)
		check(revision, c.send("resources/list", "").message(t), c.send("resources/templates/list", "").message(t), func(cursor string) message {
			return c.send("resources/list", fmt.Sprintf(`"cursor":%q`, cursor)).message(t)
		})
	}
	check("2026-07-28", s.inquire("", "resources/list", "", "").message(t), s.inquire("", "resources/templates/list", "", "").message(t), func(cursor string) message {
		return s.inquire("", "resources/list", "", fmt.Sprintf(`"cursor":%q`, cursor)).message(t)
	})
}

func TestReadsGoThroughTheChain(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.Use(func(c *fastmcp.Context) error {
		err := c.Next()
		if c.Method() == "resources/read" && c.Name() == "a://replaced" {
			if c.Result() != "secret" {
				t.Errorf("the result is %v", c.Result())
			}
			c.SetResult("replaced")
		}
		return err
	})
	app.AddResource(fastmcp.Resource{URI: "a://replaced", MimeType: "text/plain", Handler: gives("secret")})
	app.AddResource(fastmcp.Resource{URI: "a://own", Use: []fastmcp.Handler{func(c *fastmcp.Context) error {
		c.SetResult("own " + c.Name())
		return nil
	}}, Handler: gives("never")})
	app.AddResource(fastmcp.Resource{URI: "a://slow", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		c.ClientLog().Info("reading")
		return "done", errors.Join(c.Progress(1, 2), c.Progress(2, 2, "read"))
	})})
	app.AddResource(fastmcp.Resource{URI: "a://masked", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", errors.New("password=secret") })})
	app.AddResource(fastmcp.Resource{URI: "a://panics", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { panic("secret") })})
	app.AddResource(fastmcp.Resource{URI: "a://json", Handler: gives(func() {})})
	app.AddResource(fastmcp.Resource{URI: "a://told", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", fastmcp.Errorf("on strike") })})
	s := serve(t, app, l)
	if got := s.read("", "a://replaced").message(t).contents(t); got != `[{"uri":"a://replaced","mimeType":"text/plain","text":"replaced"}]` {
		t.Error(got)
	}
	if got := textOf(s.read("", "a://own").message(t).contents(t)); got != "own a://own" {
		t.Error(got)
	}
	all := s.do("POST", statelessHeaders("resources/read", "a://slow"), stateless(1, "resources/read", `"uri":"a://slow"`, `,"progressToken":"p","io.modelcontextprotocol/logLevel":"info"`)).messages(t)
	if len(all) != 4 || all[0].Method != "notifications/message" || all[1].Method != "notifications/progress" || !strings.Contains(string(all[2].Params), `"message":"read"`) || textOf(all[3].contents(t)) != "done" {
		t.Errorf("%+v", all)
	}
	for _, uri := range []string{"a://masked", "a://panics", "a://json"} {
		m := s.read("", uri).message(t)
		m.fails(t, -32603, "Internal error", "correlationId")
		var data struct{ CorrelationID string }
		if json.Unmarshal(m.Error.Data, &data) != nil || data.CorrelationID == "" || !strings.Contains(l.String(), data.CorrelationID) || strings.Contains(string(m.Error.Data), "secret") {
			t.Errorf("%s: %+v", uri, m.Error)
		}
	}
	s.read("", "a://told").message(t).fails(t, -32603, "on strike")
}

func TestMistakesInResourcesPanicWithTheCure(t *testing.T) {
	path := fastmcp.Typed(thePath)
	for want, add := range map[string]func(a *fastmcp.App){
		`"x/y": its URI is not absolute: begin it with a scheme`: func(a *fastmcp.App) { a.AddResource(fastmcp.Resource{URI: "x/y", Handler: gives("")}) },
		`there is a resource "a://b" already: remove it first`: func(a *fastmcp.App) {
			a.AddResource(fastmcp.Resource{URI: "a://b", Handler: gives("")})
			a.AddResource(fastmcp.Resource{URI: "a://b", Handler: gives("")})
		},
		`"a://b" has no Handler: make one with fastmcp.Get`: func(a *fastmcp.App) { a.AddResource(fastmcp.Resource{URI: "a://b"}) },
		`"a://r" has no Handler: make one with fastmcp.Get`: func(a *fastmcp.App) {
			a.AddResource(fastmcp.Resource{URI: "a://r", Handler: fastmcp.Raw(`{"type":"object"}`, nil)})
		},
		`its handler requires "shelf", which is no variable`: func(a *fastmcp.App) {
			a.AddResource(fastmcp.Resource{URI: "a://b", Handler: fastmcp.Typed(func(*fastmcp.Context, shopInput) (string, error) { return "", nil })})
		},
		`its handler has no field for the variable "file"`: func(a *fastmcp.App) {
			a.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "a://{file}", Handler: path})
		},
		`it completes "file", which is no variable of it`: func(a *fastmcp.App) {
			a.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "a://{path}", Handler: path, Complete: map[string]fastmcp.Completer{"file": nil}})
		},
		`the resource template "a://{"`: func(a *fastmcp.App) { a.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "a://{", Handler: path}) },
		`there is a resource template "a://{path}" already`: func(a *fastmcp.App) {
			a.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "a://{path}", Handler: path})
			a.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "a://{path}", Handler: path})
		},
	} {
		app, _ := newApp(t, fastmcp.Config{})
		if got := fmt.Sprint(panicOf(func() { add(app) })); !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
}
