package tenant_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/tenant"
)

type keyValue struct {
	Key   string `json:"key" validate:"required"`
	Value string `json:"value"`
}

// keeper is a server that keeps things in all places where one can, under names that all tenants have in common.
func keeper(name string, ran *[]string) (*fastmcp.App, error) {
	app := fastmcp.New(fastmcp.Config{Name: name})
	add := func(tool string, f func(c *fastmcp.Context, in keyValue) (string, error)) {
		app.AddTool(fastmcp.Tool{Name: tool, Handler: fastmcp.Typed(f)})
	}
	add("store", func(c *fastmcp.Context, in keyValue) (string, error) {
		old, err := c.Store().KV.Get(c, in.Key)
		if err == nil && in.Value != "" {
			err = c.Store().KV.Set(c, in.Key, []byte(in.Value), time.Minute)
		}
		return string(old), err
	})
	add("count", func(c *fastmcp.Context, in keyValue) (string, error) {
		n, err := c.Store().Atomic.Add(c, in.Key, 1, time.Minute)
		return fmt.Sprint(n), err
	})
	add("list", func(c *fastmcp.Context, in keyValue) (string, error) {
		if in.Value != "" {
			if err := c.Store().Index.Put(c, in.Key, in.Value, time.Minute); err != nil {
				return "", err
			}
		}
		all, _, err := c.Store().Index.Members(c, in.Key, "", 10)
		return fmt.Sprint(all), err
	})
	add("state", func(c *fastmcp.Context, in keyValue) (string, error) {
		old, _, err := c.Session().Get(c, in.Key)
		if err == nil && in.Value != "" {
			err = c.Session().Set(c, in.Key, []byte(in.Value))
		}
		return string(old), err
	})
	add("once", func(c *fastmcp.Context, in keyValue) (string, error) {
		return fastmcp.Once(c, in.Key, func() (string, error) {
			*ran = append(*ran, name)
			return name, nil
		})
	})
	app.AddTool(fastmcp.Tool{Name: "job", Task: fastmcp.TaskOptional, Handler: fastmcp.Typed(func(c *fastmcp.Context, in keyValue) (string, error) {
		return name + " " + in.Value, nil
	})})
	app.AddResource(fastmcp.Resource{URI: "memo://it", Name: "memo", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return name, nil })})
	app.AddPrompt(fastmcp.Prompt{Name: "ask-" + name, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return name, nil })})
	return app, nil
}

func keepers(t *testing.T) (h *host, ran *[]string) {
	t.Helper()
	h, ran = newHost(t, tenant.Config{}, func(app *fastmcp.App) {
		app.AddResource(fastmcp.Resource{URI: "memo://host", Name: "memo", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "host", nil })})
	}), new([]string)
	for token, name := range map[string]string{acme: "acme", beta: "beta"} {
		h.tenants.AddToken(token, func() (*fastmcp.App, error) { return keeper(name, ran) })
	}
	return h, ran
}

// What one tenant keeps the other does not find, although both call it the same.
func TestStoresAreApart(t *testing.T) {
	h, _ := keepers(t)
	a, b := h.open(acme), h.open(beta)
	for _, tool := range []string{"store", "state"} {
		a.call(tool, `{"key":"k","value":"secret"}`)
		if got := a.call(tool, `{"key":"k"}`).text(); got != "secret" {
			t.Errorf("%s: its own: %q", tool, got)
		}
		// The names that scopes are made of lead nowhere either.
		id := idOf(t, h.tenants, acme)
		for _, key := range []string{"k", "@realm:@" + id + ":@app:k", "../k", "@app:k", "@tenants:token/" + id} {
			if got := b.call(tool, fmt.Sprintf(`{"key":%q}`, key)).body; strings.Contains(got, "secret") || !strings.Contains(got, `"result"`) {
				t.Errorf("%s: another's, as %s: %q", tool, key, got)
			}
		}
	}
	for i := range 3 {
		if got := a.call("count", `{"key":"n"}`).text(); got != fmt.Sprint(i+1) {
			t.Error(got)
		}
	}
	if got := b.call("count", `{"key":"n"}`).text(); got != "1" {
		t.Errorf("they count together: %s", got)
	}
	a.call("list", `{"key":"all","value":"mine"}`)
	if got := b.call("list", `{"key":"all"}`).text(); got != "[]" {
		t.Errorf("they list together: %s", got)
	}
	if got := a.call("list", `{"key":"all"}`).text(); got != "[mine]" {
		t.Error(got)
	}
}

// What has run once for one tenant runs once for the other.
func TestOnceIsApart(t *testing.T) {
	h, ran := keepers(t)
	for _, token := range []string{acme, beta} {
		if got := h.tool(token, "once", `{"key":"k"}`).text(); got != map[string]string{acme: "acme", beta: "beta"}[token] {
			t.Error(got)
		}
	}
	if got := fmt.Sprint(*ran); got != "[acme beta]" {
		t.Errorf("ran for %s", got)
	}
}

// A tenant neither sees, uses, listens to nor ends the sessions of another; nor does its App.
func TestSessionsAreApart(t *testing.T) {
	h, _ := keepers(t)
	a, b := h.open(acme), h.open(beta)
	stolen := headers{}
	for name, value := range b.head {
		stolen[name] = value
	}
	stolen["Mcp-Session-Id"] = a.id
	thief := &client{host: h, head: stolen, id: a.id}
	for name, got := range map[string]answer{
		"call": thief.call("state", `{"key":"k"}`), "listen": h.do("GET", "/mcp", stolen, ""), "end": h.do("DELETE", "/mcp", stolen, ""),
		"notify": h.do("POST", "/mcp", stolen, `{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}`),
		"answer": h.do("POST", "/mcp", stolen, `{"jsonrpc":"2.0","id":1,"result":{}}`),
	} {
		if got.status != 404 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if got := a.call("state", `{"key":"k"}`); got.status != 200 {
		t.Errorf("its owner: %d %s", got.status, got.body)
	}
	apps := map[string]*fastmcp.App{acme: chosen(t, h.tenants, acme), beta: chosen(t, h.tenants, beta)}
	if apps[beta].Session(a.id) != nil || h.app.Session(a.id) != nil || apps[acme].Session(a.id) == nil {
		t.Error("a session is found by an App that has it not")
	}
	if all := apps[beta].Sessions(); len(all) != 1 || all[0].ID() != b.id || all[0].Tenant() != idOf(t, h.tenants, beta) {
		t.Errorf("%v", all)
	}
}

// What is told one tenant's sessions reaches no other: broadcasts, changes of lists, updates of resources.
func TestNewsIsApart(t *testing.T) {
	h, _ := keepers(t)
	a, b := h.open(acme), h.open(beta)
	for _, c := range []*client{a, b} {
		c.send("resources/subscribe", `"uri":"memo://it"`)
	}
	heard, not := a.listen(), b.listen()
	app, other := chosen(t, h.tenants, acme), chosen(t, h.tenants, beta)
	p, err := h.tenants.Verify(background(), bearer(acme))
	if err != nil {
		t.Fatal(err)
	}
	app.ResourceUpdated("memo://it")
	if m := heard.next(); m != "notifications/resources/updated" {
		t.Error(m)
	}
	app.AddTool(fastmcp.Tool{Name: "more", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", nil })})
	if m := heard.next(); m != "notifications/tools/list_changed" {
		t.Error(m)
	}
	for name, tell := range map[string]func() error{
		"notifications/all": func() error { return app.Broadcast("notifications/all", nil) },
		"notifications/own": func() error { return app.BroadcastTo(p, "notifications/own", nil) },
	} {
		if err := tell(); err != nil {
			t.Error(err)
		}
		if m := heard.next(); m != name {
			t.Error(m)
		}
	}
	// Another's App cannot reach them, even by their principal.
	if err := other.BroadcastTo(p, "notifications/stolen", nil); err != nil {
		t.Error(err)
	}
	if err := other.Broadcast("notifications/last", nil); err != nil {
		t.Error(err)
	}
	if m := not.next(); m != "notifications/last" {
		t.Errorf("another tenant hears %s", m)
	}
	if err := app.Broadcast("notifications/last", nil); err != nil {
		t.Error(err)
	}
	if m := heard.next(); m != "notifications/last" {
		t.Errorf("it hears %s of another", m)
	}
}

// Lists, resources and prompts are those of one's own server.
func TestContentIsApart(t *testing.T) {
	h, _ := keepers(t)
	for token, name := range map[string]string{acme: "acme", beta: "beta"} {
		other := map[string]string{"acme": "beta", "beta": "acme"}[name]
		c := h.open(token)
		if got := c.send("resources/read", `"uri":"memo://it"`).body; !strings.Contains(got, `"`+name+`"`) {
			t.Error(got)
		}
		if got := c.send("resources/read", `"uri":"memo://host"`).body; !strings.Contains(got, "error") {
			t.Errorf("it reads what is the host's: %s", got)
		}
		if got := c.send("prompts/list", ``).body; !strings.Contains(got, "ask-"+name) || strings.Contains(got, "ask-"+other) {
			t.Error(got)
		}
		if got := c.send("prompts/get", `"name":"ask-`+other+`"`).body; !strings.Contains(got, "error") {
			t.Error(got)
		}
	}
}

// The tasks of one tenant do not exist for another.
func TestTasksAreApart(t *testing.T) {
	h, _ := keepers(t)
	a, b := h.open(acme), h.open(beta)
	started := a.send("tools/call", `"name":"job","arguments":{"key":"k","value":"secret"},"task":{"ttl":60000}`)
	var m struct {
		Result struct {
			Task struct{ TaskID string }
		}
	}
	if err := json.Unmarshal([]byte(started.body), &m); err != nil || m.Result.Task.TaskID == "" {
		t.Fatalf("%v %s", err, started.body)
	}
	id := fmt.Sprintf(`"taskId":%q`, m.Result.Task.TaskID)
	for _, method := range []string{"tasks/get", "tasks/result", "tasks/cancel"} {
		if got := b.send(method, id); !strings.Contains(got.body, `"error"`) || strings.Contains(got.body, "secret") {
			t.Errorf("%s: %s", method, got.body)
		}
	}
	if got := b.send("tasks/list", ""); strings.Contains(got.body, m.Result.Task.TaskID) {
		t.Errorf("it is listed: %s", got.body)
	}
	if got := a.send("tasks/result", id); !strings.Contains(got.body, "acme secret") {
		t.Errorf("its own: %s", got.body)
	}
}

// A caller whom another verifier knows gets no tenant's server by the name of its tenant.
func TestNamesOfOthers(t *testing.T) {
	l := &logs{}
	tenants := tenant.New(tenant.Config{Log: l.logger()})
	tenants.AddToken(acme, server("acme")).Plan("basic", planned())
	tenants.ByPlan(func(*auth.Principal) string { return "basic" })
	id := idOf(t, tenants, acme)
	config := fastmcp.Config{Name: "host", Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{
		auth.Authenticate(func(_ context.Context, r *auth.Request) (*auth.Principal, error) {
			if r.Token == "thief-0123456789abcdef" {
				return &auth.Principal{Issuer: "other", Subject: "thief", Tenant: id}, nil
			}
			return nil, nil
		}), tenants,
	}})}
	h := serve(t, tenants, l, config)
	if got := h.tool(acme, "who", `{}`).text(); got != "acme" {
		t.Error(got)
	}
	if a := h.tool("thief-0123456789abcdef", "who", `{}`); a.status != 503 || !strings.Contains(l.String(), "have it use other names") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
