package fastmcp_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// The tokens of those who call. Nobody is who has none.
const (
	readerToken = "reader-token-0123456789"
	writerToken = "writer-token-0123456789"
	rootToken   = "root-token-012345678901"
)

func someTokens() auth.Provider {
	return auth.New(auth.Config{Optional: true, Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
		readerToken: {Subject: "reader", Scopes: []string{"math:read"}},
		writerToken: {Subject: "writer", Scopes: []string{"math:read", "math:write"}},
		rootToken:   {Subject: "root", Scopes: []string{"math:read", "math:write"}, Roles: []string{"admin"}},
	})}})
}

func as(token string) headers {
	if token == "" {
		return headers{}
	}
	return headers{"Authorization": "Bearer " + token}
}

// callAs calls a tool in 2026-07-28.
func (s *server) callAs(token, tool, args string) answer {
	s.t.Helper()
	h := statelessHeaders("tools/call", tool)
	for k, v := range as(token) {
		h[k] = v
	}
	return s.do("POST", h, stateless(1, "tools/call", fmt.Sprintf(`"name":%q,"arguments":%s`, tool, args), ""))
}

// guarded is an App whose tools are named after who may call them.
func guarded(t *testing.T) *server {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	tool := func(name string, guard auth.Guard) {
		app.AddTool(fastmcp.Tool{Name: name, CanAccess: guard, Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			if p := c.Principal(); p != nil {
				return "hello " + p.Subject, nil
			}
			return "hello", nil
		})})
	}
	tool("open", nil)
	tool("member", auth.RequireAuth())
	tool("read", auth.RequireScopes("math:read"))
	tool("write", auth.RequireScopes("math:read", "math:write"))
	tool("admin", auth.RequireRole("admin"))
	tool("ask", auth.Discoverable(auth.RequireScopes("math:read", "math:write")))
	tool("told", func(context.Context, *auth.Access) auth.Decision { return auth.DenyWith("Closed on Sundays") })
	tool("broken", func(context.Context, *auth.Access) auth.Decision { panic("secret") })
	return serve(t, app, l)
}

func TestGuardsHideTools(t *testing.T) {
	s := guarded(t)
	for _, c := range []struct{ token, names string }{
		{"", "open ask"}, {readerToken, "open member read ask"}, {writerToken, "open member read write ask"}, {rootToken, "open member read write admin ask"},
	} {
		for range 2 { // the second is the cached one
			m, _, names := s.listOf(as(c.token))
			if names != c.names || !strings.Contains(string(m.Result), `"cacheScope":"private"`) {
				t.Errorf("%s: %s", c.token, m.Result)
			}
		}
		session := s.open("2025-06-18", as(c.token))
		var list struct{ Tools []struct{ Name string } }
		if m := session.send("tools/list", "").message(t); json.Unmarshal(m.Result, &list) != nil || len(list.Tools) != len(strings.Fields(c.names)) {
			t.Errorf("%s: %s", c.token, m.Result)
		}
		for _, name := range []string{"open", "member", "read", "write", "admin", "broken"} {
			may := strings.Contains(" "+c.names+" ", " "+name+" ")
			for era, calls := range map[string]func(tool string) answer{
				"stateless": func(tool string) answer { return s.callAs(c.token, tool, `{}`) },
				"session":   func(tool string) answer { session.next = 0; return session.call(tool, `{}`) },
			} {
				a := calls(name)
				if may {
					if r := a.message(t).tool(t); r.IsError || !strings.HasPrefix(r.text(), "hello") {
						t.Errorf("%s: %s calls %s: %+v", era, c.token, name, r)
					}
					continue
				}
				unknown := calls("nosuch")
				if a.status != unknown.status || strings.ReplaceAll(a.body, name, "?") != strings.ReplaceAll(unknown.body, "nosuch", "?") {
					t.Errorf("%s: %s calls %s: %d %s, but unknown is %d %s", era, c.token, name, a.status, a.body, unknown.status, unknown.body)
				}
				a.header.Del("Date")
				unknown.header.Del("Date")
				a.header.Del("Content-Length")
				unknown.header.Del("Content-Length")
				if fmt.Sprint(a.header) != fmt.Sprint(unknown.header) {
					t.Errorf("%s: %s calls %s: %v, but unknown is %v", era, c.token, name, a.header, unknown.header)
				}
			}
		}
	}
	if log := s.log.String(); !strings.Contains(log, "guard panicked") || !strings.Contains(log, "guard_test.go") {
		t.Error("the log does not have the panic of the guard")
	}
}

func TestGuardsThatChallenge(t *testing.T) {
	s := guarded(t)
	check := func(era string, a answer, status int) {
		t.Helper()
		challenge := a.header.Get("WWW-Authenticate")
		if a.status != status || !strings.Contains(challenge, `scope="math:read math:write"`) || a.message(t).Error == nil {
			t.Errorf("%s: %d %s %q", era, a.status, a.body, challenge)
		}
		if status == 403 && !strings.Contains(challenge, `error="insufficient_scope"`) {
			t.Errorf("%s: %q", era, challenge)
		}
		if strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
			t.Errorf("%s: a stream", era)
		}
	}
	check("anonymous", s.callAs("", "ask", `{}`), 401)
	check("reader", s.callAs(readerToken, "ask", `{}`), 403)
	check("anonymous in a session", s.open("2025-06-18").call("ask", `{}`), 401)
	check("reader in a session", s.open("2025-11-25", as(readerToken)).call("ask", `{}`), 403)
	if r := s.callAs(writerToken, "ask", `{}`).message(t).tool(t); r.text() != "hello writer" {
		t.Errorf("%+v", r)
	}
	a := s.callAs(writerToken, "told", `{}`)
	if m := a.message(t); a.status != 403 || m.Error == nil || m.Error.Message != "Closed on Sundays" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestGuardsOfGroupsAndToolsAllHold(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	get := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "in", nil })
	outer := app.Group("o/")
	inner := outer.Group("i/")
	inner.AddTool(fastmcp.Tool{Name: "t", Handler: get, CanAccess: auth.RequireScopes("math:write")})
	outer.AddTool(fastmcp.Tool{Name: "t", Handler: get})
	both := app.Group("b/")
	both.AddTool(fastmcp.Tool{Name: "t", Handler: get, CanAccess: auth.Discoverable(auth.RequireScopes("math:write"))})
	half := app.Group("h/")
	half.AddTool(fastmcp.Tool{Name: "t", Handler: get, CanAccess: auth.RequireRole("admin")})
	// Set after the tools were added.
	outer.CanAccess, outer.Tags = auth.RequireAuth(), []string{"outer"}
	inner.CanAccess, inner.Tags = auth.RequireRole("admin"), []string{"inner", "late"}
	both.CanAccess = auth.Discoverable(auth.RequireScopes("other"))
	half.CanAccess = auth.Discoverable(auth.RequireScopes("math:write"))
	s := serve(t, app, l)
	// Of an anonymous caller only the first guard is asked that denies (auth.All).
	for token, want := range map[string]string{"": "b/t h/t", readerToken: "o/t b/t", writerToken: "o/t b/t", rootToken: "o/i/t o/t b/t h/t"} {
		if m, _, names := s.listOf(as(token)); names != want {
			t.Errorf("%s: %s", token, m.Result)
		}
	}
	_, tools, _ := s.listOf(as(rootToken))
	for i, want := range []string{"[outer inner late]", "[outer]", "<nil>", "<nil>"} {
		meta, _ := tools[i]["_meta"].(map[string]any)
		if got := fmt.Sprint(meta["io.github.fastmcp-go/tags"]); got != want {
			t.Errorf("tool %d has the tags %s", i, got)
		}
	}
	a := s.callAs(readerToken, "b/t", `{}`)
	if a.status != 403 || !strings.Contains(a.header.Get("WWW-Authenticate"), `scope="other math:write"`) {
		t.Errorf("%d %q: one challenge must have the scopes of both", a.status, a.header.Get("WWW-Authenticate"))
	}
	if m := s.callAs(writerToken, "o/i/t", `{}`).message(t); m.Error == nil {
		t.Errorf("%+v", m)
	}
	if r := s.callAs(rootToken, "o/i/t", `{}`).message(t).tool(t); r.text() != "in" {
		t.Errorf("%+v", r)
	}
}

func TestGuardSeesTheCall(t *testing.T) {
	type seen struct {
		op         auth.Op
		args, name string
		session    bool
		from       bool
		err        string
	}
	var mu sync.Mutex
	var all []seen
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	app.AddTool(fastmcp.Tool{Name: "add", Handler: fastmcp.Typed(add), CanAccess: func(ctx context.Context, a *auth.Access) auth.Decision {
		c, ok := fastmcp.From(ctx)
		mu.Lock()
		defer mu.Unlock()
		s := seen{op: a.Op, args: string(a.Args), name: a.Kind + a.Name, session: a.SessionID != "", from: ok && c.Principal() == a.Principal}
		if a.Op == auth.OpCall {
			s.err = fmt.Sprint(c.Notify("notifications/x", nil) != nil, c.Suspend(0) != nil)
			c.ClientLog().Error("nobody reads this")
		}
		all = append(all, s)
		return auth.Decision{Allowed: a.Op == auth.OpList || strings.Contains(string(a.Args), `"a":1`)}
	}})
	s := serve(t, app, l)
	s.callAs(readerToken, "add", `{"a":1,"b":2}`)
	s.callAs(readerToken, "add", `{"a":2,"b":2}`)
	s.listOf(nil)
	if r := s.open("2025-11-25", as(writerToken)).call("add", `{"a":1,"b":2}`).message(t).tool(t); r.text() != `{"sum":3}` {
		t.Errorf("%+v", r)
	}
	want := []seen{
		{auth.OpCall, `{"a":1,"b":2}`, "tooladd", false, true, "true true"}, {auth.OpCall, `{"a":2,"b":2}`, "tooladd", false, true, "true true"},
		{auth.OpList, "", "tooladd", false, true, ""}, {auth.OpCall, `{"a":1,"b":2}`, "tooladd", true, true, "true true"},
	}
	if fmt.Sprint(all) != fmt.Sprint(want) {
		t.Errorf("%+v\n%+v", all, want)
	}
}

// A guard that asks a database derives its context, and takes longer than a request goes unwatched.
func TestGuardMayWaitOnItsContext(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		return "in", c.Err()
	}), CanAccess: func(ctx context.Context, a *auth.Access) auth.Decision {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
		defer cancel()
		<-ctx.Done()
		return auth.Decision{Allowed: a.Principal != nil}
	}})
	s := serve(t, app, l)
	for range 3 {
		if r := s.callAs(readerToken, "t", `{}`).message(t).tool(t); r.text() != "in" {
			t.Errorf("%+v", r)
		}
		if m := s.callAs("", "t", `{}`).message(t); m.Error == nil {
			t.Errorf("%+v", m)
		}
	}
}

func TestListsOfManyPrincipalsAreTheirOwn(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{PageSize: 2, Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Authenticate(func(_ context.Context, r *auth.Request) (*auth.Principal, error) {
		subject, scope, _ := strings.Cut(r.Header("X-Who"), "/")
		return &auth.Principal{Subject: subject, Scopes: []string{scope}}, nil
	})}})})
	var asked sync.Map
	for i := range 12 {
		scope := fmt.Sprintf("s%d", i%3)
		app.AddTool(fastmcp.Tool{Name: fmt.Sprintf("%s-%d", scope, i), Handler: fastmcp.Typed(add), CanAccess: func(_ context.Context, a *auth.Access) auth.Decision {
			asked.Store(a.Principal.Subject, true)
			return auth.Decision{Allowed: a.Principal.HasScope(scope)}
		}})
	}
	s := serve(t, app, l)
	page := func(who, cursor string) (names, next string) {
		h, params := statelessHeaders("tools/list", ""), ""
		h["X-Who"] = who
		if cursor != "" {
			params = fmt.Sprintf(`"cursor":%q`, cursor)
		}
		m := s.do("POST", h, stateless(1, "tools/list", params, "")).message(t)
		var list struct {
			Tools      []struct{ Name string }
			NextCursor string
		}
		if json.Unmarshal(m.Result, &list) != nil {
			t.Errorf("%+v", m)
		}
		for _, tool := range list.Tools {
			names += tool.Name + " "
		}
		return names, list.NextCursor
	}
	var users sync.WaitGroup
	for i := range 60 {
		users.Go(func() {
			who := fmt.Sprintf("user%d/s%d", i, i%3)
			first, cursor := page(who, "")
			second, end := page(who, cursor)
			if got, want := first+second, fmt.Sprintf("s%d-%d s%d-%d s%d-%d s%d-%d ", i%3, i%3, i%3, i%3+3, i%3, i%3+6, i%3, i%3+9); got != want || end != "" {
				t.Errorf("%s sees %s", who, got)
			}
		})
	}
	users.Wait()
	for i := range 60 {
		if _, ok := asked.Load(fmt.Sprintf("user%d", i)); !ok {
			t.Errorf("no guard was asked about user%d", i)
		}
	}
	// A cursor must not be a way to ask for hidden names, nor tell how much is hidden.
	cursor := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	hidden, _ := page("user1/s1", cursor("tools:0:s2-11"))
	unknown, _ := page("user1/s1", cursor("tools:0:nosuch"))
	if hidden != unknown {
		t.Errorf("a cursor finds a hidden tool: %s, not %s", hidden, unknown)
	}
	_, next := page("user1/s1", "")
	if text, _ := base64.RawURLEncoding.DecodeString(next); string(text) != "tools:2:s1-7" {
		t.Errorf("the cursor of the second page is %s", text)
	}
	if mine, _ := page("user1/s1", cursor("tools:1:s2-2")); mine != "s1-4 s1-7 " {
		t.Errorf("a cursor of a tool that has gone: %s", mine)
	}
}
