package ratelimit_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/transport/stdio"
	"github.com/fastmcp-go/fastmcp/middleware/internal/callertest"
	"github.com/fastmcp-go/fastmcp/middleware/ratelimit"
)

// newApp is an App with two tools, a group's tool, a resource and a prompt.
func newApp(config fastmcp.Config, use ...fastmcp.Handler) *fastmcp.App {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	app := fastmcp.New(config)
	text := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "done", nil })
	app.AddTool(fastmcp.Tool{Name: "light", Handler: text})
	app.AddTool(fastmcp.Tool{Name: "heavy", Handler: text})
	app.AddResource(fastmcp.Resource{URI: "x://r", Name: "r", Handler: text})
	for _, h := range use {
		app.Use(h)
	}
	return app
}

var light = callertest.Call{Tool: "light"}

// passed makes calls until one does not pass, and tells how many did.
func passed(t *testing.T, app *fastmcp.App, c callertest.Call) (n int) {
	t.Helper()
	for ; n < 1000; n++ {
		if a := callertest.Do(t, app, c); !ok(a) {
			return n
		}
	}
	t.Fatal("there is no limit")
	return 0
}

func ok(a callertest.Answer) bool {
	return a.Status == 200 && strings.Contains(a.Body, `"result"`) && !strings.Contains(a.Body, `"isError":true`)
}

// expectPassed fails the test unless so many calls pass.
func expectPassed(t *testing.T, app *fastmcp.App, c callertest.Call, want int) {
	t.Helper()
	if n := passed(t, app, c); n != want {
		t.Errorf("%+v: %d have passed, want %d", c, n, want)
	}
}

// TestWindow: the limit, then nothing until the window that began with the first request is over, to the nanosecond.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "3-M"}))
		time.Sleep(17 * time.Second)
		for left := 2; left >= 0; left-- {
			a := callertest.Do(t, app, light)
			if !ok(a) || a.Header["X-RateLimit-Limit"] != "3" || a.Header["X-RateLimit-Remaining"] != string(rune('0'+left)) {
				t.Errorf("%d left: %+v", left, a)
			}
			if reset := time.Unix(946684877, 0); a.Header["X-RateLimit-Reset"] != "946684877" {
				t.Errorf("it ends at %s, want %s", a.Header["X-RateLimit-Reset"], reset)
			}
			time.Sleep(time.Second)
		}
		a := callertest.Do(t, app, light)
		if a.Status != 429 || a.RetryAfter != 57*time.Second || a.Header["X-RateLimit-Remaining"] != "0" {
			t.Errorf("%+v", a)
		}
		var body struct {
			ID    int
			Error struct {
				Code    int
				Message string
				Data    struct{ RetryAfter int }
			}
		}
		if err := json.Unmarshal([]byte(a.Body), &body); err != nil || body.ID != 7 || body.Error.Code != -32000 || body.Error.Data.RetryAfter != 57 ||
			body.Error.Message != "Too many requests: 3 per minute are allowed. Try again in 57 seconds." {
			t.Errorf("%s, %v", a.Body, err)
		}
		time.Sleep(57*time.Second - 1)
		if a := callertest.Do(t, app, light); a.Status != 429 || a.RetryAfter > time.Second {
			t.Errorf("1 ns before the end: %+v", a)
		}
		time.Sleep(time.Nanosecond)
		expectPassed(t, app, light, 3)
	})
}

// TestPeriods: each letter is its period.
func TestPeriods(t *testing.T) {
	for rate, period := range map[string]time.Duration{"1-S": time.Second, "1-m": time.Minute, "1-H": time.Hour, "1-D": 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: rate}))
			expectPassed(t, app, light, 1)
			time.Sleep(period - 1)
			expectPassed(t, app, light, 0)
			time.Sleep(time.Nanosecond)
			expectPassed(t, app, light, 1)
		})
	}
}

func TestDefault(t *testing.T) {
	expectPassed(t, newApp(fastmcp.Config{}, ratelimit.New()), light, 100)
}

// TestRates: a request must fit into all; the headers tell of the one with the least left.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "5-M", Rates: []string{"8-H", "2-S"}}))
		expect := func(n int, limit string, retry time.Duration) {
			t.Helper()
			for range n {
				if a := callertest.Do(t, app, light); !ok(a) {
					t.Errorf("%+v", a)
				}
			}
			if a := callertest.Do(t, app, light); a.Status != 429 || a.Header["X-RateLimit-Limit"] != limit || a.RetryAfter != retry {
				t.Errorf("%+v, want the limit of %s and %s", a, limit, retry)
			}
		}
		expect(2, "2", time.Second)
		time.Sleep(time.Second)
		expect(2, "2", time.Second)
		time.Sleep(time.Second)
		expect(1, "5", 58*time.Second)
		expect(0, "2", time.Second) // the shorter period has counted what the longer one has refused
		time.Sleep(time.Minute)
		expect(2, "2", time.Second)
		time.Sleep(time.Second)
		expect(1, "8", time.Hour-63*time.Second)
		a := callertest.Do(t, newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rates: []string{"10-S", "4-H"}})), light)
		if a.Header["X-RateLimit-Limit"] != "4" || a.Header["X-RateLimit-Remaining"] != "3" {
			t.Errorf("the tightest: %v", a.Header)
		}
	})
}

// TestTool: in the Use of a tool, or of a group, the model reads of the limit; each tool has its own. Prompts and resources
// get a 429.
func TestTool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, text := newApp(fastmcp.Config{}), fastmcp.Get(func(*fastmcp.Context) (string, error) { return "done", nil })
		limit := ratelimit.New(ratelimit.Config{Rate: "2-H"})
		use := []fastmcp.Handler{limit}
		app.AddTool(fastmcp.Tool{Name: "a", Handler: text, Use: use})
		app.AddTool(fastmcp.Tool{Name: "b", Handler: text, Use: use})
		group := app.Group("g.", limit)
		group.AddTool(fastmcp.Tool{Name: "a", Handler: text})
		group.AddTool(fastmcp.Tool{Name: "b", Handler: text})
		app.AddResource(fastmcp.Resource{URI: "x://limited", Name: "l", Handler: text, Use: use})
		for _, name := range []string{"a", "b", "g.a"} {
			c := callertest.Call{Tool: name}
			expectPassed(t, app, c, 2)
			a := callertest.Do(t, app, c)
			if a.Status != 200 || !strings.Contains(a.Body, `"isError":true`) || a.Header["X-RateLimit-Remaining"] != "0" ||
				!strings.Contains(a.Body, "Too many requests: 2 per hour are allowed. Try again in 3600 seconds.") || !strings.Contains(a.Body, `"retryAfter":3600`) {
				t.Errorf("%s: %+v", name, a)
			}
		}
		expectPassed(t, app, callertest.Call{Tool: "g.b"}, 0) // the group's limit is the group's
		if a := callertest.Do(t, app, light); !ok(a) || a.Header != nil {
			t.Errorf("a tool without a limit: %+v", a)
		}
		read := callertest.Call{Method: "resources/read", Params: `"uri":"x://limited"`}
		expectPassed(t, app, read, 2)
		if a := callertest.Do(t, app, read); a.Status != 429 || a.RetryAfter != time.Hour {
			t.Errorf("%+v", a)
		}
		expectPassed(t, app, callertest.Call{Tool: "a"}, 0)
	})
}

// TestKeys: who is counted together.
func TestKeys(t *testing.T) {
	sue, joe := &auth.Principal{Issuer: "i", Subject: "sue"}, &auth.Principal{Issuer: "i", Subject: "joe"}
	call := func(p *auth.Principal, ip, tool string) callertest.Call {
		return callertest.Call{Tool: tool, Principal: p, IP: ip}
	}
	for name, row := range map[string]struct {
		key         func(*fastmcp.Context) string
		same, apart []callertest.Call // as, and from, sue's call of light from 192.0.2.1
	}{
		"default": {nil, []callertest.Call{call(sue, "192.0.2.2", "heavy")}, []callertest.Call{call(joe, "192.0.2.1", "light"), call(nil, "192.0.2.1", "light")}},
		"ip":      {ratelimit.ByIP, []callertest.Call{call(joe, "192.0.2.1", "heavy"), call(nil, "::ffff:192.0.2.1", "light")}, []callertest.Call{call(sue, "192.0.2.2", "light")}},
		"session": {ratelimit.BySession, []callertest.Call{call(sue, "192.0.2.2", "heavy")}, []callertest.Call{call(joe, "192.0.2.1", "light")}},
		"tool":    {ratelimit.ByTool, []callertest.Call{call(joe, "192.0.2.2", "light")}, []callertest.Call{call(sue, "192.0.2.1", "heavy"), {Method: "tools/list", Principal: sue}}},
		"own":     {func(c *fastmcp.Context) string { return c.Name() }, []callertest.Call{call(joe, "192.0.2.2", "light")}, []callertest.Call{call(sue, "192.0.2.1", "heavy")}},
		"empty":   {func(*fastmcp.Context) string { return "" }, []callertest.Call{call(joe, "192.0.2.2", "heavy"), {Method: "tools/list"}}, nil},
		"long": {func(c *fastmcp.Context) string { return strings.Repeat("k", 10_000) + c.Name() }, []callertest.Call{call(joe, "192.0.2.2", "light")},
			[]callertest.Call{call(sue, "192.0.2.1", "heavy")}},
	} {
		app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "1-D", Key: row.key}))
		if !ok(callertest.Do(t, app, call(sue, "192.0.2.1", "light"))) {
			t.Errorf("%s: the first has not passed", name)
		}
		for _, c := range row.same {
			if a := callertest.Do(t, app, c); a.Status != 429 {
				t.Errorf("%s: %+v: %+v, want it to be counted together", name, c, a)
			}
		}
		for _, c := range row.apart {
			if a := callertest.Do(t, app, c); !ok(a) {
				t.Errorf("%s: %+v: %+v, want it to be counted apart", name, c, a)
			}
		}
	}
}

// TestAddresses: an IPv6 caller has 64 bits to choose from.
func TestAddresses(t *testing.T) {
	app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "1-D"}))
	for ip, want := range map[string]int{"2001:db8:1:2::1": 1, "2001:db8:1:3::1": 1, "192.0.2.1": 1, "": 1} {
		expectPassed(t, app, callertest.Call{Tool: "light", IP: ip}, want)
	}
	expectPassed(t, app, callertest.Call{Tool: "light", IP: "2001:db8:1:2:ffff::9"}, 0)
}

// TestSessions: two sessions of nobody are two where sessions are counted.
func TestSessions(t *testing.T) {
	app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "2-D", Key: ratelimit.BySession, Methods: []string{"tools/call"}}))
	for range 2 {
		id := callertest.Open(t, app, callertest.Call{IP: "192.0.2.1"})
		expectPassed(t, app, callertest.Call{Tool: "light", Session: id, IP: "192.0.2.1"}, 2)
	}
}

// TestWhatCounts: which requests count by default, with Methods, Next and Weights.
func TestWhatCounts(t *testing.T) {
	list := callertest.Call{Method: "tools/list"}
	t.Run("default", func(t *testing.T) {
		app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "3-D"}))
		id := callertest.Open(t, app, callertest.Call{}) // counts
		expectPassed(t, app, callertest.Call{Tool: "light", Session: id}, 2)
		for _, c := range []callertest.Call{list, light, {Method: "resources/read", Params: `"uri":"x://r"`}, {Method: "server/discover"}} {
			expectPassed(t, app, c, 0)
		}
		if a := callertest.Do(t, app, callertest.Call{Session: id}); a.Status != 200 || a.Header != nil {
			t.Errorf("ping: %+v", a)
		}
		if a := callertest.Do(t, app, callertest.Call{Method: "initialize", Params: `"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}`}); a.Status != 429 || len(app.Sessions()) != 1 {
			t.Errorf("initialize: %+v, %d sessions", a, len(app.Sessions()))
		}
	})
	t.Run("Methods", func(t *testing.T) {
		app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "1-D", Methods: []string{"tools/call"}}))
		for range 3 {
			if a := callertest.Do(t, app, list); a.Status != 200 {
				t.Errorf("%+v", a)
			}
		}
		expectPassed(t, app, light, 1)
	})
	t.Run("Next", func(t *testing.T) {
		app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "1-D", Next: func(c *fastmcp.Context) bool { return c.Name() == "heavy" }}))
		for range 3 {
			if a := callertest.Do(t, app, callertest.Call{Tool: "heavy"}); a.Status != 200 || a.Header != nil {
				t.Errorf("%+v", a)
			}
		}
		expectPassed(t, app, light, 1)
	})
	t.Run("Weights", func(t *testing.T) {
		app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "10-D", Weights: map[string]int{"heavy": 4}}))
		expectPassed(t, app, callertest.Call{Tool: "heavy"}, 2)
		expectPassed(t, app, light, 2) // what did not fit took nothing
	})
	t.Run("a weight of the whole limit, and of nothing", func(t *testing.T) {
		app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "10-D", Weights: map[string]int{"heavy": 10, "light": 0}}))
		for range 20 {
			if a := callertest.Do(t, app, light); !ok(a) || a.Header != nil {
				t.Errorf("%+v", a)
			}
		}
		expectPassed(t, app, callertest.Call{Tool: "heavy"}, 1)
	})
}

// TestLimitReached answers in place of the errors, and NoHeaders leaves the headers out.
func TestLimitReached(t *testing.T) {
	var seen ratelimit.Limit
	app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "1-H", NoHeaders: true, LimitReached: func(c *fastmcp.Context, l ratelimit.Limit) error {
		if seen = l; c.Name() == "heavy" {
			return errors.New("masked")
		}
		c.SetResult("come back later")
		return nil
	}}))
	expect := func(tool, want string) {
		t.Helper()
		if a := callertest.Do(t, app, callertest.Call{Tool: tool}); a.Status != 200 || !strings.Contains(a.Body, want) || a.Header != nil {
			t.Errorf("%s: %+v, want %s", tool, a, want)
		}
	}
	expect("light", "done")
	expect("light", "come back later")
	if seen.Rate != "1-H" || seen.Limit != 1 || seen.Remaining != 0 || seen.RetryAfter <= 59*time.Minute || time.Until(seen.Reset) <= 59*time.Minute {
		t.Errorf("%+v", seen)
	}
	expect("heavy", "The tool failed")
}

// TestTwo: each New is a limit of its own in one process, and two links of one App both hold.
func TestTwo(t *testing.T) {
	app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "5-D"}), ratelimit.New(ratelimit.Config{Rate: "3-D"}))
	expectPassed(t, app, light, 3)
	both := ratelimit.New(ratelimit.Config{Rate: "4-D"})
	one, other := newApp(fastmcp.Config{}, both), newApp(fastmcp.Config{}, both)
	expectPassed(t, one, light, 4)
	expectPassed(t, other, light, 4) // Apps do not know each other, whatever they share
}

// TestName: what has a name counts together, wherever it is used.
func TestName(t *testing.T) {
	app, text := newApp(fastmcp.Config{}), fastmcp.Get(func(*fastmcp.Context) (string, error) { return "done", nil })
	h := ratelimit.New(ratelimit.Config{Rate: "3-D", Name: "reports"})
	app.AddTool(fastmcp.Tool{Name: "a", Handler: text, Use: []fastmcp.Handler{h}})
	app.Group("g.", h).AddTool(fastmcp.Tool{Name: "a", Handler: text})
	expectPassed(t, app, callertest.Call{Tool: "g.a"}, 3)
	expectPassed(t, app, callertest.Call{Tool: "a"}, 0)
}

// TestStdio: where there is no status there is the JSON-RPC error.
func TestStdio(t *testing.T) {
	app := newApp(fastmcp.Config{}, ratelimit.New(ratelimit.Config{Rate: "1-D", Methods: []string{"tools/list"}}))
	in, write := io.Pipe()
	read, out := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- stdio.Serve(ctx, app.Engine(), in, out, stdio.Config{}) }()
	lines := bufio.NewScanner(read)
	ask := func(message string) string {
		if _, err := io.WriteString(write, message+"\n"); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
		return lines.Text()
	}
	_ = ask(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	if got := ask(`{"jsonrpc":"2.0","id":2,"method":"tools/list"}`); !strings.Contains(got, `"tools"`) {
		t.Error(got)
	}
	if got := ask(`{"jsonrpc":"2.0","id":3,"method":"tools/list"}`); !strings.Contains(got, `"code":-32000`) || !strings.Contains(got, `"retryAfter":`) {
		t.Error(got)
	}
	_ = write.Close()
	cancel()
	_ = read.Close()
	<-done
}
