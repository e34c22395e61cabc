package fastmcp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Progress costs nothing when nobody asked for it, and its error says that it is time to stop.
func ExampleContext_Progress() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "bake", Description: "Bake a cake",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			for i, step := range []string{"mix", "heat", "wait"} {
				if err := c.Progress(float64(i+1), 3, step); err != nil {
					return "", err
				}
			}
			return "a cake", nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	d.watch("bake", `{}`)
	// Output:
	// progress 1 of 3 mix
	// progress 2 of 3 heat
	// progress 3 of 3 wait
	// a cake
}

// Parts of the result go out as soon as they are there. The result has all of them once more, so that a client that
// reads the result only misses nothing.
func ExampleContext_Stream() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "write", Description: "Write a poem",
		Handler: fastmcp.Do(func(c *fastmcp.Context, _ struct{}) error {
			return c.Stream(content.Text("roses are red"), content.Text("violets are blue"))
		}),
	})

	d := startDemo(app)
	defer d.stop()
	d.watch("write", `{}`)
	// Output:
	// progress 1 roses are red
	// progress 2 violets are blue
	// roses are red
	// violets are blue
}

// What ClientLog is told goes to the client, if that wants messages of the level; what Log is told stays with the
// operator. Nothing is told to both.
func ExampleContext_ClientLog() {
	app := fastmcp.New(fastmcp.Config{Log: demoLog()})
	app.AddTool(fastmcp.Tool{
		Name: "import", Description: "Import a file",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			c.ClientLog().Warn("skipped a row", "row", 17, slog.String("logger", "csv"))
			c.ClientLog().Debug("too detailed for this client")
			return "imported", nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	d.watch("import", `{}`)
	// Output:
	// log warning csv {"message":"skipped a row","row":17}
	// imported
}

func ExampleContext_Log() {
	app := fastmcp.New(fastmcp.Config{Log: demoLog()})
	app.AddTool(fastmcp.Tool{
		Name: "import", Description: "Import a file",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			c.Log().Info("row skipped", "row", 17)
			return "imported", nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	d.watch("import", `{}`)
	// Output:
	// level=INFO msg="row skipped" method=tools/call name=import row=17
	// imported
}

// A link of the chain leaves a value for those behind it.
func ExampleContext_Locals() {
	type languageKey struct{}
	app := fastmcp.New()
	app.Use(func(c *fastmcp.Context) error {
		c.Locals(languageKey{}, "pt")
		return c.Next()
	})
	app.AddTool(fastmcp.Tool{
		Name: "hello",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			if c.Locals(languageKey{}) == "pt" {
				return "olá", nil
			}
			return "hello", nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("hello", `{}`))
	// Output: olá
}

// Code that is handed a context.Context finds the request that it works for, however often the context was derived.
func ExampleFrom() {
	lookup := func(ctx context.Context) string {
		c, ok := fastmcp.From(ctx)
		if !ok {
			return "nobody asks"
		}
		return "asked by " + c.Name()
	}
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "search",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			ctx, cancel := context.WithTimeout(c, time.Second)
			defer cancel()
			return lookup(ctx), nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("search", `{}`))
	fmt.Println(lookup(context.Background()))
	// Output:
	// asked by search
	// nobody asks
}

// After Next the result of the rest of the chain is there to be looked at, or replaced.
func ExampleContext_SetResult() {
	app := fastmcp.New()
	app.Use(func(c *fastmcp.Context) error {
		if err := c.Next(); err != nil || c.Name() != "secret" {
			return err
		}
		c.SetResult(fmt.Sprintf("%.3s...", c.Result()))
		return nil
	})
	app.AddTool(fastmcp.Tool{
		Name:    "secret",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "rosebud", nil }),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("secret", `{}`))
	// Output: ros...
}

// One function serves every revision of the protocol. What a client speaks, and who it says it is, is there to be asked.
func ExampleContext_Revision() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "hello",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			return fmt.Sprintf("%s %q has a session: %v", c.Revision(), c.Client().Name, c.Session().ID() != ""), nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	for _, revision := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"} {
		fmt.Println(d.session(revision).call("hello", `{}`))
	}
	fmt.Println(d.call("hello", `{}`))
	// Output:
	// 2024-11-05 "demo" has a session: true
	// 2025-03-26 "demo" has a session: true
	// 2025-06-18 "demo" has a session: true
	// 2025-11-25 "demo" has a session: true
	// 2026-07-28 "" has a session: false
}

// A call that takes long does not have to hold its connection: its client is told when to come back, and finds there
// what it has missed. Clients without a session cannot come back.
func ExampleContext_Suspend() {
	app := fastmcp.New()
	back := make(chan bool)
	app.AddTool(fastmcp.Tool{
		Name: "mill", Description: "Mill the flour",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			if err := c.Suspend(10 * time.Millisecond); err != nil {
				return "milled on the spot", nil
			}
			<-back
			return "milled meanwhile", nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	s := d.session("2025-11-25")
	answer := s.send("mill", `{}`)
	fmt.Println(answer[0].summary()) // its id is where to go on from
	close(back)
	for _, m := range s.resume(answer[0].event) {
		fmt.Println(m.summary())
	}
	fmt.Println(d.call("mill", `{}`))
	// Output:
	// (an event without a message)
	// milled meanwhile
	// milled on the spot
}

// What is around a call: here something that is said of every method, and something that a tool may not be called for.
func ExampleApp_Use() {
	app := fastmcp.New()
	app.Use(func(c *fastmcp.Context) error {
		fmt.Printf("before %s %q\n", c.Method(), c.Name())
		err := c.Next()
		fmt.Println("after", c.Result() != nil)
		return err
	})
	app.Use(func(c *fastmcp.Context) error {
		if c.Name() == "forbidden" {
			return fastmcp.Errorf("not today")
		}
		return c.Next()
	})
	hello := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "hello", nil })
	app.AddTool(fastmcp.Tool{Name: "hello", Handler: hello})
	app.AddTool(fastmcp.Tool{Name: "forbidden", Handler: hello})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("hello", `{}`))
	fmt.Println(d.call("forbidden", `{}`))
	fmt.Println(d.names())
	// Output:
	// before tools/call "hello"
	// after true
	// hello
	// before tools/call "forbidden"
	// after false
	// error: not today
	// before tools/list ""
	// after true
	// [hello forbidden]
}

// A group has a prefix, links of the chain, and a guard of its own; a tool has, too. They run from the outside in.
func ExampleApp_Group() {
	say := func(what string) fastmcp.Handler {
		return func(c *fastmcp.Context) error {
			if c.Method() == protocol.MethodToolsCall {
				fmt.Println(what)
			}
			return c.Next()
		}
	}
	app := fastmcp.New()
	app.Use(say("app"))
	admin := app.Group("admin_", say("admin"))
	admin.Tags = []string{"dangerous"}
	users := admin.Group("users_")
	users.AddTool(fastmcp.Tool{
		Name: "drop", Use: []fastmcp.Handler{say("tool")},
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "dropped", nil }),
	})
	users.Use(say("users")) // it holds for what was added before, too

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.names(), string(d.tools()[0].Meta))
	fmt.Println(d.call("admin_users_drop", `{}`))
	// Output:
	// [admin_users_drop] {"io.github.fastmcp-go/tags":["dangerous"]}
	// app
	// admin
	// users
	// tool
	// dropped
}

// A JSON-RPC error that a function returns is answered as it is.
func ExampleContext_Next() {
	app := fastmcp.New()
	app.Use(func(c *fastmcp.Context) error {
		err := c.Next()
		if e := (*fastmcp.Error)(nil); errors.As(err, &e) && e.Message == "no such order" {
			return protocol.Errorf(protocol.CodeInvalidParams, "Invalid params: %s", e.Message)
		}
		return err
	})
	app.AddTool(fastmcp.Tool{
		Name: "order", Handler: fastmcp.Do(func(*fastmcp.Context, struct{}) error { return fastmcp.Errorf("no such order") }),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("order", `{}`))
	// Output: 200: Invalid params: no such order
}
