package fastmcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// ready initializes a session of a client that can be asked anything, as far as its revision goes.
func (s *server) ready(revision string) *client {
	s.t.Helper()
	c := s.openWith(revision, allCapabilities)
	c.tell("notifications/initialized", "")
	return c
}

// tell sends a notification.
func (c *client) tell(method, params string) {
	c.t.Helper()
	if a := c.do("POST", c.headers(), fmt.Sprintf(`{"jsonrpc":"2.0","method":%q,"params":{%s}}`, method, params)); a.status != 202 {
		c.t.Fatalf("%s: %d %s", method, a.status, a.body)
	}
}

// outcome is what a question outside a handler has come to.
type outcome struct {
	what string
	err  error
}

// asking runs what asks, beside the test.
func asking(f func() (string, error)) chan outcome {
	done := make(chan outcome, 1)
	go func() {
		what, err := f()
		done <- outcome{what, err}
	}()
	return done
}

// sampling asks a client's model outside a handler.
func (c *client) sampling(ctx context.Context) chan outcome {
	s := c.session()
	return asking(func() (string, error) {
		r, err := s.Sample(ctx, fastmcp.SampleRequest{Prompt: "Capital?"})
		if err != nil {
			return "", err
		}
		return r.Text(), nil
	})
}

// result waits for what a question has come to.
func result(t testing.TB, done chan outcome) outcome {
	t.Helper()
	select {
	case a := <-done:
		return a
	case <-time.After(10 * time.Second):
		t.Fatal("the question has come to nothing in 10 s")
	}
	return outcome{}
}

// question is the next request of the server's.
func (s *stream) question(method string) message {
	s.t.Helper()
	m := s.message()
	if m.Method != method || m.ID == nil {
		s.t.Fatalf("%s was not asked: %+v", method, m)
	}
	return m
}

// cancelled is the next message, which puts a question away.
func (s *stream) cancelled(q message, reason string) {
	s.t.Helper()
	m := s.message()
	if m.Method != "notifications/cancelled" || !strings.Contains(string(m.Params), `"requestId":`+string(q.ID)) || !strings.Contains(string(m.Params), reason) {
		s.t.Errorf("%s is not cancelled: %s %s", q.ID, m.Method, m.Params)
	}
}

// outside serves an App with nothing in it.
func outside(t *testing.T, config fastmcp.Config) *server {
	t.Helper()
	app, l := newApp(t, config)
	return serve(t, app, l)
}

func TestSessionAsks(t *testing.T) {
	s := outside(t, fastmcp.Config{})
	for _, revision := range revisions {
		c := s.ready(revision)
		st, session := c.listen(""), c.session()
		sample := c.sampling(t.Context())
		q := st.question("sampling/createMessage")
		for _, part := range []string{`"text":"Capital?"`, `"maxTokens":1024`, `"_meta":{"progressToken":` + string(q.ID) + `}`} {
			if !strings.Contains(string(q.Params), part) {
				t.Errorf("%s: %s has no %s", revision, q.Params, part)
			}
		}
		c.reply(q.ID, `"result":`+obliging(q.Method, nil))
		if a := result(t, sample); a.err != nil || a.what != "Paris" {
			t.Errorf("%s: %+v", revision, a)
		}
		roots := asking(func() (string, error) { r, err := session.Roots(t.Context()); return fmt.Sprint(r), err })
		q = st.question("roots/list")
		c.reply(q.ID, `"result":`+obliging(q.Method, nil))
		if a := result(t, roots); a.err != nil || a.what != "[{file:///a A} {file:///b }]" {
			t.Errorf("%s: %+v", revision, a)
		}
		var p person
		form := asking(func() (string, error) {
			a, err := fastmcp.ElicitSession(t.Context(), session, "Who?", &p)
			return fmt.Sprint(a, p), err
		})
		if revision < "2025-06-18" {
			if a := result(t, form); !errors.Is(a.err, fastmcp.ErrUnsupported) {
				t.Errorf("%s: %+v", revision, a)
			}
			continue
		}
		q = st.question("elicitation/create")
		c.reply(q.ID, `"result":{"action":"accept","content":{"name":"Ann","age":5}}`)
		if a := result(t, form); a.err != nil || a.what != "accept {Ann 5}" {
			t.Errorf("%s: %+v", revision, a)
		}
	}
}

// TestSessionThatCannotBeAsked names each reason. Nothing is sent, and nobody waits.
func TestSessionThatCannotBeAsked(t *testing.T) {
	s := outside(t, fastmcp.Config{})
	poor := s.open("2025-11-25")
	poor.listen("")
	closed := s.ready("2025-11-25")
	early := s.openWith("2025-11-25", allCapabilities)
	early.listen("")
	over := s.ready("2025-11-25")
	gone := over.session()
	gone.End()
	old := s.ready("2025-06-18")
	old.listen("")
	ctx := t.Context()
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	tools := fastmcp.SampleRequest{Prompt: "x", Tools: []fastmcp.SampleTool{{Name: "t"}}}
	for name, c := range map[string]struct {
		ask  func() error
		is   error
		says string
	}{
		"no sampling": {func() error { _, err := poor.session().Sample(ctx, fastmcp.SampleRequest{Prompt: "x"}); return err }, fastmcp.ErrUnsupported, `{"sampling":{}}`},
		"no roots":    {func() error { _, err := poor.session().Roots(ctx); return err }, fastmcp.ErrUnsupported, `{"roots":{}}`},
		"no form":     {func() error { _, err := fastmcp.ElicitSession(ctx, poor.session(), "m", new(person)); return err }, fastmcp.ErrUnsupported, `{"elicitation":{"form":{}}}`},
		"no url": {func() error {
			_, err := poor.session().ElicitURL(ctx, fastmcp.URLRequest{URL: "https://x"})
			return err
		}, fastmcp.ErrUnsupported, `{"elicitation":{"url":{}}}`},
		"old url":      {func() error { _, err := old.session().ElicitURL(ctx, fastmcp.URLRequest{URL: "https://x"}); return err }, fastmcp.ErrUnsupported, "no addresses to open"},
		"old tools":    {func() error { _, err := old.session().Sample(ctx, tools); return err }, fastmcp.ErrUnsupported, "without tools"},
		"no stream":    {func() error { _, err := closed.session().Roots(ctx); return err }, fastmcp.ErrNoStream, "no open stream of its own (GET): roots/list"},
		"no ping":      {func() error { _, err := closed.session().Ping(ctx); return err }, fastmcp.ErrNoStream, "ping"},
		"too early":    {func() error { _, err := early.session().Roots(ctx); return err }, fastmcp.ErrUnsupported, "notifications/initialized"},
		"ended":        {func() error { _, err := gone.Roots(ctx); return err }, fastmcp.ErrSessionEnded, "has ended"},
		"ctx ended":    {func() error { _, err := old.session().Roots(cancelled); return err }, context.Canceled, ""},
		"no prompt":    {func() error { _, err := old.session().Sample(ctx, fastmcp.SampleRequest{}); return err }, nil, "set Prompt or Messages"},
		"no such form": {func() error { _, err := fastmcp.ElicitSession(ctx, old.session(), "m", new([]int)); return err }, nil, "use a struct"},
		"relative url": {func() error { _, err := closed.session().ElicitURL(ctx, fastmcp.URLRequest{URL: "/x"}); return err }, nil, "not an absolute URL"},
	} {
		if err := c.ask(); err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := early.session().Ping(cancelled); !errors.Is(err, context.Canceled) { // but it may be pinged
		t.Error(err)
	}
}

// TestSessionOfOneRequestCannotBeAsked asks where there is no session.
func TestSessionOfOneRequestCannotBeAsked(t *testing.T) {
	errs := make(chan error, 3)
	ask := func(c *fastmcp.Context) (any, error) {
		_, err := c.Session().Sample(c, fastmcp.SampleRequest{Prompt: "x"})
		errs <- err
		_, err = c.Session().Roots(c)
		errs <- err
		_, err = fastmcp.ElicitSession(c, c.Session(), "m", new(person))
		errs <- err
		return "", nil
	}
	check := func(what string) {
		t.Helper()
		for range 3 {
			if err := <-errs; !errors.Is(err, fastmcp.ErrUnsupported) || !strings.Contains(err.Error(), "it has no session") {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	doing(t, fastmcp.Config{}, ask).callStateless("t", `{}`)
	check("2026-07-28")
	doing(t, fastmcp.Config{Stateless: true}, ask).open("2025-11-25").call("t", `{}`)
	check("Config.Stateless")
}

func TestSessionAnswersThatDoNotFit(t *testing.T) {
	c := outside(t, fastmcp.Config{}).ready("2025-11-25")
	st, session := c.listen(""), c.session()
	asks := map[string]func() (string, error){
		"sampling/createMessage": func() (string, error) {
			_, err := session.Sample(t.Context(), fastmcp.SampleRequest{Prompt: "x"})
			return "", err
		},
		"roots/list": func() (string, error) { _, err := session.Roots(t.Context()); return "", err },
		"elicitation/create": func() (string, error) {
			_, err := fastmcp.ElicitSession(t.Context(), session, "m", new(person))
			return "", err
		},
	}
	for _, wrong := range []struct{ method, reply, says string }{
		{"sampling/createMessage", `"result":{"role":"assistant"}`, "no message of a model"},
		{"sampling/createMessage", `"error":7`, "cannot be read"},
		{"roots/list", `"result":{"roots":7}`, "no list of roots"},
		{"roots/list", `"result":{"roots":[{"name":"x"}]}`, "a root without a URI"},
		{"elicitation/create", `"result":{"action":"accept","content":{"name":"much too long"}}`, "at most 10 characters"},
		{"elicitation/create", `"result":{"action":"maybe"}`, "has no action"},
	} {
		done := asking(asks[wrong.method])
		q := st.question(wrong.method)
		c.reply(json.RawMessage(`"s-99"`), `"result":{}`) // nobody has asked that
		c.reply(q.ID, wrong.reply)
		e := (*fastmcp.Error)(nil)
		if a := result(t, done); !errors.As(a.err, &e) || !strings.Contains(e.Message, wrong.says) {
			t.Errorf("%s: %v", wrong.reply, a.err)
		}
	}
	done := asking(asks["roots/list"])
	c.reply(st.question("roots/list").ID, `"error":{"code":-32601,"message":"No roots"}`)
	p := (*protocol.Error)(nil)
	if a := result(t, done); !errors.As(a.err, &p) || p.Code != -32601 || p.Message != "No roots" {
		t.Errorf("%v", a.err)
	}
}

func TestSessionAskTimeout(t *testing.T) {
	c := outside(t, fastmcp.Config{AskTimeout: 30 * time.Millisecond}).ready("2025-11-25")
	st := c.listen("")
	done := c.sampling(t.Context())
	q := st.question("sampling/createMessage")
	st.cancelled(q, "no answer in time")
	if a := result(t, done); !errors.Is(a.err, fastmcp.ErrNoAnswer) || !strings.Contains(a.err.Error(), "within 30ms") {
		t.Error(a.err)
	}
	c.reply(q.ID, `"result":{}`) // nobody waits
}

// progressing tells of progress with a question until stop is closed.
func (c *client) progressing(q message, stop chan struct{}) (stopped chan struct{}) {
	stopped = make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				c.tell("notifications/progress", fmt.Sprintf(`"progressToken":%s,"progress":%d`, q.ID, n))
			}
		}
	}()
	return stopped
}

// TestAskProgress answers late, and says meanwhile that it is at work: outside a handler and inside.
func TestAskProgress(t *testing.T) {
	const patience = 500 * time.Millisecond
	handled := make(chan outcome, 1)
	s := doing(t, fastmcp.Config{AskTimeout: patience}, func(c *fastmcp.Context) (any, error) {
		r, err := c.Sample("s", fastmcp.SampleRequest{Prompt: "x"})
		if err != nil {
			handled <- outcome{"", err}
			return "", err
		}
		handled <- outcome{r.Text(), nil}
		return r.Text(), nil
	})
	c := s.ready("2025-11-25")
	own := c.listen("")
	for name, begin := range map[string]func() (*stream, chan outcome){
		"outside": func() (*stream, chan outcome) { return own, c.sampling(t.Context()) },
		"inside":  func() (*stream, chan outcome) { return c.begin("t", `{}`), handled },
	} {
		st, done := begin()
		q := st.question("sampling/createMessage")
		stop := make(chan struct{})
		stopped := c.progressing(q, stop)
		begun := time.Now()
		select {
		case a := <-done:
			t.Errorf("%s: given up after %s: %v", name, time.Since(begun), a.err)
			continue
		case <-time.After(2 * patience): // twice as long as without
		}
		c.reply(q.ID, `"result":`+obliging(q.Method, nil))
		if a := result(t, done); a.err != nil || a.what != "Paris" {
			t.Errorf("%s: %+v", name, a)
		}
		close(stop)
		<-stopped
	}
}

// TestAskLimit never answers, however much progress there is.
func TestAskLimit(t *testing.T) {
	handled := make(chan outcome, 1)
	s := doing(t, fastmcp.Config{AskTimeout: time.Hour, AskLimit: 150 * time.Millisecond}, func(c *fastmcp.Context) (any, error) {
		_, err := c.Roots()
		handled <- outcome{"", err}
		return "", err
	})
	c := s.ready("2025-11-25")
	own, session := c.listen(""), c.session()
	for name, begin := range map[string]func() (*stream, chan outcome){
		"outside": func() (*stream, chan outcome) {
			return own, asking(func() (string, error) { _, err := session.Roots(t.Context()); return "", err })
		},
		"inside": func() (*stream, chan outcome) { return c.begin("t", `{}`), handled },
	} {
		st, done := begin()
		q := st.question("roots/list")
		stop := make(chan struct{})
		stopped := c.progressing(q, stop)
		st.cancelled(q, "no answer in time")
		if a := result(t, done); !errors.Is(a.err, fastmcp.ErrNoAnswer) || !strings.Contains(a.err.Error(), "150ms, which is the longest") {
			t.Errorf("%s: %v", name, a.err)
		}
		close(stop)
		<-stopped
	}
}

func TestSessionAskEndsWithItsContext(t *testing.T) {
	c := outside(t, fastmcp.Config{}).ready("2025-11-25")
	st := c.listen("")
	ctx, cancel := context.WithCancel(t.Context())
	done := c.sampling(ctx)
	q := st.question("sampling/createMessage")
	cancel()
	st.cancelled(q, "nobody waits")
	if a := result(t, done); !errors.Is(a.err, context.Canceled) {
		t.Error(a.err)
	}
}

// TestSessionAskEndsWithItsSession ends the session while somebody waits, in each way.
func TestSessionAskEndsWithItsSession(t *testing.T) {
	s := outside(t, fastmcp.Config{})
	for name, end := range map[string]func(c *client){
		"DELETE": func(c *client) { c.do("DELETE", c.headers(), "") },
		"End":    func(c *client) { c.session().End() },
	} {
		c := s.ready("2025-11-25")
		st := c.listen("")
		done := c.sampling(t.Context())
		st.question("sampling/createMessage")
		end(c)
		if a := result(t, done); !errors.Is(a.err, fastmcp.ErrSessionEnded) {
			t.Errorf("%s: %v", name, a.err)
		}
		st.ended()
	}
}

// TestSessionAskEndsWithTheServer stops the server while somebody waits: it is not kept waiting.
func TestSessionAskEndsWithTheServer(t *testing.T) {
	s := outside(t, fastmcp.Config{})
	c := s.ready("2025-11-25")
	st := c.listen("")
	done := c.sampling(t.Context())
	st.question("sampling/createMessage")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.app.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if a := result(t, done); a.err == nil || !strings.Contains(a.err.Error(), "shutting down") && !errors.Is(a.err, fastmcp.ErrSessionEnded) {
		t.Error(a.err)
	}
}

// TestSessionAskBound asks more than SessionConfig.MaxCalls questions at a time, inside and outside.
func TestSessionAskBound(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{Sessions: fastmcp.SessionConfig{MaxCalls: 2}})
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) { _, err := c.Roots(); return "", err })})
	c := serve(t, app, l).ready("2025-11-25")
	st := c.listen("")
	one, two := c.sampling(t.Context()), c.sampling(t.Context())
	first, second := st.question("sampling/createMessage"), st.question("sampling/createMessage")
	if a := result(t, c.sampling(t.Context())); a.err == nil || !strings.Contains(a.err.Error(), "Too many questions") {
		t.Error(a.err)
	}
	if r := c.call("t", `{}`).message(t).tool(t); !r.IsError || !strings.Contains(r.text(), "Too many questions") {
		t.Errorf("%+v", r)
	}
	c.reply(first.ID, `"result":`+obliging(first.Method, nil))
	c.reply(second.ID, `"result":`+obliging(second.Method, nil))
	result(t, one)
	result(t, two)
	again := c.sampling(t.Context())
	c.reply(st.question("sampling/createMessage").ID, `"result":`+obliging(first.Method, nil))
	if a := result(t, again); a.err != nil {
		t.Error(a.err)
	}
}

// TestSessionAskSurvivesItsConnection loses the stream with the question on it, and takes it up again.
func TestSessionAskSurvivesItsConnection(t *testing.T) {
	c := outside(t, fastmcp.Config{}).ready("2025-11-25")
	st, session := c.listen(""), c.session()
	if err := session.Notify("notifications/x", nil); err != nil {
		t.Fatal(err)
	}
	last := st.message().event
	done := c.sampling(t.Context())
	st.question("sampling/createMessage")
	st.close()
	again := c.listen(last)
	q := again.question("sampling/createMessage")
	c.reply(q.ID, `"result":`+obliging(q.Method, nil))
	if a := result(t, done); a.err != nil || a.what != "Paris" {
		t.Errorf("%+v", a)
	}
}

// TestSessionAsksOverSSE: the stream is always there.
func TestSessionAsksOverSSE(t *testing.T) {
	s := outside(t, fastmcp.Config{})
	c := s.sse("/sse")
	c.ask(0, "initialize", `"protocolVersion":"2025-03-26","capabilities":`+allCapabilities+`,"clientInfo":{"name":"test","version":"1"}`)
	c.tell(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	session := s.app.Sessions()[0]
	done := asking(func() (string, error) {
		r, err := session.Sample(t.Context(), fastmcp.SampleRequest{Messages: []fastmcp.SampleMessage{{Content: []content.Block{content.Text("x")}}}})
		if err != nil {
			return "", err
		}
		return r.Text(), nil
	})
	q := c.message()
	c.tell(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%s}`, q.ID, obliging(q.Method, nil)))
	if a := result(t, done); a.err != nil || a.what != "Paris" {
		t.Errorf("%+v", a)
	}
	done = asking(func() (string, error) {
		_, err := session.Sample(t.Context(), fastmcp.SampleRequest{Prompt: "x"})
		return "", err
	})
	c.message()
	c.hangUp()
	if a := result(t, done); !errors.Is(a.err, fastmcp.ErrSessionEnded) {
		t.Error(a.err)
	}
}
