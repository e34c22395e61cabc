package concurrency

import (
	"fmt"
	"slices"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// retryAfter is what those are told who are turned down: nobody knows when a place will be free.
const retryAfter = time.Second

// New makes a link of the chain that lets Max requests run at once, and others wait for their turn. Who finds the queue
// full, or waits for longer than Wait, is turned down: for app.Use, resources and prompts by fastmcp.TooMany, over HTTP a
// 429 with Retry-After and a JSON-RPC body; in the Use of a tool or a group by a result that says isError, for the model to
// read. A request whose client cancels it, or goes away where that cancels it (2026-07-28), leaves the queue.
//
// Each place where it is used has its own Max. A place is kept until the rest of the chain has returned, however it does; a
// call that becomes a task keeps it until the task is over. A mistake in the Config panics, with the cure.
func New(config ...Config) fastmcp.Handler {
	c := withDefaults(config)
	q := &queues{max: c.Max, most: c.MaxWaiting, wait: c.Wait, byKey: make(map[place]*queue)}
	return func(ctx *fastmcp.Context) error {
		if !slices.Contains(c.Methods, ctx.Method()) || c.Next != nil && c.Next(ctx) {
			return ctx.Next()
		}
		p := place{of: ctx.Store(), key: c.Key(ctx)}
		p.kind, p.name = ctx.Place()
		in, err := q.enter(ctx, p)
		switch {
		case in:
			defer q.leave(p)
			return ctx.Next()
		case err != nil:
			return err
		case c.LimitReached != nil:
			return c.LimitReached(ctx)
		}
		text := fmt.Sprintf("Busy: %d requests at once are allowed. Try again in a moment.", c.Max)
		if p.kind == auth.KindTool || p.kind == fastmcp.KindGroup && ctx.Method() == "tools/call" {
			return fastmcp.Errorf("%s", text).With("retryAfter", int64(retryAfter/time.Second))
		}
		return fastmcp.TooMany(retryAfter, "%s", text)
	}
}

func withDefaults(config []Config) Config {
	var c Config
	if len(config) > 0 {
		c = config[0]
	}
	switch {
	case c.Max < 0:
		panic(fmt.Sprintf("concurrency: Max is %d: it must be 1 or more; to have no bound leave concurrency out", c.Max))
	case c.Wait < 0:
		panic(fmt.Sprintf("concurrency: Wait is %s: set MaxWaiting to -1 where none are to wait", c.Wait))
	case slices.Contains(c.Methods, ""):
		panic(`concurrency: Methods has "": name a method, as "tools/call", or leave Methods out for those that run the App's functions`)
	}
	d := ConfigDefault
	if c.Max == 0 {
		c.Max = d.Max
	}
	if c.MaxWaiting == 0 {
		c.MaxWaiting = 4 * c.Max
	}
	if c.Wait == 0 {
		c.Wait = d.Wait
	}
	if c.Key == nil {
		c.Key = d.Key
	}
	if len(c.Methods) == 0 {
		c.Methods = d.Methods
	}
	return c
}
