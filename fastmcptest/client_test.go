package fastmcptest_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/gofiber/fiber/v2"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// each runs a test in every revision, with a client of one App.
func each(t *testing.T, f func(t *testing.T, c *fastmcptest.Client, r protocol.Revision), config ...fastmcptest.Config) {
	first := fastmcptest.New(t, newApp())
	for _, revision := range fastmcptest.Revisions() {
		t.Run(revision, func(t *testing.T) {
			var own fastmcptest.Config
			if len(config) > 0 {
				own = config[0]
			}
			own.Revision = revision
			c := first.Connect(t, own)
			if got := c.SDK().InitializeResult().ProtocolVersion; got != revision {
				t.Fatalf("they speak %s", got)
			}
			r, _ := protocol.ParseRevision(revision)
			f(t, c, r)
		})
	}
	if n := len(fastmcptest.Revisions()); n != 5 {
		t.Errorf("there are %d revisions", n)
	}
}

func TestCalls(t *testing.T) {
	each(t, func(t *testing.T, c *fastmcptest.Client, r protocol.Revision) {
		ctx := t.Context()
		result, err := c.Call(ctx, "add", addInput{2, 3})
		if err != nil {
			t.Fatal(err)
		}
		var sum addOutput
		if err := result.Into(&sum); err != nil || sum.Sum != 5 || result.Text() != `{"sum":5}` || result.IsError {
			t.Errorf("%v %v %s", sum, err, result)
		}
		if has := result.StructuredContent != nil; has != r.HasStructuredContent() {
			t.Errorf("structured content: %v", has)
		}
		if result, err = c.Call(ctx, "add", map[string]any{"a": 1, "b": 2}); err != nil || result.Text() != `{"sum":3}` {
			t.Errorf("%v %v", result, err)
		}
		result, err = c.Call(ctx, "big", nil)
		var big bigNumber
		if err != nil || result.Into(&big) != nil || big.N != 1<<53+1 {
			t.Errorf("%v %v %v", big, result, err)
		}
		if !strings.HasPrefix(result.String(), `{`) || !strings.Contains(result.String(), "9007199254740993") {
			t.Errorf("%s", result)
		}
	})
}

func TestCallsThatFail(t *testing.T) {
	each(t, func(t *testing.T, c *fastmcptest.Client, r protocol.Revision) {
		ctx := t.Context()
		result, err := c.Call(ctx, "fail", nil)
		if err != nil || !result.IsError || result.Text() != "there is no milk" {
			t.Errorf("%v %v", result, err)
		}
		var v any
		if err := result.Into(&v); err == nil || !strings.Contains(err.Error(), "the tool failed: there is no milk") {
			t.Error(err)
		}
		result, err = c.Call(ctx, "nosuch", nil)
		var e *protocol.Error
		if result != nil || !errors.As(err, &e) || e.Code != protocol.CodeInvalidParams || !strings.Contains(e.Message, "nosuch") || result.String() != "no result" {
			t.Errorf("%v %v", result, err)
		}
		if _, err = c.Read(ctx, "note://nosuch"); !errors.As(err, &e) || (e.Code == protocol.CodeInvalidParams) != r.IsStateless() || e.Data == nil {
			t.Errorf("%v", err)
		}
		if _, err = c.Prompt(ctx, "nosuch", nil); !errors.As(err, &e) || e.Code != protocol.CodeInvalidParams {
			t.Errorf("%v", err)
		}
		if result, err := c.Call(ctx, "add", addInput{1, 1}); err != nil || result.Text() != `{"sum":2}` {
			t.Errorf("after errors: %v %v", result, err)
		}
	})
}

func TestIntoWithoutData(t *testing.T) {
	app := fastmcp.New(fastmcp.Config{Log: quiet()})
	app.AddTool(fastmcp.Tool{Name: "nothing", Handler: fastmcp.Do(func(*fastmcp.Context, struct{}) error { return nil })})
	app.AddTool(fastmcp.Tool{Name: "text", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "tea", nil })})
	c := fastmcptest.New(t, app)
	for tool, want := range map[string]string{"nothing": "no data", "text": `the text is "tea"`} {
		r, err := c.Call(t.Context(), tool, nil)
		if err != nil {
			t.Fatal(err)
		}
		var v struct{ N int }
		if err := r.Into(&v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", tool, err)
		}
	}
	var wrong struct {
		Sum string `json:"sum"`
	}
	other := fastmcptest.New(t, newApp())
	if r, err := other.Call(t.Context(), "add", addInput{1, 2}); err != nil || r.Into(&wrong) == nil {
		t.Errorf("%v %v", r, err)
	}
}

func TestResourcesAndPrompts(t *testing.T) {
	each(t, func(t *testing.T, c *fastmcptest.Client, r protocol.Revision) {
		ctx := t.Context()
		note, err := c.Read(ctx, "note://today")
		var milk map[string]int
		if err != nil || note.Into(&milk) != nil || milk["milk"] != 2 || note.Text() != `{"milk":2}` || string(note.Bytes()) != note.Text() {
			t.Errorf("%v %v", note, err)
		}
		blob, err := c.Read(ctx, "note://blob")
		if err != nil || string(blob.Bytes()) != "\x00\x01\xff" || blob.Text() != "" || blob.Into(&milk) == nil {
			t.Errorf("%v %v", blob, err)
		}
		if city, err := c.Read(ctx, "city://rome"); err != nil || city.Text() != "about rome" {
			t.Errorf("%v %v", city, err)
		}
		if prompt, err := c.Prompt(ctx, "greet", map[string]string{"whom": "bob"}); err != nil || prompt.Text() != "Greet bob" || !strings.Contains(prompt.String(), "messages") {
			t.Errorf("%v %v", prompt, err)
		}
		if v, err := c.CompletePrompt(ctx, "greet", "whom", "al", nil); err != nil || len(v.Values) != 1 || v.Values[0] != "alice" {
			t.Errorf("%v %v", v, err)
		}
		v, err := c.CompleteTemplate(ctx, "city://{name}", "name", "p", map[string]string{"x": "y"})
		if err != nil || strings.Join(v.Values, " ") != "paris porto" || v.Total != 7 || !v.HasMore {
			t.Errorf("%v %v", v, err)
		}
		if _, err := c.CompletePrompt(ctx, "nosuch", "x", "", nil); err == nil {
			t.Error("a prompt that there is not is completed")
		}
	})
}

func TestListsHaveAllPages(t *testing.T) {
	c := fastmcptest.New(t, newApp(fastmcp.Config{PageSize: 2}))
	tools, err := c.Tools(t.Context())
	var names []string
	for _, tool := range tools {
		names = append(names, tool.Name)
	}
	if got := strings.Join(names, " "); err != nil || got != "add big fail order sign roots work" {
		t.Errorf("%s %v", got, err)
	}
	resources, errResources := c.Resources(t.Context())
	templates, errTemplates := c.Templates(t.Context())
	prompts, errPrompts := c.Prompts(t.Context())
	if err := errors.Join(errResources, errTemplates, errPrompts); err != nil || len(resources) != 2 || len(templates) != 1 || len(prompts) != 1 {
		t.Errorf("%d %d %d %v", len(resources), len(templates), len(prompts), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Tools(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestWhoCalls(t *testing.T) {
	app := newApp(fastmcp.Config{Hosts: []string{"mcp.example.com"}, Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
		"alice-token-0123456789": {Subject: "alice"}, "bob-token-012345678901": {Subject: "bob"},
	})}})})
	var team atomic.Value
	app.Use(func(c *fiber.Ctx) error { // Fiber's handlers run, too
		team.Store(c.Get("X-Team"))
		return c.Next()
	})
	app.AddTool(fastmcp.Tool{Name: "who", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		return c.Principal().Subject + " of " + c.Header("X-Team") + " at " + c.IP().String(), nil
	})})
	host := http.Header{"host": {"mcp.example.com"}, "x-team": {"blue"}}
	alice := fastmcptest.New(t, app, fastmcptest.Config{Token: "alice-token-0123456789", Header: host})
	for _, revision := range fastmcptest.Revisions() {
		bob := alice.Connect(t, fastmcptest.Config{Token: "bob-token-012345678901", Header: host, Revision: revision})
		for c, want := range map[*fastmcptest.Client]string{alice: "alice of blue at 127.0.0.1", bob: "bob of blue at 127.0.0.1"} {
			if r, err := c.Call(t.Context(), "who", nil); err != nil || r.Text() != want {
				t.Errorf("%s: %v %v, not %s", revision, r, err, want)
			}
		}
	}
	if team.Load() != "blue" {
		t.Errorf("a Fiber handler has seen %v", team.Load())
	}
	try("nobody", func(t testing.TB) {
		alice.Connect(t, fastmcptest.Config{Header: host})
	}).fails(t, "the client cannot connect", "Config.Token")
	try("no host", func(t testing.TB) {
		alice.Connect(t, fastmcptest.Config{Token: "alice-token-0123456789"})
	}).fails(t, "the client cannot connect", "Config.Hosts", `"Host"`)
}

func TestConfigMistakes(t *testing.T) {
	elicit := func(string) map[string]any { return nil }
	onElicit := func(context.Context, *mcp.ElicitParams) (*mcp.ElicitResult, error) { return nil, nil }
	sample := func(string) string { return "" }
	onSample := func(context.Context, *fastmcptest.SampleRequest) (*fastmcptest.SampleResult, error) {
		return nil, nil
	}
	for words, config := range map[string][]fastmcptest.Config{
		`Config.Revision is "2025-01-01": it must be one of 2026-07-28, 2025-11-25`: {{Revision: "2025-01-01"}},
		`Config.Level is "loud": it must be one of debug, info`:                     {{Level: "loud"}},
		`Config.Path is "mcp": it must begin with a /`:                              {{Path: "mcp"}},
		"Config.Elicit and Config.OnElicit are both set":                            {{Elicit: elicit, OnElicit: onElicit}},
		"Config.Sample and Config.OnSample are both set":                            {{Sample: sample, OnSample: onSample}},
		"2 Configs": {{}, {}},
		"set Config.Path to what its HTTPConfig.Path": {{Path: "/elsewhere"}},
		"does not serve MCP at /elsewhere":            {{Path: "/elsewhere", Revision: "2025-06-18"}},
	} {
		try("a mistake", func(t testing.TB) { fastmcptest.New(t, newApp(), config...) }).fails(t, words)
	}
	try("another path", func(t testing.TB) {
		c := fastmcptest.New(t, newApp(fastmcp.Config{HTTP: fastmcp.HTTPConfig{Path: "/api/mcp"}}), fastmcptest.Config{Path: "/api/mcp"})
		if r, err := c.Call(t.Context(), "add", addInput{1, 2}); err != nil || r.Text() != `{"sum":3}` {
			t.Errorf("%v %v", r, err)
		}
	}).passes(t)
}

func TestAppsAreServedOnce(t *testing.T) {
	app := newApp()
	try("twice at a time", func(t testing.TB) {
		fastmcptest.New(t, app)
		fastmcptest.New(t, app)
	}).fails(t, "is being served already", "Client.Connect")
	for range 2 { // the App of the first has been shut down
		try("once more", func(t testing.TB) { fastmcptest.New(t, app) }).fails(t, "make an App for each test")
	}
}

// A refusal of subscriptions must not keep a client from calling.
func TestAppThatRefusesListeners(t *testing.T) {
	app := newApp()
	app.Use(func(c *fastmcp.Context) error {
		if c.Method() == "subscriptions/listen" {
			return protocol.Errorf(protocol.CodeInvalidRequest, "not here")
		}
		return c.Next()
	})
	begun := time.Now()
	c := fastmcptest.New(t, app)
	if r, err := c.Call(t.Context(), "add", addInput{1, 2}); err != nil || r.Text() != `{"sum":3}` {
		t.Errorf("%v %v", r, err)
	}
	if err := c.Subscribe(t.Context(), "note://today"); err == nil || !strings.Contains(err.Error(), "has refused subscriptions/listen") {
		t.Error(err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// Cancelling a call goes the way of its revision: it is told, or the connection is closed.
func TestCancelledCalls(t *testing.T) {
	begun, gone := make(chan bool, 1), make(chan bool, 1)
	app := newApp()
	app.AddTool(fastmcp.Tool{Name: "wait", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		begun <- true
		<-c.Done()
		gone <- true
		return "", c.Err()
	})})
	first := fastmcptest.New(t, app)
	for _, revision := range fastmcptest.Revisions() {
		c := first.Connect(t, fastmcptest.Config{Revision: revision})
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := c.Call(ctx, "wait", nil)
			failed <- err
		}()
		receive(t, begun)
		cancel()
		if err := receive(t, failed); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", revision, err)
		}
		receive(t, gone)
	}
}

func receive[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came in 10 s")
		panic("unreachable")
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, c *fastmcptest.Client, _ protocol.Revision) {
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				r, err := c.Call(t.Context(), "add", addInput{float64(i), 1000})
				var sum addOutput
				if err != nil || r.Into(&sum) != nil || sum.Sum != float64(i+1000) {
					t.Errorf("%d: %v %v", i, r, err)
				}
			})
		}
		all.Wait()
	})
}

func TestNothingIsLeft(t *testing.T) {
	var ended atomic.Int32
	for _, revision := range fastmcptest.Revisions() {
		config := fastmcp.Config{}
		config.On.Disconnect = func(*fastmcp.Session) { ended.Add(1) }
		try("a test", func(t testing.TB) {
			c := fastmcptest.New(t, newApp(config), fastmcptest.Config{Revision: revision, Elicit: func(string) map[string]any { return nil }})
			for _, call := range []string{"add", "work", "order"} {
				if _, err := c.Call(t.Context(), call, map[string]any{"a": 1, "b": 2}); err != nil {
					t.Errorf("%s: %v", call, err)
				}
			}
			if err := c.Subscribe(t.Context(), "note://today"); err != nil {
				t.Errorf("subscribe: %v", err)
			}
			c.Connect(t)
		}).passes(t)
	}
	if ended.Load() != 4 {
		t.Errorf("%d sessions have ended", ended.Load())
	}
	// The heartbeat's goroutine ends with its next tick, some 2 s later.
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left := running()
		if left == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("there is still:\n%s", left)
		}
	}
}

// running are the goroutines of Apps and clients.
func running() string {
	b := make([]byte, 1<<20)
	var all []string
	for stack := range strings.SplitSeq(string(b[:runtime.Stack(b, true)]), "\n\n") {
		if strings.Contains(stack, "testing.tRunner") || strings.Contains(stack, "testing.(*T).Run") {
			continue
		}
		for _, mark := range []string{"fastmcp-go/fastmcp", "go-sdk", "fasthttp.(*", "net/http."} {
			if strings.Contains(stack, mark) {
				all = append(all, stack)
				break
			}
		}
	}
	return strings.Join(all, "\n\n")
}
