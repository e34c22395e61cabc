package fastmcp_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// regional has an argument that a header repeats.
var regional = fastmcp.Tool{Name: "regional", Handler: fastmcp.Raw(`{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}`,
	func(_ *fastmcp.Context, args json.RawMessage) (any, error) { return string(args), nil })}

const (
	pv     = `"io.modelcontextprotocol/protocolVersion":`
	cc     = `"io.modelcontextprotocol/clientCapabilities":`
	ci     = `"io.modelcontextprotocol/clientInfo":`
	ll     = `"io.modelcontextprotocol/logLevel":`
	pvNow  = pv + `"2026-07-28"`
	ccNone = cc + `{}`
)

// asked is a request with this _meta.
func asked(method, meta, params string) string {
	if params != "" {
		params = "," + params
	}
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":"q","method":%q,"params":{"_meta":{%s}%s}}`, method, meta, params)
}

// What is wrong with a request of 2026-07-28 is told in this order: whoever breaks two rules hears of the first.
func TestWireOrderOfChecks(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	s.app.AddTool(regional)
	list, call := statelessHeaders("tools/list", ""), statelessHeaders("tools/call", "add")
	good, sum := pvNow+","+ccNone, `"name":"add","arguments":{"a":1,"b":2}`
	badLevel := good + "," + ll + `"loud"`
	for _, r := range []struct {
		name         string
		h            headers
		body         string
		status, code int
		words        string
	}{
		{"good", call, asked("tools/call", good, sum), 200, 0, `"resultType":"complete"`},
		{"1 before all: no JSON", headers{"MCP-Protocol-Version": "v999"}, `{`, 400, -32700, ""},
		{"2 before 3: no version, no header", nil, `{"id":"q","method":"tools/list","params":{"_meta":{` + good + `}}}`, 400, -32600, "jsonrpc"},

		{"3: no header", headers{"Mcp-Method": "tools/list"}, asked("tools/list", good, ""), 400, -32020, "Mcp-Protocol-Version is required"},
		{"3 before 4: no header, no capabilities", headers{"Mcp-Method": "tools/list"}, asked("tools/list", pvNow, ""), 400, -32020, ""},
		{"3 before 4: no header, version of no kind", nil, asked("tools/list", pv+`1`, ""), 400, -32020, ""},
		{"3 before 6: no header, unknown version", nil, asked("tools/list", pv+`"v999",`+ccNone, ""), 400, -32020, ""},

		{"4: no _meta", list, `{"jsonrpc":"2.0","id":"q","method":"tools/list","params":{}}`, 400, -32602, "io.modelcontextprotocol/protocolVersion"},
		{"4: no params", list, `{"jsonrpc":"2.0","id":"q","method":"tools/list"}`, 400, -32602, ""},
		{"4: no version", list, asked("tools/list", ccNone, ""), 400, -32602, "io.modelcontextprotocol/protocolVersion"},
		{"4: version of no kind", list, asked("tools/list", pv+`20260728,`+ccNone, ""), 400, -32602, "must be a string"},
		{"4: version null", list, asked("tools/list", pv+`null,`+ccNone, ""), 400, -32602, ""},
		{"4: no capabilities", list, asked("tools/list", pvNow, ""), 400, -32602, "io.modelcontextprotocol/clientCapabilities"},
		{"4: capabilities array", list, asked("tools/list", pvNow+","+cc+`[]`, ""), 400, -32602, "must be an object"},
		{"4: capabilities null", list, asked("tools/list", pvNow+","+cc+`null`, ""), 400, -32602, ""},
		{"4: client of no kind", list, asked("tools/list", good+","+ci+`"me"`, ""), 400, -32602, "io.modelcontextprotocol/clientInfo"},
		{"4: client null", list, asked("tools/list", good+","+ci+`null`, ""), 400, -32602, ""},
		{"4: client {}", list, asked("tools/list", good+","+ci+`{}`, ""), 400, -32602, ""},
		{"4: client without version", list, asked("tools/list", good+","+ci+`{"name":"me"}`, ""), 400, -32602, ""},
		{"4: client with a number", list, asked("tools/list", good+","+ci+`{"name":"me","version":1}`, ""), 400, -32602, ""},
		{"4 not: client", list, asked("tools/list", good+","+ci+`{"title":"M","version":"1","name":"me"}`, ""), 200, 0, ""},
		{"4 before 5: another version, no capabilities", list, asked("tools/list", pv+`"v999"`, ""), 400, -32602, ""},
		{"4 before 7: no capabilities, no method", headers{"MCP-Protocol-Version": "2026-07-28"}, asked("tools/list", pvNow, ""), 400, -32602, ""},

		{"5 before 6: body v999", list, asked("tools/list", pv+`"v999",`+ccNone, ""), 400, -32020, "v999"},
		{"5 before 6: header v999", list.plus("MCP-Protocol-Version", "v999"), asked("tools/list", good, ""), 400, -32020, "v999"},
		{"5: body of a session's revision", list, asked("tools/list", pv+`"2025-11-25",`+ccNone, ""), 400, -32020, ""},
		{"5: header of a session's revision", list.plus("MCP-Protocol-Version", "2025-11-25"), asked("tools/list", good, ""), 400, -32020, ""},
		{"5: disagreeing about case", list.plus("MCP-Protocol-Version", "V999"), asked("tools/list", pv+`"v999",`+ccNone, ""), 400, -32020, ""},
		{"5 before 11", list.plus("MCP-Protocol-Version", "v999"), asked("tools/list", badLevel, ""), 400, -32020, ""},
		{"6: v999", list.plus("MCP-Protocol-Version", "v999"), asked("tools/list", pv+`"v999",`+ccNone, ""), 400, -32022, `"requested":"v999"`},
		{"6 before 7", headers{"MCP-Protocol-Version": "v999"}, asked("tools/list", pv+`"v999",`+ccNone, ""), 400, -32022, ""},
		{"6 before 11", list.plus("MCP-Protocol-Version", "v999"), asked("tools/list", pv+`"v999",`+ccNone+","+ll+`1`, ""), 400, -32022, ""},

		{"7: no method", headers{"MCP-Protocol-Version": "2026-07-28"}, asked("tools/list", good, ""), 400, -32020, "Mcp-Method is required"},
		{"7: another method", call, asked("tools/list", good, ""), 400, -32020, "Mcp-Method"},
		{"7 before 8: TOOLS/LIST", list.plus("Mcp-Method", "TOOLS/LIST"), asked("tools/list", good, ""), 400, -32020, ""},
		{"7 before 8: unknown method", list, asked("tools/lost", good, ""), 400, -32020, ""},
		{"7 before 11", call, asked("tools/list", badLevel, ""), 400, -32020, ""},

		{"8: unknown method", list.plus("Mcp-Method", "tools/lost"), asked("tools/lost", good, ""), 404, -32601, "tools/lost"},
		{"8: another case", list.plus("Mcp-Method", "TOOLS/LIST"), asked("TOOLS/LIST", good, ""), 404, -32601, ""},
		{"8: initialize", list.plus("Mcp-Method", "initialize"), asked("initialize", good, `"protocolVersion":"2025-11-25","capabilities":{}`), 404, -32601, ""},
		{"8: ping", list.plus("Mcp-Method", "ping"), asked("ping", good, ""), 404, -32601, ""},
		{"8: logging/setLevel", list.plus("Mcp-Method", "logging/setLevel"), asked("logging/setLevel", good, `"level":"info"`), 404, -32601, ""},
		{"8: resources/subscribe", list.plus("Mcp-Method", "resources/subscribe"), asked("resources/subscribe", good, `"uri":"x"`), 404, -32601, ""},
		{"8: tasks/list", list.plus("Mcp-Method", "tasks/list"), asked("tasks/list", good, ""), 404, -32601, ""},
		{"8 before 11", list.plus("Mcp-Method", "ping"), asked("ping", badLevel, ""), 404, -32601, ""},

		{"9: no name", call.plus("Mcp-Name", ""), asked("tools/call", good, sum), 400, -32020, "Mcp-Name is required"},
		{"9: another name", call.plus("Mcp-Name", "sub"), asked("tools/call", good, sum), 400, -32020, "Mcp-Name"},
		{"9: another case", call.plus("Mcp-Name", "Add"), asked("tools/call", good, sum), 400, -32020, ""},
		{"9 before 10", statelessHeaders("tools/call", "add"), asked("tools/call", good, `"name":"regional","arguments":{"region":"eu"}`), 400, -32020, "Mcp-Name"},
		{"9 before 11", call.plus("Mcp-Name", ""), asked("tools/call", badLevel, sum), 400, -32020, ""},
		{"9 before 13: unknown tool", call, asked("tools/call", good, `"name":"sub"`), 400, -32020, ""},
		{"9: an empty name", call.plus("Mcp-Name", ""), asked("tools/call", good, `"name":""`), 400, -32020, ""},
		{"9 not: names elsewhere are nobody's business", list.plus("Mcp-Name", "x"), asked("tools/list", good, `"name":"y"`), 200, 0, ""},

		{"10: no argument's header", statelessHeaders("tools/call", "regional"), asked("tools/call", good, `"name":"regional","arguments":{"region":"eu"}`), 400, -32020, "Mcp-Param-Region"},
		{"10 before the schema", statelessHeaders("tools/call", "regional").plus("Mcp-Param-Region", "us"), asked("tools/call", good, `"name":"regional","arguments":{"region":1}`), 400, -32020, ""},

		{"11: log level", list, asked("tools/list", badLevel, ""), 400, -32602, "emergency"},
		{"11: log level of no kind", list, asked("tools/list", good+","+ll+`3`, ""), 400, -32602, ""},
		{"11: log level null", list, asked("tools/list", good+","+ll+`null`, ""), 400, -32602, ""},
		{"11: log level in capitals", list, asked("tools/list", good+","+ll+`"INFO"`, ""), 400, -32602, ""},
		{"11 not: log level", list, asked("tools/list", good+","+ll+`"notice"`, ""), 200, 0, ""},
		{"11 before 13: unknown tool", call.plus("Mcp-Name", "sub"), asked("tools/call", badLevel, `"name":"sub"`), 400, -32602, "logLevel"},

		{"13: progress token", call, asked("tools/call", good+`,"progressToken":1.5`, sum), 400, -32602, "progressToken"},
		{"13: unknown tool", call.plus("Mcp-Name", "sub"), asked("tools/call", good, `"name":"sub"`), 200, -32602, `unknown tool \"sub\"`},
		{"13: tool without a name", call, asked("tools/call", good, `"arguments":{}`), 200, -32602, "name must be a string"},
		{"13: tool with a number for a name", call, asked("tools/call", good, `"name":7`), 200, -32602, ""},
		{"13: arguments array", call, asked("tools/call", good, `"name":"add","arguments":[1,2]`), 200, -32602, "arguments must be an object"},
		{"13: cursor", list, asked("tools/list", good, `"cursor":"nonsense"`), 200, -32602, "cursor"},
		{"13: cursor of no kind", list, asked("tools/list", good, `"cursor":1`), 200, -32602, "cursor"},
		{"arguments that do not fit are for the model", call, asked("tools/call", good, `"name":"add","arguments":{"a":"x"}`), 200, 0, `"isError":true`},

		{"spaces around headers", headers{"MCP-Protocol-Version": " 2026-07-28\t", "Mcp-Method": "  tools/call ", "Mcp-Name": "\t add  "}, asked("tools/call", good, sum), 200, 0, ""},
	} {
		m := wireError(t, r.name, s.do("POST", r.h, r.body), r.status, r.code, r.words)
		if want := `"q"`; r.code != -32700 && string(m.ID) != want {
			t.Errorf("%s: the id is %s, want %s", r.name, m.ID, want)
		}
		if r.code == -32022 {
			var data struct{ Supported []string }
			if err := json.Unmarshal(m.Error.Data, &data); err != nil || !slices.Equal(data.Supported, protocol.Supported()) {
				t.Errorf("%s: supported %v", r.name, data.Supported)
			}
		}
	}
}

// Which era a request is of is decided for each by itself.
func TestWireEras(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	c := s.open("2025-06-18")
	h, id := c.headers(), headers{"Mcp-Session-Id": c.id}
	gone := s.open("2025-11-25")
	_ = s.do("DELETE", gone.headers(), "")
	version := func(v string) headers { return headers{"MCP-Protocol-Version": v} }
	now, list := pvNow+","+ccNone, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	for _, r := range []struct {
		name         string
		h            headers
		body         string
		status, code int
		words        string
	}{
		{"header of a session's revision, no session", version("2025-11-25"), list, 400, -32600, "Mcp-Session-Id"},
		{"headerless, no session", nil, list, 400, -32600, "Mcp-Session-Id"},
		{"headerless, session", id, list, 200, 0, "outputSchema"},
		{"another revision than the session's", h.plus("MCP-Protocol-Version", "2024-11-05"), list, 200, 0, "outputSchema"},
		{"mirrored headers are no business of a session's", h.plus("Mcp-Method", "x", "Mcp-Name", "y"), list, 200, 0, ""},
		{"a name that is not repeated, in a session", h, asked("tools/call", "", `"name":"add","arguments":{"a":1,"b":2}`), 200, 0, ""},

		{"old header, new _meta", version("2025-11-25"), asked("tools/list", now, ""), 400, -32020, ""},
		{"old header, new _meta, session", h, asked("tools/list", now, ""), 400, -32020, ""},
		{"no header, new _meta", nil, asked("tools/list", now, ""), 400, -32020, ""},
		{"no header, new _meta, session", id, asked("tools/list", now, ""), 400, -32020, ""},
		{"new header, old _meta, session", h.plus("MCP-Protocol-Version", "2026-07-28"), asked("tools/list", pv+`"2025-06-18",`+ccNone, ""), 400, -32020, ""},
		{"(a) the same old version in both", h, asked("tools/list", pv+`"2025-06-18"`, ""), 200, 0, ""},
		{"(a) an old version in _meta alone", id, asked("tools/list", pv+`"2025-06-18",`+ccNone, ""), 200, 0, ""},
		{"(a) different old versions", h, asked("tools/list", pv+`"2025-11-25",`+ccNone, ""), 400, -32020, ""},
		{"(b) capabilities alone, old header", h, asked("tools/list", ccNone, ""), 200, 0, ""},
		{"(b) client alone, live session", id, asked("tools/list", ci+`{}`, ""), 200, 0, ""},
		{"(b) capabilities alone, old header, no session", version("2025-11-25"), asked("tools/list", ccNone, ""), 400, -32600, "Mcp-Session-Id"},
		{"(b) capabilities alone, dead session", headers{"Mcp-Session-Id": gone.id}, asked("tools/list", ccNone, ""), 400, -32602, "protocolVersion"},
		{"capabilities alone", nil, asked("tools/list", ccNone, ""), 400, -32602, "protocolVersion"},
		{"a log level alone makes no era", h, asked("tools/list", ll+`"loud"`, ""), 200, 0, ""},

		{"unknown header", version("v999"), list, 400, -32022, `"requested":"v999"`},
		{"unknown header, session", h.plus("MCP-Protocol-Version", "v999"), list, 400, -32022, "2026-07-28"},
		{"unknown header, capabilities alone", version("v999"), asked("tools/list", ccNone, ""), 400, -32602, ""},
		{"a list of versions", h.plus("MCP-Protocol-Version", "2025-06-18, 2025-11-25"), list, 400, -32022, ""},
		{"initialize of an unknown header", version("v999"), asked("initialize", "", `"protocolVersion":"2025-11-25","capabilities":{}`), 400, -32022, ""},
		{"initialize of 2026-07-28 without _meta", version("2026-07-28"), asked("initialize", "", `"protocolVersion":"2026-07-28","capabilities":{}`), 400, -32602, ""},
		{"initialize without a version", nil, asked("initialize", "", `"capabilities":{}`), 200, -32602, "protocolVersion"},
		{"initialize with a number", nil, asked("initialize", "", `"protocolVersion":20251125`), 200, -32602, "protocolVersion"},
		{"initialize with a client of no kind", nil, asked("initialize", "", `"protocolVersion":"2025-11-25","clientInfo":"me"`), 200, -32602, "clientInfo"},
		{"server/discover in a session", h, asked("server/discover", "", ""), 200, -32601, ""},

		{"new, with a live session", statelessHeaders("tools/list", "").plus("Mcp-Session-Id", c.id), asked("tools/list", now, ""), 200, 0, "resultType"},
		{"new, with a dead session", statelessHeaders("tools/list", "").plus("Mcp-Session-Id", gone.id), asked("tools/list", now, ""), 200, 0, "resultType"},
		{"new, with a session that never was", statelessHeaders("tools/list", "").plus("Mcp-Session-Id", "x", "Last-Event-ID", "1.1"), asked("tools/list", now, ""), 200, 0, "resultType"},
	} {
		a := s.do("POST", r.h, r.body)
		wireError(t, r.name, a, r.status, r.code, r.words)
		if got := a.header.Get("Mcp-Session-Id"); got != "" {
			t.Errorf("%s: a session %q", r.name, got)
		}
		if strings.Contains(a.body, "resultType") != strings.Contains(r.words, "resultType") {
			t.Errorf("%s: %s", r.name, a.body)
		}
	}
}

func TestWireRepeatedVersionHeaders(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	session := s.open("2025-11-25").id
	raw := s.rawConn()
	now := asked("tools/list", pvNow+","+ccNone, "")
	lines := func(all ...string) []string {
		return headers{"Mcp-Method": "tools/list", "Mcp-Session-Id": session}.lines(all...)
	}
	a, b := "MCP-Protocol-Version: 2026-07-28", "MCP-Protocol-Version: 2025-11-25"
	wireError(t, "the same twice", raw.do("POST", lines(a, a), now), 200, 0)
	wireError(t, "two", raw.do("POST", lines(a, b), now), 400, -32020)
	wireError(t, "two, turned around", raw.do("POST", lines(b, a), now), 400, -32020)
}

func TestWireInitialize(t *testing.T) {
	s := newWire(t, fastmcp.Config{Instructions: "Add things.", Title: "T", Description: "D", Website: "https://w.example", Icons: []protocol.Icon{{Src: "https://i.example"}}})
	seen := map[string]bool{}
	for _, h := range []headers{nil, {"MCP-Protocol-Version": "2025-11-25"}, {"MCP-Protocol-Version": "2024-11-05", "Mcp-Method": "initialize"}, {"Mcp-Session-Id": "x"}} {
		for requested, want := range map[string]string{
			"2024-11-05": "2024-11-05", "2025-03-26": "2025-03-26", "2025-06-18": "2025-06-18", "2025-11-25": "2025-11-25",
			"2026-07-28": "2025-11-25", "v999": "2025-11-25", "": "2025-11-25", "1.0": "2025-11-25", "2099-01-01": "2025-11-25",
		} {
			a := s.do("POST", h, asked("initialize", "", fmt.Sprintf(`"protocolVersion":%q,"capabilities":{},"clientInfo":{"name":"t","version":"1"}`, requested)))
			m := wireError(t, requested, a, 200, 0, `"instructions":"Add things."`, `"tools":{"listChanged":true}`, `"logging":{}`)
			var r struct {
				ProtocolVersion string
				ServerInfo      map[string]any
			}
			if err := json.Unmarshal(m.Result, &r); err != nil || r.ProtocolVersion != want {
				t.Errorf("%q of %v: %s, want %s", requested, h, a.body, want)
			}
			id := a.header.Get("Mcp-Session-Id")
			if len(id) < 22 || seen[id] || strings.ContainsFunc(id, func(r rune) bool { return r < 0x21 || r > 0x7e }) {
				t.Errorf("%q: the session %q", requested, id)
			}
			seen[id] = true
			for member, since := range map[string]string{"name": "", "version": "", "title": "2025-06-18", "description": "2025-11-25", "websiteUrl": "2025-11-25", "icons": "2025-11-25"} {
				if _, has := r.ServerInfo[member]; has != (want >= since) {
					t.Errorf("%s: serverInfo %v and %s", want, r.ServerInfo, member)
				}
			}
			if strings.Contains(a.body, "resultType") || strings.Contains(a.body, "_meta") {
				t.Errorf("%q: %s", requested, a.body)
			}
		}
	}
}

func TestWireDiscover(t *testing.T) {
	s := newWire(t, fastmcp.Config{Name: "n", Version: "7", Instructions: "Add things.", Cache: fastmcp.CacheConfig{Discover: time.Minute}})
	a := s.do("POST", statelessHeaders("server/discover", ""), stateless(1, "server/discover", "", ""))
	m := wireError(t, "discover", a, 200, 0)
	var r map[string]any
	if err := json.Unmarshal(m.Result, &r); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"resultType": "complete", "supportedVersions": []any{"2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"},
		"instructions": "Add things.", "ttlMs": 60000.0, "cacheScope": "public", "_meta": map[string]any{protocol.MetaServer: map[string]any{"name": "n", "version": "7"}},
	}
	for name, v := range want {
		if fmt.Sprint(r[name]) != fmt.Sprint(v) {
			t.Errorf("%s is %v, want %v", name, r[name], v)
		}
	}
	if capabilities, ok := r["capabilities"].(map[string]any); !ok || capabilities["tools"] == nil || capabilities["logging"] == nil || r["serverInfo"] != nil {
		t.Errorf("%s", m.Result)
	}
}

// rich has all that a tool can have.
func rich() fastmcp.Tool {
	yes := true
	return fastmcp.Tool{
		Name: "rich", Title: "Rich", Description: "All of it", Icons: []protocol.Icon{{Src: "https://i.example"}}, Meta: map[string]any{"k": "v"},
		Annotations: &protocol.ToolAnnotations{Title: "Hint", ReadOnlyHint: true, OpenWorldHint: &yes}, OutputSchema: json.RawMessage(`{"type":"object"}`),
		Handler: fastmcp.Get(func(*fastmcp.Context) (*fastmcp.Result, error) {
			return &fastmcp.Result{Structured: map[string]any{"a": 1}, Meta: map[string]any{"m": 1}, Content: []content.Block{
				content.AudioBlock{Data: []byte("abcd"), MimeType: "audio/wav"}, content.Link("file:///a", "a"),
			}}, nil
		}),
	}
}

// Each revision is told what it has a word for, and no more.
func TestWireToolsOfEachRevision(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(rich())
	app.AddTool(fastmcp.Tool{Name: "list", OutputSchema: json.RawMessage(`{"type":"array"}`), Handler: fastmcp.Get(func(*fastmcp.Context) (*fastmcp.Result, error) {
		return &fastmcp.Result{Structured: []int{1, 2}}, nil
	})})
	s := serve(t, app, l)
	since := map[string]string{"name": "", "description": "", "inputSchema": "", "annotations": "2025-03-26", "title": "2025-06-18", "outputSchema": "2025-06-18", "_meta": "2025-06-18", "icons": "2025-11-25"}
	for _, revision := range append(slices.Clone(revisions), "2026-07-28") {
		now := revision == "2026-07-28"
		send := func(method, tool string) answer {
			if now {
				return s.do("POST", statelessHeaders(method, tool), stateless(1, method, fmt.Sprintf(`"name":%q`, tool), ""))
			}
			return s.open(revision).send(method, fmt.Sprintf(`"name":%q`, tool))
		}
		a := send("tools/list", "")
		var r struct {
			Tools []map[string]any
			TTLMs any
			Scope any `json:"cacheScope"`
			Next  any `json:"nextCursor"`
			Meta  any `json:"_meta"`
			Type  any `json:"resultType"`
		}
		if err := json.Unmarshal(a.message(t).Result, &r); err != nil || len(r.Tools) != 2 || r.Next != nil {
			t.Fatalf("%s: %v %s", revision, err, a.body)
		}
		for member, first := range since {
			if _, has := r.Tools[0][member]; has != (revision >= first) {
				t.Errorf("%s: %s is there: %v", revision, member, has)
			}
		}
		if _, has := r.Tools[1]["outputSchema"]; has != now {
			t.Errorf("%s: a schema of an array: %v", revision, r.Tools[1])
		}
		if schema, ok := r.Tools[1]["inputSchema"].(map[string]any); !ok || schema["type"] != "object" {
			t.Errorf("%s: %v", revision, r.Tools[1])
		}
		for _, only := range []any{r.TTLMs, r.Scope, r.Meta, r.Type} {
			if (only != nil) != now {
				t.Errorf("%s: %s", revision, a.body)
			}
		}

		got := send("tools/call", "rich").body
		for words, in := range map[string]bool{
			`"type":"audio"`: revision >= "2025-03-26", `cannot carry audio`: revision < "2025-03-26",
			`"type":"resource_link"`: revision >= "2025-06-18", `a: file:///a`: revision < "2025-06-18",
			`"structuredContent":{"a":1}`: revision >= "2025-06-18", `"resultType":"complete"`: now, `"` + protocol.MetaServer + `":{`: now, `"m":1`: true, "ttlMs": false,
		} {
			if strings.Contains(got, words) != in {
				t.Errorf("%s: %q in %s: %v", revision, words, got, !in)
			}
		}
		got = send("tools/call", "list").body
		if !strings.Contains(got, `"text":"[1,2]"`) || strings.Contains(got, `"structuredContent":[1,2]`) != now {
			t.Errorf("%s: an array as structured content: %s", revision, got)
		}
		if !now {
			for method, params := range map[string]string{"ping": "", "logging/setLevel": `"level":"error"`} {
				if a := s.open(revision).send(method, params); a.body != `{"jsonrpc":"2.0","id":1,"result":{}}` {
					t.Errorf("%s: %s: %s", revision, method, a.body)
				}
			}
			wireError(t, revision, s.open(revision).send("logging/setLevel", `"level":"loud"`), 200, -32602, "emergency")
		}
	}
}

func TestWirePages(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{PageSize: 2})
	for _, name := range []string{"e", "d", "c", "b", "a"} {
		app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return name, nil })})
	}
	s := serve(t, app, l)
	c := s.open("2025-11-25")
	ask := map[string]func(cursor string) answer{
		"2025-11-25": func(cursor string) answer { return c.send("tools/list", cursor) },
		"2026-07-28": func(cursor string) answer {
			return s.do("POST", statelessHeaders("tools/list", ""), stateless(1, "tools/list", cursor, ""))
		},
	}
	type page struct {
		names []string
		next  *string
	}
	read := func(a answer) (p page) {
		t.Helper()
		var r struct {
			Tools      []struct{ Name string }
			NextCursor *string
		}
		if err := json.Unmarshal(wireError(t, "page", a, 200, 0).Result, &r); err != nil || r.Tools == nil {
			t.Fatalf("%v: %s", err, a.body)
		}
		for _, tool := range r.Tools {
			p.names = append(p.names, tool.Name)
		}
		p.next = r.NextCursor
		return p
	}
	with := func(cursor string) string { return fmt.Sprintf(`"cursor":%q`, cursor) }
	cursors := map[string]string{}
	for revision, list := range ask {
		var sizes []int
		all := []string{}
		for p := read(list("")); ; p = read(list(with(*p.next))) {
			sizes, all = append(sizes, len(p.names)), append(all, p.names...)
			if p.next == nil {
				break
			}
			cursors[p.names[len(p.names)-1]] = *p.next
		}
		if fmt.Sprint(sizes, all) != "[2 2 1] [e d c b a]" {
			t.Errorf("%s: %v %v", revision, sizes, all)
		}
		if p := read(list(with(""))); fmt.Sprint(p.names) != "[e d]" {
			t.Errorf("%s: the empty cursor: %v", revision, p.names)
		}
		for _, bad := range []string{with("nonsense"), with("!"), with(cursors["d"] + "x!"), with("MTAw"), `"cursor":7`, `"cursor":{}`} {
			wireError(t, revision+" "+bad, list(bad), 200, -32602, "cursor")
		}
	}
	app.RemoveTool("c") // the one that the second page began with
	for revision, list := range ask {
		if p := read(list(with(cursors["d"]))); fmt.Sprint(p.names) != "[b a]" || p.next != nil {
			t.Errorf("%s: behind a tool that is gone: %+v", revision, p)
		}
	}
	app.RemoveTool("e") // all that follows moves up
	for revision, list := range ask {
		if p := read(list(with(cursors["b"]))); fmt.Sprint(p.names) != "[a]" {
			t.Errorf("%s: a tool that has moved: %+v", revision, p)
		}
	}
}
