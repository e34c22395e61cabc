package fastmcp_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// Requests of one session leave values for each other. Update makes a value of the one before, so that of two requests
// at once neither is lost. A client of 2026-07-28 has no session to keep anything in.
func ExampleSession_Update() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "next", Description: "The next number",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			var n int
			err := c.Session().Update(c, "number", func(old []byte) ([]byte, error) {
				n, _ = strconv.Atoi(string(old)) // nil at first, which is 0
				n++
				return strconv.AppendInt(nil, int64(n), 10), nil
			})
			if errors.Is(err, fastmcp.ErrNoSession) {
				return "", fastmcp.Errorf("counting needs a session")
			}
			return strconv.Itoa(n), err
		}),
	})

	d := startDemo(app)
	defer d.stop()
	s := d.session("2025-06-18")
	fmt.Println(s.call("next", `{}`), s.call("next", `{}`), s.call("next", `{}`))
	fmt.Println(d.session("2025-06-18").call("next", `{}`))
	fmt.Println(d.call("next", `{}`))
	// Output:
	// 1 2 3
	// 1
	// error: counting needs a session
}

func ExampleSession_Get() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "unit", Description: "Switch between km and miles",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			unit, _, err := c.Session().Get(c, "unit")
			if err != nil {
				return "", err
			}
			next := "km"
			if string(unit) == "km" {
				next = "miles"
			}
			return next, c.Session().Set(c, "unit", []byte(next))
		}),
	})

	d := startDemo(app)
	defer d.stop()
	s := d.session("2025-11-25")
	fmt.Println(s.call("unit", `{}`), s.call("unit", `{}`), s.call("unit", `{}`))
	// Output: km miles km
}

// The App's store holds what all requests share, with a time to live. It is in memory, or in Config.Storage.
func ExampleContext_Store() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "visit",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			n, err := c.Store().Atomic.Add(c, "visits", 1, time.Hour)
			return fmt.Sprint("visitor ", n), err
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("visit", `{}`), d.session("2025-11-25").call("visit", `{}`))
	// Output: visitor 1 visitor 2
}

// A notification goes to every session. Who has no stream open finds it there later.
func ExampleApp_Broadcast() {
	app := fastmcp.New()
	d := startDemo(app)
	defer d.stop()
	a, b := d.session("2025-11-25"), d.session("2024-11-05")

	if err := app.Broadcast("notifications/example/tea", map[string]any{"minutes": 5}); err != nil {
		panic(err)
	}
	fmt.Println(a.news(1)[0].summary())
	fmt.Println(b.news(1)[0].summary())
	// Output:
	// notifications/example/tea {"minutes":5}
	// notifications/example/tea {"minutes":5}
}

// A notification to one session, at any time, on that session's own stream.
func ExampleSession_Notify() {
	app := fastmcp.New()
	d := startDemo(app)
	defer d.stop()
	s := d.session("2025-11-25")

	if err := app.Session(s.id).Notify("notifications/example/tea", nil); err != nil {
		panic(err)
	}
	fmt.Println(s.news(1)[0].summary())
	// Output: notifications/example/tea
}

// A notification that belongs to a call goes out on its answer.
func ExampleContext_Notify() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "brew",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			return "tea", c.Notify("notifications/example/kettle", map[string]any{"boils": true})
		}),
	})

	d := startDemo(app)
	defer d.stop()
	d.watch("brew", `{}`)
	// Output:
	// notifications/example/kettle {"boils":true}
	// tea
}

func ExampleApp_Sessions() {
	app := fastmcp.New(fastmcp.Config{Sessions: fastmcp.SessionConfig{TTL: 10 * time.Minute, MaxPerIP: 50}})
	d := startDemo(app)
	defer d.stop()
	d.session("2025-11-25")
	d.session("2025-03-26")

	fmt.Println(len(app.Sessions()))
	for _, s := range app.Sessions() {
		if s.Revision().String() < "2025-06-18" {
			s.End()
		}
	}
	fmt.Println(len(app.Sessions()), app.Sessions()[0].Client().Name)
	// Output:
	// 2
	// 1 demo
}

// Events tell of sessions that come and go, and of every call of a tool.
func ExampleEvents() {
	var wg sync.WaitGroup
	wg.Add(1)
	app := fastmcp.New(fastmcp.Config{On: fastmcp.Events{
		Connect:    func(s *fastmcp.Session) { fmt.Println("connected", s.Client().Name, s.Revision()) },
		Disconnect: func(s *fastmcp.Session) { fmt.Println("disconnected"); wg.Done() },
		ToolCall: func(e fastmcp.ToolCallEvent) {
			fmt.Println(e.Tool, e.Outcome, e.Err, e.Duration < time.Minute)
		},
	}})
	app.AddTool(fastmcp.Tool{
		Name:    "hello",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "hello", nil }),
	})
	app.AddTool(fastmcp.Tool{
		Name:    "fail",
		Handler: fastmcp.Do(func(*fastmcp.Context, struct{}) error { return errors.New("no more coffee") }),
	})

	d := startDemo(app)
	defer d.stop()
	s := d.session("2025-11-25")
	s.call("hello", `{}`)
	s.call("fail", `{}`)
	app.Session(s.id).End()
	wg.Wait()
	// Output:
	// connected demo 2025-11-25
	// hello succeeded <nil> true
	// fail failed no more coffee true
	// disconnected
}

// A Context is a context.Context: what is given it stops when the client cancels.
func ExampleContext_Done() {
	app := fastmcp.New()
	started, stopped := make(chan bool), make(chan error)
	app.AddTool(fastmcp.Tool{
		Name: "wait",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			started <- true
			<-c.Done()
			stopped <- context.Cause(c)
			return "", c.Err()
		}),
	})

	d := startDemo(app)
	defer d.stop()
	s := d.session("2025-11-25")
	go s.call("wait", `{}`)
	<-started
	s.do(s.request("POST", s.header(nil), `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`))
	fmt.Println(<-stopped)
	// Output: context canceled
}
