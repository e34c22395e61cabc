package fastmcp_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
)

// gateCase is a Host and an Origin, and whether they get in; else which of Config's lists the refusal names.
type gateCase struct{ host, origin, refused string }

func (g gateCase) check(t *testing.T, name string, s *server, session headers) {
	t.Helper()
	h := session.plus("Host", g.host)
	if g.origin != "" {
		h["Origin"] = g.origin
	}
	name = fmt.Sprintf("%s: host %q, origin %q", name, g.host, g.origin)
	for _, method := range []string{"POST", "OPTIONS", "GET", "PUT"} {
		body, want := "", map[string]int{"OPTIONS": 204, "GET": 406, "PUT": 405}[method]
		if method == "POST" {
			body, want = pingBody, 200
		}
		if g.refused != "" {
			want = 403
		}
		a := s.do(method, h.plus("Accept", "application/json"), body)
		if a.status != want {
			t.Errorf("%s: %s: %d %s", name, method, a.status, a.body)
			continue
		}
		if g.refused != "" {
			wireError(t, name, a, 403, -32000, "Config."+g.refused)
		}
		allowed, vary := a.header.Get("Access-Control-Allow-Origin"), a.header.Get("Vary")
		if want := g.origin; g.refused == "" && (allowed != want || want != "" && vary != "Origin") {
			t.Errorf("%s: %s: Access-Control-Allow-Origin %q, Vary %q", name, method, allowed, vary)
		}
		if g.refused != "" && allowed != "" || a.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %s: %v", name, method, a.header)
		}
	}
}

func TestWireHostsAndOrigins(t *testing.T) {
	for name, c := range map[string]struct {
		config fastmcp.Config
		public bool
		cases  []gateCase
	}{
		"loopback": {cases: []gateCase{
			{"localhost", "", ""}, {"localhost:1", "", ""}, {"LocalHost:8080", "", ""}, {"127.0.0.1", "", ""}, {"127.0.0.1:65535", "", ""}, {"127.9.9.9:1", "", ""}, {"[::1]", "", ""}, {"[::1]:80", "", ""},
			{"evil.example", "", "Hosts"}, {"evil.example:80", "", "Hosts"}, {"localhost.evil.example", "", "Hosts"}, {"127.0.0.1.evil.example", "", "Hosts"}, {"10.0.0.1", "", "Hosts"}, {"0.0.0.0", "", "Hosts"},
			{"[::2]", "", "Hosts"}, {"[2001:db8::1]:80", "", "Hosts"}, {"localhost@evil.example", "", "Hosts"}, {"notlocalhost", "", "Hosts"}, {"evil.example", "http://localhost", "Hosts"},
			{"localhost", "http://localhost", ""}, {"localhost", "https://localhost:3000", ""}, {"localhost", "http://127.0.0.1:5173", ""}, {"127.0.0.1", "http://[::1]:1", ""},
			{"localhost", "https://evil.example", "Origins"}, {"localhost", "null", "Origins"}, {"localhost", "http://localhost.evil.example", "Origins"}, {"localhost", "file://localhost", "Origins"}, {"localhost", "chrome-extension://localhost", "Origins"},
			{"localhost", "localhost", "Origins"}, {"localhost", "http://evil.example:80/http://localhost", "Origins"}, {"localhost", "//localhost", "Origins"},
		}},
		"lists": {config: fastmcp.Config{Hosts: []string{"mcp.example.com", "*.wild.example", "port.example:8443"}, Origins: []string{"https://app.example.com", "https://*.wild.example", "http://port.example:3000"}}, cases: []gateCase{
			{"mcp.example.com", "", ""}, {"MCP.example.com:9", "", ""}, {"a.wild.example", "", ""}, {"a.b.wild.example:1", "", ""}, {"port.example:8443", "", ""},
			{"localhost", "", "Hosts"}, {"127.0.0.1", "", "Hosts"}, {"example.com", "", "Hosts"}, {"x.mcp.example.com", "", "Hosts"}, {"wild.example", "", "Hosts"}, {"evilwild.example", "", "Hosts"}, {"port.example", "", "Hosts"}, {"port.example:443", "", "Hosts"},
			{"mcp.example.com", "https://app.example.com", ""}, {"mcp.example.com", "https://x.wild.example", ""}, {"mcp.example.com", "http://port.example:3000", ""},
			{"mcp.example.com", "http://app.example.com", "Origins"}, {"mcp.example.com", "https://app.example.com:444", "Origins"}, {"mcp.example.com", "https://wild.example", "Origins"}, {"mcp.example.com", "https://x.wild.example.evil", "Origins"},
			{"mcp.example.com", "http://port.example", "Origins"}, {"mcp.example.com", "null", "Origins"}, {"mcp.example.com", "http://localhost", "Origins"},
		}},
		"any": {config: fastmcp.Config{Hosts: []string{"*"}, Origins: []string{"*"}}, cases: []gateCase{{"evil.example", "", ""}, {"x", "https://evil.example", ""}, {"x", "null", ""}}},
		"hosts alone": {config: fastmcp.Config{Hosts: []string{"mcp.example.com"}}, cases: []gateCase{
			{"mcp.example.com", "http://localhost", ""}, {"mcp.example.com", "https://mcp.example.com", "Origins"}, {"localhost", "", "Hosts"},
		}},
		"public": {public: true, cases: []gateCase{{"localhost", "", ""}, {"evil.example", "", ""}, {"10.0.0.1:8080", "", ""}, {"mcp.example.com", "https://mcp.example.com", "Origins"}, {"localhost", "http://localhost", "Origins"}}},
	} {
		s := newWire(t, c.config).server
		session := s.open("2025-11-25", headers{"Host": c.cases[0].host}).headers()
		if c.public {
			s.app.HTTP().Expose(streamhttp.Public)
		}
		for _, g := range c.cases {
			g.check(t, name, s, session)
		}
	}
}

// A preflight carries no credentials and needs none; what it is told of the headers is enough for every request.
func TestWirePreflight(t *testing.T) {
	s := newWire(t, fastmcp.Config{Auth: twoCallers()})
	asks := headers{"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, mcp-param-region,Mcp-Param-a.b~c, Mcp-Param-, x-evil, mcp-param-x\ty"}
	a := s.do("OPTIONS", asks, "")
	wireError(t, "preflight", a, 204, 0)
	if a.header.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || a.header.Get("WWW-Authenticate") != "" || a.header.Get("Access-Control-Max-Age") == "" {
		t.Errorf("%v", a.header)
	}
	listed := func(header string) map[string]bool {
		all := map[string]bool{}
		for name := range strings.SplitSeq(a.header.Get(header), ",") {
			all[strings.ToLower(strings.TrimSpace(name))] = true
		}
		return all
	}
	for _, method := range []string{"get", "post", "delete"} {
		if !listed("Access-Control-Allow-Methods")[method] {
			t.Errorf("%s is not in %v", method, a.header)
		}
	}
	allowed := listed("Access-Control-Allow-Headers")
	for name, want := range map[string]bool{
		"content-type": true, "accept": true, "authorization": true, "mcp-protocol-version": true, "mcp-session-id": true, "mcp-method": true, "mcp-name": true, "last-event-id": true,
		"mcp-param-region": true, "mcp-param-a.b~c": true, "mcp-param-": false, "x-evil": false, "*": false,
	} {
		if allowed[name] != want {
			t.Errorf("%s allowed: %v, by %q", name, !want, a.header.Get("Access-Control-Allow-Headers"))
		}
	}
	a = s.do("OPTIONS", asks.plus("Origin", "https://evil.example"), "")
	if wireError(t, "preflight of another", a, 403, -32000); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", a.header)
	}
	a = s.do("POST", headers{"Origin": "http://localhost:3000"}, pingBody)
	wireError(t, "a page without credentials", a, 401, -32000)
	if a.header.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "WWW-Authenticate") || a.header.Get("WWW-Authenticate") == "" {
		t.Errorf("a page could not read how to authenticate: %v", a.header)
	}
}

const tokenA, tokenB = "aaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbb"

func twoCallers() auth.Provider {
	return auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{tokenA: {Subject: "a"}, tokenB: {Subject: "b"}})}})
}

func TestWireCredentials(t *testing.T) {
	s := newWire(t, fastmcp.Config{Auth: twoCallers()})
	for _, r := range []struct {
		name, authorization string
		status, code        int
		challenge           string
	}{
		{"none", "", 401, -32000, `Bearer realm="mcp"`},
		{"another scheme", "Basic " + tokenA, 401, -32000, `Bearer realm="mcp"`},
		{"unknown", "Bearer cccccccccccccccccccccccc", 401, -32000, `error="invalid_token"`},
		{"no token", "Bearer", 400, -32000, `error="invalid_request"`},
		{"two tokens", "Bearer " + tokenA + " " + tokenB, 400, -32000, `error="invalid_request"`},
		{"two, with a comma", "Bearer " + tokenA + "," + tokenB, 400, -32000, `error="invalid_request"`},
		{"quoted", `Bearer "` + tokenA + `"`, 400, -32000, `error="invalid_request"`},
		{"too long", "Bearer " + strings.Repeat("a", 9000), 400, -32000, `error="invalid_request"`},
		{"good", "Bearer " + tokenA, 200, 0, ""},
		{"good, in another case", "bEARER " + tokenA, 200, 0, ""},
	} {
		h := statelessHeaders("tools/list", "")
		if r.authorization != "" {
			h["Authorization"] = r.authorization
		}
		for _, method := range []string{"POST", "GET", "DELETE", "PUT"} {
			status, code := r.status, r.code
			if method != "POST" && code == 0 {
				status, code = 405, -32000 // in 2026-07-28
			}
			a := s.do(method, h, stateless(1, "tools/list", "", ""))
			wireError(t, r.name+" "+method, a, status, code)
			if got := a.header.Get("WWW-Authenticate"); !strings.Contains(got, r.challenge) || r.challenge == "" && got != "" {
				t.Errorf("%s: %s: WWW-Authenticate %q", r.name, method, got)
			}
			if strings.Contains(a.body+fmt.Sprint(a.header), tokenA) {
				t.Errorf("%s: %s: the token comes back: %v %s", r.name, method, a.header, a.body)
			}
		}
	}
	wireError(t, "before the message is read", s.do("POST", nil, "{"), 401, -32000)
	for _, name := range []string{"access_token", "token", "authorization", "api_key"} {
		there := *s.server
		there.url += "?" + name + "=" + tokenA
		wireError(t, "in the query as "+name, there.do("POST", statelessHeaders("tools/list", ""), stateless(1, "tools/list", "", "")), 401, -32000)
	}
	wireError(t, "in a form", s.do("POST", headers{"Content-Type": "application/x-www-form-urlencoded"}, "access_token="+tokenA), 401, -32000)
	wireError(t, "as a cookie", s.do("POST", headers{"Cookie": "access_token=" + tokenA}, pingBody), 401, -32000)
}

// A session is its opener's. To others it is one that never was.
func TestWireSessionsAreTheirOpeners(t *testing.T) {
	s := newWire(t, fastmcp.Config{Auth: twoCallers()})
	mine := s.open("2025-11-25", headers{"Authorization": "Bearer " + tokenA})
	his := mine.headers().plus("Authorization", "Bearer "+tokenB)
	never := his.plus("Mcp-Session-Id", "never")
	for name, r := range map[string]struct{ method, body string }{
		"request": {"POST", pingBody}, "call": {"POST", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"steps"}}`}, "notification": {"POST", `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`},
		"response": {"POST", `{"jsonrpc":"2.0","id":1,"result":{}}`}, "GET": {"GET", ""}, "DELETE": {"DELETE", ""},
	} {
		a, b := s.do(r.method, his.plus("Accept", "*/*"), r.body), s.do(r.method, never.plus("Accept", "*/*"), r.body)
		if wireError(t, name, a, 404, -32000); a.body != b.body {
			t.Errorf("%s: another's session is %s, one that never was %s", name, a.body, b.body)
		}
	}
	wireError(t, "afterwards", mine.send("ping", ""), 200, 0)
}

func sentinel(text string) string {
	return "=?base64?" + base64.StdEncoding.EncodeToString([]byte(text)) + "?="
}

// A header says what the body says, or the request is refused: what stands in front may have decided by the header.
func TestWireMirroredHeaders(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	s.app.AddTool(fastmcp.Tool{Name: "params", Handler: fastmcp.Raw(`{"type":"object","properties":{
		"s":{"type":"string","x-mcp-header":"S"},"i":{"type":"integer","x-mcp-header":"I"},"b":{"type":"boolean","x-mcp-header":"B"},
		"o":{"type":"object","properties":{"deep":{"type":"string","x-mcp-header":"O-Deep"}}}}}`,
		func(*fastmcp.Context, json.RawMessage) (any, error) { return "passed", nil })})
	s.app.AddTool(fastmcp.Tool{Name: "Hello", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "hello", nil })})
	raw := s.rawConn()
	name := func(tool string, lines ...string) func() answer {
		return func() answer {
			return raw.do("POST", append(lines, headers{"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call"}.lines()...), stateless(1, "tools/call", fmt.Sprintf(`"name":%s`, tool), ""))
		}
	}
	params := func(args string, lines ...string) func() answer {
		return func() answer {
			return raw.do("POST", append(lines, statelessHeaders("tools/call", "params").lines()...), stateless(1, "tools/call", `"name":"params","arguments":`+args, ""))
		}
	}
	const refused, judged = -32020, 1 // judged: it got to the schema, which did not like it
	for _, r := range []struct {
		name string
		do   func() answer
		code int
	}{
		{"plain", name(`"Hello"`, "Mcp-Name: Hello"), 0},
		{"escaped in the body", name(`"\u0048ello"`, "Mcp-Name: Hello"), 0},
		{"base64", name(`"Hello"`, "Mcp-Name: "+sentinel("Hello")), 0},
		{"base64, spaces around", name(`"Hello"`, "Mcp-Name: \t "+sentinel("Hello")+"  "), 0},
		{"base64 of another", name(`"Hello"`, "Mcp-Name: "+sentinel("hello")), refused},
		{"base64 without padding", name(`"Hello"`, "Mcp-Name: =?base64?SGVsbG8?="), refused},
		{"base64 with rubbish", name(`"Hello"`, "Mcp-Name: =?base64?SGVs!!!bG8=?="), refused},
		{"base64 with loose bits", name(`"Hello"`, "Mcp-Name: =?base64?SGVsbG9=?="), refused},
		{"base64 of nothing", name(`"Hello"`, "Mcp-Name: =?base64??="), refused},
		{"BASE64", name(`"Hello"`, "Mcp-Name: =?BASE64?SGVsbG8=?="), refused},
		{"half a sentinel", name(`"Hello"`, "Mcp-Name: =?base64?SGVsbG8="), refused},
		{"bare base64", name(`"Hello"`, "Mcp-Name: SGVsbG8="), refused},
		{"an empty header", name(`"Hello"`, "Mcp-Name:"), refused},
		{"the same twice", name(`"Hello"`, "Mcp-Name: Hello", "Mcp-Name: "+sentinel("Hello")), 0},
		{"two names", name(`"Hello"`, "Mcp-Name: Hello", "Mcp-Name: add"), refused},
		{"two names, turned around", name(`"Hello"`, "Mcp-Name: add", "Mcp-Name: Hello"), refused},
		{"two names on one line", name(`"Hello"`, "Mcp-Name: Hello, add"), refused},
		{"a name that is a sentinel", name(`"`+sentinel("Hello")+`"`, "Mcp-Name: "+sentinel("Hello")), refused},
		{"a name that is a sentinel, in another", name(`"`+sentinel("Hello")+`"`, "Mcp-Name: "+sentinel(sentinel("Hello"))), -32602},
		{"a name that is not ASCII", name(`"é"`, "Mcp-Name: é"), refused},
		{"a name that is not ASCII, in base64", name(`"é"`, "Mcp-Name: "+sentinel("é")), -32602},
		{"two methods", name(`"Hello"`, "Mcp-Name: Hello", "Mcp-Method: tools/list"), refused},
		{"the same method twice", name(`"Hello"`, "mcp-name: Hello", "mcp-method: tools/call"), 0},

		{"no arguments", params(`{}`), 0},
		{"null is no argument", params(`{"s":null}`), judged},
		{"string", params(`{"s":"eu-1"}`, "Mcp-Param-S: eu-1"), 0},
		{"string, by any case of the name", params(`{"s":"eu-1"}`, "mCP-pARAM-s: eu-1"), 0},
		{"string in base64", params(`{"s":"Zürich €"}`, "Mcp-Param-S: "+sentinel("Zürich €")), 0},
		{"string with spaces around", params(`{"s":" a "}`, "Mcp-Param-S: "+sentinel(" a ")), 0},
		{"string with spaces around, bare", params(`{"s":" a "}`, "Mcp-Param-S:  a "), refused},
		{"string that is not ASCII", params(`{"s":"é"}`, "Mcp-Param-S: é"), refused},
		{"empty string", params(`{"s":""}`, "Mcp-Param-S:"), 0},
		{"empty string without a header", params(`{"s":""}`), refused},
		{"another string", params(`{"s":"eu"}`, "Mcp-Param-S: us"), refused},
		{"another case", params(`{"s":"eu"}`, "Mcp-Param-S: EU"), refused},
		{"a string twice", params(`{"s":"eu"}`, "Mcp-Param-S: eu", "Mcp-Param-S: us"), refused},
		{"the argument twice", params(`{"s":"us","s":"eu"}`, "Mcp-Param-S: eu"), judged},
		{"the argument twice, turned around", params(`{"s":"eu","s":"us"}`, "Mcp-Param-S: eu"), refused},
		{"missing", params(`{"s":"eu"}`), refused},
		{"extra", params(`{}`, "Mcp-Param-S: eu"), refused},
		{"extra for null", params(`{"s":null}`, "Mcp-Param-S: null"), refused},
		{"of no argument", params(`{}`, "Mcp-Param-Other: x"), 0},
		{"integer", params(`{"i":42}`, "Mcp-Param-I: 42"), 0},
		{"integer in base64", params(`{"i":42}`, "Mcp-Param-I: "+sentinel("42")), 0},
		{"42.0 is 42", params(`{"i":42}`, "Mcp-Param-I: 42.0"), 0},
		{"42 is 42.0", params(`{"i":42.0}`, "Mcp-Param-I: 42"), 0},
		{"4.2e1 is 42", params(`{"i":4.2e1}`, "Mcp-Param-I: 42"), 0},
		{"minus", params(`{"i":-7}`, "Mcp-Param-I: -7"), 0},
		{"another integer", params(`{"i":42}`, "Mcp-Param-I: 43"), refused},
		{"as a word", params(`{"i":42}`, "Mcp-Param-I: x"), refused},
		{"in hexadecimal", params(`{"i":42}`, "Mcp-Param-I: 0x2ap0"), refused},
		{"with a plus", params(`{"i":42}`, "Mcp-Param-I: +42"), refused},
		{"as large as may be", params(`{"i":9007199254740991}`, "Mcp-Param-I: 9007199254740991.0"), 0},
		{"beyond what a float tells apart", params(`{"i":9007199254740993}`, "Mcp-Param-I: 9007199254740992"), refused},
		{"infinity", params(`{"i":1e999}`, "Mcp-Param-I: Inf"), refused},
		{"boolean", params(`{"b":true}`, "Mcp-Param-B: true"), 0},
		{"another boolean", params(`{"b":true}`, "Mcp-Param-B: false"), refused},
		{"a boolean in capitals", params(`{"b":false}`, "Mcp-Param-B: False"), refused},
		{"nested", params(`{"o":{"deep":"x"}}`, "Mcp-Param-O-Deep: x"), 0},
		{"nested, missing", params(`{"o":{"deep":"x"}}`), refused},
		{"nested, escaped", params(`{"\u006f":{"dee\u0070":"x"}}`), refused},
		{"nested, extra", params(`{"o":{}}`, "Mcp-Param-O-Deep: x"), refused},
		{"all", params(`{"s":"a","i":1,"b":false,"o":{"deep":"d"}}`, "Mcp-Param-S: a", "Mcp-Param-I: 1", "Mcp-Param-B: false", "Mcp-Param-O-Deep: d"), 0},
		{"of another kind, the same text", params(`{"s":7}`, "Mcp-Param-S: 7"), judged},
		{"an object", params(`{"s":{}}`, "Mcp-Param-S: {}"), refused},
	} {
		a := r.do()
		switch r.code {
		case judged:
			wireError(t, r.name, a, 200, 0, `"isError":true`)
		case -32020:
			wireError(t, r.name, a, 400, -32020, "Header mismatch")
		default:
			wireError(t, r.name, a, 200, r.code)
			if strings.Contains(a.body, "isError") {
				t.Errorf("%s: %s", r.name, a.body)
			}
		}
	}
	// To the older revisions these headers mean nothing.
	c := s.open("2025-11-25", headers{"Mcp-Name": "x", "Mcp-Method": "y", "Mcp-Param-S": "z"})
	wireError(t, "2025-11-25", c.call("params", `{"s":"eu"}`), 200, 0, "passed")
}

// What clients would drop a tool for is refused when the tool is added, with the name and the cure.
func TestWireMirrorsThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct{ properties, words string }{
		"no name":              {`"a":{"type":"string","x-mcp-header":""}`, "token"},
		"no string":            {`"a":{"type":"string","x-mcp-header":true}`, "token"},
		"a space":              {`"a":{"type":"string","x-mcp-header":"My Header"}`, "token"},
		"a colon":              {`"a":{"type":"string","x-mcp-header":"A:"}`, "token"},
		"a line break":         {`"a":{"type":"string","x-mcp-header":"A\r\nB"}`, "token"},
		"not ASCII":            {`"a":{"type":"string","x-mcp-header":"É"}`, "token"},
		"a number":             {`"a":{"type":"number","x-mcp-header":"A"}`, "strings, integers and booleans"},
		"an array":             {`"a":{"type":"array","x-mcp-header":"A"}`, "strings, integers and booleans"},
		"an object":            {`"a":{"type":"object","x-mcp-header":"A"}`, "strings, integers and booleans"},
		"a union":              {`"a":{"type":["string","null"],"x-mcp-header":"A"}`, "strings, integers and booleans"},
		"no type":              {`"a":{"x-mcp-header":"A"}`, "strings, integers and booleans"},
		"the same twice":       {`"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}`, "Mcp-Param-"},
		"in items":             {`"a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}`, "properties"},
		"in items' properties": {`"a":{"type":"array","items":{"type":"object","properties":{"b":{"type":"string","x-mcp-header":"A"}}}}`, "properties"},
		"in oneOf":             {`"a":{"oneOf":[{"type":"string","x-mcp-header":"A"}]}`, "properties"},
		"behind a $ref":        {`"a":{"$ref":"#/properties/b/$defs/A"},"b":{"type":"object","$defs":{"A":{"type":"string","x-mcp-header":"A"}}}`, "properties"},
		"in patternProperties": {`"a":{"type":"object","patternProperties":{"x":{"type":"string","x-mcp-header":"A"}}}`, "properties"},
	} {
		app, _ := newApp(t, fastmcp.Config{})
		said := func() (said string) {
			defer func() { said = fmt.Sprint(recover()) }()
			app.AddTool(fastmcp.Tool{Name: "bad", Handler: fastmcp.Raw(`{"type":"object","properties":{`+c.properties+`}}`, func(*fastmcp.Context, json.RawMessage) (any, error) { return nil, nil })})
			return ""
		}()
		if !strings.Contains(said, `"bad"`) || !strings.Contains(said, "header") || !strings.Contains(said, c.words) {
			t.Errorf("%s: %s", name, said)
		}
	}
	app, _ := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "good", Handler: fastmcp.Raw(`{"type":"object","properties":{"x-mcp-header":{"type":"string","x-mcp-header":"!#$%&'*+-.^_`+"`"+`|~0aZ"}}}`,
		func(*fastmcp.Context, json.RawMessage) (any, error) { return nil, nil })})
}

// What HTTP allows beside a plain request is no way around the checks, and what it does not is answered in JSON, too.
func TestWireHTTP(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	session := s.open("2025-11-25").headers()
	request := func(line, host string, more ...string) string {
		head := append([]string{line, "Content-Length: 40"}, session.lines(more...)...)
		if host != "" {
			head = append(head, "Host: "+host)
		}
		return strings.Join(head, "\r\n") + "\r\n\r\n" + pingBody
	}
	for _, r := range []struct {
		name, request string
		status, code  int
	}{
		{"HTTP/1.0", request("POST /mcp HTTP/1.0", s.addr), 200, 0},
		{"no Host", request("POST /mcp HTTP/1.1", ""), 400, -32000}, // RFC 9112, 3.2
		{"a whole URL of another host", request("POST http://evil.example/mcp HTTP/1.1", s.addr), 403, -32000},
		{"a whole URL", request("POST http://"+s.addr+"/mcp HTTP/1.1", "evil.example"), 200, 0}, // it is the URL that counts (RFC 9112, 3.2.2)
		{"X-Forwarded-Host", request("POST /mcp HTTP/1.1", "evil.example", "X-Forwarded-Host: localhost"), 403, -32000},
		{"X-Forwarded-Host of another", request("POST /mcp HTTP/1.1", s.addr, "X-Forwarded-Host: evil.example"), 200, 0},
		{"X-HTTP-Method-Override", request("POST /mcp HTTP/1.1", s.addr, "X-HTTP-Method-Override: DELETE"), 200, 0},
		{"a header that is none", request("POST /mcp HTTP/1.1", s.addr, "Bad Header"), 400, -32000},
		{"no HTTP", "\x16\x03\x01\x02\x00\r\n\r\n", 400, -32000},
	} {
		wireError(t, r.name, s.rawConn().send("POST", r.request), r.status, r.code)
	}

	// Three at once, and one that asks before it sends.
	raw := s.rawConn()
	three := strings.Repeat(request("POST /mcp HTTP/1.1", s.addr), 2)
	wireError(t, "first", raw.send("POST", three+request("POST /mcp HTTP/1.1", s.addr, "Origin: null")), 200, 0)
	wireError(t, "second", raw.send("POST", ""), 200, 0)
	wireError(t, "third", raw.send("POST", ""), 403, -32000)
	if a := raw.send("POST", strings.TrimSuffix(request("POST /mcp HTTP/1.1", s.addr, "Expect: 100-continue"), pingBody)); a.status != 100 {
		t.Errorf("Expect: %d %s", a.status, a.body)
	}
	wireError(t, "after 100", raw.send("POST", pingBody), 200, 0)
	wireError(t, "session", s.do("POST", session, pingBody), 200, 0)
}
