package fastmcp_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/protocol"
)

type searchInput struct {
	Query string `json:"query" validate:"required"`
	Limit int    `json:"limit" validate:"lte=10"`
}

type searchOutput struct {
	Hits []string `json:"hits"`
	Seen string   `json:"seen,omitempty"`
}

func search(c *fastmcp.Context, in searchInput) (searchOutput, error) {
	seen, _ := c.Locals("seen").(string)
	return searchOutput{Hits: []string{in.Query}, Seen: seen + c.Method()}, nil
}

func searching(t *testing.T, e fastmcp.Extension) *server {
	app, l := newApp(t, fastmcp.Config{})
	app.Use(func(c *fastmcp.Context) error {
		c.Locals("seen", "chain ")
		return c.Next()
	})
	e.ID, e.Settings = "com.example/search", map[string]int{"limit": 10}
	e.Methods = append(e.Methods, fastmcp.Method{Name: "search/run", Handler: fastmcp.Typed(search)})
	app.AddExtension(e)
	return serve(t, app, l)
}

func (s *server) ask(method, params, meta string) (answer, message) {
	s.t.Helper()
	a := s.do("POST", statelessHeaders(method, ""), strings.Replace(stateless(7, method, params, ""), `clientCapabilities":{}`, `clientCapabilities":{`+meta+`}`, 1))
	return a, a.message(s.t)
}

func TestExtensionMethodInEveryRevision(t *testing.T) {
	s := searching(t, fastmcp.Extension{})
	a, m := s.ask("search/run", `"query":"x","limit":3`, "")
	if a.status != 200 || !strings.Contains(string(m.Result), `"hits":["x"],"seen":"chain search/run","resultType":"complete"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	_, m = s.ask("server/discover", "", "")
	if !strings.Contains(string(m.Result), `"extensions":{"com.example/search":{"limit":10}}}`) || !json.Valid(m.Result) {
		t.Errorf("%s", m.Result)
	}
	for _, r := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"} {
		c := s.open(r)
		if m := c.send("search/run", `"query":"y","_meta":{"com.example/k":1}`).message(t); string(m.Result) != `{"hits":["y"],"seen":"chain search/run"}` {
			t.Errorf("%s: %s %+v", r, m.Result, m.Error)
		}
	}
	init := s.do("POST", nil, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	if !strings.Contains(init.body, `"extensions":{"com.example/search":{"limit":10}}},"serverInfo"`) {
		t.Errorf("%s", init.body)
	}
}

func TestExtensionBadInput(t *testing.T) {
	s := searching(t, fastmcp.Extension{})
	for _, r := range []struct {
		method, params string
		status, code   int
		words          string
	}{
		{"search/run", `"query":"x","limit":11`, 200, -32602, "limit"},
		{"search/run", `"other":1,"query":"x"`, 200, -32602, "other"},
		{"search/run", ``, 200, -32602, "query"},
		{"search/walk", ``, 404, -32601, "Method not found: search/walk"},
	} {
		a, m := s.ask(r.method, r.params, "")
		if m.Error == nil || m.Error.Code != r.code || !strings.Contains(m.Error.Message, r.words) {
			t.Errorf("%s %s: %d %s", r.method, r.params, a.status, a.body)
		}
		if r.status != 0 && a.status != r.status {
			t.Errorf("%s: %d", r.method, a.status)
		}
	}
	c := s.open("2025-11-25")
	if a := s.do("POST", c.headers(), `{"jsonrpc":"2.0","id":7,"method":"search/run","params":[1]}`); a.message(t).Error == nil {
		t.Errorf("params in an array: %s", a.body)
	}
}

func TestExtensionRequired(t *testing.T) {
	s := searching(t, fastmcp.Extension{Required: true, Since: protocol.V20260728})
	a, m := s.ask("search/run", `"query":"x"`, "")
	if a.status != 400 || m.Error == nil || m.Error.Code != -32021 || string(m.Error.Data) != `{"requiredCapabilities":{"extensions":{"com.example/search":{}}}}` {
		t.Errorf("undeclared: %d %s", a.status, a.body)
	}
	if a, m = s.ask("search/run", `"query":"x"`, `"extensions":{"com.example/search":{}}`); m.Error != nil {
		t.Errorf("declared: %s", a.body)
	}
	c := s.open("2025-11-25")
	if m := c.send("search/run", `"query":"y"`).message(t); m.Error == nil || m.Error.Code != -32601 {
		t.Errorf("before its time: %+v", m)
	}
}

func TestExtensionGuard(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	var asked auth.Access
	app.AddMethod(fastmcp.Method{Name: "secret/get", Handler: fastmcp.Get(func(*fastmcp.Context) (map[string]int, error) { return nil, nil }),
		CanAccess: func(_ context.Context, a *auth.Access) auth.Decision { asked = *a; return auth.Deny() }})
	app.AddMethod(fastmcp.Method{Name: "open/get", Handler: fastmcp.Do(func(*fastmcp.Context, struct{}) error { return nil })})
	s := serve(t, app, l)
	a, m := s.ask("secret/get", "", "")
	if a.status != 404 || m.Error == nil || m.Error.Code != -32601 || asked.Kind != auth.KindMethod || asked.Name != "secret/get" {
		t.Errorf("%d %s; asked %+v", a.status, a.body, asked)
	}
	if a, m = s.ask("open/get", "", ""); m.Error != nil || !strings.HasPrefix(string(m.Result), `{"resultType"`) {
		t.Errorf("%s", a.body)
	}
}

func TestExtensionMistakes(t *testing.T) {
	run := fastmcp.Get(func(*fastmcp.Context) (map[string]int, error) { return nil, nil })
	app := fastmcp.New(fastmcp.Config{})
	app.AddExtension(fastmcp.Extension{ID: "com.example/taken", Methods: []fastmcp.Method{{Name: "taken/run", Handler: run}}})
	for words, e := range map[string]fastmcp.Extension{
		"a domain, a slash and a name":     {ID: "search"},
		"Settings are [1]":                 {ID: "a.b/c", Settings: []int{1}},
		"Settings: fastmcp:":               {ID: "a.b/c", Settings: func() {}},
		`an extension "com.example/taken"`: {ID: "com.example/taken"},
		"is not visible ASCII":             {ID: "a.b/c", Methods: []fastmcp.Method{{Name: "a b", Handler: run}}},
		"the name is the protocol's":       {ID: "a.b/c", Methods: []fastmcp.Method{{Name: "tools/call", Handler: run}}},
		`"tasks/get": the name`:            {ID: "a.b/c", Methods: []fastmcp.Method{{Name: "tasks/get", Handler: run}}},
		"has no Handler":                   {ID: "a.b/c", Methods: []fastmcp.Method{{Name: "x/y"}}},
		"Use has a nil Handler":            {ID: "a.b/c", Methods: []fastmcp.Method{{Name: "x/y", Handler: run, Use: []fastmcp.Handler{nil}}}},
		`a method "taken/run" already`:     {ID: "a.b/c", Methods: []fastmcp.Method{{Name: "x/y", Handler: run}, {Name: "taken/run", Handler: run}}},
		`a method "x/x" already`:           {ID: "a.b/c", Methods: []fastmcp.Method{{Name: "x/x", Handler: run}, {Name: "x/x", Handler: run}}},
	} {
		if err := app.TryAddExtension(e); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", words, err)
		}
	}
	if err := app.TryAddMethod(fastmcp.Method{Name: "x/y", Handler: run}); err != nil {
		t.Errorf("what failed has left a method: %v", err)
	}
}
