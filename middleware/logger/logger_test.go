package logger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
	"github.com/fastmcp-go/fastmcp/middleware/logger"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// lines is a log that a test can read.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) log(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level}))
}

// line is a line of the log.
type line map[string]any

// of are the lines with a message and a method.
func (l *lines) of(t testing.TB, message, method string) (all []line) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for text := range strings.Lines(l.b.String()) {
		var one line
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if one["msg"] == message && one["method"] == method {
			all = append(all, one)
		}
	}
	return all
}

// calls waits for the lines of that many calls of tools, and forgets all.
func (l *lines) calls(t testing.TB, n int) []line {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		all := l.of(t, "request", "tools/call")
		if len(all) == n {
			l.mu.Lock()
			l.b.Reset()
			l.mu.Unlock()
			return all
		}
		if len(all) > n || time.Now().After(end) {
			t.Fatalf("%d lines, want %d: %v", len(all), n, all)
		}
	}
}

// want compares what a line says of some attributes; nil is one that is not there.
func (l line) want(t testing.TB, want line) {
	t.Helper()
	for name, value := range want {
		if l[name] != value {
			t.Errorf("%s is %v, want %v; the line is %v", name, l[name], value, l)
		}
	}
}

type openInput struct {
	Door   string `json:"door"`
	APIKey string `json:"apiKey,omitempty"`
}

var errDisk = errors.New("the disk is full")

// newApp is an App whose tools go in all ways.
func newApp(config fastmcp.Config, links ...fastmcp.Handler) *fastmcp.App {
	app := fastmcp.New(config)
	for _, link := range links {
		app.Use(link)
	}
	for name, fn := range map[string]func(*fastmcp.Context) (string, error){
		"fine":   func(*fastmcp.Context) (string, error) { return "fine", nil },
		"refuse": func(*fastmcp.Context) (string, error) { return "", fastmcp.Errorf("no such door") },
		"fail":   func(*fastmcp.Context) (string, error) { return "", errDisk },
		"panic":  func(*fastmcp.Context) (string, error) { panic("oh") },
		"wrong":  func(*fastmcp.Context) (string, error) { return "", protocol.Errorf(-32602, "not so") },
		"many":   func(*fastmcp.Context) (string, error) { return "", fastmcp.TooMany(time.Second, "slow down") },
		"ask": func(c *fastmcp.Context) (string, error) {
			var in openInput
			_, err := fastmcp.Elicit(c, "door", "Which?", &in)
			return in.Door, err
		},
	} {
		app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Get(fn)})
	}
	app.AddTool(fastmcp.Tool{Name: "open", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in openInput) (string, error) { return in.Door, nil })})
	return app
}

func call(t testing.TB, c *fastmcptest.Client, tool string, args any) {
	t.Helper()
	_, err := c.Call(t.Context(), tool, args)
	if p := (*protocol.Error)(nil); err != nil && !errors.As(err, &p) {
		t.Fatalf("%s: %v", tool, err)
	}
}

// Each request is a line, whichever way it goes.
func TestOutcomes(t *testing.T) {
	l := &lines{}
	app := newApp(fastmcp.Config{Log: slog.New(slog.DiscardHandler)}, logger.New(logger.Config{Log: l.log(slog.LevelInfo)}))
	first := fastmcptest.New(t, app, fastmcptest.Config{Elicit: func(string) map[string]any { return map[string]any{"door": "back"} }})
	for _, revision := range fastmcptest.Revisions() {
		c := first.Connect(t, fastmcptest.Config{Revision: revision})
		for tool, want := range map[string]line{
			"fine":   {"level": "INFO", "outcome": "succeeded", "reason": nil, "error": nil},
			"refuse": {"level": "WARN", "outcome": "failed", "reason": "tool_error", "error": "no such door"},
			"fail":   {"level": "WARN", "outcome": "failed", "reason": "internal", "error": "the disk is full"},
			"panic":  {"level": "WARN", "outcome": "failed", "reason": "panic", "error": "panic: oh"},
			"wrong":  {"level": "WARN", "outcome": "failed", "reason": "-32602", "error": "not so (-32602)"},
			"many":   {"level": "WARN", "outcome": "failed", "reason": "-32000", "error": "slow down"},
		} {
			call(t, c, tool, nil)
			got := l.calls(t, 1)[0]
			got.want(t, want)
			got.want(t, line{"name": tool, "revision": revision, "principal": nil, "arguments": nil})
			if got["duration"].(float64) <= 0 || got["in"].(float64) < 20 || got["out"].(float64) < 40 || len(got["request"].(string)) < 16 {
				t.Errorf("%v", got)
			}
		}
		if r, err := c.Tools(t.Context()); err != nil || len(r) == 0 || len(l.of(t, "request", "tools/list")) != 1 {
			t.Errorf("%s: %v, %v", revision, l.of(t, "request", "tools/list"), err)
		}
	}

	call(t, first, "ask", nil)
	rounds := l.calls(t, 2)
	rounds[0].want(t, line{"level": "INFO", "outcome": "asked", "error": nil})
	rounds[1].want(t, line{"level": "INFO", "outcome": "succeeded"})
}

// A call that its client has cancelled is one that nobody was answered.
func TestCancelled(t *testing.T) {
	for _, revision := range []string{"2025-11-25", "2026-07-28"} {
		t.Run(revision, func(t *testing.T) {
			l, begun := &lines{}, make(chan struct{}, 1)
			app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
			app.Use(logger.New(logger.Config{Log: l.log(slog.LevelInfo)}))
			app.AddTool(fastmcp.Tool{Name: "wait", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
				begun <- struct{}{}
				<-c.Done()
				return "", c.Err()
			})})
			c := fastmcptest.New(t, app, fastmcptest.Config{Revision: revision})
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-begun; cancel() }()
			if _, err := c.Call(ctx, "wait", nil); err == nil {
				t.Fatal("it was answered")
			}
			l.calls(t, 1)[0].want(t, line{"level": "INFO", "outcome": "cancelled", "reason": nil})
		})
	}
}

// A line says who and what in the same words as all others of the App, so that they can be put together.
func TestSubject(t *testing.T) {
	own, apps := &lines{}, &lines{}
	app := newApp(fastmcp.Config{Log: apps.log(slog.LevelInfo), Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{"sue-0123456789abcdef": {Subject: "sue"}})}})},
		logger.New(logger.Config{Log: own.log(slog.LevelInfo)}), logger.New(),
		func(c *fastmcp.Context) error { c.Log().Info("seen"); return c.Next() })
	c := fastmcptest.New(t, app, fastmcptest.Config{Revision: "2025-11-25", Token: "sue-0123456789abcdef"})
	call(t, c, "fine", nil)
	for _, method := range []string{"tools/call", "initialize"} {
		seen := apps.of(t, "seen", method)
		if len(seen) != 1 {
			t.Fatalf("%v", seen)
		}
		for name, l := range map[string]*lines{"a log of its own": own, "the App's log": apps} {
			got := l.of(t, "request", method)
			if len(got) != 1 {
				t.Fatalf("%s: %v", name, got)
			}
			for _, key := range []string{"request", "method", "name", "principal", "session"} {
				if method == "initialize" && key == "session" {
					if s, _ := got[0][key].(string); len(s) != 12 { // it has been opened meanwhile
						t.Errorf("%s: %v", name, got[0])
					}
					continue
				}
				if got[0][key] != seen[0][key] {
					t.Errorf("%s: %s is %v, want %v", name, key, got[0][key], seen[0][key])
				}
			}
		}
	}
	if s, _ := own.of(t, "request", "tools/call")[0]["session"].(string); len(s) != 12 {
		t.Errorf("the session is %q", s)
	}
}

// What users write to models is not logged unless asked, and its secrets never are.
func TestArguments(t *testing.T) {
	for name, c := range map[string]struct {
		config logger.Config
		want   any
	}{
		"default":   {logger.Config{}, nil},
		"asked":     {logger.Config{Arguments: true}, `{"apiKey":"[redacted]","door":"front"}`},
		"own words": {logger.Config{Arguments: true, Redact: []string{"door"}}, `{"apiKey":"rosebud","door":"[redacted]"}`},
		"no words":  {logger.Config{Arguments: true, Redact: []string{}}, `{"apiKey":"rosebud","door":"front"}`},
		"at bound":  {logger.Config{Arguments: true, MaxArguments: 38}, `{"apiKey":"[redacted]","door":"front"}`},
		"above":     {logger.Config{Arguments: true, MaxArguments: 37}, `{"apiKey":"[redacted]","door":"front"…`},
		"one":       {logger.Config{Arguments: true, MaxArguments: 1}, `{…`},
	} {
		t.Run(name, func(t *testing.T) {
			l := &lines{}
			c.config.Log = l.log(slog.LevelInfo)
			client := fastmcptest.New(t, newApp(fastmcp.Config{Log: slog.New(slog.DiscardHandler)}, logger.New(c.config)))
			call(t, client, "open", map[string]any{"apiKey": "rosebud", "door": "front"})
			l.calls(t, 1)[0].want(t, line{"arguments": c.want})
			l.mu.Lock()
			defer l.mu.Unlock()
			if strings.Contains(l.b.String(), "rosebud") {
				t.Error(l.b.String())
			}
		})
	}
	words := logger.DefaultRedact()
	words[0] = "changed"
	if again := logger.DefaultRedact(); again[0] != "password" {
		t.Error("the default words can be changed")
	}
}

// Long errors and URIs are cut.
func TestBounds(t *testing.T) {
	l := &lines{}
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	app.Use(logger.New(logger.Config{Log: l.log(slog.LevelInfo)}))
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "x://{door}", Name: "x", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in openInput) (string, error) {
		return "", errors.New(strings.Repeat("e", len(in.Door)*4-16))
	})})
	c := fastmcptest.New(t, app)
	for n, cut := range map[int]bool{252: false, 253: true} {
		_, err := c.Read(t.Context(), "x://"+strings.Repeat("n", n))
		if err == nil {
			t.Fatal("it was read")
		}
		all := l.of(t, "request", "resources/read")
		got := all[len(all)-1]
		name, text := got["name"].(string), got["error"].(string)
		if strings.HasSuffix(name, "…") != cut || len(strings.TrimSuffix(name, "…")) != 256 {
			t.Errorf("%d: a name of %d bytes", n, len(name))
		}
		if len(strings.TrimSuffix(text, "…")) > 1024 {
			t.Errorf("%d: an error of %d bytes", n, len(text))
		}
	}
}

// What is not wanted is not written: by level, or by Next.
func TestLevels(t *testing.T) {
	for name, c := range map[string]struct {
		config logger.Config
		least  slog.Level
		fine   string // the level of a call that goes well, "" for no line
		fail   string
	}{
		"default":         {logger.Config{}, slog.LevelDebug, "INFO", "WARN"},
		"only failures":   {logger.Config{}, slog.LevelWarn, "", "WARN"},
		"nothing":         {logger.Config{}, slog.LevelError, "", ""},
		"debug":           {logger.Config{Level: slog.LevelDebug}, slog.LevelDebug, "DEBUG", "WARN"},
		"above":           {logger.Config{Level: slog.LevelError}, slog.LevelDebug, "ERROR", "ERROR"},
		"skipped by Next": {logger.Config{Next: func(c *fastmcp.Context) bool { return c.Name() == "fine" }}, slog.LevelDebug, "", "WARN"},
	} {
		for _, apps := range []bool{false, true} {
			l := &lines{}
			config := fastmcp.Config{Log: slog.New(slog.DiscardHandler)}
			if apps {
				config.Log = l.log(c.least)
			} else {
				c.config.Log = l.log(c.least)
			}
			if apps {
				c.config.Log = nil
			}
			client := fastmcptest.New(t, newApp(config, logger.New(c.config)))
			call(t, client, "fine", nil)
			call(t, client, "refuse", nil)
			var want []string
			for _, level := range []string{c.fine, c.fail} {
				if level != "" {
					want = append(want, level)
				}
			}
			var got []string
			for _, one := range l.calls(t, len(want)) {
				got = append(got, one["level"].(string))
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	}
}

func TestMessage(t *testing.T) {
	l := &lines{}
	client := fastmcptest.New(t, newApp(fastmcp.Config{Log: slog.New(slog.DiscardHandler)}, logger.New(logger.Config{Log: l.log(slog.LevelInfo), Message: "mcp"})))
	call(t, client, "fine", nil)
	if got := l.of(t, "mcp", "tools/call"); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// post makes a request of 2026-07-28 by a client that knows tasks.
func post(t testing.TB, app *fastmcp.App, method, name, params string) (result struct {
	TaskID, Status string
}) {
	t.Helper()
	r := httptest.NewRequest("POST", "/mcp", strings.NewReader(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{%s,"_meta":{"io.modelcontextprotocol/protocolVersion":`+
		`"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}}}`, method, params)))
	for k, v := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, "Mcp-Name": name,
	} {
		r.Header.Set(k, v)
	}
	res, err := app.Test(r, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var m struct{ Result json.RawMessage }
	if err := json.NewDecoder(res.Body).Decode(&m); err != nil || json.Unmarshal(m.Result, &result) != nil {
		t.Fatalf("%s: %d %s, %v", method, res.StatusCode, m.Result, err)
	}
	return result
}

// The line of a task comes when it is over, with the id of the request that began it; the id of the task stays out of the log.
func TestTask(t *testing.T) {
	l, letGo := &lines{}, make(chan struct{})
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	app.Use(logger.New(logger.Config{Log: l.log(slog.LevelInfo)}))
	app.AddTool(fastmcp.Tool{Name: "bake", Task: fastmcp.TaskOptional, Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
		<-letGo
		return "", errDisk
	})})
	id := post(t, app, "tools/call", "bake", `"name":"bake","arguments":{}`).TaskID
	if id == "" || len(l.of(t, "request", "tools/call")) != 0 {
		t.Fatalf("%q, %v", id, l.of(t, "request", "tools/call"))
	}
	close(letGo)
	l.calls(t, 1)[0].want(t, line{"name": "bake", "outcome": "failed", "reason": "internal", "task": nil})
	post(t, app, "tasks/get", id, fmt.Sprintf(`"taskId":%q`, id))
	got := l.of(t, "request", "tasks/get")
	if len(got) != 1 || got[0]["name"] != nil || len(got[0]["task"].(string)) != 12 {
		t.Errorf("%v", got)
	}
}

func TestBadConfig(t *testing.T) {
	defer func() {
		if v, _ := recover().(string); !strings.Contains(v, "Config.MaxArguments is negative: leave Config.Arguments off") {
			t.Errorf("%v", v)
		}
	}()
	logger.New(logger.Config{MaxArguments: -1})
}

// Where one App serves others' Apps, a line tells whose it was.
func TestTenant(t *testing.T) {
	own, apps := &lines{}, &lines{}
	acme := fastmcp.New(fastmcp.Config{Name: "acme"})
	acme.AddTool(fastmcp.Tool{Name: "fine", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "fine", nil })})
	host := newApp(fastmcp.Config{
		Log: apps.log(slog.LevelInfo),
		Auth: auth.New(auth.Config{Optional: true, Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
			"sue-0123456789abcdef": {Subject: "sue", Tenant: "acme"},
		})}}),
		Select: func(_ context.Context, p *auth.Principal) (*fastmcp.App, error) {
			if p == nil {
				return nil, nil
			}
			return acme, nil
		},
	}, logger.New(logger.Config{Log: own.log(slog.LevelInfo)}), logger.New())
	c := fastmcptest.New(t, host, fastmcptest.Config{Token: "sue-0123456789abcdef"})
	call(t, c, "fine", nil)
	call(t, c.Connect(t), "fine", nil)
	for name, l := range map[string]*lines{"a log of its own": own, "the App's log": apps} {
		var tenants []any
		for _, one := range l.calls(t, 2) {
			tenants = append(tenants, one["tenant"])
		}
		if len(tenants) != 2 || tenants[0] != "acme" || tenants[1] != nil {
			t.Errorf("%s: %v", name, tenants)
		}
	}
}
