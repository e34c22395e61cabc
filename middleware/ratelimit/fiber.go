//go:build !js

package ratelimit

import (
	"log/slog"
	"strconv"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/internal/caller"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/gofiber/fiber/v2"
)

// FiberConfig is what NewFiber limits. What its zero value means stands beside each field.
type FiberConfig struct {
	// App is whose storage is counted in, if it is shared. It is required.
	App *fastmcp.App
	// Handler is the route's own, which runs for what is within the limit. Default: the next in Fiber's chain, as for app.Use.
	Handler fiber.Handler
	// Next lets a request through without counting it, when it returns true. Default: none.
	Next func(*fiber.Ctx) bool
	// Rate and Rates are those of Config. Default: "100-M".
	Rate  string
	Rates []string
	// Key tells whose request it is; see Config.Key. Default: the principal, where the route knows one, else the address, as
	// ByIP.
	Key func(*fiber.Ctx) string
	// Weight is what a request counts; below 1 it is nothing, above the smallest limit it is that limit. Default: 1.
	Weight func(*fiber.Ctx) int
	// Name is that of Config: on a storage that nodes share, what has the same Name, rate and Key is counted together, with
	// what New limits as well. Default: each path that has a Handler is apart, and so are limits with different Rates.
	Name string
	// LimitReached answers a request that is over the limit. Default: 429 with Retry-After, in the format of all errors.
	LimitReached func(*fiber.Ctx, Limit) error
	// NoHeaders leaves out X-RateLimit-Limit, -Remaining and -Reset. Default: they are set.
	NoHeaders bool
	// MaxKeys and StoreTimeout are those of Config.
	MaxKeys      int
	StoreTimeout time.Duration
	// Log is told when the storage cannot count. Default: slog.Default().
	Log *slog.Logger
}

// FiberConfigDefault is what NewFiber uses where a FiberConfig says nothing.
var FiberConfigDefault = FiberConfig{Rate: ConfigDefault.Rate, MaxKeys: ConfigDefault.MaxKeys, StoreTimeout: ConfigDefault.StoreTimeout}

// NewFiber makes a handler of Fiber's that lets through what is within the limit, and answers what is over it with 429,
// Retry-After and an error in the format of all errors. app.Use puts it in front of everything that is asked over HTTP, MCP
// as well, before anybody knows who calls. For one route, whose caller is known, it has the route's own Handler:
//
//	app.AddRoute(fiber.MethodPost, "/orders", ratelimit.NewFiber(ratelimit.FiberConfig{App: app, Rate: "10-M", Handler: order}))
//
// The headers are those of New. A mistake in the config panics, with the cure.
func NewFiber(config FiberConfig) fiber.Handler {
	c := config
	if c.App == nil {
		panic("ratelimit: NewFiber needs FiberConfig.App: the App whose storage is counted in")
	}
	d := withDefaults([]Config{{MaxKeys: c.MaxKeys, StoreTimeout: c.StoreTimeout}})
	if c.Key == nil {
		c.Key = func(ctx *fiber.Ctx) string { return caller.Known(fastmcp.PrincipalOf(ctx), c.App.RemoteIP(ctx)) }
	}
	where := func(ctx *fiber.Ctx) string { return ctx.Route().Path } // as it was registered
	if c.Handler == nil {
		where = func(*fiber.Ctx) string { return "" }
		c.Handler = func(ctx *fiber.Ctx) error { return ctx.Next() }
	}
	rates := parseRates(c.Rate, c.Rates, FiberConfigDefault.Rate)
	l, most := newLimits(rates, c.Name, apart(rates, nil), d.MaxKeys, d.StoreTimeout), smallest(rates)
	return func(ctx *fiber.Ctx) error {
		n := int64(1)
		if c.Weight != nil {
			n = min(int64(c.Weight(ctx)), most)
		}
		if n < 1 || c.Next != nil && c.Next(ctx) {
			return c.Handler(ctx)
		}
		limit, r, fits := l.take(asked{
			of: c.App.Store(), kind: "route", name: where(ctx), key: c.Key(ctx), n: n, log: told{c.Log},
		})
		if !c.NoHeaders {
			r.headers(&limit, ctx.Set)
		}
		switch {
		case fits:
			return c.Handler(ctx)
		case c.LimitReached != nil:
			return c.LimitReached(ctx, limit)
		}
		return refuse(ctx, limit, r)
	}
}

// told is the log of a FiberConfig.
type told struct{ log *slog.Logger }

// Log is it, or the default of the moment.
func (t told) Log() *slog.Logger {
	if t.log != nil {
		return t.log
	}
	return slog.Default()
}

// refuse answers in the format of all errors of routes.
func refuse(c *fiber.Ctx, l Limit, r *rate) error {
	n := wholeSeconds(l.RetryAfter)
	c.Set(fiber.HeaderRetryAfter, strconv.FormatInt(n, 10))
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	e := &protocol.Error{Code: protocol.CodeServer, Message: l.message(r), Data: map[string]int64{"retryAfter": n}}
	return c.Status(fiber.StatusTooManyRequests).Send(protocol.AppendError(nil, nil, e))
}
