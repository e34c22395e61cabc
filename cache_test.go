package fastmcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// hint checks how long a result may be kept, and by whom; -1 for one that says neither.
func (m message) hint(t testing.TB, what string, ttl int64, scope string) {
	t.Helper()
	var r struct {
		TTL   *int64  `json:"ttlMs"`
		Scope *string `json:"cacheScope"`
	}
	if m.Error != nil || json.Unmarshal(m.Result, &r) != nil {
		t.Errorf("%s: %s %+v", what, m.Result, m.Error)
		return
	}
	if ttl < 0 {
		if r.TTL != nil || r.Scope != nil {
			t.Errorf("%s says how long it may be kept: %s", what, m.Result)
		}
		return
	}
	if r.TTL == nil || *r.TTL != ttl || r.Scope == nil || *r.Scope != scope {
		t.Errorf("%s is not %d %s: %s", what, ttl, scope, m.Result)
	}
}

func TestCacheHintsOfLists(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{PageSize: 1, Cache: fastmcp.CacheConfig{
		Discover: time.Hour, Tools: time.Second, Prompts: 2500 * time.Microsecond, Resources: 999 * time.Microsecond, Templates: 3 * time.Millisecond,
	}})
	for i := range 2 {
		app.AddTool(aTool(fmt.Sprint("t", i)))
		app.AddPrompt(aPrompt(fmt.Sprint("p", i)))
		app.AddResource(aResource(fmt.Sprint("a://", i)))
		app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: fmt.Sprint("doc", i, "://{+path}"), Handler: fastmcp.Typed(thePath)})
	}
	s := serve(t, app, l)
	lists := []struct {
		method string
		ttl    int64
	}{{"tools/list", 1000}, {"prompts/list", 2}, {"resources/list", 0}, {"resources/templates/list", 3}}
	for _, list := range lists {
		first := s.inquire("", list.method, "", "").message(t)
		first.hint(t, list.method, list.ttl, "public")
		var page struct{ NextCursor string }
		if json.Unmarshal(first.Result, &page) != nil || page.NextCursor == "" {
			t.Errorf("%s: %s has no second page", list.method, first.Result)
		}
		s.inquire("", list.method, "", fmt.Sprintf(`"cursor":%q`, page.NextCursor)).message(t).hint(t, list.method+", page 2", list.ttl, "public")
		for _, revision := range revisions {
			s.open(revision).send(list.method, "").message(t).hint(t, revision+" "+list.method, -1, "")
		}
	}
	s.inquire("", "server/discover", "", "").message(t).hint(t, "server/discover", 3600_000, "public")
	for i, list := range lists { // each is private as soon as it has a guard in it
		switch i {
		case 0:
			app.AddTool(fastmcp.Tool{Name: "guarded", CanAccess: auth.RequireAuth(), Handler: gives("")})
		case 1:
			app.AddPrompt(fastmcp.Prompt{Name: "guarded", CanAccess: auth.RequireAuth(), Handler: gives("")})
		case 2:
			app.AddResource(fastmcp.Resource{URI: "guarded://", CanAccess: auth.RequireAuth(), Handler: gives("")})
		case 3:
			app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "guarded://{+path}", CanAccess: auth.RequireAuth(), Handler: fastmcp.Typed(thePath)})
		}
		s.inquire("", list.method, "", "").message(t).hint(t, list.method+" with a guard", list.ttl, "private")
	}
}

func TestListsAreStaleAtOnceByDefault(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	for _, method := range []string{"server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list"} {
		s.inquire("", method, "", "").message(t).hint(t, method, 0, "public")
	}
}

func TestCacheHintsOfReads(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens(), Cache: fastmcp.CacheConfig{Resources: time.Hour}})
	public := fastmcp.CacheHint{TTL: time.Minute, Public: true}
	everybody := func(context.Context, *auth.Access) auth.Decision { return auth.Allow() }
	says := func(h fastmcp.CacheHint) fastmcp.Func {
		return fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			c.SetCache(h)
			return "", nil
		})
	}
	embeds := func(uri string) fastmcp.Func {
		return fastmcp.Get(func(c *fastmcp.Context) (any, error) { return c.Embed(uri) })
	}
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "doc://{+path}", Cache: public, Handler: fastmcp.Typed(thePath)})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "own://{+path}", Cache: public, CanAccess: everybody, Handler: fastmcp.Typed(thePath)})
	cases := []struct {
		uri   string
		cache fastmcp.CacheHint
		guard auth.Guard
		f     fastmcp.Func
		ttl   int64
		scope string
	}{
		{"a://default", fastmcp.CacheHint{}, nil, gives(""), 0, "private"},
		{"a://ttl", fastmcp.CacheHint{TTL: 1999 * time.Microsecond}, nil, gives(""), 1, "private"},
		{"a://public", public, nil, gives(""), 60_000, "public"},
		{"a://stale", fastmcp.CacheHint{Public: true}, nil, gives(""), 0, "public"},
		{"a://guarded", public, everybody, gives(""), 60_000, "private"},
		{"a://says", fastmcp.CacheHint{}, nil, says(public), 60_000, "public"},
		{"a://says/less", public, nil, says(fastmcp.CacheHint{}), 0, "private"},
		{"a://says/over", public, nil, says(fastmcp.CacheHint{TTL: -time.Second, Public: true}), 0, "public"},
		{"a://says/guarded", fastmcp.CacheHint{}, everybody, says(public), 60_000, "private"},
		{"a://embeds", fastmcp.CacheHint{}, nil, embeds("a://says"), 0, "private"},
		{"a://embeds/less", public, nil, embeds("a://says/less"), 60_000, "public"},
		{"a://embeds/guarded", public, nil, embeds("a://guarded"), 60_000, "private"},
	}
	for _, c := range cases {
		app.AddResource(fastmcp.Resource{URI: c.uri, Cache: c.cache, CanAccess: c.guard, Handler: c.f})
	}
	app.AddTool(fastmcp.Tool{Name: "says", Handler: says(public)})
	app.AddTool(fastmcp.Tool{Name: "embeds", Handler: embeds("a://says")})
	app.AddPrompt(fastmcp.Prompt{Name: "says", Handler: says(public)})
	s := serve(t, app, l)
	for _, c := range cases {
		for _, token := range []string{"", readerToken} {
			s.read(token, c.uri).message(t).hint(t, c.uri, c.ttl, c.scope)
		}
	}
	s.read("", "doc://x").message(t).hint(t, "a template", 60_000, "public")
	s.read("", "own://x").message(t).hint(t, "a template with a guard", 60_000, "private")
	s.callStateless("says", `{}`).message(t).hint(t, "a tool", -1, "")
	s.callStateless("embeds", `{}`).message(t).hint(t, "a tool that embeds", -1, "")
	s.inquire("", "prompts/get", "says", `"name":"says"`).message(t).hint(t, "a prompt", -1, "")
	for _, revision := range revisions {
		s.open(revision).send("resources/read", `"uri":"a://says"`).message(t).hint(t, revision, -1, "")
	}
}

// A link of the chain has the last word, and what is no complete result says nothing.
func TestCacheHintsOfReadsThatAreNotPlain(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	public := fastmcp.CacheHint{TTL: time.Minute, Public: true}
	app.AddResource(fastmcp.Resource{URI: "a://link", Cache: public, Handler: gives(""), Use: []fastmcp.Handler{func(c *fastmcp.Context) error {
		err := c.Next()
		c.SetCache(fastmcp.CacheHint{TTL: time.Second})
		return err
	}}})
	app.AddResource(fastmcp.Resource{URI: "a://asks", Cache: public, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		var p person
		answer, err := fastmcp.Elicit(c, "who", "Who?", &p)
		return fmt.Sprint(answer), err
	})})
	app.AddResource(fastmcp.Resource{URI: "a://fails", Cache: public, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
		return "", fastmcp.ErrNotFound
	})})
	s := serve(t, app, l)
	s.read("", "a://link").message(t).hint(t, "a link", 1000, "private")
	if a := s.read("", "a://fails"); !strings.Contains(a.body, "not found") || strings.Contains(a.body, "ttlMs") {
		t.Errorf("an error: %s", a.body)
	}
	body := strings.Replace(stateless(1, "resources/read", `"uri":"a://asks"`, ""), `clientCapabilities":{}`, `clientCapabilities":`+allCapabilities, 1)
	a := s.do("POST", statelessHeaders("resources/read", "a://asks"), body)
	a.inputs(t)
	a.message(t).hint(t, "a question", -1, "")
}

func TestCacheHintsThatAreNegativeAreRefused(t *testing.T) {
	for name, c := range map[string]fastmcp.CacheConfig{
		"Discover": {Discover: -1}, "Tools": {Tools: -time.Hour}, "Prompts": {Prompts: -1}, "Resources": {Resources: -1}, "Templates": {Templates: -1},
	} {
		func() {
			defer func() {
				if v := fmt.Sprint(recover()); !strings.Contains(v, "Config.Cache."+name+" is negative") {
					t.Errorf("%s: New panicked with %s", name, v)
				}
			}()
			fastmcp.New(fastmcp.Config{Cache: c})
		}()
	}
	app, _ := newApp(t, fastmcp.Config{})
	past := fastmcp.CacheHint{TTL: -1}
	for what, err := range map[string]error{
		"a://b":       app.TryAddResource(fastmcp.Resource{URI: "a://b", Cache: past, Handler: gives("")}),
		"a://{+path}": app.TryAddResourceTemplate(fastmcp.ResourceTemplate{URI: "a://{+path}", Cache: past, Handler: fastmcp.Typed(thePath)}),
	} {
		if err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), "Cache.TTL is negative") {
			t.Errorf("%s: %v", what, err)
		}
	}
	app.AddResource(fastmcp.Resource{URI: "a://b", Handler: gives("")}) // what was refused is not there
}

// SetCache is called from any goroutine, also behind the answer.
func TestSetCacheFromOtherGoroutines(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	var late atomic.Pointer[fastmcp.Context]
	app.AddResource(fastmcp.Resource{URI: "a://b", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		done := make(chan struct{})
		for range 8 {
			go func() {
				c.SetCache(fastmcp.CacheHint{TTL: time.Second, Public: true})
				done <- struct{}{}
			}()
		}
		for range 8 {
			<-done
		}
		late.Store(c)
		return "", nil
	})})
	s := serve(t, app, l)
	s.read("", "a://b").message(t).hint(t, "the first", 1000, "public")
	late.Load().SetCache(fastmcp.CacheHint{TTL: time.Hour})
	s.read("", "a://b").message(t).hint(t, "the second", 1000, "public")
}
