package fastmcp_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
)

// batched are the messages of an answer to an array: of its JSON body, or of the last event of its stream; notes are
// the events before it.
func batched(t testing.TB, name string, a answer) (all, notes []message) {
	t.Helper()
	body := a.body
	if strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
		body = ""
		for scanner := bufio.NewScanner(strings.NewReader(a.body)); scanner.Scan(); {
			data, ok := strings.CutPrefix(scanner.Text(), "data: ")
			var m message
			switch {
			case !ok && scanner.Text() != "" && !strings.HasPrefix(scanner.Text(), ":"):
				t.Errorf("%s: the stream has the line %q", name, scanner.Text())
			case strings.HasPrefix(data, "["):
				body = data
			case ok && (json.Unmarshal([]byte(data), &m) != nil || body != ""):
				t.Errorf("%s: %s", name, a.body)
			case ok:
				notes = append(notes, m)
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &all); a.status != 200 || err != nil {
		t.Fatalf("%s: %d %v %s", name, a.status, err, a.body)
	}
	if strings.Contains(body, `"id":null`) {
		t.Errorf("%s: null is not an id: %s", name, body)
	}
	return all, notes
}

// outline is what the messages are: their ids, and the codes of the errors among them, sorted.
func outline(all []message) string {
	var lines []string
	for _, m := range all {
		line := string(m.ID)
		if m.Error != nil {
			line += fmt.Sprint("!", m.Error.Code)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, " ")
}

func array(messages ...string) string { return "[" + strings.Join(messages, " ,\n") + "]" }

func ask(id, method, params string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q,"params":{%s}}`, id, method, params)
}

const initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`

func TestWireBatchesThatAreRefused(t *testing.T) {
	s := newWire(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{MaxBatch: 3}})
	h := s.open("2025-03-26").headers()
	headerless := headers{"Mcp-Session-Id": h["Mcp-Session-Id"]}
	ended := s.open("2025-03-26").headers()
	_ = s.do("DELETE", ended, "")
	ping := ask("1", "ping", "")
	for _, r := range []struct {
		name         string
		h            headers
		body         string
		status, code int
		words        string
	}{
		{"as many as may be", h, array(initialized, initialized, initialized), 202, 0, ""},
		{"one more", h, array(initialized, initialized, initialized, initialized), 400, -32600, "3"},
		{"many more", h, array(slices.Repeat([]string{"1"}, 10_000)...), 400, -32600, "3"},
		{"empty", h, `[]`, 400, -32600, "no messages"},
		{"empty, with space", h, " [ \n] ", 400, -32600, ""},
		{"half", h, `[` + ping, 400, -32700, ""},
		{"half a message", h, `[{"jsonrpc":`, 400, -32700, ""},
		{"a comma too many", h, `[` + ping + `,]`, 400, -32700, ""},
		{"text behind", h, `[` + ping + `]]`, 400, -32700, ""},
		{"too deep", h, strings.Repeat("[", 1000) + strings.Repeat("]", 1000), 400, -32700, ""},
		{"too deep, half", h, strings.Repeat("[", 100_000), 400, -32700, ""},

		{"only notifications", h, array(initialized, `{"jsonrpc":"2.0","method":"notifications/x"}`), 202, 0, ""},
		{"only responses", h, array(`{"jsonrpc":"2.0","id":1,"result":{}}`, `{"jsonrpc":"2.0","id":2,"error":{"code":-1,"message":""}}`), 202, 0, ""},
		{"headerless", headerless, array(initialized), 202, 0, ""},

		{"without a session", headers{"MCP-Protocol-Version": "2025-03-26"}, array(ping), 400, -32600, "Mcp-Session-Id"},
		{"notifications without a session", nil, array(initialized), 400, -32600, "Mcp-Session-Id"},
		{"of an ended session", ended, array(ping, ask("2", "tools/list", "")), 404, -32000, "initialize again"},
		{"notifications of an ended session", ended, array(initialized), 404, -32000, ""},
		{"of an ended session, with rubbish in it", ended, array(`1`, ping), 404, -32000, ""},

		{"2024-11-05", s.open("2024-11-05").headers(), array(ping), 400, -32600, "2024-11-05"},
		{"2025-06-18", s.open("2025-06-18").headers(), array(ping), 400, -32600, "2025-06-18"},
		{"2025-11-25", s.open("2025-11-25").headers(), array(initialized), 400, -32600, "2025-11-25"},
		{"2025-11-25 that says it is 2025-03-26", s.open("2025-11-25").headers().plus("MCP-Protocol-Version", "2025-03-26"), array(ping), 400, -32600, "2025-11-25"},
		{"2025-11-25, headerless", headers{"Mcp-Session-Id": s.open("2025-11-25").id}, array(ping), 400, -32600, "2025-11-25"},
		{"2026-07-28", statelessHeaders("tools/list", ""), array(stateless(1, "tools/list", "", "")), 400, -32600, "2026-07-28"},
		{"2026-07-28 with a session of 2025-03-26", h.plus("MCP-Protocol-Version", "2026-07-28"), array(ping), 400, -32600, "2026-07-28"},
		{"an unknown version", h.plus("MCP-Protocol-Version", "v999"), array(ping), 400, -32022, ""},
	} {
		m := wireError(t, r.name, s.do("POST", r.h, r.body), r.status, r.code, r.words)
		if m.ID != nil {
			t.Errorf("%s: the id %s", r.name, m.ID)
		}
		wireError(t, "after "+r.name, s.do("POST", h, ping), 200, 0)
	}
}

func TestWireBatches(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	c := s.open("2025-03-26")
	modern := strings.TrimSuffix(strings.TrimPrefix(stateless(1, "tools/list", "", ""), `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{`), "}}")
	sum := func(id string) string { return ask(id, "tools/call", `"name":"add","arguments":{"a":1,"b":2}`) }
	for _, r := range []struct{ name, body, want string }{
		{"one", array(sum("1")), "1"},
		{"mixed", array(ask(`"p"`, "ping", ""), initialized, sum("-7"), ask("3", "tools/list", ""), `{"jsonrpc":"2.0","id":9,"result":{}}`), `"p" -7 3`},
		{"ids as they were", array(sum(`"\u0041\"\\\/"`), sum("123456789012345678901234567890")), `"\u0041\"\\\/" 123456789012345678901234567890`},
		{"errors inside", array(sum("1"), ask("2", "nothing", ""), ask("3", "tools/call", `"name":"lost"`), ask("4", "tools/list", `"cursor":"x"`)), "1 2!-32601 3!-32602 4!-32602"},
		{"what are no messages", array(sum("1"), `1`, `"x"`, `null`, `[]`, `{}`, array(sum("2"))), "!-32600 !-32600 !-32600 !-32600 !-32600 !-32600 1"},
		{"bad envelopes", array(`{"jsonrpc":"1.0","id":1,"method":"ping"}`, `{"jsonrpc":"2.0","id":null,"method":"ping"}`, `{"jsonrpc":"2.0","id":2,"method":"ping","params":[]}`, `{"jsonrpc":"2.0","id":3,"id":3,"method":"ping"}`, sum("4")), "!-32600 1!-32600 2!-32602 3!-32600 4"},
		{"not UTF-8", array(sum("1"), "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"\xff\"}"), "!-32700 1"},
		{"initialize", array(ask("1", "initialize", `"protocolVersion":"2025-03-26","capabilities":{}`), sum("2")), "1!-32600 2"},
		{"initialize alone", array(ask("1", "initialize", `"protocolVersion":"2025-03-26","capabilities":{}`)), "1!-32600"},
		{"a bad notification", array(`{"jsonrpc":"2.0","method":"notifications/x","params":[]}`, sum("1")), "!-32602 1"},
		{"one of 2026-07-28", array(sum("1"), ask("2", "tools/list", modern)), "1 2!-32020"},
		{"the method of 2026-07-28", array(sum("1"), ask("2", "server/discover", "")), "1 2!-32601"},
		{"with its own version in _meta", array(ask("1", "tools/list", `"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-03-26"}`)), "1"},
		{"with another version in _meta", array(ask("1", "tools/list", `"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-06-18","io.modelcontextprotocol/clientCapabilities":{}}`)), "1!-32020"},
	} {
		a := s.do("POST", c.headers(), r.body)
		all, notes := batched(t, r.name, a)
		if got := outline(all); got != r.want || notes != nil || a.header.Get("Content-Type") != "application/json" || a.header.Get("Mcp-Session-Id") != "" {
			t.Errorf("%s: %s, want %s (%v)", r.name, got, r.want, a.header)
		}
		for _, words := range []string{"resultType", "structuredContent", "outputSchema", "cacheScope"} {
			if strings.Contains(a.body, words) {
				t.Errorf("%s: 2025-03-26 has no %s: %s", r.name, words, a.body)
			}
		}
	}
	if n := len(s.app.Sessions()); n != 1 {
		t.Errorf("%d sessions, want the one", n)
	}
}

// Two requests of one array that have one id: the second is refused while the first runs.
func TestWireBatchOfOneIDTwice(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	c := s.open("2025-03-26")
	a := s.do("POST", c.headers(), array(ask("1", "tools/call", `"name":"wait"`), ask("1", "tools/call", `"name":"add","arguments":{"a":1,"b":2}`), ask("2", "tools/call", `"name":"go"`)))
	if all, _ := batched(t, "twice", a); outline(all) != "1 1!-32600 2" {
		t.Errorf("%s", a.body)
	}
	// Side by side: what waits does not hold up what lets it go.
	a = s.do("POST", c.headers(), array(ask("1", "tools/call", `"name":"wait"`), ask("2", "tools/call", `"name":"go"`)))
	if all, _ := batched(t, "side by side", a); outline(all) != "1 2" || !strings.Contains(a.body, "let go") || strings.Contains(a.body, "isError") {
		t.Errorf("%s", a.body)
	}
}

// What is sent before a result makes one stream of the whole answer. All results are in it, and it has no event ids.
func TestWireBatchThatTellsItsProgress(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	c := s.open("2025-03-26")
	steps := func(id string) string {
		return ask(id, "tools/call", fmt.Sprintf(`"name":"steps","_meta":{"progressToken":%s}`, id))
	}
	body := array(steps("1"), ask("2", "ping", ""), initialized, ask("3", "nothing", ""), steps(`"four"`))
	a := s.do("POST", c.headers(), body)
	all, notes := batched(t, "progress", a)
	if a.header.Get("Content-Type") != "text/event-stream" || outline(all) != `"four" 1 2 3!-32601` || len(notes) != 4 {
		t.Errorf("%v\n%s", a.header, a.body)
	}
	told := map[string]string{}
	for _, n := range notes {
		var p struct {
			Token    json.RawMessage `json:"progressToken"`
			Progress float64
		}
		if err := json.Unmarshal(n.Params, &p); err != nil || n.Method != "notifications/progress" || n.ID != nil {
			t.Errorf("%s: %v", n.Params, err)
		}
		told[string(p.Token)] += fmt.Sprint(p.Progress)
	}
	if told["1"] != "12" || told[`"four"`] != "12" {
		t.Errorf("%v", told)
	}

	a = s.do("POST", c.headers().plus("Accept", "application/json"), body)
	if all, notes := batched(t, "JSON alone", a); a.header.Get("Content-Type") != "application/json" || outline(all) != `"four" 1 2 3!-32601` || notes != nil {
		t.Errorf("%v\n%s", a.header, a.body)
	}
	a = s.do("POST", c.headers().plus("Accept", "text/event-stream"), array(ask("1", "ping", "")))
	if all, _ := batched(t, "events alone", a); a.header.Get("Content-Type") != "text/event-stream" || outline(all) != "1" {
		t.Errorf("%v\n%s", a.header, a.body)
	}
	wireError(t, "events alone, notifications", s.do("POST", c.headers().plus("Accept", "text/event-stream"), array(initialized)), 202, 0)
}

// A request of an array can be cancelled by another of the same array, and has then no answer.
func TestWireBatchThatCancelsItself(t *testing.T) {
	s := newWire(t, fastmcp.Config{})
	s.app.AddTool(fastmcp.Tool{Name: "until", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		<-c.Done()
		return "", c.Err()
	})})
	c := s.open("2025-03-26")
	cancel := `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`
	a := s.do("POST", c.headers(), array(ask("1", "tools/call", `"name":"until"`), cancel, ask("2", "ping", "")))
	if all, _ := batched(t, "cancelled", a); outline(all) != "2" {
		t.Errorf("%s", a.body)
	}
	wireError(t, "nothing is left", s.do("POST", c.headers(), array(ask("1", "tools/call", `"name":"until"`), cancel)), 202, 0)
}

func TestWireBatchWithoutSessions(t *testing.T) {
	s := newWire(t, fastmcp.Config{Stateless: true})
	body := array(ask("1", "ping", ""), initialized, ask("2", "tools/call", `"name":"add","arguments":{"a":1,"b":2}`))
	for _, h := range []headers{nil, {"MCP-Protocol-Version": "2025-03-26"}} {
		if all, _ := batched(t, "stateless", s.do("POST", h, body)); outline(all) != "1 2" {
			t.Errorf("%v: %+v", h, all)
		}
	}
	wireError(t, "2025-06-18", s.do("POST", headers{"MCP-Protocol-Version": "2025-06-18"}, body), 400, -32600)
}
