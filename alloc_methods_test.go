package fastmcp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// mirrors is a peer whose headers repeat what a request says.
type mirrors struct {
	plainPeer
	method, name string
}

func (m mirrors) Header(name string) string {
	switch name {
	case protocol.HeaderMethod:
		return m.method
	case protocol.HeaderName:
		return m.name
	}
	return ""
}

func (m mirrors) HeaderValues(name string) []string {
	if v := m.Header(name); v != "" {
		return []string{v}
	}
	return nil
}

// everyKind is an App with one of everything, and what options add.
func everyKind(options ...func(*App)) *App {
	app := New(Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	app.AddTool(Tool{Name: "add", Handler: Typed(func(_ *Context, in plainInput) (plainOutput, error) {
		return plainOutput{Sum: in.A + in.B}, nil
	})})
	app.AddPrompt(Prompt{Name: "p", Handler: Typed(func(_ *Context, in struct {
		Topic string `json:"topic" validate:"required"`
	}) (string, error) {
		return "about " + in.Topic, nil
	}), Complete: map[string]Completer{"topic": func(*Context, Completion) (Values, error) { return Values{Values: []string{"tea"}}, nil }}})
	app.AddResource(Resource{URI: "x://r", Name: "r", MimeType: "text/plain", Handler: Get(func(*Context) (string, error) { return "hello", nil })})
	for _, option := range options {
		option(app)
	}
	return app
}

// requests gives what makes one request of an App's, again and again, with an id of its own.
func requests(tb testing.TB, app *App, r protocol.Revision, method, name, params string) func() {
	call := rpc.Call{Revision: r, Peer: mirrors{method: method, name: name}}
	if r.HasSessions() {
		call.Session = openSession(tb, app)
	} else {
		params = params[:len(params)-1]
		if params != "{" {
			params += ","
		}
		params += `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}`
	}
	body := fmt.Appendf(nil, `{"jsonrpc":"2.0","id":17,"method":%q,"params":%s}`, method, params)
	return func() {
		envelope, err := protocol.Scan(body)
		if err != nil {
			tb.Fatal(err)
		}
		c := call
		c.Envelope = envelope
		job, refusal := app.engine().Accept(context.Background(), &c)
		if refusal != nil {
			tb.Fatal(refusal.Err)
		}
		if reply := job.Run(context.Background(), noStream{}); !bytes.Contains(reply.Whole().Data, []byte(`"result":{`)) {
			tb.Fatalf("%s", reply.Whole().Data)
		}
	}
}

// Each method of both eras has a budget, which is what it takes: who makes one cheaper lowers it, and who makes one
// dearer has to say why.
func TestMethodAllocations(t *testing.T) {
	for _, c := range []struct {
		method, name, params string
		stateful, stateless  float64 // 0: the era does not have it
	}{
		{protocol.MethodPing, "", `{}`, 4, 0},
		{protocol.MethodSetLevel, "", `{"level":"info"}`, 4, 0},
		{protocol.MethodDiscover, "", `{}`, 0, 12},
		{protocol.MethodToolsList, "", `{}`, 8, 11},
		{protocol.MethodToolsCall, "add", `{"name":"add","arguments":{"a":1.5,"b":2}}`, 7, 9},
		{protocol.MethodPromptsList, "", `{}`, 8, 11},
		{protocol.MethodPromptsGet, "p", `{"name":"p","arguments":{"topic":"tea"}}`, 10, 12},
		{protocol.MethodResourcesList, "", `{}`, 8, 11},
		{protocol.MethodResourceTemplates, "", `{}`, 8, 11},
		{protocol.MethodResourcesRead, "x://r", `{"uri":"x://r"}`, 9, 11},
		{protocol.MethodComplete, "", `{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"topic","value":"t"}}`, 12, 13},
		{protocol.MethodSubscribe, "", `{"uri":"x://r"}`, 6, 0},
		{protocol.MethodUnsubscribe, "", `{"uri":"x://r"}`, 5, 0},
	} {
		for r, budget := range map[protocol.Revision]float64{protocol.V20251125: c.stateful, protocol.V20260728: c.stateless} {
			if budget == 0 {
				continue
			}
			budget += raceAllocations
			n := testing.AllocsPerRun(200, requests(t, everyKind(), r, c.method, c.name, c.params))
			if t.Logf("%s %s: %v allocations", r, c.method, n); n > budget {
				t.Errorf("%s %s: %v allocations, the budget is %v", r, c.method, n, budget)
			}
		}
	}
}

// What can stand around a call has a budget of what it adds to it.
func TestLinkAllocations(t *testing.T) {
	tool := func(change func(*Tool)) func(*App) {
		return func(app *App) {
			t := Tool{Name: "linked", Handler: Typed(func(_ *Context, in plainInput) (plainOutput, error) {
				return plainOutput{Sum: in.A + in.B}, nil
			})}
			change(&t)
			app.AddTool(t)
		}
	}
	calls := func(options ...func(*App)) float64 {
		return testing.AllocsPerRun(200, requests(t, everyKind(options...), protocol.V20251125, protocol.MethodToolsCall, "linked", `{"name":"linked","arguments":{"a":1.5,"b":2}}`))
	}
	plain := calls(tool(func(*Tool) {}))
	for _, c := range []struct {
		what   string
		option func(*App)
		more   float64
	}{
		{"a handler of Use", func(app *App) {
			tool(func(*Tool) {})(app)
			app.Use(func(c *Context) error { return c.Next() })
		}, 0},
		{"a guard", tool(func(t *Tool) {
			t.CanAccess = func(context.Context, *auth.Access) auth.Decision { return auth.Allow() }
		}), 1},
		{"a timeout", tool(func(t *Tool) { t.Timeout = time.Minute }), 3},
		{"a bound on calls at a time", tool(func(t *Tool) { t.MaxConcurrent = 2 }), 0},
		{"Events.ToolCall", func(app *App) {
			tool(func(*Tool) {})(app)
			app.config.On.ToolCall = func(ToolCallEvent) {}
		}, 1},
	} {
		n := calls(c.option) - plain
		if t.Logf("%s: %v allocations more", c.what, n); n > c.more+raceAllocations {
			t.Errorf("%s: %v allocations more, the budget is %v", c.what, n, c.more)
		}
	}
}
