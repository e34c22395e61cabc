package fastmcp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// prompt gets a prompt in 2026-07-28.
func (s *server) prompt(token, name, args string) answer {
	s.t.Helper()
	params := fmt.Sprintf(`"name":%q`, name)
	if args != "" {
		params += `,"arguments":` + args
	}
	return s.inquire(token, "prompts/get", name, params)
}

// messages are those of a prompt, as JSON, behind its description.
func (m message) prompt(t testing.TB) string {
	t.Helper()
	var r struct {
		Description string
		Messages    json.RawMessage
	}
	if m.Error != nil || json.Unmarshal(m.Result, &r) != nil {
		t.Fatalf("%s %+v", m.Result, m.Error)
	}
	return r.Description + string(r.Messages)
}

type reviewInput struct {
	Code  string   `json:"code" validate:"required" title:"The code" description:"what to review"`
	Style string   `json:"style" validate:"oneof=short long"`
	Depth int      `json:"depth" validate:"gte=0,lte=5"`
	Ratio *float64 `json:"ratio"`
	Fix   bool     `json:"fix"`
}

func review(_ *fastmcp.Context, in reviewInput) (string, error) {
	ratio := 0.0
	if in.Ratio != nil {
		ratio = *in.Ratio
	}
	return fmt.Sprint(in.Code, "|", in.Style, "|", in.Depth, "|", ratio, "|", in.Fix), nil
}

func TestPromptArguments(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddPrompt(fastmcp.Prompt{Name: "review", Description: "Review it", Handler: fastmcp.Typed(review)})
	app.AddPrompt(fastmcp.Prompt{Name: "plain", Handler: gives("hello")})
	s := serve(t, app, l)
	sessions := map[string]*client{"2024-11-05": s.open("2024-11-05"), "2025-11-25": s.open("2025-11-25")}
	each := func(name, args string, check func(era string, m message)) {
		t.Helper()
		check("2026-07-28", s.prompt("", name, args).message(t))
		for revision, c := range sessions {
			params := fmt.Sprintf(`"name":%q`, name)
			if args != "" {
				params += `,"arguments":` + args
			}
			check(revision, c.send("prompts/get", params).message(t))
		}
	}
	for args, want := range map[string]string{
		`{"code":"x"}`:   "x||0|0|false",
		`{"code":"007"}`: "007||0|0|false", // text stays text
		`{"code":"x","style":"long","depth":"3","ratio":"1.5","fix":"true"}`: "x|long|3|1.5|true",
		`{"code":"x","depth":3,"fix":true}`:                                  "x||3|0|true",
	} {
		each("review", args, func(era string, m message) {
			if got := m.prompt(t); got != `Review it[{"role":"user","content":{"type":"text","text":"`+want+`"}}]` {
				t.Errorf("%s %s: %s", era, args, got)
			}
		})
	}
	for args, word := range map[string]string{
		"": "code", `{}`: "code", `{"style":"long"}`: "code", `{"code":"x","style":"middle"}`: "style", `{"code":"x","depth":"deep"}`: "depth",
		`{"code":"x","depth":"6"}`: "depth", `{"code":"x","depth":"1.5"}`: "depth", `{"code":"x","fix":"perhaps"}`: "fix", `{"code":7}`: "code",
		`{"code":"x","nosuch":"y"}`: "nosuch", `[]`: "arguments must be an object", `"x"`: "arguments must be an object",
	} {
		each("review", args, func(_ string, m message) { m.fails(t, -32602, word) })
	}
	for _, args := range []string{"", "{}"} {
		each("plain", args, func(era string, m message) {
			if got := m.prompt(t); got != `[{"role":"user","content":{"type":"text","text":"hello"}}]` || strings.Contains(string(m.Result), "description") {
				t.Errorf("%s: %s", era, m.Result)
			}
			if strings.Contains(string(m.Result), "ttlMs") || strings.Contains(string(m.Result), `"resultType":"complete"`) != (era == "2026-07-28") {
				t.Errorf("%s: %s", era, m.Result)
			}
		})
	}
	each("nosuch", "", func(_ string, m message) { m.fails(t, -32602, `unknown prompt "nosuch"`) })
	for _, params := range []string{`"name":7`, `"x":1`} {
		sessions["2025-11-25"].send("prompts/get", params).message(t).fails(t, -32602, "name must be a string")
	}
}

func TestPromptOfEachKindOfResult(t *testing.T) {
	text := func(role, text string) string {
		return `{"role":"` + role + `","content":{"type":"text","text":"` + text + `"}}`
	}
	image := content.Image([]byte("\x89PNG\r\n\x1a\n"))
	picture := `{"role":"user","content":{"type":"image","data":"iVBORw0KGgo=","mimeType":"image/png"}}`
	cases := []struct {
		handler fastmcp.Func
		want    string
	}{
		{gives("a <b>"), "D[" + text("user", "a <b>") + "]"},
		{gives(image), "D[" + picture + "]"},
		{gives[content.Block](content.Text("x")), "D[" + text("user", "x") + "]"},
		{gives([]content.Block{content.Text("x"), image}), "D[" + text("user", "x") + "," + picture + "]"},
		{gives([]content.TextBlock{content.Text("x"), content.Text("y")}), "D[" + text("user", "x") + "," + text("user", "y") + "]"},
		{gives(content.Resource("a://b", "text/plain", "t")), `D[{"role":"user","content":{"type":"resource","resource":{"uri":"a://b","mimeType":"text/plain","text":"t"}}}]`},
		{gives(content.Assistant(content.Text("x"))), "D[" + text("assistant", "x") + "]"},
		{gives([]content.Message{content.User(content.Text("x")), content.Assistant(content.Text("y"))}), "D[" + text("user", "x") + "," + text("assistant", "y") + "]"},
		{gives(&fastmcp.PromptResult{Description: "Own", Messages: []content.Message{content.User(content.Text("x"))}}), "Own[" + text("user", "x") + "]"},
		{gives(fastmcp.PromptResult{Messages: []content.Message{content.User(content.Text("x"))}}), "D[" + text("user", "x") + "]"},
		{gives((*fastmcp.PromptResult)(nil)), "D[]"},
		{gives[any](nil), "D[]"},
		{gives([]content.Message(nil)), "D[]"},
		{fastmcp.Do(func(*fastmcp.Context, struct{}) error { return nil }), "D[]"},
	}
	app, l := newApp(t, fastmcp.Config{})
	for i, c := range cases {
		app.AddPrompt(fastmcp.Prompt{Name: fmt.Sprint("p", i), Description: "D", Handler: c.handler})
	}
	app.AddPrompt(fastmcp.Prompt{Name: "audio", Handler: gives(content.Audio([]byte("RIFF....WAVE")))})
	app.AddPrompt(fastmcp.Prompt{Name: "number", Handler: gives(7)})
	app.AddPrompt(fastmcp.Prompt{Name: "json", Handler: gives(json.RawMessage(`{}`))})
	s := serve(t, app, l)
	old := s.open("2024-11-05")
	for i, c := range cases {
		name := fmt.Sprint("p", i)
		if got := s.prompt("", name, "").message(t).prompt(t); got != c.want {
			t.Errorf("%d: %s\nnot %s", i, got, c.want)
		}
		if got := old.send("prompts/get", fmt.Sprintf(`"name":%q`, name)).message(t).prompt(t); got != c.want {
			t.Errorf("2024-11-05 %d: %s\nnot %s", i, got, c.want)
		}
	}
	if got := s.prompt("", "audio", "").message(t).prompt(t); !strings.Contains(got, `"type":"audio"`) {
		t.Error(got)
	}
	if got := old.send("prompts/get", `"name":"audio"`).message(t).prompt(t); strings.Contains(got, `"type":"audio"`) || !strings.Contains(got, `"type":"text"`) {
		t.Error(got)
	}
	for _, name := range []string{"number", "json"} {
		s.prompt("", name, "").message(t).fails(t, -32603, "Internal error")
	}
}

func TestPromptListsOfEachRevision(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{PageSize: 1})
	app.AddPrompt(fastmcp.Prompt{Name: "review", Title: "T", Description: "D", Icons: []protocol.Icon{{Src: "https://example.com/i.png"}}, Meta: map[string]any{"a": 1}, Handler: fastmcp.Typed(review)})
	app.AddPrompt(fastmcp.Prompt{Name: "plain", Handler: gives("")})
	s := serve(t, app, l)
	check := func(revision string, m message, page func(cursor string) message) {
		t.Helper()
		var list struct {
			Prompts    []map[string]any
			NextCursor string
		}
		if m.Error != nil || json.Unmarshal(m.Result, &list) != nil || len(list.Prompts) != 1 {
			t.Fatalf("%s: %s", revision, m.Result)
		}
		p := list.Prompts[0]
		args, _ := p["arguments"].([]any)
		if p["name"] != "review" || p["description"] != "D" || len(args) != 5 || strings.Contains(string(m.Result), "null") {
			t.Fatalf("%s: %s", revision, m.Result)
		}
		code, _ := args[0].(map[string]any)
		style, _ := args[1].(map[string]any)
		if code["name"] != "code" || code["description"] != "what to review" || code["required"] != true || style["name"] != "style" || style["required"] != nil {
			t.Errorf("%s: %v", revision, args)
		}
		if (p["title"] != nil) != (revision >= "2025-06-18") || (p["_meta"] != nil) != (revision >= "2025-06-18") ||
			(code["title"] != nil) != (revision >= "2025-06-18") || (p["icons"] != nil) != (revision >= "2025-11-25") {
			t.Errorf("%s: %s", revision, m.Result)
		}
		if strings.Contains(string(m.Result), "cacheScope") != (revision >= "2026") {
			t.Errorf("%s: %s", revision, m.Result)
		}
		if next := page(list.NextCursor); !strings.Contains(string(next.Result), `"prompts":[{"name":"plain"}]`) || strings.Contains(string(next.Result), "nextCursor") {
			t.Errorf("%s: %s", revision, next.Result)
		}
		page("nonsense").fails(t, -32602, "cursor")
	}
	for _, revision := range revisions {
		c := s.open(revision)
		check(revision, c.send("prompts/list", "").message(t), func(cursor string) message {
			return c.send("prompts/list", fmt.Sprintf(`"cursor":%q`, cursor)).message(t)
		})
	}
	check("2026-07-28", s.inquire("", "prompts/list", "", "").message(t), func(cursor string) message {
		return s.inquire("", "prompts/list", "", fmt.Sprintf(`"cursor":%q`, cursor)).message(t)
	})
}

func TestGuardsAndGroupsOfPrompts(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	outer := app.Group("o/", func(c *fastmcp.Context) error {
		err := c.Next()
		c.SetResult(fmt.Sprint("outer ", c.Name(), " ", c.Result()))
		return err
	})
	inner := outer.Group("i/")
	outer.AddPrompt(fastmcp.Prompt{Name: "p", Handler: gives("hi")})
	inner.AddPrompt(fastmcp.Prompt{Name: "p", Handler: gives("hi"), Meta: map[string]any{"mine": 1}})
	app.AddPrompt(fastmcp.Prompt{Name: "asks", Handler: gives("asks"), CanAccess: auth.Discoverable(auth.RequireScopes("math:write"))})
	inner.CanAccess, inner.Tags, outer.Tags = says("root"), []string{"in"}, []string{"out"}
	s := serve(t, app, l)
	for token, want := range map[string]string{"": "o/p asks ", rootToken: "o/p o/i/p asks "} {
		m := s.inquire(token, "prompts/list", "", "").message(t)
		var list struct {
			Prompts []struct {
				Name string
				Meta map[string]any `json:"_meta"`
			}
		}
		if err := json.Unmarshal(m.Result, &list); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, p := range list.Prompts {
			got += p.Name + " "
			if tags := fmt.Sprint(p.Meta["io.github.fastmcp-go/tags"]); p.Name == "o/i/p" && (tags != "[out in]" || p.Meta["mine"] != 1.0) {
				t.Errorf("%v", p.Meta)
			}
		}
		if got != want || !strings.Contains(string(m.Result), `"cacheScope":"private"`) {
			t.Errorf("%q: %s", token, m.Result)
		}
	}
	if got := s.prompt("", "o/p", "").message(t).prompt(t); !strings.Contains(got, `"outer o/p hi"`) {
		t.Error(got)
	}
	if got := s.prompt(rootToken, "o/i/p", "").message(t).prompt(t); !strings.Contains(got, `"outer o/i/p hi"`) {
		t.Error(got)
	}
	for _, token := range []string{"", readerToken} {
		hidden, unknown := s.prompt(token, "o/i/p", ""), s.prompt(token, "nosuc", "")
		if hidden.status != unknown.status || strings.ReplaceAll(hidden.body, "o/i/p", "nosuc") != unknown.body {
			t.Errorf("%d %s, but unknown is %d %s", hidden.status, hidden.body, unknown.status, unknown.body)
		}
		c := s.open("2025-11-25", as(token))
		legacy := c.send("prompts/get", `"name":"o/i/p"`)
		c.next = 0
		if other := c.send("prompts/get", `"name":"nosuc"`); legacy.status != other.status || strings.ReplaceAll(legacy.body, "o/i/p", "nosuc") != other.body {
			t.Errorf("%d %s, but unknown is %d %s", legacy.status, legacy.body, other.status, other.body)
		}
	}
	if a := s.prompt("", "asks", ""); a.status != 401 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.prompt(readerToken, "asks", ""); a.status != 403 || !strings.Contains(a.header.Get("WWW-Authenticate"), `scope="math:write"`) {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestPromptsGoThroughTheChain(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.Use(func(c *fastmcp.Context) error {
		err := c.Next()
		if c.Method() == "prompts/get" && c.Name() == "replaced" {
			c.SetResult("replaced " + string(c.Args()) + fmt.Sprint(c.Result()))
		}
		return err
	})
	app.AddPrompt(fastmcp.Prompt{Name: "replaced", Handler: gives("original")})
	app.AddPrompt(fastmcp.Prompt{Name: "own", Use: []fastmcp.Handler{func(c *fastmcp.Context) error {
		c.SetResult(content.Assistant(content.Text("own")))
		return nil
	}}, Handler: gives("never")})
	app.AddPrompt(fastmcp.Prompt{Name: "slow", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		c.ClientLog().Warn("thinking")
		return "done", c.Progress(1, 1)
	})})
	app.AddPrompt(fastmcp.Prompt{Name: "masked", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", errors.New("password=secret") })})
	app.AddPrompt(fastmcp.Prompt{Name: "panics", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { panic("secret") })})
	app.AddPrompt(fastmcp.Prompt{Name: "told", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
		return "", fastmcp.Errorf("on strike").With("until", "Monday")
	})})
	s := serve(t, app, l)
	if got := s.prompt("", "replaced", `{}`).message(t).prompt(t); !strings.Contains(got, `"replaced {}original"`) {
		t.Error(got)
	}
	if got := s.prompt("", "own", "").message(t).prompt(t); !strings.Contains(got, `"role":"assistant"`) {
		t.Error(got)
	}
	all := s.do("POST", statelessHeaders("prompts/get", "slow"), stateless(1, "prompts/get", `"name":"slow"`, `,"progressToken":0,"io.modelcontextprotocol/logLevel":"info"`)).messages(t)
	if len(all) != 3 || all[0].Method != "notifications/message" || all[1].Method != "notifications/progress" || !strings.Contains(all[2].prompt(t), "done") {
		t.Errorf("%+v", all)
	}
	c := s.open("2025-03-26")
	if all := c.send("prompts/get", `"name":"slow","_meta":{"progressToken":"p"}`).messages(t); len(all) != 3 || !strings.Contains(string(all[1].Params), `"progressToken":"p"`) {
		t.Errorf("%+v", all)
	}
	for _, name := range []string{"masked", "panics"} {
		m := s.prompt("", name, "").message(t)
		m.fails(t, -32603, "Internal error", "correlationId")
		var data struct{ CorrelationID string }
		if json.Unmarshal(m.Error.Data, &data) != nil || data.CorrelationID == "" || !strings.Contains(l.String(), data.CorrelationID) {
			t.Errorf("%s: %+v", name, m.Error)
		}
	}
	s.prompt("", "told", "").message(t).fails(t, -32603, "on strike", `"until":"Monday"`)
}

func TestMistakesInPromptsPanicWithTheCure(t *testing.T) {
	type bad struct {
		F func() `json:"f"`
	}
	for want, add := range map[string]func(a *fastmcp.App){
		`"a b": its name has a ' ': use letters, digits, _ - . and /`: func(a *fastmcp.App) { a.AddPrompt(fastmcp.Prompt{Name: "a b", Handler: gives("")}) },
		`the prompt "": `: func(a *fastmcp.App) { a.AddPrompt(fastmcp.Prompt{Handler: gives("")}) },
		`there is a prompt "g/p" already: remove it first, or give this one another name`: func(a *fastmcp.App) {
			a.AddPrompt(fastmcp.Prompt{Name: "g/p", Handler: gives("")})
			a.Group("g/").AddPrompt(fastmcp.Prompt{Name: "p", Handler: gives("")})
		},
		`the prompt "p": it has no Handler: make one with fastmcp.Get`: func(a *fastmcp.App) { a.AddPrompt(fastmcp.Prompt{Name: "p"}) },
		`the prompt "p": it completes "x", which is no argument of it`: func(a *fastmcp.App) {
			a.AddPrompt(fastmcp.Prompt{Name: "p", Handler: gives(""), Complete: map[string]fastmcp.Completer{"x": nil}})
		},
		`the prompt "f": `: func(a *fastmcp.App) {
			a.AddPrompt(fastmcp.Prompt{Name: "f", Handler: fastmcp.Typed(func(*fastmcp.Context, bad) (string, error) { return "", nil })})
		},
		`the prompt "m": `: func(a *fastmcp.App) {
			a.AddPrompt(fastmcp.Prompt{Name: "m", Handler: gives(""), Meta: map[string]any{"f": func() {}}})
		},
	} {
		app, _ := newApp(t, fastmcp.Config{})
		if got := fmt.Sprint(panicOf(func() { add(app) })); !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
}

// A person who leaves an argument empty in a client's form sends "": for a text that is its value, for anything else there
// is none.
func TestPromptArgumentLeftEmpty(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	type input struct {
		Text string   `json:"text"`
		Days int      `json:"days" default:"7"`
		Rate *float64 `json:"rate"`
		Must int      `json:"must" validate:"required"`
	}
	app.AddPrompt(fastmcp.Prompt{Name: "p", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in input) (string, error) {
		return fmt.Sprintf("%q %d %v %d", in.Text, in.Days, in.Rate == nil, in.Must), nil
	})})
	c := serve(t, app, l).open("2025-11-25")
	if m := c.send("prompts/get", `"name":"p","arguments":{"text":"","days":"","rate":"","must":"3"}`).message(t); !strings.Contains(string(m.Result), `\"\" 7 true 3`) {
		t.Errorf("%s %+v", m.Result, m.Error)
	}
	if m := c.send("prompts/get", `"name":"p","arguments":{"must":""}`).message(t); m.Error == nil || m.Error.Code != -32602 || !strings.Contains(m.Error.Message, "must") {
		t.Errorf("%s %+v", m.Result, m.Error)
	}
}
