package cache_test

import (
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
	"github.com/fastmcp-go/fastmcp/protocol"
)

const (
	tokenOfAnn  = "ann-0123456789abcdef"
	tokenOfAnn2 = "ann-with-more-scopes"
	tokenOfBob  = "bob-0123456789abcdef"
)

func bearer(token string) livetest.Headers {
	return livetest.Headers{"Authorization": "Bearer " + token}
}

func people() auth.Provider {
	return auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
		tokenOfAnn:  {Issuer: "test", Subject: "ann", Scopes: []string{"a"}},
		tokenOfAnn2: {Issuer: "test", Subject: "ann", Scopes: []string{"a", "b"}},
		tokenOfBob:  {Issuer: "test", Subject: "bob", Scopes: []string{"a"}},
	})}})
}

// clock is a time that a test moves.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}
func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

var readOnly = &protocol.ToolAnnotations{ReadOnlyHint: true}

// counted is an App with a tool that tells how often it has run, what it was given and who called.
func counted(config fastmcp.Config, use cache.Config, tool ...fastmcp.Tool) (*fastmcp.App, *atomic.Int64) {
	app, n := fastmcp.New(config), &atomic.Int64{}
	t := fastmcp.Tool{Name: "look", Annotations: readOnly}
	if len(tool) > 0 {
		t = tool[0]
	}
	if t.Name == "" {
		t.Name = "look"
	}
	t.Handler = fastmcp.Typed(func(c *fastmcp.Context, in struct {
		Q string         `json:"q"`
		M map[string]int `json:"m"`
	}) (string, error) {
		who := "nobody"
		if p := c.Principal(); p != nil {
			who = p.Subject
		}
		return fmt.Sprintf("%d: %s %v for %s", n.Add(1), in.Q, in.M, who), nil
	})
	app.Use(cache.New(use))
	app.AddTool(t)
	return app, n
}

func quiet() fastmcp.Config {
	return fastmcp.Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

func TestTheSameCallRunsOnce(t *testing.T) {
	app, n := counted(quiet(), cache.Config{})
	s := livetest.Serve(t, app)
	const want = "1: tea map[a:1 b:2] for nobody"
	for _, args := range []string{
		`{"q":"tea","m":{"a":1,"b":2}}`, `{"m":{"b":2,"a":1},"q":"tea"}`, " {\n\"q\" : \"tea\" ,\t\"m\":{ \"b\":2,\"a\":1 } } ",
	} {
		if a := s.Call("look", args); a.Status != 200 || a.Result(t).Text() != want || a.Result(t).Type != "complete" {
			t.Errorf("%s: %d %s", args, a.Status, a.Body)
		}
	}
	if got := s.Call("look", `{"q":"tea","m":{"a":1,"b":3}}`).Result(t).Text(); !strings.HasPrefix(got, "2: tea") {
		t.Errorf("other arguments: %s", got)
	}
	if got := s.Call("look", `{}`).Result(t).Text(); !strings.HasPrefix(got, "3: ") {
		t.Errorf("no arguments: %s", got)
	}
	h, body := livetest.Modern("tools/call", "look", `"name":"look"`, "")
	if got := s.Request("POST", "", h, body).Result(t).Text(); !strings.HasPrefix(got, "3: ") {
		t.Errorf("arguments that are left out are another call than {}: %s", got)
	}
	// Two names that are one, or one that is two: what tools make of them differs, so they are never looked up.
	for _, args := range []string{`{"q":"tea","q":"tea"}`, `{"\u0071":"tea"}`, `{"\u0071":"tea"}`} {
		s.Call("look", args)
	}
	if got := n.Load(); got < 5 {
		t.Errorf("arguments with escaped names were answered from the cache: %d runs", got)
	}
}

func TestCallersHaveViewsOfTheirOwn(t *testing.T) {
	config := quiet()
	config.Auth = people()
	ask := func(s *livetest.Server, token string) string {
		return s.Call("look", `{}`, bearer(token)).Result(t).Text()
	}

	app, _ := counted(config, cache.Config{})
	s := livetest.Serve(t, app)
	for i, c := range []struct{ token, want string }{
		{tokenOfAnn, "1: "}, {tokenOfBob, "2: "}, {tokenOfAnn2, "3: "}, {tokenOfAnn, "1: "}, {tokenOfBob, "2: "}, {tokenOfAnn2, "3: "},
	} {
		if got := ask(s, c.token); !strings.HasPrefix(got, c.want) {
			t.Errorf("by principal, %d: %s, want %s", i, got, c.want)
		}
	}

	app, n := counted(config, cache.Config{Public: true})
	s = livetest.Serve(t, app)
	if ask(s, tokenOfAnn) != ask(s, tokenOfBob) || n.Load() != 1 {
		t.Errorf("Public: %d runs", n.Load())
	}

	app, n = counted(config, cache.Config{View: func(c *fastmcp.Context) string { return c.Header("Accept-Language") }})
	s = livetest.Serve(t, app)
	for _, language := range []string{"en", "pt", "en"} {
		s.Call("look", `{}`, bearer(tokenOfAnn), livetest.Headers{"Accept-Language": language})
	}
	if n.Load() != 2 {
		t.Errorf("View: %d runs, want one for each language", n.Load())
	}
}

func TestAnonymousCallersAreTheirSessions(t *testing.T) {
	app, n := counted(quiet(), cache.Config{})
	s := livetest.Serve(t, app)
	one, two := s.Session("2025-11-25"), s.Session("2025-11-25")
	for range 2 {
		for _, h := range []livetest.Headers{one, two} {
			if a := s.Send(h, "tools/call", `"name":"look","arguments":{}`); a.Status != 200 || a.Message(t).Result == nil {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
	}
	if n.Load() != 2 {
		t.Errorf("%d runs, want one for each session", n.Load())
	}
}

// An answer is as its revision has it.
func TestRevisionsAreApart(t *testing.T) {
	app, n := counted(quiet(), cache.Config{Public: true})
	s := livetest.Serve(t, app)
	for range 2 {
		s.Call("look", `{}`)
		for _, revision := range []string{"2024-11-05", "2025-11-25"} {
			if r := s.Send(s.Session(revision), "tools/call", `"name":"look","arguments":{}`).Result(t); r.Type != "" || r.Text() == "" {
				t.Errorf("%s: %+v", revision, r)
			}
		}
	}
	if n.Load() != 3 {
		t.Errorf("%d runs, want one for each revision", n.Load())
	}
}

func TestOnlyWhatReadsIsCached(t *testing.T) {
	log := &livetest.Log{}
	for name, c := range map[string]struct {
		tool fastmcp.Tool
		use  cache.Config
		runs int64
	}{
		"no annotations":     {fastmcp.Tool{}, cache.Config{}, 2},
		"no hint":            {fastmcp.Tool{Annotations: &protocol.ToolAnnotations{IdempotentHint: true}}, cache.Config{}, 2},
		"no hint, but named": {fastmcp.Tool{}, cache.Config{Tools: []string{"look"}}, 1},
		"another is named":   {fastmcp.Tool{}, cache.Config{Tools: []string{"other"}}, 2},
		"skipped":            {fastmcp.Tool{Annotations: readOnly}, cache.Config{Next: func(c *fastmcp.Context) bool { return c.Name() == "look" }}, 2},
		"hint":               {fastmcp.Tool{Annotations: readOnly}, cache.Config{}, 1},
	} {
		app, n := counted(fastmcp.Config{Log: log.Logger()}, c.use, c.tool)
		s := livetest.Serve(t, app)
		for range 2 {
			s.Call("look", `{}`)
		}
		if n.Load() != c.runs {
			t.Errorf("%s: %d runs, want %d", name, n.Load(), c.runs)
		}
	}
	if got := strings.Count(log.String(), "set Annotations.ReadOnlyHint, or put its name into cache.Config.Tools"); got != 3 {
		t.Errorf("it was told %d times, want once for each that is not cached\n%s", got, log)
	}
	if strings.Contains(log.String(), "level=WARN") {
		t.Errorf("that it is for the whole App is no mistake\n%s", log)
	}
	app := fastmcp.New(fastmcp.Config{Log: log.Logger()})
	app.AddTool(fastmcp.Tool{Name: "own", Use: []fastmcp.Handler{cache.New()}, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", nil })})
	s := livetest.Serve(t, app)
	if s.Call("own", `{}`); !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("that it is for a tool that may not only read is one\n%s", log)
	}
}

// What is not all in the result, or is an error, is not kept.
func TestWhatIsNotKept(t *testing.T) {
	var runs atomic.Int64
	handlers := map[string]fastmcp.Func{
		"fails": fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", fastmcp.Errorf("no %d", runs.Add(1)) }),
		"is error": fastmcp.Get(func(*fastmcp.Context) (*fastmcp.Result, error) {
			return &fastmcp.Result{IsError: true, Content: []content.Block{content.Text(fmt.Sprint("no ", runs.Add(1)))}}, nil
		}),
		"breaks":   fastmcp.Get(func(*fastmcp.Context) (string, error) { runs.Add(1); return "", errors.New("secret") }),
		"panics":   fastmcp.Get(func(*fastmcp.Context) (string, error) { runs.Add(1); panic("secret") }),
		"protocol": fastmcp.Get(func(*fastmcp.Context) (string, error) { runs.Add(1); return "", protocol.Errorf(-32001, "mine") }),
		"progress": fastmcp.Get(func(c *fastmcp.Context) (string, error) { runs.Add(1); return "x", c.Progress(1, 2) }),
		"streams":  fastmcp.Get(func(c *fastmcp.Context) (string, error) { runs.Add(1); return "x", c.Stream(content.Text("y")) }),
		"notifies": fastmcp.Get(func(c *fastmcp.Context) (string, error) { runs.Add(1); return "x", c.Notify("notifications/x", nil) }),
		"asks": fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			runs.Add(1)
			var form struct {
				Size int `json:"size"`
			}
			_, err := fastmcp.Elicit(c, "size", "How many?", &form)
			return fmt.Sprint(form.Size), err
		}),
		"cannot be sent": fastmcp.Get(func(*fastmcp.Context) (any, error) { runs.Add(1); return make(chan int), nil }),
	}
	app := fastmcp.New(quiet())
	app.Use(cache.New(cache.Config{Public: true}))
	for name, h := range handlers {
		app.AddTool(fastmcp.Tool{Name: strings.ReplaceAll(name, " ", "_"), Annotations: readOnly, Handler: h})
	}
	s := livetest.Serve(t, app)
	for name := range handlers {
		runs.Store(0)
		var first, second livetest.Answer
		for _, a := range []*livetest.Answer{&first, &second} {
			*a = s.Call(strings.ReplaceAll(name, " ", "_"), `{}`)
		}
		if runs.Load() != 2 {
			t.Errorf("%s: %d runs, want 2: %s", name, runs.Load(), second.Body)
		}
	}
	// A call with a key of its own is its own.
	runs.Store(0)
	app.AddTool(fastmcp.Tool{Name: "keyed", Annotations: readOnly, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return fmt.Sprint(runs.Add(1)), nil })})
	session := s.Session("2025-11-25")
	for _, key := range []string{"one", "two", "one"} {
		if a := s.Send(session, "tools/call", `"name":"keyed","_meta":{"`+protocol.MetaIdempotencyKey+`":"`+key+`"}`); a.Message(t).Result == nil {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
	}
	if runs.Load() != 2 {
		t.Errorf("with idempotency keys: %d runs, want 2", runs.Load())
	}
	// And one that is answered in a second round, because the first has asked.
	ask := s.Call("asks", `{}`).Message(t)
	if ask.Result == nil || ask.Result.Type != "input_required" {
		t.Errorf("a question was answered with %+v", ask)
	}
}

// A streamed part is not lost when what is behind it is kept: a link before the cache may stream.
func TestWhatWasStreamedBeforeStays(t *testing.T) {
	app := fastmcp.New(quiet())
	app.Use(func(c *fastmcp.Context) error {
		err := c.Next()
		return errors.Join(err, c.Stream(content.Text("before")))
	}, cache.New())
	for name, blocks := range map[string][]content.Block{"some": {content.Text("x"), content.Text("y")}, "none": {}} {
		app.AddTool(fastmcp.Tool{Name: name, Annotations: readOnly, Handler: fastmcp.Get(func(*fastmcp.Context) ([]content.Block, error) { return blocks, nil })})
	}
	s := livetest.Serve(t, app)
	for range 2 {
		if got := s.Call("some", `{}`).Result(t).Text(); got != "before\nx\ny" {
			t.Errorf("%q", got)
		}
		if got := s.Call("none", `{}`).Result(t).Text(); got != "before" {
			t.Errorf("%q", got)
		}
	}
}

// All of a result comes back: structured content, _meta, blocks of all kinds.
func TestResultsComeBackWhole(t *testing.T) {
	type out struct {
		Sum int `json:"sum"`
	}
	app, n := fastmcp.New(quiet()), 0
	app.Use(cache.New())
	app.AddTool(fastmcp.Tool{Name: "typed", Annotations: readOnly, Handler: fastmcp.Get(func(*fastmcp.Context) (out, error) { n++; return out{7}, nil })})
	app.AddTool(fastmcp.Tool{Name: "whole", Annotations: readOnly, Handler: fastmcp.Get(func(*fastmcp.Context) (*fastmcp.Result, error) {
		n++
		return &fastmcp.Result{
			Content:    []content.Block{content.Text("é\n\"x\""), content.Image([]byte("\x89PNG\r\n\x1a\n")), content.Resource("x://y", "text/plain", "z")},
			Structured: map[string]int{"a": 1}, Meta: map[string]any{"m": "n"},
		}, nil
	})})
	s := livetest.Serve(t, app)
	for _, tool := range []string{"typed", "whole"} {
		first, second := s.Call(tool, `{}`), s.Call(tool, `{}`)
		if first.Body != second.Body || !strings.Contains(second.Body, `"structuredContent":{`) {
			t.Errorf("%s\n%s\n%s", tool, first.Body, second.Body)
		}
		old := s.Session("2025-06-18")
		first, second = s.Send(old, "tools/call", `"name":"`+tool+`"`), s.Send(old, "tools/call", `"name":"`+tool+`"`)
		if first.Body != second.Body || !strings.Contains(second.Body, `"structuredContent":{`) {
			t.Errorf("%s\n%s\n%s", tool, first.Body, second.Body)
		}
	}
	if n != 4 {
		t.Errorf("%d runs, want 4", n)
	}
}

func TestOtherMethodsPass(t *testing.T) {
	app, _ := counted(quiet(), cache.Config{})
	app.AddPrompt(fastmcp.Prompt{Name: "p", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "x", nil })})
	s := livetest.Serve(t, app)
	h := s.Session("2025-11-25")
	for _, method := range []string{"tools/list", "ping", "resources/list"} {
		if a := s.Send(h, method, ""); a.Message(t).Result == nil {
			t.Errorf("%s: %s", method, a.Body)
		}
	}
	if a := s.Send(h, "prompts/get", `"name":"p"`); a.Message(t).Result == nil {
		t.Errorf("prompts/get: %s", a.Body)
	}
	if a := s.Call("unknown", `{}`); a.Message(t).Error == nil {
		t.Errorf("an unknown tool: %s", a.Body)
	}
}

func TestWrongSettingsPanic(t *testing.T) {
	for words, config := range map[string]cache.Config{
		"Config.TTL is -1s":         {TTL: -time.Second},
		"Config.TTL is 999":         {TTL: 999 * time.Microsecond},
		"Config.Wait":               {Wait: -1},
		"Config.StoreTimeout":       {StoreTimeout: -1},
		"Config.MaxItem is -1":      {MaxItem: -1},
		"Config.MaxBytes is -1":     {MaxBytes: -1},
		"Config.MaxFlights is -1":   {MaxFlights: -1},
		"leave one of them out":     {Public: true, View: func(*fastmcp.Context) string { return "" }},
		"Config.Tools has an empty": {Tools: []string{""}},
	} {
		func() {
			defer func() {
				if v, _ := recover().(string); !strings.Contains(v, words) || !strings.HasPrefix(v, "cache: ") {
					t.Errorf("%s: %q", words, v)
				}
			}()
			cache.New(config)
		}()
	}
	cache.New(cache.Config{TTL: time.Millisecond}) // at the bound
	cache.New(cache.ConfigDefault)
	cache.New()
}

// ticking is a time that is never the same.
func (c *clock) ticking() time.Time { c.advance(time.Second); return c.now() }
