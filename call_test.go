package fastmcp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
)

type addInput struct {
	A float64 `json:"a" validate:"required" description:"first addend"`
	B float64 `json:"b" validate:"required,lte=1e9" description:"second addend"`
}

type addOutput struct {
	Sum float64 `json:"sum"`
}

func add(_ *fastmcp.Context, in addInput) (addOutput, error) {
	return addOutput{Sum: in.A + in.B}, nil
}

var addTool = fastmcp.Tool{Name: "add", Title: "Adder", Description: "Add two numbers", Handler: fastmcp.Typed(add)}

var revisions = []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}

func TestOneEndpointServesEveryRevision(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(addTool)
	s := serve(t, app, l)
	for _, revision := range revisions {
		r := s.open(revision).call("add", `{"a":0,"b":5}`).message(t).tool(t)
		if r.IsError || r.text() != `{"sum":5}` || r.Type != "" || r.Meta != nil {
			t.Errorf("%s: %+v", revision, r)
		}
		if has := string(r.Structured) == `{"sum":5}`; has != (revision >= "2025-06-18") {
			t.Errorf("%s: structured content %s", revision, r.Structured)
		}
	}
	a := s.callStateless("add", `{"a":0,"b":5}`)
	r := a.message(t).tool(t)
	if a.status != 200 || r.IsError || string(r.Structured) != `{"sum":5}` || r.Type != "complete" || r.Meta["io.modelcontextprotocol/serverInfo"] == nil {
		t.Errorf("2026-07-28: %d %+v", a.status, r)
	}
}

func TestArgumentsThatDoNotFitAreForTheModel(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	app.AddTool(addTool)
	r := serve(t, app, l).callStateless("add", `{"a":"x","b":2e9,"c":1}`).message(t).tool(t)
	if !r.IsError {
		t.Fatalf("%+v", r)
	}
	for _, want := range []string{"a", "number", "b", "1e9", "c"} {
		if !strings.Contains(r.text(), want) {
			t.Errorf("%q does not say %q", r.text(), want)
		}
	}
}

func TestErrorsAreMaskedUnlessMeantForTheModel(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	tool := func(name string, err error) {
		app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Do(func(*fastmcp.Context, struct{}) error {
			if err == nil {
				panic("secret in a panic")
			}
			return err
		})})
	}
	tool("told", fastmcp.Errorf("no table %q", "x").With("tables", []string{"a", "b"}))
	tool("masked", errors.New("password=secret"))
	tool("panics", nil)
	s := serve(t, app, l)

	r := s.callStateless("told", `{}`).message(t).tool(t)
	if !r.IsError || !strings.Contains(r.text(), `no table "x"`) || string(r.Structured) != `{"tables":["a","b"]}` {
		t.Errorf("told: %+v", r)
	}
	for _, name := range []string{"masked", "panics"} {
		r := s.callStateless(name, `{}`).message(t).tool(t)
		if !r.IsError || strings.Contains(r.text(), "secret") {
			t.Errorf("%s: %+v", name, r)
		}
		id := strings.TrimSuffix(r.text()[strings.LastIndex(r.text(), " ")+1:], ".")
		if !strings.Contains(s.log.String(), id) || !strings.Contains(s.log.String(), "secret") {
			t.Errorf("%s: the log does not have %q", name, id)
		}
	}
	if !strings.Contains(s.log.String(), "call_test.go") {
		t.Error("the log has no stack of the panic")
	}
}

// A client written in Go sends null for arguments that are a nil map.
func TestArgumentsThatAreNull(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	none := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "done", nil })
	app.AddTool(fastmcp.Tool{Name: "t", Handler: none})
	app.AddPrompt(fastmcp.Prompt{Name: "p", Handler: none})
	s := serve(t, app, l)
	if text := s.callStateless("t", `null`).message(t).tool(t).text(); text != "done" {
		t.Errorf("%q", text)
	}
	c := s.open("2025-11-25")
	if text := c.call("t", `null`).message(t).tool(t).text(); text != "done" {
		t.Errorf("%q", text)
	}
	if m := c.send("prompts/get", `"name":"p","arguments":null`).message(t); m.Error != nil {
		t.Errorf("%+v", m.Error)
	}
}
