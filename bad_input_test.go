package fastmcp_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/skills"
)

// The revisions that say the same of a mistake. What 2025-11-25 says, those before it say too.
var (
	stateful   = []string{"2024-11-05", "2025-11-25"}
	modern     = []string{"2026-07-28"}
	everywhere = []string{"2024-11-05", "2025-11-25", "2026-07-28"}
)

// What a badInput has for a code when the answer is no error of the protocol.
const (
	answered = 0 // a result, which has the words in it
	toModel  = 1 // a tool's result with isError, whose text is the words
)

// badInput is a request that something is wrong with, and the answer to it.
type badInput struct {
	in           []string // revisions
	method, name string   // name is what Mcp-Name repeats in 2026-07-28
	params       string   // the members of params
	status, code int
	says         string // the whole message
	data         string // the error's data; "" is none
}

// badInputs is an App with two of everything, on pages of one, and clients of it.
type badInputs struct {
	*server
	clients map[string]*client
	held    *held
}

func newBadInputs(t *testing.T) *badInputs {
	app, l := newApp(t, fastmcp.Config{Auth: someTokens(), PageSize: 1})
	b := &badInputs{clients: make(map[string]*client), held: newHeld()}
	app.AddTool(fastmcp.Tool{Name: "add", Handler: fastmcp.Typed(add)})
	app.AddTool(fastmcp.Tool{Name: "hold", Task: fastmcp.TaskOptional, Handler: fastmcp.Get(b.held.run)})
	app.AddPrompt(fastmcp.Prompt{Name: "review", Handler: fastmcp.Typed(review)})
	app.AddPrompt(fastmcp.Prompt{Name: "other", Handler: gives("")})
	app.AddResource(aResource("note://one"))
	app.AddResource(aResource("note://two"))
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "doc://{+path}", Handler: fastmcp.Typed(thePath)})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "segment://{path}", Handler: fastmcp.Typed(thePath)})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "shop://{shelf}/{id}{?lang}", Handler: fastmcp.Typed(func(*fastmcp.Context, shopInput) (string, error) { return "", nil })})
	skills.Add(app, skills.Config{PageSize: 1, FS: fstest.MapFS{
		"one/SKILL.md": {Data: []byte("---\nname: one\ndescription: One\n---\n")}, "one/more.md": {Data: []byte("more")}, "one/x/y.md": {Data: []byte("y")},
		"two/SKILL.md": {Data: []byte("---\nname: two\ndescription: Two\n---\n")}, "two/more.md": {Data: []byte("more")},
	}})
	b.server = serve(t, app, l)
	return b
}

// ask sends a request as the caller with a token, whose client knows tasks.
func (b *badInputs) ask(token, revision, method, name, params string) answer {
	b.t.Helper()
	if revision == modern[0] {
		h := statelessHeaders(method, "")
		if name != "" {
			h["Mcp-Name"] = inHeader(name)
		}
		for k, v := range as(token) {
			h[k] = v
		}
		return b.do("POST", h, strings.Replace(stateless(1, method, params, ""), `Capabilities":{}`, `Capabilities":`+taskCapabilities, 1))
	}
	c := b.clients[revision+token]
	if c == nil {
		c = b.open(revision, as(token))
		b.clients[revision+token] = c
	}
	return c.send(method, params)
}

// check compares an answer with what it has to be.
func (i badInput) check(t *testing.T, a answer) {
	t.Helper()
	m := a.message(t)
	var got string
	switch {
	case i.code == answered && strings.Contains(string(m.Result), i.says):
		got = i.says
	case i.code == toModel && m.Result != nil:
		if r := m.tool(t); r.IsError {
			got = r.text()
		}
	case m.Error != nil && m.Error.Code == i.code && string(m.Error.Data) == i.data:
		got = m.Error.Message
	}
	if a.status != i.status || got != i.says {
		t.Errorf("%d %s\nwant %d, the code %d, %q and the data %q", a.status, a.body, i.status, i.code, i.says, i.data)
	}
}

// run asks in each revision of the rows. replace, which may be nil, puts in what is known only by now.
func (b *badInputs) run(t *testing.T, rows []badInput, replace func(revision string) *strings.Replacer) {
	for _, i := range rows {
		for _, revision := range i.in {
			i := i // each revision has its own replacements
			t.Run(fmt.Sprint(revision, " ", i.method, " ", i.params), func(t *testing.T) {
				if replace != nil {
					r := replace(revision)
					i.name, i.params, i.says = r.Replace(i.name), r.Replace(i.params), r.Replace(i.says)
				}
				i.check(t, b.ask(readerToken, revision, i.method, i.name, i.params))
			})
		}
	}
}

// Whom a request names is not there.
func TestBadInputUnknown(t *testing.T) {
	newBadInputs(t).run(t, []badInput{
		{stateful, "nothing/such", "", ``, 200, -32601, "Method not found: nothing/such", ""},
		{modern, "nothing/such", "", ``, 404, -32601, "Method not found: nothing/such", ""},
		{stateful, "server/discover", "", ``, 200, -32601, "Method not found: server/discover", ""},
		{modern, "initialize", "", ``, 404, -32601, "Method not found: initialize", ""},
		{modern, "ping", "", ``, 404, -32601, "Method not found: ping", ""},

		{everywhere, "tools/call", "none", `"name":"none"`, 200, -32602, `Invalid params: unknown tool "none"`, ""},
		{stateful, "tools/call", "", `"name":""`, 200, -32602, `Invalid params: unknown tool ""`, ""},
		{modern, "tools/call", "", `"name":""`, 400, -32020, "Header mismatch: Mcp-Name is required", ""},
		{everywhere, "tools/call", "", `"name":7`, 200, -32602, "Invalid params: name must be a string", ""},
		{everywhere, "tools/call", "", ``, 200, -32602, "Invalid params: name must be a string", ""},
		{everywhere, "prompts/get", "none", `"name":"none"`, 200, -32602, `Invalid params: unknown prompt "none"`, ""},
		{everywhere, "prompts/get", "add", `"name":"add"`, 200, -32602, `Invalid params: unknown prompt "add"`, ""},
		{everywhere, "prompts/get", "", `"name":null`, 200, -32602, "Invalid params: name must be a string", ""},
		{everywhere, "prompts/get", "", ``, 200, -32602, "Invalid params: name must be a string", ""},

		{stateful, "resources/read", "none://x", `"uri":"none://x"`, 200, -32002, "Resource not found", `{"uri":"none://x"}`},
		{modern, "resources/read", "none://x", `"uri":"none://x"`, 200, -32602, "Resource not found", `{"uri":"none://x"}`},
		{stateful, "resources/read", "", `"uri":""`, 200, -32002, "Resource not found", `{"uri":""}`},
		{modern, "resources/read", "", `"uri":""`, 400, -32020, "Header mismatch: Mcp-Name is required", ""},
		{everywhere, "resources/read", "", `"uri":7`, 200, -32602, "Invalid params: uri must be a string", ""},
		{everywhere, "resources/read", "", ``, 200, -32602, "Invalid params: uri must be a string", ""},

		{everywhere, "skills/get", "", `"uri":"skill://none/SKILL.md"`, 200, -32602, "No skill is served at this URI", `{"uri":"skill://none/SKILL.md"}`},
		{everywhere, "resources/directory/read", "", `"uri":"skill://none"`, 200, -32602, "No directory is served at this URI", `{"uri":"skill://none"}`},
		{everywhere, "resources/directory/read", "", `"uri":"skill://one/SKILL.md"`, 200, -32602, "It is a file, and no directory", `{"uri":"skill://one/SKILL.md"}`},
	}, nil)
}

// Arguments that do not fit are for the model to read, where a model has made them; else they are errors.
func TestBadInputArguments(t *testing.T) {
	const unfit = "The arguments do not fit the tool's schema. "
	newBadInputs(t).run(t, []badInput{
		{everywhere, "tools/call", "add", `"name":"add","arguments":{"a":1,"b":2,"c":3}`, 200, toModel, unfit + `c: expected a known property (a, b), got "c"`, ""},
		{everywhere, "tools/call", "add", `"name":"add","arguments":{"a":1}`, 200, toModel, unfit + "b: expected a number, which is required, got nothing", ""},
		{everywhere, "tools/call", "add", `"name":"add"`, 200, toModel, unfit + "a: expected a number, which is required, got nothing\nb: expected a number, which is required, got nothing", ""},
		{everywhere, "tools/call", "add", `"name":"add","arguments":{"a":"1","b":2}`, 200, toModel, unfit + `a: expected a number, got "1"`, ""},
		{everywhere, "tools/call", "add", `"name":"add","arguments":{"a":null,"b":2}`, 200, toModel, unfit + "a: expected a number, got null", ""},
		{everywhere, "tools/call", "add", `"name":"add","arguments":{"a":1,"b":1e10}`, 200, toModel, unfit + "b: expected at most 1e9, got 1e+10", ""},
		{everywhere, "tools/call", "add", `"name":"add","arguments":[1,2]`, 200, -32602, "Invalid params: arguments must be an object", ""},
		{everywhere, "tools/call", "add", `"name":"add","arguments":"a=1"`, 200, -32602, "Invalid params: arguments must be an object", ""},

		{everywhere, "prompts/get", "review", `"name":"review","arguments":{"style":"short"}`, 200, -32602, "Invalid params: code: expected a string, which is required, got nothing", ""},
		{everywhere, "prompts/get", "review", `"name":"review","arguments":{"code":"x","nothing":"y"}`, 200, -32602, `Invalid params: nothing: expected a known property (code, style, depth, ratio, fix), got "nothing"`, ""},
		{everywhere, "prompts/get", "review", `"name":"review","arguments":{"code":"x","style":"medium"}`, 200, -32602, `Invalid params: style: expected one of (short, long), got "medium"`, ""},
		{everywhere, "prompts/get", "review", `"name":"review","arguments":{"code":"x","depth":"deep"}`, 200, -32602, `Invalid params: depth: expected an integer, got "deep"`, ""},
		{everywhere, "prompts/get", "review", `"name":"review","arguments":{"code":["x"]}`, 200, -32602, `Invalid params: code: expected a string, got ["x"]`, ""},
		{everywhere, "prompts/get", "review", `"name":"review","arguments":[]`, 200, -32602, "Invalid params: arguments must be an object", ""},

		{everywhere, "resources/read", "shop://middle/1", `"uri":"shop://middle/1"`, 200, -32602, `Invalid params: shelf: expected one of (top, bottom), got "middle"`, ""},
		{everywhere, "resources/read", "shop://top/one", `"uri":"shop://top/one"`, 200, -32602, `Invalid params: id: expected an integer, got "one"`, ""},
		{everywhere, "resources/read", "shop://top/0", `"uri":"shop://top/0"`, 200, -32602, "Invalid params: id: expected at least 1, got 0", ""},
		{stateful, "resources/read", "shop://top", `"uri":"shop://top"`, 200, -32002, "Resource not found", `{"uri":"shop://top"}`},
		{modern, "resources/read", "shop://top", `"uri":"shop://top"`, 200, -32602, "Resource not found", `{"uri":"shop://top"}`},

		{everywhere, "completion/complete", "", `"ref":{"type":"ref/prompt","name":"none"},"argument":{"name":"style","value":""}`, 200, -32602, "Invalid params: ref names nothing that can be completed", ""},
		{everywhere, "completion/complete", "", `"ref":{"type":"ref/resource","uri":"none://{x}"},"argument":{"name":"x","value":""}`, 200, -32602, "Invalid params: ref names nothing that can be completed", ""},
		{everywhere, "completion/complete", "", `"ref":{"type":"ref/tool","name":"add"},"argument":{"name":"a","value":""}`, 200, -32602, "Invalid params: ref names nothing that can be completed", ""},
		{everywhere, "completion/complete", "", `"ref":"review","argument":{"name":"style","value":""}`, 200, -32602, "Invalid params: ref names nothing that can be completed", ""},
		{everywhere, "completion/complete", "", `"ref":{"type":"ref/prompt","name":"review"},"argument":{"name":"none","value":""}`, 200, -32602, `Invalid params: there is no argument "none"`, ""},
		{everywhere, "completion/complete", "", `"ref":{"type":"ref/resource","uri":"shop://{shelf}/{id}{?lang}"},"argument":{"name":"none","value":""}`, 200, -32602, `Invalid params: there is no argument "none"`, ""},
		{everywhere, "completion/complete", "", `"ref":{"type":"ref/prompt","name":"review"},"argument":{"name":"style","value":7}`, 200, -32602, "Invalid params: argument must have a name and a value, both strings", ""},
		{everywhere, "completion/complete", "", `"ref":{"type":"ref/prompt","name":"review"}`, 200, -32602, "Invalid params: argument must have a name and a value, both strings", ""},
		{everywhere, "completion/complete", "", `"ref":{"type":"ref/prompt","name":"review"},"argument":{"name":"style","value":""},"context":{"arguments":[]}`, 200, -32602, "Invalid params: context.arguments must be an object of strings", ""},
	}, nil)
}

// A value that would lead out of a folder, were it a path, is refused before the handler sees it. Nothing subscribes to
// one either.
func TestBadInputTemplateValues(t *testing.T) {
	const refused = "Invalid params: the value of path is refused: "
	b := newBadInputs(t)
	for _, x := range []struct{ uri, says string }{
		{"doc://../../etc/passwd", `it has a ".." segment`},
		{"doc://a/../../etc/passwd", `it has a ".." segment`},
		{"doc://%2e%2e/%2E%2E/etc/passwd", `it has a ".." segment`},
		{"doc://%2e%2e%2f%2e%2e%2fetc%2fpasswd", `it has a ".." segment`},
		{"segment://%2e%2e%2f%2e%2e%2fetc%2fpasswd", `it has a ".." segment`},
		{"segment://..", `it has a ".." segment`},
		{"doc://..%5c..%5cetc", `it has a ".." segment`},
		{"doc://%252e%252e%252fetc%252fpasswd", "it is encoded twice, and decoded again it would be refused"},
		{"doc:///etc/passwd", "it is an absolute path"},
		{"segment://%2fetc%2fpasswd", "it is an absolute path"},
		{"doc://C:/Windows", "it is an absolute path"},
		{"doc://%5c%5chost%5cshare", "it is an absolute path"},
		{"doc://a%00.txt", "it has a zero byte"},
		{"doc://a%0ab", "it has a control character"},
		{"doc://a%5cb", "it has a backslash"},
	} {
		params := fmt.Sprintf(`"uri":%q`, x.uri)
		b.run(t, []badInput{
			{everywhere, "resources/read", x.uri, params, 200, -32602, refused + x.says, ""},
			{stateful, "resources/subscribe", x.uri, params, 200, -32602, refused + x.says, ""},
		}, nil)
		b.subscribes("", "1", fmt.Sprintf(`{"resourceSubscriptions":[%q]}`, x.uri), `{}`).close()
	}
	b.run(t, []badInput{ // a simple variable has no slash
		{stateful, "resources/read", "segment://../../etc/passwd", `"uri":"segment://../../etc/passwd"`, 200, -32002, "Resource not found", `{"uri":"segment://../../etc/passwd"}`},
		{modern, "resources/read", "segment://../../etc/passwd", `"uri":"segment://../../etc/passwd"`, 200, -32602, "Resource not found", `{"uri":"segment://../../etc/passwd"}`},
	}, nil)
}
