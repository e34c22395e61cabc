package fastmcp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
)

type lenientInput struct {
	N    int      `json:"n" validate:"required,lte=100"`
	On   bool     `json:"on"`
	Text string   `json:"text"`
	List []string `json:"list"`
}

// With the switch a model's slips are repaired where there is one reading; without it they are errors for the model.
func TestLenientArguments(t *testing.T) {
	for _, lenient := range []bool{false, true} {
		app, l := newApp(t, fastmcp.Config{Lenient: lenient})
		app.AddTool(fastmcp.Tool{Name: "typed", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in lenientInput) (lenientInput, error) { return in, nil })})
		app.AddTool(fastmcp.Tool{Name: "raw", Handler: fastmcp.Raw(`{"type":"object","properties":{"n":{"type":"integer"},"text":{"type":"string"}}}`, func(_ *fastmcp.Context, args json.RawMessage) (any, error) {
			return string(args), nil
		})})
		s := serve(t, app, l)
		for _, c := range []struct{ tool, args, want string }{
			{"typed", `{"n":"10","on":"true","text":"10","list":"[\"a\"]"}`, `{"n":10,"on":true,"text":"10","list":["a"]}`},
			{"raw", `{"n":"10","text":"10"}`, `{"n":10,"text":"10"}`},
		} {
			r := s.callStateless(c.tool, c.args).message(t).tool(t)
			if r.IsError == lenient || lenient && r.text() != c.want {
				t.Errorf("lenient %v, %s: %+v", lenient, c.tool, r)
			}
		}
		for _, args := range []string{`{"n":"ten"}`, `{"n":"101"}`, `{"n":1,"text":5}`} {
			if r := s.callStateless("typed", args).message(t).tool(t); !r.IsError {
				t.Errorf("lenient %v: %s was taken: %+v", lenient, args, r)
			}
		}
		if n := app.Repairs(); lenient != (n == 4) {
			t.Errorf("lenient %v: %d repairs", lenient, n)
		}
		if logged := strings.Contains(l.String(), "arguments repaired"); logged != lenient || strings.Contains(l.String(), `\"a\"`) {
			t.Errorf("lenient %v: %s", lenient, l)
		}
	}
}

// A header tag makes an argument one that a header repeats.
func TestHeaderTag(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct {
		Region string `json:"region" header:"Region"`
	}) (string, error) {
		return in.Region, nil
	})})
	s := serve(t, app, l)
	h := statelessHeaders("tools/call", "t")
	body := stateless(1, "tools/call", `"name":"t","arguments":{"region":"über"}`, "")
	if a := s.do("POST", h, body); a.status != 400 || a.message(t).Error.Code != -32020 {
		t.Errorf("%d %s", a.status, a.body)
	}
	h["Mcp-Param-Region"] = "=?base64?w7xiZXI=?="
	if a := s.do("POST", h, body); a.message(t).tool(t).text() != "über" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
