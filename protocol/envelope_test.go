package protocol

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestScanRequest(t *testing.T) {
	e, err := Scan([]byte(` {"jsonrpc":"2.0","id":"a\"1","method":"tools/call","params":{"name":"add","arguments":{"a":[1,{}]},` +
		`"_meta":{"progressToken":0,"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}} `))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct{ name, got, want string }{
		{"id", string(e.ID), `"a\"1"`}, {"method", e.Method, MethodToolsCall}, {"name", string(e.Name), `"add"`},
		{"arguments", string(e.Args), `{"a":[1,{}]}`}, {"token", string(e.Meta.ProgressToken), "0"},
		{"version", string(e.Meta.Version), `"2026-07-28"`}, {"capabilities", string(e.Meta.Capabilities), "{}"},
	} {
		if f.got != f.want {
			t.Errorf("%s = %s, want %s", f.name, f.got, f.want)
		}
	}
	if !e.IsRequest() || e.IsNotification() || e.IsResponse() || !e.Meta.IsStateless() {
		t.Errorf("kind of %+v", e)
	}
}

func TestScanEscapedNames(t *testing.T) {
	e, err := Scan([]byte(`{"json\u0072pc":"2.0","i\u0064":7,"meth\u006fd":"tools\/call"}`))
	if err != nil || string(e.ID) != "7" || e.Method != MethodToolsCall {
		t.Fatalf("%+v, %v", e, err)
	}
}

func TestScanKinds(t *testing.T) {
	for in, kind := range map[string]string{
		`{"jsonrpc":"2.0","method":"x"}`:                            "notification",
		`{"jsonrpc":"2.0","method":"x","id":1}`:                     "request",
		`{"jsonrpc":"2.0","method":"x","id":1,"params":null}`:       "request",
		`{"jsonrpc":"2.0","id":1,"result":{}}`:                      "response",
		`{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}`: "response",
	} {
		e, err := Scan([]byte(in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
		}
		got := map[bool]string{e.IsRequest(): "request", e.IsNotification(): "notification", e.IsResponse(): "response"}[true]
		if got != kind {
			t.Errorf("%s is a %s", in, got)
		}
	}
}

func TestScanRefuses(t *testing.T) {
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	for _, c := range []struct {
		in   string
		code int
		id   string
	}{
		{``, CodeParse, ""},
		{`{`, CodeParse, ""},
		{`nope`, CodeParse, ""},
		{`{"jsonrpc":"2.0","id":1,"method":"x"} x`, CodeParse, ""},
		{`{"jsonrpc":"2.0","id":01,"method":"x"}`, CodeParse, ""},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", CodeParse, ""},
		{`{"jsonrpc":"2.0","id":1,"method":"x","params":` + deep + `}`, CodeParse, ""},
		{`[]`, CodeInvalidRequest, ""},
		{`1`, CodeInvalidRequest, ""},
		{`{}`, CodeInvalidRequest, ""},
		{`{"id":1,"method":"x"}`, CodeInvalidRequest, "1"},
		{`{"jsonrpc":"1.0","id":1,"method":"x"}`, CodeInvalidRequest, "1"},
		{`{"jsonrpc":2.0,"id":1,"method":"x"}`, CodeInvalidRequest, "1"},
		{`{"jsonrpc":"2.0","id":null,"method":"x"}`, CodeInvalidRequest, ""},
		{`{"jsonrpc":"2.0","id":1.5,"method":"x"}`, CodeInvalidRequest, ""},
		{`{"jsonrpc":"2.0","id":1e3,"method":"x"}`, CodeInvalidRequest, ""},
		{`{"jsonrpc":"2.0","id":true,"method":"x"}`, CodeInvalidRequest, ""},
		{`{"jsonrpc":"2.0","id":[],"method":"x"}`, CodeInvalidRequest, ""},
		{`{"jsonrpc":"2.0","id":"` + strings.Repeat("i", MaxID) + `","method":"x"}`, CodeInvalidRequest, ""},
		{`{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}`, CodeInvalidRequest, "2"},
		{`{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"a","name":"b"}}`, CodeInvalidRequest, "1"},
		{`{"jsonrpc":"2.0","id":1,"method":""}`, CodeInvalidRequest, "1"},
		{`{"jsonrpc":"2.0","id":1,"method":5}`, CodeInvalidRequest, "1"},
		{`{"jsonrpc":"2.0","id":1}`, CodeInvalidRequest, "1"},
		{`{"jsonrpc":"2.0","id":1,"result":{},"error":{}}`, CodeInvalidRequest, "1"},
		{`{"jsonrpc":"2.0","id":1,"method":"x","result":{}}`, CodeInvalidRequest, "1"},
		{`{"jsonrpc":"2.0","result":{}}`, CodeInvalidRequest, ""},
		{`{"jsonrpc":"2.0","id":1,"method":"x","params":[1]}`, CodeInvalidParams, "1"},
		{`{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":5}}`, CodeInvalidParams, "1"},
	} {
		e, err := Scan([]byte(c.in))
		if err == nil || err.Code != c.code || string(e.ID) != c.id {
			t.Errorf("%.60s: id %q, error %v; want id %q, code %d", c.in, e.ID, err, c.id, c.code)
		}
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	in := []byte(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":2},"_meta":{"progressToken":"x"}}}`)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := Scan(in); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkScan(b *testing.B) {
	in := []byte(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":2},"_meta":{"progressToken":"x"}}}`)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Scan(in)
	}
}

// FuzzScan: what Scan takes, encoding/json takes and reads alike; nothing panics.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1},"_meta":{"progressToken":1}}}`,
		`{"jsonrpc":"2.0","id":"x","result":{}}`, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, `[1]`, `{"a":"\ud800"}`, `{"id":-0}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		e, err := Scan(in)
		if err != nil {
			AppendError(nil, e.ID, err)
			return
		}
		if !utf8.Valid(in) {
			t.Fatal("took what is not UTF-8")
		}
		var std struct {
			ID     json.RawMessage `json:"id"`
			Method *string         `json:"method"`
		}
		if err := json.Unmarshal(in, &std); err != nil {
			t.Fatalf("took %q, encoding/json does not: %v", in, err)
		}
		if e.ID != nil && !bytes.Contains(in, e.ID) {
			t.Fatalf("id %q is not in %q", e.ID, in)
		}
		if e.Method != "" && (std.Method == nil || *std.Method != e.Method) && !foldsTo(in, "method") {
			t.Fatalf("method %q of %q, encoding/json read %v", e.Method, in, std.Method)
		}
	})
}

// foldsTo tells that a name occurs in another case too, which encoding/json would take for the same.
func foldsTo(in []byte, name string) bool {
	var all map[string]json.RawMessage
	if json.Unmarshal(in, &all) != nil {
		return true
	}
	for k := range all {
		if k != name && strings.EqualFold(k, name) {
			return true
		}
	}
	return false
}
