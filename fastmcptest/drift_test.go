package fastmcptest

import (
	"strings"
	"testing"
)

func tools(t *testing.T, text string) (all []tool) {
	t.Helper()
	if err := decode([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// schemaOf is a tool with one of its schemas.
func schemaOf(kind, schema string) string { return `[{"name":"t","` + kind + `":` + schema + `}]` }

func TestCompare(t *testing.T) {
	in, out := "inputSchema", "outputSchema"
	property := func(kind, schema string) string { return schemaOf(kind, `{"properties":{"p":`+schema+`}}`) }
	for _, c := range []struct{ old, now, want string }{
		{`[{"name":"a"},{"name":"b"}]`, `[{"name":"b"},{"name":"a"}]`, ""},
		{`[]`, `[{"name":"a"}]`, "  differs a: the tool is new"},
		{`[{"name":"a"}]`, `[]`, "  breaks  a: the tool is gone"},
		{`[{"name":"a","icons":[1]}]`, `[{"name":"a"}]`, "  differs a: icons is gone: was [1]"},
		{`[{"name":"a","_meta":{"x":1}}]`, `[{"name":"a","_meta":{"x":2}}]`, "  differs a: _meta.x: was 1, is 2"},
		{`[{"name":"a"}]`, `[{"name":"a","annotations":{"x":true}}]`, "  differs a: annotations.x is new: true"},
		{`[{"name":"a"}]`, `[{"name":"a","outputSchema":{}}]`, "  differs a: outputSchema is new"},
		{schemaOf(out, `{"type":"object"}`), `[{"name":"t"}]`, `  breaks  t: outputSchema is gone: was {"type":"object"}`},
		// What is sent may be allowed more, what is read less.
		{property(in, `{"minimum":1}`), property(in, `{"minimum":2}`), `  breaks  t: argument "p": minimum: was 1, is 2`},
		{property(in, `{"minimum":2}`), property(in, `{"minimum":1}`), `  differs t: argument "p": minimum: was 2, is 1`},
		{property(out, `{"minimum":2}`), property(out, `{"minimum":1}`), `  breaks  t: result field "p": minimum: was 2, is 1`},
		{property(out, `{"maximum":2}`), property(out, `{"maximum":1}`), `  differs t: result field "p": maximum: was 2, is 1`},
		{property(in, `{}`), property(in, `{"pattern":"x"}`), `  breaks  t: argument "p": pattern is new: "x"`},
		{property(in, `{"pattern":"x"}`), property(in, `{}`), `  differs t: argument "p": pattern is gone: was "x"`},
		{property(out, `{"pattern":"x"}`), property(out, `{}`), `  breaks  t: result field "p": pattern is gone: was "x"`},
		{property(in, `{"pattern":"x"}`), property(in, `{"pattern":"y"}`), `  breaks  t: argument "p": pattern: was "x", is "y"`},
		{property(in, `{"default":1}`), property(in, `{"default":2}`), `  differs t: argument "p": default: was 1, is 2`},
		{property(in, `{}`), property(in, `{"x-mcp-header":"P"}`), `  differs t: argument "p": x-mcp-header is new: "P"`},
		{property(in, `{"enum":["a"]}`), property(in, `{"enum":["a","b"]}`), `  differs t: argument "p": the value "b" is new`},
		{property(out, `{"enum":["a"]}`), property(out, `{"enum":["a","b"]}`), `  breaks  t: result field "p": the value "b" is new`},
		{property(in, `{"enum":["a","b"]}`), property(in, `{"enum":["b","a"]}`), `  differs t: argument "p": the values are in another order`},
		{property(in, `{}`), property(in, `{"enum":["b"]}`), `  breaks  t: argument "p": enum is new: ["b"]`},
		{property(in, `{"items":{"type":"string"}}`), property(in, `{"items":{"type":"integer"}}`), `  breaks  t: argument "p[]": type: was "string", is "integer"`},
		{property(in, `{"items":true}`), property(in, `{"items":{}}`), `  breaks  t: argument "p": items: was true, is {}`},
		{property(in, `{"additionalProperties":{"type":"string"}}`), property(in, `{"additionalProperties":{"type":"null"}}`), `  breaks  t: argument "p{}": type: was "string", is "null"`},
		{schemaOf(in, `{}`), schemaOf(in, `{"additionalProperties":false}`), `  breaks  t: arguments: additionalProperties is new: false`},
		{schemaOf(in, `{"$defs":{"n":{"type":"string"}}}`), schemaOf(in, `{"$defs":{"n":{"type":"null"}}}`), `  breaks  t: argument "$defs.n": type: was "string", is "null"`},
		{schemaOf(out, `{"properties":{"p":{}},"required":["p"]}`), property(out, `{}`), `  breaks  t: result field "p" is not required any more`},
		{property(out, `{}`), schemaOf(out, `{"properties":{"p":{}},"required":["p"]}`), `  differs t: result field "p" is now required`},
		{schemaOf(out, `{}`), schemaOf(out, `{"properties":{"p":{}},"required":["p"]}`), `  differs t: result field "p" is new`},
		{`[{"name":"a","description":"x"}]`, `[{"name":"a","description":"` + strings.Repeat("é", 300) + `"}]`, `  differs a: description: was "x", is "` + strings.Repeat("é", longest-1) + "…"},
	} {
		if got := strings.Join(compare(tools(t, c.old), tools(t, c.now)), "\n"); got != c.want {
			t.Errorf("from %s to %s:\n%s\nnot\n%s", c.old, c.now, got, c.want)
		}
	}
}
