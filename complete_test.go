package fastmcp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// completes asks for values in 2026-07-28: ref is a prompt's name, or a template when it has a colon.
func (s *server) completes(token, ref, argument, typed, known string) answer {
	s.t.Helper()
	return s.inquire(token, "completion/complete", "", completion(ref, argument, typed, known))
}

func completion(ref, argument, typed, known string) string {
	kind, member := "ref/prompt", "name"
	if strings.Contains(ref, ":") {
		kind, member = "ref/resource", "uri"
	}
	params := fmt.Sprintf(`"ref":{"type":%q,%q:%q},"argument":{"name":%q,"value":%q}`, kind, member, ref, argument, typed)
	if known != "" {
		params += `,"context":{"arguments":` + known + `}`
	}
	return params
}

// values are what is offered, as JSON.
func (m message) values(t testing.TB) string {
	t.Helper()
	var r struct{ Completion json.RawMessage }
	if m.Error != nil || json.Unmarshal(m.Result, &r) != nil {
		t.Fatalf("%s %+v", m.Result, m.Error)
	}
	return string(r.Completion)
}

type cityInput struct {
	Country string `json:"country" validate:"required"`
	City    string `json:"city" validate:"required"`
	Unit    string `json:"unit" validate:"oneof=celsius kelvin fahrenheit rankine Delisle"`
}

func cityOf(*fastmcp.Context, cityInput) (string, error) { return "", nil }

// cities is a Completer that looks at all that it is told.
func cities(c *fastmcp.Context, q fastmcp.Completion) (fastmcp.Values, error) {
	who := "nobody"
	if p := c.Principal(); p != nil {
		who = p.Subject
	}
	return fastmcp.Values{Values: []string{q.Prefix, q.Args["country"], who, c.Method(), c.Name()}, Total: 9, HasMore: true}, nil
}

func completing(t *testing.T) *server {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens()})
	numbers := func(n int) fastmcp.Completer {
		return func(*fastmcp.Context, fastmcp.Completion) (fastmcp.Values, error) {
			var v fastmcp.Values
			for i := range n {
				v.Values = append(v.Values, fmt.Sprint(i))
			}
			return v, nil
		}
	}
	fail := func(*fastmcp.Context, fastmcp.Completion) (fastmcp.Values, error) {
		return fastmcp.Values{}, errors.New("password=secret")
	}
	handler := fastmcp.Typed(cityOf)
	app.AddPrompt(fastmcp.Prompt{Name: "weather", Handler: handler, Complete: map[string]fastmcp.Completer{"city": cities}})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "weather://{country}/{city}{?unit}", Handler: handler, Complete: map[string]fastmcp.Completer{"city": cities}})
	app.AddPrompt(fastmcp.Prompt{Name: "many", Handler: handler, Complete: map[string]fastmcp.Completer{"city": numbers(250), "country": numbers(100), "unit": numbers(0)}})
	app.AddPrompt(fastmcp.Prompt{Name: "fails", Handler: handler, Complete: map[string]fastmcp.Completer{
		"city": fail, "country": func(*fastmcp.Context, fastmcp.Completion) (fastmcp.Values, error) { panic("secret") },
	}})
	app.AddPrompt(fastmcp.Prompt{Name: "slow", Handler: handler, Complete: map[string]fastmcp.Completer{"city": func(c *fastmcp.Context, _ fastmcp.Completion) (fastmcp.Values, error) {
		return fastmcp.Values{Values: []string{"x"}}, c.Progress(1, 1)
	}}})
	app.AddPrompt(fastmcp.Prompt{Name: "hidden", Handler: handler, CanAccess: says("root")})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "hidden://{country}/{city}{?unit}", Handler: handler, CanAccess: says("root")})
	app.AddPrompt(fastmcp.Prompt{Name: "asks", Handler: handler, CanAccess: auth.Discoverable(auth.RequireScopes("math:write"))})
	app.AddResource(fastmcp.Resource{URI: "a://single", Handler: gives("")})
	return serve(t, app, l)
}

func TestCompletionOfOneOf(t *testing.T) {
	s := completing(t)
	old := s.open("2024-11-05")
	for typed, words := range map[string]string{
		"": "celsius kelvin fahrenheit rankine Delisle", "k": "kelvin rankine", "KEL": "kelvin", "e": "celsius kelvin fahrenheit rankine Delisle",
		"el": "celsius kelvin Delisle", "rn": "fahrenheit rankine", "r": "rankine fahrenheit", "fht": "fahrenheit", "dls": "Delisle", "xyz": "", "kelvin": "kelvin", "kelvins": "", "in": "kelvin rankine",
	} {
		list, _ := json.Marshal(strings.Fields(words)) // strings always marshal
		want := string(list)
		for _, ref := range []string{"weather", "weather://{country}/{city}{?unit}"} {
			a := s.completes("", ref, "unit", typed, "")
			if got := a.message(t).values(t); a.status != 200 || got != `{"values":`+want+`}` {
				t.Errorf("%s %q: %d %s, not %s", ref, typed, a.status, got, want)
			}
			if m := old.send("completion/complete", completion(ref, "unit", typed, "")).message(t); string(m.Result) != `{"completion":{"values":`+want+`}}` {
				t.Errorf("%s %q: %s", ref, typed, m.Result)
			}
		}
	}
	if got := s.completes("", "weather", "country", "x", "").message(t).values(t); got != `{"values":[]}` {
		t.Errorf("nothing is known of country, and offered is %s", got)
	}
}

func TestCompletersSeeWhoAsksForWhat(t *testing.T) {
	s := completing(t)
	for ref, name := range map[string]string{"weather": "weather", "weather://{country}/{city}{?unit}": "weather://{country}/{city}{?unit}"} {
		m := s.completes(readerToken, ref, "city", "Be", `{"country":"de"}`).message(t)
		if got := m.values(t); got != `{"values":["Be","de","reader","completion/complete","`+name+`"],"total":9,"hasMore":true}` {
			t.Error(got)
		}
		if !strings.Contains(string(m.Result), `"resultType":"complete"`) || strings.Contains(string(m.Result), "ttlMs") {
			t.Errorf("%s", m.Result)
		}
		for _, revision := range revisions {
			got := s.open(revision).send("completion/complete", completion(ref, "city", "Be", `{"country":"fr"}`)).message(t).values(t)
			if !strings.HasPrefix(got, `{"values":["Be","fr","nobody"`) {
				t.Errorf("%s: %s", revision, got)
			}
		}
		if got := s.completes("", ref, "city", "", "").message(t).values(t); !strings.HasPrefix(got, `{"values":["","","nobody"`) {
			t.Error(got)
		}
	}
	for _, known := range []string{`"x"`, `[]`, `{"country":7}`} {
		s.completes("", "weather", "city", "", known).message(t).fails(t, -32602, "context.arguments must be an object of strings")
	}
}

func TestCompletionOfMany(t *testing.T) {
	s := completing(t)
	for argument, want := range map[string]string{"city": `"98","99"],"total":250,"hasMore":true}`, "country": `"98","99"]}`, "unit": `{"values":[]}`} {
		got := s.completes("", "many", argument, "", "").message(t).values(t)
		if !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s", argument, got)
		}
	}
}

func TestCompletionThatIsRefused(t *testing.T) {
	s := completing(t)
	c := s.open("2025-11-25")
	both := func(params string) []answer {
		return []answer{s.inquire("", "completion/complete", "", params), c.send("completion/complete", params)}
	}
	for params, words := range map[string]string{
		completion("nosuch", "city", "", ""):                                                                              "ref names nothing",
		completion("a://single", "city", "", ""):                                                                          "ref names nothing",
		completion("weather://de/Berlin", "city", "", ""):                                                                 "ref names nothing",
		completion("hidden", "city", "", ""):                                                                              "ref names nothing",
		completion("hidden://{country}/{city}{?unit}", "city", "", ""):                                                    "ref names nothing",
		`"argument":{"name":"x","value":""}`:                                                                              "ref names nothing",
		`"ref":"weather","argument":{"name":"x","value":""}`:                                                              "ref names nothing",
		`"ref":{"type":"ref/tool","name":"weather"},"argument":{"name":"x","value":""}`:                                   "ref names nothing",
		completion("weather", "nosuch", "", ""):                                                                           `there is no argument "nosuch"`,
		`"ref":{"type":"ref/prompt","name":"weather"}`:                                                                    "argument must have a name and a value",
		`"ref":{"type":"ref/prompt","name":"weather"},"argument":{"name":"city"}`:                                         "argument must have a name and a value",
		`"ref":{"type":"ref/prompt","name":"weather"},"argument":{"name":7,"value":""}`:                                   "argument must have a name and a value",
		`"ref":{"type":"ref/prompt","name":"weather"},"argument":{"name":"city","value":null}`:                            "argument must have a name and a value",
		`"ref":{"type":"ref/prompt","name":"weather"},"argument":"city"`:                                                  "argument must have a name and a value",
		`"ref":{"type":"ref/prompt","name":{"a":1}},"argument":{"name":"city","value":""},"context":{"arguments":[]}`:     "ref names nothing",
		`"ref":{"type":"ref/prompt","name":"weather"},"argument":{"name":"city","value":""},"context":{"arguments":true}`: "context.arguments",
	} {
		for _, a := range both(params) {
			if a.message(t).fails(t, -32602, words); a.status != 200 {
				t.Errorf("%s: status %d", params, a.status)
			}
		}
	}
	for _, ref := range []string{"hidden", "hidden://{country}/{city}{?unit}"} {
		unknown := s.completes(readerToken, "nosuch", "unit", "k", "")
		if a := s.completes(readerToken, ref, "unit", "k", ""); a.body != unknown.body || a.status != unknown.status {
			t.Errorf("%s: %d %s", ref, a.status, a.body)
		}
		if a := s.completes(readerToken, ref, "nosuch", "k", ""); a.body != unknown.body {
			t.Errorf("%s: %s", ref, a.body)
		}
		if got := s.completes(rootToken, ref, "unit", "kel", "").message(t).values(t); got != `{"values":["kelvin"]}` {
			t.Error(got)
		}
	}
	if a := s.completes(readerToken, "asks", "unit", "", ""); a.status != 403 {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, argument := range []string{"city", "country"} {
		m := s.completes("", "fails", argument, "", "").message(t)
		if m.fails(t, -32603, "Internal error", "correlationId"); strings.Contains(m.Error.Message+string(m.Error.Data), "secret") || !strings.Contains(s.log.String(), "secret") {
			t.Errorf("%+v", m.Error)
		}
	}
	all := s.do("POST", statelessHeaders("completion/complete", ""), stateless(1, "completion/complete", completion("slow", "city", "", ""), `,"progressToken":1`)).messages(t)
	if len(all) != 2 || all[0].Method != "notifications/progress" || all[1].values(t) != `{"values":["x"]}` {
		t.Errorf("%+v", all)
	}
}

func TestMiddlewareMayReplaceACompletion(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.Use(func(c *fastmcp.Context) error {
		if c.Method() == "completion/complete" {
			c.SetResult(map[string]any{"completion": map[string]any{"values": []string{c.Name()}}})
			return nil
		}
		return c.Next()
	})
	app.AddPrompt(fastmcp.Prompt{Name: "weather", Handler: fastmcp.Typed(cityOf)})
	if got := serve(t, app, l).completes("", "weather", "unit", "", "").message(t).values(t); got != `{"values":["weather"]}` {
		t.Error(got)
	}
}
