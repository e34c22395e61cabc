package fastmcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Arguments and result are structs. The result is sent as data, and as text for clients that know no data.
func ExampleTyped() {
	type Input struct {
		A float64 `json:"a" validate:"required" description:"first addend"`
		B float64 `json:"b" validate:"required,lte=1e9" description:"second addend"`
	}
	type Output struct {
		Sum float64 `json:"sum"`
	}
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "add", Description: "Add two numbers",
		Handler: fastmcp.Typed(func(_ *fastmcp.Context, in Input) (Output, error) {
			return Output{Sum: in.A + in.B}, nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("add", `{"a":0,"b":5}`))
	fmt.Println(d.call("add", `{"b":"five"}`))
	// Output:
	// {"sum":5}
	// error: The arguments do not fit the tool's schema. b: expected a number, got "five"
	// a: expected a number, which is required, got nothing
}

// What tags become in the schema.
func ExampleTyped_tags() {
	type Item struct {
		Color string   `json:"color" validate:"oneof=red green" default:"red"`
		Count int      `json:"count" validate:"gte=1,lt=100"`
		Code  string   `json:"code" validate:"len=3"`
		Mode  string   `json:"mode" validate:"eq=fast"`
		Sizes []int    `json:"sizes" validate:"required,unique,max=5,dive,ne=0"`
		Site  string   `json:"site" title:"Site" example:"https://example.com"`
		Wish  *float64 `json:"wish" validate:"required"`
	}
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{Name: "tags", Handler: fastmcp.Do(func(*fastmcp.Context, Item) error { return nil })})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(strings.ReplaceAll(d.schema("tags"), "},", "},\n"))
	// Output:
	// {"type":"object","properties":{"color":{"type":"string","enum":["red","green"],"default":"red"},
	// "count":{"type":"integer","minimum":1,"exclusiveMaximum":100},
	// "code":{"type":"string","minLength":3,"maxLength":3},
	// "mode":{"type":"string","const":"fast"},
	// "sizes":{"type":"array","minItems":1,"maxItems":5,"uniqueItems":true,"items":{"type":"integer","not":{"const":0}}},
	// "site":{"type":"string","title":"Site","examples":["https://example.com"]},
	// "wish":{"type":"number"}},
	// "required":["sizes","wish"],"additionalProperties":false}
}

// A function without a result: that there was no error is all that it has to say.
func ExampleDo() {
	type Input struct {
		Key   string `json:"key" validate:"required,max=20"`
		Value string `json:"value"`
	}
	var notes sync.Map
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "remember", Description: "Remember a value under a key",
		Handler: fastmcp.Do(func(_ *fastmcp.Context, in Input) error {
			notes.Store(in.Key, in.Value)
			return nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Printf("%q\n", d.call("remember", `{"key":"tea","value":"Assam"}`))
	fmt.Println(notes.Load("tea"))
	// Output:
	// ""
	// Assam true
}

// A function without arguments. A client that sends some is told that there are none.
func ExampleGet() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "moon", Description: "The phase of the moon",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "waxing", nil }),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("moon", `{}`))
	fmt.Println(d.call("moon", `{"planet":"Mars"}`))
	// Output:
	// waxing
	// error: The arguments do not fit the tool's schema. planet: expected no properties at all, got the property "planet"
}

// A hand-written schema, where struct tags have no words for it. It is checked before the function is called.
func ExampleRaw() {
	const contact = `{
		"type": "object",
		"properties": {"phone": {"type": "string"}, "email": {"type": "string"}},
		"anyOf": [{"required": ["phone"]}, {"required": ["email"]}],
		"additionalProperties": false
	}`
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "reach", Description: "Reach somebody",
		Handler: fastmcp.Raw(contact, func(_ *fastmcp.Context, args json.RawMessage) (any, error) {
			return "reached by " + string(args), nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("reach", `{"phone":"555-1234"}`))
	fmt.Println(d.call("reach", `{}`))
	// Output:
	// reached by {"phone":"555-1234"}
	// error: The arguments do not fit the tool's schema. expected one of several forms, and none fits: (1) phone: expected a value, which is required, got nothing (2) email: expected a value, which is required, got nothing, got {}
}

// Only what Errorf makes is for the model to read. Any other error is the operator's: the model is told an id, under
// which the log has the cause.
func ExampleErrorf() {
	type Input struct {
		Table string `json:"table" validate:"required"`
	}
	app := fastmcp.New(fastmcp.Config{Log: demoLog()})
	app.AddTool(fastmcp.Tool{
		Name: "count", Description: "Count the rows of a table",
		Handler: fastmcp.Typed(func(_ *fastmcp.Context, in Input) (int, error) {
			if in.Table != "users" {
				return 0, fastmcp.Errorf("there is no table %q: the only one is users", in.Table)
			}
			return 0, errors.New("dial 10.0.0.7:5432: password rejected")
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("count", `{"table":"orders"}`))
	masked, _, _ := strings.Cut(d.call("count", `{"table":"users"}`), " id ")
	fmt.Println(masked, "id ...")
	// Output:
	// error: there is no table "orders": the only one is users
	// level=ERROR msg="handler failed" method=tools/call name=count error="dial 10.0.0.7:5432: password rejected"
	// error: The tool failed. The operator can find the cause under the id ...
}

// What With adds is data that a model can use for its next try.
func ExampleError_With() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "paint", Description: "Paint the shed",
		Handler: fastmcp.Do(func(*fastmcp.Context, struct{}) error {
			return fastmcp.Errorf("we are out of red").With("available", []string{"green", "blue"})
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("paint", `{}`))
	// Output:
	// error: we are out of red
	// {"available":["green","blue"]}
}

// A Result says all of an answer: text for the model, data for programs, and _meta.
func ExampleResult() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "order", Description: "Look an order up",
		Handler: fastmcp.Get(func(*fastmcp.Context) (*fastmcp.Result, error) {
			return &fastmcp.Result{
				Content:    []content.Block{content.Text("The order is on its way.")},
				Structured: map[string]any{"order": 17, "state": "shipped"},
				Meta:       map[string]any{"example.com/trace": "abc"},
			}, nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("order", `{}`))
	fmt.Println(d.data("order", `{}`))
	// Output:
	// The order is on its way.
	// {"order":17,"state":"shipped"}
}

// Pictures, sound, embedded resources and links go into a result as they are.
func ExampleResult_blocks() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "report", Description: "The report, with its chart",
		Handler: fastmcp.Get(func(*fastmcp.Context) ([]content.Block, error) {
			return []content.Block{
				content.Text("Sales are up."),
				content.Image([]byte("\x89PNG\r\n\x1a\n...")),
				content.Resource("report://2026/q1", "text/csv", "month,sales\n1,20\n"),
				content.Link("https://example.com/report.pdf", "the whole report"),
			}, nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("report", `{}`))
	// Output:
	// Sales are up.
	// [image image/png]
	// [resource report://2026/q1 text/csv]
	// [resource_link https://example.com/report.pdf]
}

// A tool that a caller may not use does not exist for it, unless its guard is Discoverable: then it is listed, and a
// call is answered with the scopes that it needs.
func ExampleTool_canAccess() {
	app := fastmcp.New(fastmcp.Config{Auth: auth.New(auth.Config{
		Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
			"sue-0123456789abcdef": {Subject: "sue", Scopes: []string{"math:read", "math:write"}},
			"joe-0123456789abcdef": {Subject: "joe"},
		})},
	})})
	whoami := fastmcp.Get(func(c *fastmcp.Context) (string, error) { return c.Principal().Subject, nil })
	app.AddTool(fastmcp.Tool{Name: "whoami", Handler: whoami})
	app.AddTool(fastmcp.Tool{Name: "read", Handler: whoami, CanAccess: auth.RequireScopes("math:read")})
	app.AddTool(fastmcp.Tool{Name: "write", Handler: whoami, CanAccess: auth.Discoverable(auth.RequireScopes("math:write"))})

	d := startDemo(app)
	defer d.stop()
	sue, joe := d.as("sue-0123456789abcdef"), d.as("joe-0123456789abcdef")
	fmt.Println(sue.names(), sue.call("read", `{}`))
	fmt.Println(joe.names())
	fmt.Println(joe.call("read", `{}`))
	fmt.Println(joe.call("write", `{}`))
	fmt.Println(d.call("whoami", `{}`))
	// Output:
	// [whoami read write] sue
	// [whoami write]
	// 200: Invalid params: unknown tool "read"
	// 403: Forbidden: this needs more scopes
	// 401: Unauthorized
}

// A guard of one's own sees who asks, what for, and the arguments.
func ExampleTool_guard() {
	own := func(_ context.Context, a *auth.Access) auth.Decision {
		switch {
		case a.Principal == nil:
			return auth.Deny()
		case a.Op == auth.OpCall && a.Principal.Tenant != "acme":
			return auth.DenyWith("this is for acme only")
		}
		return auth.Allow()
	}
	app := fastmcp.New(fastmcp.Config{Auth: auth.New(auth.Config{
		Optional: true, // callers without a token are let in, and guards decide
		Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
			"joe-0123456789abcdef": {Subject: "joe", Tenant: "other"},
		})},
	})})
	app.AddTool(fastmcp.Tool{
		Name: "budget", CanAccess: own,
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "enough", nil }),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.names(), d.as("joe-0123456789abcdef").names())
	fmt.Println(d.call("budget", `{}`))
	fmt.Println(d.as("joe-0123456789abcdef").call("budget", `{}`))
	// Output:
	// [] [budget]
	// 200: Invalid params: unknown tool "budget"
	// 403: this is for acme only
}

// After its Timeout the Context of a call is cancelled. A function that does not look at it is waited for all the same,
// unless the tool is Abandon.
func ExampleTool_timeout() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "slow", Timeout: 20 * time.Millisecond,
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			select {
			case <-time.After(time.Minute):
				return "done", nil
			case <-c.Done():
				return "", c.Err()
			}
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("slow", `{}`))
	// Output: error: The tool slow timed out after 20ms.
}

// However many call it, one call at a time runs, and the others wait for their turn.
func ExampleTool_maxConcurrent() {
	var mu sync.Mutex
	running, most := 0, 0
	count := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		running += n
		most = max(most, running)
	}
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "press", MaxConcurrent: 1,
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
			count(1)
			defer count(-1)
			time.Sleep(2 * time.Millisecond)
			return "pressed", nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { d.call("press", `{}`) })
	}
	wg.Wait()
	fmt.Println("at most", most)
	// Output: at most 1
}

// Annotations are hints for a client that asks before it calls, icons what it shows.
func ExampleTool_annotations() {
	no := false
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "look", Title: "Look around", Description: "What there is to see",
		Annotations: &protocol.ToolAnnotations{ReadOnlyHint: true, OpenWorldHint: &no},
		Icons:       []protocol.Icon{{Src: "https://example.com/eye.svg", MimeType: "image/svg+xml", Sizes: []string{"any"}}},
		Meta:        map[string]any{"example.com/cost": "free"},
		Handler:     fastmcp.Get(func(*fastmcp.Context) (string, error) { return "trees", nil }),
	})

	d := startDemo(app)
	defer d.stop()
	t := d.tools()[0]
	fmt.Println(string(t.Annotations))
	fmt.Println(string(t.Icons))
	fmt.Println(string(t.Meta))
	// Output:
	// {"openWorldHint":false,"readOnlyHint":true}
	// [{"src":"https://example.com/eye.svg","mimeType":"image/svg+xml","sizes":["any"]}]
	// {"example.com/cost":"free"}
}

// An output schema of one's own, for a function whose type does not tell: what it returns is held to it.
func ExampleTool_outputSchema() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name:         "dice",
		OutputSchema: json.RawMessage(`{"type":"object","properties":{"eyes":{"type":"integer","minimum":1,"maximum":6}},"required":["eyes"]}`),
		Handler: fastmcp.Get(func(*fastmcp.Context) (any, error) {
			return map[string]int{"eyes": 4}, nil // guaranteed to be random
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("dice", `{}`))
	// Output: {"eyes":4}
}

// Tools come and go while the App serves. Clients with a session are told that the list has changed.
func ExampleApp_RemoveTool() {
	app := fastmcp.New()
	hello := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "hello", nil })
	app.AddTool(fastmcp.Tool{Name: "a", Handler: hello})
	app.AddTool(fastmcp.Tool{Name: "b", Handler: hello})

	d := startDemo(app)
	defer d.stop()
	s := d.session("2025-11-25")
	fmt.Println(app.RemoveTool("a"), app.RemoveTool("a"), d.names())
	fmt.Println(s.news(1)[0].summary())
	// Output:
	// true false [b]
	// notifications/tools/list_changed
}

// A mistake in a tool panics before anything is served. Where names are made at run time, TryAddTool returns it.
func ExampleApp_TryAddTool() {
	app := fastmcp.New()
	hello := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "hello", nil })
	fmt.Println(app.TryAddTool(fastmcp.Tool{Name: "hello", Handler: hello}))
	fmt.Println(app.TryAddTool(fastmcp.Tool{Name: "hello", Handler: hello}))
	fmt.Println(app.TryAddTool(fastmcp.Tool{Name: "good bye", Handler: hello}))
	// Output:
	// <nil>
	// fastmcp: there is a tool "hello" already: remove it first, or give this one another name
	// fastmcp: the tool "good bye": its name has a ' ': use letters, digits, _ - . and /
}
