package fastmcp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"strings"
	"testing"
)

// keeper is what a tool can keep of a call.
type keeper struct {
	Text   string          `json:"text"`
	Bytes  []byte          `json:"bytes"`
	Raw    json.RawMessage `json:"raw"`
	Any    any             `json:"any"`
	List   []string        `json:"list"`
	Map    map[string]any  `json:"map"`
	Number json.Number     `json:"number"`
}

// held is a call's Context and input, with how they looked while the call ran.
type held struct {
	c    *Context
	in   keeper
	then map[string]string
}

// look is all that a Context and an input say.
func (h *held) look() map[string]string {
	c := h.c
	in, _ := json.Marshal(h.in)
	all := map[string]string{
		"in": string(in), "args": string(c.Args()), "meta": string(c.Meta()), "name": c.Name(), "method": c.Method(),
		"id": c.RequestID(), "client": fmt.Sprint(c.Client()), "session": c.Session().ID(), "ip": c.IP().String(),
		"header": c.Header("X-Mine"), "headers": strings.Join(c.call.Peer.HeaderValues("X-Mine"), "|"),
		"version": c.Header("MCP-Protocol-Version"), "revision": c.Revision().String(), "result": fmt.Sprint(c.Result()),
	}
	return maps.Clone(all)
}

// Every buffer that is used again, fasthttp's for heads and bodies, the binder's and the connection's, is filled with
// something else by the requests that follow on the same connection: what a tool has kept must not be seen to change.
func TestKeptIsNobodyElses(t *testing.T) {
	app := New(Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	var all []*held
	app.AddTool(Tool{Name: "keep", Handler: Typed(func(c *Context, in keeper) (string, error) {
		c.call.Peer.Keep() // else its headers are gone with the request
		h := &held{c: c, in: in}
		h.then = h.look()
		all = append(all, h)
		return in.Text, nil
	})})
	app.AddTool(Tool{Name: "other", Handler: Typed(func(_ *Context, in keeper) (keeper, error) { return in, nil })})
	l := make(tapes)
	go func() { _ = app.Listener(l) }()
	id := openSession(t, app)
	send := func(tool string, fill byte, n int) []byte {
		text := strings.Repeat(string(fill), n)
		args := fmt.Sprintf(`{"text":"%[1]s\n","bytes":"%[2]s","raw":{"%[1]s":["%[1]s"]},"any":{"%[1]s":1},"list":["%[1]s","\u0041%[1]s"],"map":{"%[1]s":"%[1]s"},"number":%[3]s}`,
			text, strings.Repeat("QUFB", n), strings.Repeat("7", n))
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":"%[1]s","method":"tools/call","params":{"name":"%[2]s","arguments":%[3]s,"_meta":{"x/%[1]s":"%[1]s"}}}`, text, tool, args)
		return fmt.Appendf(nil, "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"+
			"X-Mine: %s\r\nX-Mine: second-%[1]s\r\nMcp-Session-Id: %s\r\nMCP-Protocol-Version: 2025-11-25\r\nContent-Length: %d\r\n\r\n%s", text, id, len(body), body)
	}
	var answers [][]byte
	for round := range 8 {
		tape := [][]byte{send("keep", 'a'+byte(round), 9)}
		for _, garbage := range []byte("#~Z") {
			tape = append(tape, send("other", garbage, 9)) // as long as what was kept, so that it lands on it
		}
		answers = append(answers, bytes.Clone(l.play(t, 20*len(tape), tape...)))
	}
	if len(all) != 8*20 {
		t.Fatalf("%d calls were kept", len(all))
	}
	for i, h := range all {
		now := h.look()
		for what, then := range h.then {
			if what != "result" && now[what] != then {
				t.Fatalf("call %d: %s was %q and is %q", i, what, then, now[what])
			}
		}
		if want := strings.Repeat(string(byte('a'+i/20)), 9); !strings.Contains(now["in"], want) || !strings.Contains(now["headers"], "second-"+want) {
			t.Fatalf("call %d: %v", i, now)
		}
	}
	for _, answer := range answers {
		if !bytes.Contains(answer, []byte(`"text":"ZZZZZZZZZ\n"`)) || bytes.ContainsAny(answer[bytes.IndexByte(answer, '{'):], "#~") {
			t.Errorf("%s", answer)
		}
	}
}
