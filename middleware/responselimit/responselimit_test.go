package responselimit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/middleware/cache"
	"github.com/fastmcp-go/fastmcp/middleware/internal/livetest"
	"github.com/fastmcp-go/fastmcp/middleware/responselimit"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/store"
)

const (
	tokenOfAnn = "ann-0123456789abcdef"
	tokenOfBob = "bob-0123456789abcdef"
)

func bearer(token string) livetest.Headers {
	return livetest.Headers{"Authorization": "Bearer " + token}
}

func people() auth.Provider {
	return auth.New(auth.Config{Optional: true, Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
		tokenOfAnn: {Issuer: "test", Subject: "ann"}, tokenOfBob: {Issuer: "test", Subject: "bob"},
	})}})
}

func quiet() fastmcp.Config {
	return fastmcp.Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Auth: people()}
}

type sized struct {
	N    int    `json:"n"`
	With string `json:"with"`
}

func (s sized) text() string {
	if s.With == "" {
		s.With = "x"
	}
	return strings.Repeat(s.With, s.N)
}

type list struct {
	Items []string `json:"items"`
}

// newApp is an App with tools that return as much as they are told to, in all forms.
func newApp(config fastmcp.Config, use responselimit.Config) *fastmcp.App {
	app := fastmcp.New(config)
	use.App = app
	app.Use(responselimit.New(use))
	add := func(name string, h fastmcp.Func) {
		app.AddTool(fastmcp.Tool{Name: name, Annotations: &protocol.ToolAnnotations{ReadOnlyHint: true}, Handler: h})
	}
	add("text", fastmcp.Typed(func(_ *fastmcp.Context, in sized) (string, error) { return in.text(), nil }))
	add("typed", fastmcp.Typed(func(_ *fastmcp.Context, in sized) (list, error) { return list{[]string{in.text()}}, nil }))
	add("loose", fastmcp.Typed(func(_ *fastmcp.Context, in sized) (*fastmcp.Result, error) {
		return &fastmcp.Result{Structured: list{[]string{in.text()}}}, nil
	}))
	add("picture", fastmcp.Typed(func(_ *fastmcp.Context, in sized) (content.Block, error) {
		return content.ImageBlock{Data: []byte(in.text()), MimeType: "image/png"}, nil
	}))
	add("embedded", fastmcp.Typed(func(_ *fastmcp.Context, in sized) (content.Block, error) {
		return content.Resource("x://y", "text/csv", in.text()), nil
	}))
	add("blob", fastmcp.Typed(func(_ *fastmcp.Context, in sized) (content.Block, error) {
		return content.Blob("x://y", "application/zip", []byte(in.text())), nil
	}))
	add("several", fastmcp.Typed(func(_ *fastmcp.Context, in sized) ([]content.Block, error) {
		return []content.Block{content.Text(in.text()), content.Text("end")}, nil
	}))
	add("both", fastmcp.Typed(func(_ *fastmcp.Context, in sized) (*fastmcp.Result, error) {
		return &fastmcp.Result{Structured: list{[]string{in.text()}}, Content: []content.Block{content.Text("in words")}}, nil
	}))
	add("failed", fastmcp.Typed(func(_ *fastmcp.Context, in sized) (*fastmcp.Result, error) {
		return &fastmcp.Result{IsError: true, Content: []content.Block{content.Text("no: "), content.Text(in.text())}}, nil
	}))
	add("error", fastmcp.Typed(func(_ *fastmcp.Context, in sized) (string, error) { return "", fastmcp.Errorf("no: %s", in.text()) }))
	add("error_with", fastmcp.Typed(func(_ *fastmcp.Context, in sized) (string, error) {
		return "", fmt.Errorf("wrapped: %w", fastmcp.Errorf("no").With("why", in.text()))
	}))
	add("masked", fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", errors.New("secret") }))
	return app
}

// link finds the link in a result, which also has it in words.
func link(t *testing.T, r *livetest.Result) (uri, mime string, size int64) {
	t.Helper()
	if len(r.Content) != 2 || r.Content[1].Type != "resource_link" || !strings.Contains(r.Content[0].Text, r.Content[1].URI) || r.Content[1].Name == "" {
		t.Fatalf("no link: %+v", r)
	}
	return r.Content[1].URI, r.Content[1].MimeType, r.Content[1].Size
}

const most = 4096

// At MaxBytes a result passes, beyond it there is a link.
func TestTheBound(t *testing.T) {
	s := livetest.Serve(t, newApp(quiet(), responselimit.Config{MaxBytes: most}))
	const around = len(`{"type":"text","text":""}]`)
	if r := s.Call("text", fmt.Sprintf(`{"n":%d}`, most-around)).Result(t); len(r.Text()) != most-around || len(r.Content) != 1 {
		t.Errorf("at the bound: %+v", r)
	}
	r := s.Call("text", fmt.Sprintf(`{"n":%d}`, most-around+1)).Result(t)
	uri, mime, size := link(t, r)
	if size != int64(most-around+1) || mime != "text/plain" || r.IsError || !strings.HasPrefix(uri, "result://") {
		t.Errorf("beyond the bound: %+v", r)
	}
	if !strings.Contains(r.Content[0].Text, "It begins:\n\nxxx") || strings.Count(r.Content[0].Text, "x") < 1024 || len(r.Content[0].Text) > 1024+300 {
		t.Errorf("the preview: %s", r.Content[0].Text)
	}
	if r := s.Read(uri).Result(t); len(r.Contents) != 1 || r.Contents[0].Text != strings.Repeat("x", most-around+1) || r.Contents[0].URI != uri {
		t.Errorf("read: %.200v", r)
	}
}

// Every form of result can be read whole, as what comes nearest to it.
func TestForms(t *testing.T) {
	s := livetest.Serve(t, newApp(quiet(), responselimit.Config{MaxBytes: most}))
	const n = 2 * most
	text := strings.Repeat("é", n)
	for _, c := range []struct{ tool, mime, want string }{
		{"text", "text/plain", text},
		{"loose", "application/json", `{"items":["` + text + `"]}`},
		{"picture", "image/png", text},
		{"embedded", "text/csv", text},
		{"blob", "application/zip", text},
		{"several", "application/json", `{"content":[{"type":"text","text":"` + text + `"},{"type":"text","text":"end"}]}`},
		{"both", "application/json", `{"content":[{"type":"text","text":"in words"}],"structuredContent":{"items":["` + text + `"]}}`},
	} {
		a := s.Call(c.tool, fmt.Sprintf(`{"n":%d,"with":"é"}`, n))
		r := a.Result(t)
		uri, mime, size := link(t, r)
		if mime != c.mime || size != int64(len(c.want)) || r.IsError || r.Structured != nil || len(a.Body) > most+600 {
			t.Errorf("%s: %s, %d bytes, %.300s", c.tool, mime, size, a.Body)
		}
		got := s.Read(uri).Result(t).Contents
		if len(got) != 1 || got[0].Text+string(got[0].Blob) != c.want || got[0].MimeType != c.mime {
			t.Errorf("%s: read %.300v", c.tool, got)
		}
		if binary := c.tool == "picture" || c.tool == "blob"; binary != (got[0].Blob != nil) || binary == strings.Contains(r.Content[0].Text, "It begins") {
			t.Errorf("%s: %.300v", c.tool, r)
		}
	}
}

// What promises structured content must have all of it, or be an error.
func TestOutputSchemas(t *testing.T) {
	args := fmt.Sprintf(`{"n":%d}`, 2*most)
	s := livetest.Serve(t, newApp(quiet(), responselimit.Config{MaxBytes: most}))
	r := s.Call("typed", args).Result(t)
	uri, mime, _ := link(t, r)
	if !r.IsError || r.Structured != nil || mime != "application/json" {
		t.Errorf("%.300v", r)
	}
	var got list
	if err := json.Unmarshal([]byte(s.Read(uri).Result(t).Text()), &got); err != nil || len(got.Items) != 1 || len(got.Items[0]) != 2*most {
		t.Errorf("%v %.100v", err, got)
	}
	if r := s.Call("typed", `{"n":1}`).Result(t); r.IsError || string(r.Structured) != `{"items":["x"]}` {
		t.Errorf("a small one: %+v", r)
	}
	s = livetest.Serve(t, newApp(quiet(), responselimit.Config{MaxBytes: most, KeepStructured: true}))
	if r := s.Call("typed", args).Result(t); r.IsError || len(r.Structured) < 2*most {
		t.Errorf("KeepStructured: %.300v", r)
	}
	if r := s.Call("loose", args).Result(t); len(r.Content) != 2 {
		t.Errorf("KeepStructured is for tools with a schema: %.300v", r)
	}
}

func TestErrorsAreCut(t *testing.T) {
	s := livetest.Serve(t, newApp(quiet(), responselimit.Config{MaxBytes: most}))
	for _, tool := range []string{"failed", "error", "error_with"} {
		for _, with := range []string{"x", "é", `\u0001`} {
			a := s.Call(tool, fmt.Sprintf(`{"n":%d,"with":"%s"}`, 3*most, with))
			r := a.Result(t)
			if !r.IsError || !strings.HasPrefix(r.Text(), "no") || len(r.Content) != 1 || !strings.Contains(r.Text(), "[Cut: these are ") || len(a.Body) > most+400 {
				t.Errorf("%s: %d bytes: %.200s ... %.200s", tool, len(a.Body), a.Body, a.Body[max(0, len(a.Body)-200):])
			}
			if tool != "error_with" && len(a.Body) < most/2 {
				t.Errorf("%s: %d bytes only", tool, len(a.Body))
			}
		}
		if r := s.Call(tool, `{"n":10}`).Result(t); !r.IsError || strings.Contains(r.Text(), "[Cut") || !strings.Contains(r.Text(), "xxxxxxxxxx") {
			t.Errorf("%s: a short one: %+v", tool, r)
		}
	}
	if r := s.Call("masked", `{}`).Result(t); !r.IsError || strings.Contains(r.Text(), "secret") || strings.Contains(r.Text(), "[Cut") {
		t.Errorf("%+v", r)
	}
}

// Only who has called can read.
func TestResultsAreTheirCallers(t *testing.T) {
	app := newApp(quiet(), responselimit.Config{MaxBytes: most})
	s := livetest.Serve(t, app)
	args := fmt.Sprintf(`{"n":%d}`, 2*most)
	reads := func(uri string, h livetest.Headers) bool {
		t.Helper()
		if h["Mcp-Session-Id"] != "" {
			a := s.Send(h, "resources/read", fmt.Sprintf(`"uri":%q`, uri))
			return a.Message(t).Result != nil
		}
		m := s.Read(uri, h).Message(t)
		if m.Result == nil && (m.Error == nil || m.Error.Message != "Resource not found") {
			t.Errorf("%+v", m)
		}
		return m.Result != nil
	}
	anonymous := livetest.Headers{}
	of := func(h livetest.Headers) string {
		t.Helper()
		if h["Mcp-Session-Id"] != "" {
			uri, _, _ := link(t, s.Send(h, "tools/call", `"name":"text","arguments":`+args).Result(t))
			return uri
		}
		uri, _, _ := link(t, s.Call("text", args, h).Result(t))
		return uri
	}
	one, two := s.Session("2025-11-25"), s.Session("2025-11-25")
	annsSession := s.Session("2025-11-25", bearer(tokenOfAnn))
	callers := map[string]livetest.Headers{
		"ann": bearer(tokenOfAnn), "bob": bearer(tokenOfBob), "anonymous": anonymous, "session one": one, "session two": two, "ann's session": annsSession,
	}
	for whose, h := range callers {
		uri := of(h)
		for who, h := range callers {
			want := who == whose || strings.HasPrefix(who, "ann'") && whose == "ann" || who == "ann" && strings.HasPrefix(whose, "ann'")
			if got := reads(uri, h); got != want {
				t.Errorf("%s reads what %s has called for: %t", who, whose, got)
			}
		}
	}
	if reads("result://"+strings.Repeat("A", 24), bearer(tokenOfAnn)) {
		t.Error("a result that never was")
	}
	if m := s.Read("result://" + strings.Repeat("A", 65)).Message(t); m.Error == nil {
		t.Errorf("%+v", m)
	}
}

// clock is a time that a test moves.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(1_800_000_000, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

func TestTTL(t *testing.T) {
	c := &clock{}
	config := quiet()
	config.Storage = store.Memory(store.MemoryConfig{Clock: c.now})
	for name, config := range map[string]fastmcp.Config{"store": config, "own": quiet()} {
		s := livetest.Serve(t, newApp(config, responselimit.Config{MaxBytes: most, TTL: 10 * time.Second, Clock: c.now}))
		uri, _, _ := link(t, s.Call("text", fmt.Sprintf(`{"n":%d}`, 2*most)).Result(t))
		c.advance(4 * time.Second)
		if r := s.Read(uri).Result(t); r.TTL == nil || *r.TTL != 6000 || r.Scope != "private" {
			t.Errorf("%s: a client may keep it for as long as it is there: %.200v", name, r)
		}
		c.advance(6*time.Second - time.Millisecond)
		if m := s.Read(uri).Message(t); m.Result == nil {
			t.Errorf("%s: gone before its time: %+v", name, m)
		}
		c.advance(time.Millisecond)
		if m := s.Read(uri).Message(t); m.Error == nil || m.Error.Message != "Resource not found" {
			t.Errorf("%s: it is still there: %.200v", name, m)
		}
	}
}

// MaxItem and MaxTotal bound what is kept; what is not is an error that the model can do something about.
func TestWhatIsKeptIsBounded(t *testing.T) {
	c := &clock{}
	s := livetest.Serve(t, newApp(quiet(), responselimit.Config{
		MaxBytes: most, MaxItem: 10_000, MaxTotal: 3 * (10_000 + 512), TTL: time.Minute, Clock: c.now,
	}))
	try := func(n int) *livetest.Result { return s.Call("text", fmt.Sprintf(`{"n":%d}`, n)).Result(t) }
	link(t, try(10_000))
	if r := try(10_001); !r.IsError || !strings.Contains(r.Text(), "Ask for less") || len(r.Content) != 1 {
		t.Errorf("beyond MaxItem: %.300v", r)
	}
	link(t, try(10_000))
	link(t, try(10_000))
	if r := try(5_000); !r.IsError || !strings.Contains(r.Text(), "Ask for less") {
		t.Errorf("beyond MaxTotal: %.300v", r)
	}
	if r := try(10); r.IsError {
		t.Errorf("a small one: %+v", r)
	}
	c.advance(2 * time.Minute)
	link(t, try(10_000))
}

// broken is a storage that fails from some time on.
type broken struct {
	store.Storage
	fails atomic.Bool
}

func (b *broken) Set(key string, val []byte, ttl time.Duration) error {
	if b.fails.Load() {
		return errors.New("no route to host")
	}
	return b.Storage.Set(key, val, ttl)
}

func TestAStoreThatFails(t *testing.T) {
	log, storage := &livetest.Log{}, &broken{Storage: store.Memory()}
	config := fastmcp.Config{Log: log.Logger(), Storage: storage, Keys: [][]byte{[]byte(strings.Repeat("k", 32))}}
	s := livetest.Serve(t, newApp(config, responselimit.Config{MaxBytes: most}))
	storage.fails.Store(true)
	r := s.Call("text", fmt.Sprintf(`{"n":%d}`, 2*most)).Result(t)
	if !r.IsError || !strings.Contains(r.Text(), "Ask for less") || strings.Contains(r.Text(), "route") || !strings.Contains(log.String(), "no route to host") {
		t.Errorf("%+v\n%s", r, log)
	}
}

// Behind a cache or before one, with one view for all: nobody gets another's link, and reads are not kept.
func TestWithACache(t *testing.T) {
	for name, first := range map[string]bool{"limit before cache": true, "cache before limit": false} {
		app := fastmcp.New(quiet())
		limit, keep := responselimit.New(responselimit.Config{App: app, MaxBytes: most}), cache.New(cache.Config{Public: true})
		if first {
			app.Use(limit, keep)
		} else {
			app.Use(keep, limit)
		}
		var runs atomic.Int64
		app.AddTool(fastmcp.Tool{Name: "text", Annotations: &protocol.ToolAnnotations{ReadOnlyHint: true}, Handler: fastmcp.Typed(func(_ *fastmcp.Context, in sized) (string, error) {
			runs.Add(1)
			return in.text(), nil
		})})
		s := livetest.Serve(t, app)
		args := fmt.Sprintf(`{"n":%d}`, 2*most)
		var uris []string
		for _, token := range []string{tokenOfAnn, tokenOfBob} {
			uri, _, _ := link(t, s.Call("text", args, bearer(token)).Result(t))
			if m := s.Read(uri, bearer(token)).Message(t); m.Result == nil {
				t.Errorf("%s: %+v", name, m)
			}
			uris = append(uris, uri)
		}
		if m := s.Read(uris[0], bearer(tokenOfBob)).Message(t); m.Error == nil {
			t.Errorf("%s: bob reads what is ann's", name)
		}
		if want := map[bool]int64{true: 1, false: 2}[first]; runs.Load() != want {
			t.Errorf("%s: %d runs, want %d", name, runs.Load(), want)
		}
	}
}

func TestOlderRevisionsAndNext(t *testing.T) {
	s := livetest.Serve(t, newApp(quiet(), responselimit.Config{
		MaxBytes: most, Preview: -1, Scheme: "big", Next: func(c *fastmcp.Context) bool { return c.Name() == "several" },
	}))
	args := fmt.Sprintf(`{"n":%d}`, 2*most)
	old := s.Session("2024-11-05") // which has no links: it is told in words
	r := s.Send(old, "tools/call", `"name":"text","arguments":`+args).Result(t)
	if len(r.Content) != 2 || r.Content[1].Type != "text" || strings.Contains(r.Text(), "It begins") {
		t.Fatalf("%.300v", r)
	}
	uri := r.Content[1].Text[strings.Index(r.Content[1].Text, "big://"):]
	uri, _, _ = strings.Cut(uri, "\n")
	if got := s.Send(old, "resources/read", fmt.Sprintf(`"uri":%q`, uri)).Result(t); len(got.Text()) != 2*most {
		t.Errorf("%.300v", got)
	}
	if r := s.Call("several", args).Result(t); len(r.Text()) < 2*most {
		t.Errorf("skipped: %.300v", r)
	}
}

func TestWrongSettingsPanic(t *testing.T) {
	app := fastmcp.New()
	for words, config := range map[string]responselimit.Config{
		"Config.App is not set":     {},
		"Config.MaxBytes is 1023":   {App: app, MaxBytes: 1023},
		"Config.MaxBytes is -1":     {App: app, MaxBytes: -1},
		"Config.MaxItem is 2000":    {App: app, MaxItem: 2000},
		"Config.MaxTotal is 2000":   {App: app, MaxTotal: 2000},
		"Config.TTL is 999ms":       {App: app, TTL: time.Second - time.Millisecond},
		"Config.StoreTimeout is -1": {App: app, StoreTimeout: -1},
		`Config.Scheme is "Big"`:    {App: app, Scheme: "Big"},
		`Config.Scheme is "1x"`:     {App: app, Scheme: "1x"},
		`Config.Scheme is "a://"`:   {App: app, Scheme: "a://"},
	} {
		func() {
			defer func() {
				if v, _ := recover().(string); !strings.Contains(v, words) || !strings.HasPrefix(v, "responselimit: ") {
					t.Errorf("%s: %q", words, v)
				}
			}()
			responselimit.New(config)
		}()
	}
	responselimit.New(responselimit.Config{App: app, MaxBytes: 1024, MaxItem: 1024, MaxTotal: 1024, TTL: time.Second})
	func() {
		defer func() {
			if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "result://{id}") {
				t.Errorf("twice for one App: %v", v)
			}
		}()
		responselimit.New(responselimit.Config{App: app})
	}()
	responselimit.New(responselimit.Config{App: app, Scheme: "other"})
}

// With the smallest bound an answer keeps to it, whatever its preview is made of.
func TestTheSmallestBound(t *testing.T) {
	s := livetest.Serve(t, newApp(quiet(), responselimit.Config{MaxBytes: 1024}))
	for _, with := range []string{"x", `\u0001`, `\"`, "é", "\U0001F600"} {
		a := s.Call("text", fmt.Sprintf(`{"n":5000,"with":"%s"}`, with))
		link(t, a.Result(t))
		body := a.Body[strings.Index(a.Body, `"content"`):strings.Index(a.Body, `,"resultType"`)]
		if len(body) > 1024+len(`"content":`) {
			t.Errorf("with %s: %d bytes: %s", with, len(body), body)
		}
	}
}
