package fastmcp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"
	"sync"

	"github.com/fastmcp-go/fastmcp"
)

// A client's roots are asked for as soon as it can be asked, and whenever they have changed. A client of 2026-07-28 is
// asked by a handler, with Context.Roots.
func ExampleSession_Roots() {
	var roots sync.Map // by session
	told := make(chan string)
	learn := func(s *fastmcp.Session) {
		all, err := s.Roots(context.Background())
		switch {
		case errors.Is(err, fastmcp.ErrUnsupported):
			return // it has none
		case err != nil:
			told <- err.Error()
			return
		}
		roots.Store(s.ID(), all)
		told <- fmt.Sprint(len(all), " root: ", all[0].URI)
	}
	app := fastmcp.New(fastmcp.Config{On: fastmcp.Events{
		Reachable: learn, RootsChanged: learn,
		Disconnect: func(s *fastmcp.Session) { roots.Delete(s.ID()) },
	}})

	d := startDemo(app)
	defer d.stop()
	s := d.answering(`{"roots":{"listChanged":true}}`, map[string]string{"roots/list": `{"roots":[{"uri":"file:///home/sue"}]}`})
	fmt.Println(<-told)
	s.note("notifications/roots/list_changed")
	fmt.Println(<-told)
	// Output:
	// 1 root: file:///home/sue
	// 1 root: file:///home/sue
}

// The server begins: something has happened, and the client's model is to say something about it.
func ExampleSession_Sample() {
	reachable := make(chan *fastmcp.Session, 1)
	app := fastmcp.New(fastmcp.Config{On: fastmcp.Events{Reachable: func(s *fastmcp.Session) { reachable <- s }}})

	d := startDemo(app)
	defer d.stop()
	d.answering(`{"sampling":{}}`, map[string]string{
		"sampling/createMessage": `{"role":"assistant","model":"m","content":{"type":"text","text":"The disk is nearly full."}}`,
		"ping":                   `{}`,
	})
	s := <-reachable
	r, err := s.Sample(context.Background(), fastmcp.SampleRequest{Prompt: "Say in one sentence what this means: disk 97%", MaxTokens: 60})
	fmt.Println(r.Text(), err)
	_, err = s.Ping(context.Background())
	fmt.Println("ping:", err)
	_, err = s.Roots(context.Background())
	fmt.Println(errors.Is(err, fastmcp.ErrUnsupported))
	// Output:
	// The disk is nearly full. <nil>
	// ping: <nil>
	// true
}

func ExampleElicitSession() {
	reachable := make(chan *fastmcp.Session, 1)
	app := fastmcp.New(fastmcp.Config{On: fastmcp.Events{Reachable: func(s *fastmcp.Session) { reachable <- s }}})

	d := startDemo(app)
	defer d.stop()
	d.answering(`{"elicitation":{}}`, map[string]string{"elicitation/create": `{"action":"accept","content":{"sure":true}}`})
	var form confirm
	action, err := fastmcp.ElicitSession(context.Background(), <-reachable, "The build has failed. Try again?", &form)
	fmt.Println(action, form.Sure, err)
	// Output: accept true <nil>
}

// A tool that needs its user's consent elsewhere. What a client is told depends on its revision: here it is one of
// 2025-11-25, which gets error -32042, and calls again when it hears that the user is done.
func ExampleRequireURL() {
	var consented sync.Map // by session, here; by principal in a server that knows its callers
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "mail", Description: "Read the user's mail",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			if _, ok := consented.Load(c.Session().ID()); !ok {
				return "", fastmcp.RequireURL(c, "consent", fastmcp.URLRequest{ID: "consent-1", Message: "Let us read your mail", URL: "https://mail.example/consent"})
			}
			return "no new mail", nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	client := d.answering(`{"elicitation":{"url":{}}}`, nil)
	fmt.Println(client.call("mail", `{}`))

	// Later, where the user has consented:
	s := app.Session(client.id)
	consented.Store(s.ID(), true)
	fmt.Println(s.ElicitationComplete("consent-1"))
	fmt.Println(client.call("mail", `{}`))
	// Output:
	// 200: The user has to open an address first
	// <nil>
	// no new mail
}

// answering initializes a session of 2025-11-25 whose client answers what it is asked.
func (d *demo) answering(capabilities string, answers map[string]string) *demoSession {
	s := &demoSession{demo: d, revision: "2025-11-25"}
	res, err := d.client.Do(d.request(http.MethodPost, nil, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":`+
		capabilities+`,"clientInfo":{"name":"demo","version":"1"}}}`))
	if err != nil {
		log.Panic(err)
	}
	_ = res.Body.Close()
	s.id = res.Header.Get("Mcp-Session-Id")
	s.note("notifications/initialized")
	res, err = d.client.Do(d.request(http.MethodGet, s.header(map[string]string{"Accept": "text/event-stream"}), ""))
	if err != nil {
		log.Panic(err)
	}
	go func() { // until the server ends the stream
		defer func() { _ = res.Body.Close() }()
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				continue
			}
			var q struct{ ID, Method string }
			if decode(data, &q); q.ID != "" {
				s.do(s.request(http.MethodPost, s.header(nil), fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,"result":%s}`, q.ID, answers[q.Method])))
			}
		}
	}()
	return s
}

// note sends a notification.
func (s *demoSession) note(method string) {
	s.do(s.request(http.MethodPost, s.header(nil), fmt.Sprintf(`{"jsonrpc":"2.0","method":%q}`, method)))
}
