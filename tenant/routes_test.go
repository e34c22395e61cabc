package tenant_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/tenant"
)

const (
	operator = "operator-0123456789abcdef"
	clerk    = "clerk-0123456789abcdef"
)

// withRoutes makes the host of tenants and of an operator, with the admin API.
func withRoutes(t *testing.T, s *shared) *host {
	t.Helper()
	l := &logs{}
	config := tenant.Config{Log: l.logger()}
	if s != nil {
		config.Storage = s
	}
	tenants := tenant.New(config)
	tenants.Plan("basic", planned()).Plan("pro", planned(), tenant.Limits{Rate: "100-M"})
	known := auth.New(auth.Config{Verifiers: []auth.Verifier{
		auth.Tokens(map[string]auth.Principal{operator: {Subject: "op", Roles: []string{"admin"}}, clerk: {Subject: "clerk"}}), tenants,
	}})
	return serve(t, tenants, l, fastmcp.Config{Name: "host", Auth: known, Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}}, func(app *fastmcp.App) {
		tenants.Routes(app, "/admin/tenants", auth.RequireRole("admin"))
	})
}

type added struct {
	Token string
	Info  tenant.Info
}

// admin makes a request of the API as the operator, and reads the answer into v.
func (h *host) admin(method, path, body string, want int, v any) answer {
	h.t.Helper()
	a := h.do(method, "/admin/tenants"+path, as(operator), body)
	if a.status != want {
		h.t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, a.status, a.body, want)
	}
	if a.header.Get("Cache-Control") != "no-store" && a.status < 300 {
		h.t.Errorf("%s %s: %v", method, path, a.header)
	}
	if v != nil {
		if err := json.Unmarshal([]byte(a.body), v); err != nil {
			h.t.Fatalf("%s %s: %s: %v", method, path, a.body, err)
		}
	}
	return a
}

// The life of a token, by the API.
func TestRoutes(t *testing.T) {
	h := withRoutes(t, newShared())
	var one, two added
	h.admin("POST", "", `{"plan":"basic","name":"ACME"}`, 201, &one)
	h.admin("POST", "", `{"plan":"pro","limits":{"concurrent":3}}`, 201, &two)
	if one.Info.Plan != "basic" || one.Info.Name != "ACME" || two.Info.Limits.Concurrent != 3 || one.Token == two.Token || len(one.Token) != 32 {
		t.Errorf("%+v %+v", one, two)
	}
	if got := h.tool(one.Token, "who", `{}`).text(); got != "basic ACME" {
		t.Error(got)
	}
	var list struct {
		Tokens []tenant.Info
		Next   string
	}
	if a := h.admin("GET", "", "", 200, &list); len(list.Tokens) != 2 || list.Next != "" || strings.Contains(a.body, one.Token) {
		t.Errorf("%s", a.body)
	}
	seen := map[string]bool{}
	for cursor, pages := "", 0; pages < 5; pages++ {
		list.Next, list.Tokens = "", nil
		h.admin("GET", "?limit=1&cursor="+cursor, "", 200, &list)
		for _, info := range list.Tokens {
			seen[info.ID] = true
		}
		if cursor = list.Next; cursor == "" {
			break
		}
	}
	if !seen[one.Info.ID] || !seen[two.Info.ID] {
		t.Errorf("%v", seen)
	}
	var info tenant.Info
	if h.admin("GET", "/"+one.Info.ID, "", 200, &info); info != one.Info {
		t.Errorf("%+v, want %+v", info, one.Info)
	}
	// What is left out stays.
	if h.admin("PUT", "/"+one.Info.ID, `{"plan":"pro"}`, 200, &info); info.Plan != "pro" || info.Name != "ACME" {
		t.Errorf("%+v", info)
	}
	if h.admin("PUT", "/"+one.Info.ID, `{"limits":{"sessions":2,"rate":"5-S"}}`, 200, &info); info.Plan != "pro" || info.Name != "ACME" || info.Limits.Sessions != 2 {
		t.Errorf("%+v", info)
	}
	if h.admin("PUT", "/"+one.Info.ID, `{"name":"Acme Inc."}`, 200, &info); info.Plan != "pro" || info.Name != "Acme Inc." || info.Limits.Rate != "5-S" {
		t.Errorf("%+v", info)
	}
	eventually(t, "its server is the new one", func() bool { return h.tool(one.Token, "who", `{}`).text() == "pro Acme Inc." })
	var stats tenant.Stats
	if h.admin("GET", "/stats", "", 200, &stats); stats.Tokens != 2 || stats.Servers != 1 {
		t.Errorf("%+v", stats)
	}
	h.admin("DELETE", "/"+one.Info.ID, "", 204, nil)
	h.admin("DELETE", "/"+one.Info.ID, "", 404, nil)
	if a := h.tool(one.Token, "who", `{}`); a.status != 401 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if h.admin("GET", "", "", 200, &list); len(list.Tokens) != 1 || list.Tokens[0].ID != two.Info.ID {
		t.Errorf("%+v", list)
	}
}

func TestRoutesWithoutTokens(t *testing.T) {
	h := withRoutes(t, nil)
	if a := h.admin("GET", "", "", 200, nil); a.body != `{"tokens":[]}` {
		t.Error(a.body)
	}
}

// Bad requests are told what is wrong, in the one form of errors.
func TestRoutesBadInput(t *testing.T) {
	s := newShared()
	h := withRoutes(t, s)
	var one added
	h.admin("POST", "", `{"plan":"basic"}`, 201, &one)
	own := withRoutes(t, nil)
	own.tenants.AddToken(acme, server("acme"))
	for _, test := range []struct {
		h                        *host
		method, path, body, want string
		status                   int
	}{
		{h, "POST", "", ``, "the body must be an object", 400},
		{h, "POST", "", `[]`, "the body must be an object", 400},
		{h, "POST", "", `{"plan":"basic"}{}`, "there is more behind it", 400},
		{h, "POST", "", `{"plan":"basic","token":"mine-0123456789abcdef"}`, "unknown field", 400},
		{h, "POST", "", `{"name":"x"}`, "plan is required", 400},
		{h, "POST", "", `{"plan":"gold"}`, "there is no such plan", 400},
		{h, "POST", "", `{"plan":"basic","limits":{"rate":"0-M"}}`, "out of range", 400},
		{h, "POST", "", `{"plan":"basic","name":"` + strings.Repeat("x", 201) + `"}`, "use 200 at most", 400},
		{h, "PUT", "/t_aaaaaaaaaaaaaaaa", `{"plan":"pro"}`, "there is no such token", 404},
		{h, "PUT", "/" + one.Info.ID, `{"plan":"gold"}`, "there is no such plan", 400},
		{h, "PUT", "/" + one.Info.ID, `{`, "the body must be an object", 400},
		{h, "GET", "/x", ``, "there is no such token", 404},
		{h, "DELETE", "/t_AAAAAAAAAAAAAAAA", ``, "there is no such token", 404},
		{h, "GET", "?limit=0", ``, "1 to 1000", 400},
		{h, "GET", "?limit=1001", ``, "1 to 1000", 400},
		{h, "GET", "?limit=x", ``, "1 to 1000", 400},
		{h, "GET", "?cursor=x", ``, "cursor", 400},
		{own, "PUT", "/" + idOf(t, own.tenants, acme), `{"plan":"pro"}`, "updated by UpdateToken", 409},
	} {
		a := test.h.do(test.method, "/admin/tenants"+test.path, as(operator), test.body)
		var m struct{ Error struct{ Message string } }
		if err := json.Unmarshal([]byte(a.body), &m); err != nil || a.status != test.status || !strings.Contains(m.Error.Message, test.want) {
			t.Errorf("%s %s %s: %d %s, want %d %s", test.method, test.path, test.body, a.status, a.body, test.status, test.want)
		}
	}
	s.down.Store(true)
	defer s.down.Store(false)
	for _, request := range [][3]string{{"GET", "", ""}, {"GET", "/stats", ""}, {"GET", "/" + one.Info.ID, ""}, {"POST", "", `{"plan":"basic"}`}, {"DELETE", "/" + one.Info.ID, ""}} {
		if a := h.do(request[0], "/admin/tenants"+request[1], as(operator), request[2]); a.status != 503 || strings.Contains(a.body, errDown.Error()) {
			t.Errorf("%v: %d %s", request, a.status, a.body)
		}
	}
}

// Nobody but the operator gets to the API: not who is unknown, not who is somebody else, and never a tenant.
func TestRoutesAreProtected(t *testing.T) {
	h := withRoutes(t, nil)
	h.tenants.AddToken(acme, server("acme"))
	for _, request := range [][3]string{{"GET", "", ""}, {"GET", "/stats", ""}, {"POST", "", `{"plan":"pro"}`}, {"GET", "/x", ""}, {"PUT", "/x", "{}"}, {"DELETE", "/" + idOf(t, h.tenants, acme), ""}} {
		for token, want := range map[string]int{"": 401, "wrong-0123456789abcdef": 401, clerk: 404, acme: 404} {
			head := as(token)
			if token == "" {
				head = nil
			}
			if a := h.do(request[0], "/admin/tenants"+request[1], head, request[2]); a.status != want {
				t.Errorf("%v as %q: %d %s, want %d", request, token, a.status, a.body, want)
			}
		}
	}
	if verify(h.tenants, acme) != "known" {
		t.Error("it was removed")
	}
}

// A guard that lets in whoever is known lets in no tenant.
func TestRoutesForWhoeverIsKnown(t *testing.T) {
	l := &logs{}
	tenants := tenant.New(tenant.Config{Log: l.logger()})
	tenants.AddToken(acme, server("acme"))
	h := serve(t, tenants, l, fastmcp.Config{Name: "host", Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{
		auth.Tokens(map[string]auth.Principal{clerk: {Subject: "clerk"}}), tenants,
	}})}, func(app *fastmcp.App) { tenants.Routes(app, "admin/tenants/", auth.RequireAuth()) })
	for token, want := range map[string]int{clerk: 200, acme: 404} {
		if a := h.do("GET", "/admin/tenants", as(token), ""); a.status != want {
			t.Errorf("%d %s, want %d", a.status, a.body, want)
		}
	}
}

// The second listener is the operator's own: there the API needs no guard, and beside MCP it is not.
func TestRoutesOnAdminAddr(t *testing.T) {
	tenants := tenant.New()
	tenants.Plan("basic", planned())
	h := serve(t, tenants, &logs{}, fastmcp.Config{Name: "host", HTTP: fastmcp.HTTPConfig{AdminAddr: "127.0.0.1:0"}}, func(app *fastmcp.App) {
		tenants.Routes(app, "/admin/tenants", nil)
	})
	if a := h.do("GET", "/admin/tenants", nil, ""); a.status != 404 {
		t.Errorf("beside MCP: %d %s", a.status, a.body)
	}
	admin := *h
	admin.url = fmt.Sprintf("http://%s", h.app.AdminAddr())
	if a := admin.do("POST", "/admin/tenants", nil, `{"plan":"basic"}`); a.status != 201 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// What would be open to everybody is refused before it is served.
func TestRoutesThatAreRefused(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{})
	withAuth := fastmcp.New(fastmcp.Config{Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{tenants}})})
	for words, f := range map[string]func(){
		"open to everybody":   func() { tenants.Routes(withAuth, "/admin", nil) },
		"set Config.Auth":     func() { tenants.Routes(fastmcp.New(), "/admin", auth.RequireAuth()) },
		"the path is empty":   func() { tenants.Routes(withAuth, "/", auth.RequireAuth()) },
		"where MCP is served": func() { tenants.Routes(withAuth, "/mcp", auth.RequireAuth()) },
	} {
		if text := panics(f); !strings.Contains(text, words) {
			t.Errorf("%q, want %q", text, words)
		}
	}
}
