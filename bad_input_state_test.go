package fastmcp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// cursorIn takes the cursor of the next page.
func (a answer) cursorIn(t testing.TB) string {
	t.Helper()
	var r struct{ NextCursor string }
	if err := json.Unmarshal(a.message(t).Result, &r); err != nil || r.NextCursor == "" {
		t.Fatalf("no cursor: %d %s", a.status, a.body)
	}
	return r.NextCursor
}

// A cursor is that of its list. Another list's, though it is genuine, is as unknown as one that nobody has given.
func TestBadInputCursors(t *testing.T) {
	b := newBadInputs(t)
	type pages struct{ method, params, notAString string }
	const ofType, ofSchema = "Invalid params: cursor must be a string", "Invalid params: cursor: expected the type string, got "
	all := []pages{
		{"tools/list", "", ofType}, {"prompts/list", "", ofType}, {"resources/list", "", ofType}, {"resources/templates/list", "", ofType}, {"tasks/list", "", ofType},
		{"skills/list", "", ofSchema},
		{"resources/directory/read", `"uri":"skill://one",`, ofSchema}, {"resources/directory/read", `"uri":"skill://two",`, ofSchema},
	}
	for _, revision := range everywhere {
		lists, genuine := all, make(map[pages]string)
		if revision == "2025-11-25" {
			for range 2 {
				b.ask(readerToken, revision, "tools/call", "hold", `"name":"hold","task":{}`).created(t)
				defer func() { b.held.letGo <- nil }()
			}
		} else {
			lists = append(append([]pages{}, all[:4]...), all[5:]...) // no other revision has tasks/list
		}
		for _, l := range lists {
			genuine[l] = b.ask(readerToken, revision, l.method, "", strings.TrimSuffix(l.params, ",")).cursorIn(t)
		}
		in := []string{revision}
		for _, l := range lists {
			var rows []badInput
			for other, cursor := range genuine {
				if other != l {
					rows = append(rows, badInput{in, l.method, "", fmt.Sprintf(`%s"cursor":%q`, l.params, cursor), 200, -32602, "Invalid params: the cursor is not one of this list", ""})
				}
			}
			for _, garbage := range []string{"nonsense", "AAAA", "!", "-1", " ", "../../etc/passwd", genuine[l][1:]} {
				rows = append(rows, badInput{in, l.method, "", fmt.Sprintf(`%s"cursor":%q`, l.params, garbage), 200, -32602, "Invalid params: the cursor is not one of this list", ""})
			}
			for _, other := range []string{"7", "{}", "[]", "true"} {
				says := l.notAString
				if says == ofSchema {
					says += other
				}
				rows = append(rows, badInput{in, l.method, "", fmt.Sprintf(`%s"cursor":%s`, l.params, other), 200, -32602, says, ""})
			}
			b.run(t, rows, nil)
			if a := b.ask(readerToken, revision, l.method, "", fmt.Sprintf(`%s"cursor":%q`, l.params, genuine[l])); a.message(t).Error != nil {
				t.Errorf("%s: its own cursor: %s", l.method, a.body)
			}
		}
	}
}

// A level that there is not is told of before anything is done.
func TestBadInputLevels(t *testing.T) {
	const levels = "debug, info, notice, warning, error, critical, alert, emergency"
	b := newBadInputs(t)
	var rows []badInput
	for _, level := range []string{`"loud"`, `"DEBUG"`, `""`, `7`, `null`, `{}`} {
		rows = append(rows, badInput{stateful, "logging/setLevel", "", `"level":` + level, 200, -32602, "Invalid params: level must be one of " + levels, ""})
	}
	rows = append(rows,
		badInput{stateful, "logging/setLevel", "", "", 200, -32602, "Invalid params: level must be one of " + levels, ""},
		badInput{modern, "logging/setLevel", "", `"level":"loud"`, 404, -32601, "Method not found: logging/setLevel", ""},
	)
	b.run(t, rows, nil)
	for _, level := range []string{`"loud"`, `"DEBUG"`, `""`, `7`, `{}`} {
		a := b.do("POST", statelessHeaders("tools/list", ""), stateless(1, "tools/list", "", `,"io.modelcontextprotocol/logLevel":`+level))
		badInput{status: 400, code: -32602, says: `Invalid params: _meta["io.modelcontextprotocol/logLevel"] must be one of ` + levels}.check(t, a)
	}
	// The revisions that have logging/setLevel know nothing of that key.
	badInput{status: 200, code: answered, says: `"tools":[`}.check(t, b.ask(readerToken, "2025-11-25", "tools/list", "", `"_meta":{"io.modelcontextprotocol/logLevel":"loud"}`))
}

// To who does not own a task, it is not there.
func TestBadInputTasks(t *testing.T) {
	b := newBadInputs(t)
	own := map[string]string{"2026-07-28": b.start(as(readerToken), "hold", `{}`).ID, "2025-11-25": b.ask(readerToken, "2025-11-25", "tools/call", "hold", `"name":"hold","task":{}`).created(t).ID}
	foreign := map[string]string{"2026-07-28": b.start(as(writerToken), "hold", `{}`).ID, "2025-11-25": b.ask(writerToken, "2025-11-25", "tools/call", "hold", `"name":"hold","task":{}`).created(t).ID}
	nobodys := b.start(nil, "hold", `{}`).ID
	defer func() {
		for range 5 {
			b.held.letGo <- nil
		}
	}()
	tasked := []string{"2025-11-25"}
	before := []string{"2024-11-05"}
	rows := []badInput{
		{modern, "tasks/result", "x", `"taskId":"x"`, 404, -32601, "Method not found: tasks/result", ""},
		{modern, "tasks/list", "", ``, 404, -32601, "Method not found: tasks/list", ""},
		{tasked, "tasks/update", "", `"taskId":"x","inputResponses":{}`, 200, -32601, "Method not found: tasks/update", ""},
		{before, "tasks/get", "", `"taskId":"x"`, 200, -32601, "Method not found: tasks/get", ""},
		{before, "tasks/result", "", `"taskId":"x"`, 200, -32601, "Method not found: tasks/result", ""},
		{before, "tasks/cancel", "", `"taskId":"x"`, 200, -32601, "Method not found: tasks/cancel", ""},
		{before, "tasks/list", "", ``, 200, -32601, "Method not found: tasks/list", ""},
		{modern, "tasks/update", "OWN", `"taskId":"OWN"`, 200, -32602, "Invalid params: inputResponses must be an object", ""},
		{modern, "tasks/update", "OWN", `"taskId":"OWN","inputResponses":[]`, 200, -32602, "Invalid params: inputResponses must be an object", ""},
		{modern, "tasks/update", "OWN", `"taskId":"OWN","inputResponses":"x"`, 200, -32602, "Invalid params: inputResponses must be an object", ""},
		{modern, "tasks/update", "OWN", `"taskId":"OWN","inputResponses":{"nothing asked":{}}`, 200, answered, `"resultType":"complete"`, ""},
		{tasked, "tools/call", "", `"name":"hold","task":[]`, 200, -32602, "Invalid params: task must be an object", ""},
		{tasked, "tools/call", "", `"name":"hold","task":{"ttl":-1}`, 200, -32602, "Invalid params: task.ttl must be a whole number of milliseconds above 0", ""},
		{tasked, "tools/call", "", `"name":"add","task":{}`, 200, -32601, "The tool add does not run as a task: call it without params.task", ""},
	}
	for _, method := range []string{"tasks/get", "tasks/cancel", "tasks/update", "tasks/result"} {
		in := map[string][]string{"tasks/get": {"2025-11-25", "2026-07-28"}, "tasks/cancel": {"2025-11-25", "2026-07-28"}, "tasks/update": modern, "tasks/result": tasked}[method]
		for _, id := range []string{"unknown", "FOREIGN", "NOBODYS", "OTHERS"} { // OTHERS is one's own, of the other revision
			rows = append(rows, badInput{in, method, id, fmt.Sprintf(`"taskId":%q,"inputResponses":{}`, id), 200, -32602, fmt.Sprintf("Invalid params: unknown task %q", id), ""})
		}
		for _, id := range []string{"7", "null", "{}"} {
			rows = append(rows, badInput{in, method, "", `"taskId":` + id, 200, -32602, "Invalid params: taskId must be a string", ""})
		}
		rows = append(rows, badInput{in, method, "", "", 200, -32602, "Invalid params: taskId must be a string", ""})
	}
	others := map[string]string{"2026-07-28": own["2025-11-25"], "2025-11-25": own["2026-07-28"]}
	b.run(t, rows, func(revision string) *strings.Replacer {
		return strings.NewReplacer("OWN", own[revision], "FOREIGN", foreign[revision], "NOBODYS", nobodys, "OTHERS", others[revision])
	})
	const lacks = "The client lacks a capability that this request needs"
	for _, method := range []string{"tasks/get", "tasks/update", "tasks/cancel"} {
		a := b.do("POST", statelessHeaders(method, "x"), stateless(1, method, `"taskId":"x"`, ""))
		badInput{status: 400, code: -32021, says: lacks, data: `{"requiredCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}`}.check(t, a)
	}
}

// Nobody is told of what is not there. A session hears so at once; a listener reads what it has been granted.
func TestBadInputSubscriptions(t *testing.T) {
	b := newBadInputs(t)
	const shape = "Invalid params: notifications must be an object of what to hear of"
	b.run(t, []badInput{
		{stateful, "resources/subscribe", "", `"uri":"none://x"`, 200, -32002, "Resource not found", `{"uri":"none://x"}`},
		{stateful, "resources/subscribe", "", `"uri":7`, 200, -32602, "Invalid params: uri must be a string", ""},
		{stateful, "resources/subscribe", "", ``, 200, -32602, "Invalid params: uri must be a string", ""},
		{modern, "resources/subscribe", "", `"uri":"note://one"`, 404, -32601, "Method not found: resources/subscribe", ""},
		{stateful, "resources/unsubscribe", "", `"uri":7`, 200, -32602, "Invalid params: uri must be a string", ""},
		{stateful, "resources/unsubscribe", "", `"uri":"note://one"`, 200, answered, "{}", ""}, // never subscribed to
		{stateful, "resources/unsubscribe", "", `"uri":"none://x"`, 200, answered, "{}", ""},   // a resource may be gone by now
		{modern, "resources/unsubscribe", "", `"uri":"note://one"`, 404, -32601, "Method not found: resources/unsubscribe", ""},
		{stateful, "subscriptions/listen", "", `"notifications":{}`, 200, -32601, "Method not found: subscriptions/listen", ""},
		{modern, "subscriptions/listen", "", ``, 200, -32602, shape, ""},
		{modern, "subscriptions/listen", "", `"notifications":null`, 200, -32602, shape, ""},
		{modern, "subscriptions/listen", "", `"notifications":["toolsListChanged"]`, 200, -32602, shape, ""},
		{modern, "subscriptions/listen", "", `"notifications":{"toolsListChanged":"yes"}`, 200, -32602, shape, ""},
		{modern, "subscriptions/listen", "", `"notifications":{"resourceSubscriptions":"note://one"}`, 200, -32602, shape, ""},
		{modern, "subscriptions/listen", "", `"notifications":{"resourceSubscriptions":[7]}`, 200, -32602, shape, ""},
		{modern, "subscriptions/listen", "", `"notifications":{"taskIds":{}}`, 200, -32602, shape, ""},
	}, nil)
	b.subscribes("", "1", `{"resourceSubscriptions":["none://x"]}`, `{}`).close()
	b.subscribes("", "2", `{"resourceSubscriptions":["none://x","note://one"],"nothingSuch":true}`, `{"resourceSubscriptions":["note://one"]}`).close()
	h := statelessHeaders("subscriptions/listen", "")
	body := strings.Replace(stateless(1, "subscriptions/listen", `"notifications":{"taskIds":["unknown"]}`, ""), `Capabilities":{}`, `Capabilities":`+taskCapabilities, 1)
	st := b.listen("POST", h, body)
	st.hears("notifications/subscriptions/acknowledged", `{"notifications":{},`+fmt.Sprintf(tagged, "1")+`}`)
	st.close()
	a := b.do("POST", h, stateless(1, "subscriptions/listen", `"notifications":{"taskIds":["unknown"]}`, ""))
	badInput{status: 400, code: -32021, says: "The client lacks a capability that this request needs", data: `{"requiredCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}`}.check(t, a)
}
