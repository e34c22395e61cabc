package fastmcp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// heardAnswers is what a link has heard of answers.
type heardAnswers struct {
	mu  sync.Mutex
	all []fastmcp.Answer
}

func (a *heardAnswers) listen(c *fastmcp.Context) error {
	c.OnAnswer(func(_ *fastmcp.Context, heard fastmcp.Answer) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.all = append(a.all, heard)
	})
	return c.Next()
}

func (a *heardAnswers) take(t *testing.T, n int) []fastmcp.Answer {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		a.mu.Lock()
		all := a.all
		if len(all) >= n {
			a.all = nil
		}
		a.mu.Unlock()
		if len(all) == n {
			return all
		}
		if len(all) > n || time.Now().After(end) {
			t.Fatalf("%d answers, want %d: %+v", len(all), n, all)
		}
	}
}

func TestOnAnswer(t *testing.T) {
	app, log := newApp(t, fastmcp.Config{})
	heard := &heardAnswers{}
	cause := errors.New("the disk is full")
	app.Use(heard.listen)
	app.AddTool(fastmcp.Tool{Name: "fine", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "fine", nil })})
	app.AddTool(fastmcp.Tool{Name: "fails", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", cause })})
	app.AddTool(fastmcp.Tool{Name: "says", Handler: fastmcp.Get(func(*fastmcp.Context) (*fastmcp.Result, error) {
		return &fastmcp.Result{IsError: true, Content: []content.Block{content.Text("no")}}, nil
	})})
	app.AddTool(fastmcp.Tool{Name: "panics", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { panic("oh") })})
	app.AddTool(fastmcp.Tool{Name: "asks", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		var in struct {
			Name string `json:"name"`
		}
		_, err := fastmcp.Elicit(c, "name", "Who are you?", &in)
		return in.Name, err
	})})
	s := serve(t, app, log)
	one := func(name string) (fastmcp.Answer, string) {
		t.Helper()
		r := s.callStateless(name, `{}`)
		return heard.take(t, 1)[0], r.body
	}
	before := time.Now()
	if a, body := one("fine"); a.Bytes != len(body) || a.Err != nil || a.IsError || a.Again || a.Took <= 0 || a.At.Before(before) || a.Took > time.Since(before) {
		t.Errorf("%+v of %d bytes", a, len(body))
	}
	if a, body := one("fails"); !errors.Is(a.Err, cause) || !a.IsError || a.Again || a.Bytes != len(body) {
		t.Errorf("%+v of %d bytes", a, len(body))
	}
	if a, _ := one("says"); a.Err != nil || !a.IsError {
		t.Errorf("%+v", a)
	}
	if a, _ := one("panics"); !fastmcp.IsPanic(a.Err) || !a.IsError {
		t.Errorf("%+v", a)
	}
	if a, _ := one("asks"); a.Err == nil || a.Again { // the client cannot be asked
		t.Errorf("%+v", a)
	}
	s.converse("2026-07-28", "asks", `{}`, func(string, json.RawMessage) string { return `{"action":"accept","content":{"name":"Ann"}}` })
	if all := heard.take(t, 2); !all[0].Again || all[0].Err != nil || all[1].Again || all[1].Err != nil {
		t.Errorf("%+v", all)
	}
}

// What comes behind a panic of the tool is a link's to do, and what a listener panics with is its own affair.
func TestLinksSeePanics(t *testing.T) {
	app, log := newApp(t, fastmcp.Config{})
	var order []string
	app.Use(func(c *fastmcp.Context) error {
		c.OnAnswer(func(*fastmcp.Context, fastmcp.Answer) { order = append(order, "first") })
		c.OnAnswer(func(*fastmcp.Context, fastmcp.Answer) { panic("a listener") })
		c.OnAnswer(func(*fastmcp.Context, fastmcp.Answer) { order = append(order, "last") })
		err := c.Next()
		order = append(order, fmt.Sprint(fastmcp.IsPanic(err), " ", err))
		return err
	})
	app.AddTool(fastmcp.Tool{Name: "panics", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { panic("oh") })})
	app.AddResource(fastmcp.Resource{URI: "x:panics", Name: "panics", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { panic("ah") })})
	s := serve(t, app, log)
	s.callStateless("panics", `{}`)
	if got := strings.Join(order, ", "); got != "true panic: oh, last, first" {
		t.Error(got)
	}
	if fastmcp.IsPanic(errors.New("panic: oh")) || fastmcp.IsPanic(nil) {
		t.Error("what is no panic")
	}
}

func TestTooMany(t *testing.T) {
	app, log := newApp(t, fastmcp.Config{})
	var err error
	app.Use(func(c *fastmcp.Context) error {
		c.SetHeader("X-RateLimit-Limit", "5\r\nX-Evil: yes")
		return err
	})
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", nil })})
	s := serve(t, app, log)
	for _, test := range []struct {
		after        time.Duration
		header, body string
	}{
		{1500 * time.Millisecond, "2", `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"Not now, Ann","data":{"retryAfter":2}}}`},
		{0, "", `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"Not now, Ann"}}`},
		{-1, "", `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"Not now, Ann"}}`},
	} {
		err = fastmcp.TooMany(test.after, "Not now, %s", "Ann")
		if e := (*protocol.Error)(nil); !errors.As(err, &e) || e.Code != protocol.CodeServer || err.Error() != "Not now, Ann" {
			t.Error(err)
		}
		r := s.callStateless("t", `{}`)
		if r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") != test.header || r.body != test.body {
			t.Errorf("%s: %d %q %s", test.after, r.status, r.header.Get("Retry-After"), r.body)
		}
		if r.header.Get("X-Evil") != "" || !strings.HasPrefix(r.header.Get("X-RateLimit-Limit"), "5") {
			t.Errorf("%v", r.header)
		}
	}
}

// A header that is set when the answer is a stream already is too late, and harms nothing.
func TestSetHeaderLate(t *testing.T) {
	app, log := newApp(t, fastmcp.Config{})
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		c.SetHeader("X-Early", "1")
		if err := c.Progress(1, 2, ""); err != nil {
			return "", err
		}
		c.SetHeader("X-Late", "1")
		return "done", nil
	})})
	s := serve(t, app, log)
	r := s.do("POST", statelessHeaders("tools/call", "t"), stateless(1, "tools/call", `"name":"t"`, `,"progressToken":1`))
	if r.header.Get("X-Early") != "1" || r.header.Get("X-Late") != "" || !strings.Contains(r.body, "done") {
		t.Errorf("%v %s", r.header, r.body)
	}
}

// A call that becomes a task is answered when the task is over; one that is refused before it is one, at once.
func TestOnAnswerOfTask(t *testing.T) {
	app, log := newApp(t, fastmcp.Config{})
	heard := &heardAnswers{}
	let := make(chan struct{})
	app.AddTool(fastmcp.Tool{Name: "t", Task: fastmcp.TaskRequired, Use: []fastmcp.Handler{heard.listen}, Handler: fastmcp.Typed(func(_ *fastmcp.Context, _ struct {
		N int `json:"n" validate:"required"`
	}) (string, error) {
		<-let
		return "done", nil
	})})
	s := serve(t, app, log)
	v := s.start(nil, "t", `{"n":1}`)
	heard.take(t, 0)
	close(let)
	s.until(nil, v.ID, "completed")
	if a := heard.take(t, 1)[0]; a.Err != nil || a.IsError || a.Bytes == 0 {
		t.Errorf("of a task: %+v", a)
	}
	refused := s.round(nil, "t", `{}`, taskCapabilities, "")
	if a := heard.take(t, 1)[0]; a.Err == nil || !a.IsError || a.Bytes != len(refused.body) {
		t.Errorf("of a call that became none: %+v; %s", a, refused.body)
	}
}
