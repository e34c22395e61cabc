package ratelimit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// New makes a link of the chain that lets through what is within the limit. What is over it does not go further: for
// app.Use, resources and prompts the answer is fastmcp.TooMany, over HTTP a 429 with Retry-After and a JSON-RPC body. In the
// Use of a tool or a group it is a result that says isError, for the model to read: what the limit is, and when to try
// again. Answers, those that pass as well, have X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset, in seconds
// since 1970, of the rate that has the least left; where a request passes several limits, of the last.
//
// Each round of a call that asks its client counts. A mistake in the Config panics, with the cure.
func New(config ...Config) fastmcp.Handler {
	c := withDefaults(config)
	rates := parseRates(c.Rate, c.Rates, ConfigDefault.Rate)
	checkWeights(c.Weights, smallest(rates))
	checkMethods(c.Methods)
	l := newLimits(rates, c.Name, apart(rates, c.Methods), c.MaxKeys, c.StoreTimeout)
	return func(ctx *fastmcp.Context) error {
		n := c.weight(ctx)
		if n == 0 || c.Next != nil && c.Next(ctx) {
			return ctx.Next()
		}
		kind, name := ctx.Place()
		limit, r, fits := l.take(asked{of: ctx.Store(), kind: kind, name: name, key: c.Key(ctx), n: n, log: ctx})
		if !c.NoHeaders {
			r.headers(&limit, ctx.SetHeader)
		}
		switch {
		case fits:
			return ctx.Next()
		case c.LimitReached != nil:
			return c.LimitReached(ctx, limit)
		case kind == auth.KindTool || kind == fastmcp.KindGroup && ctx.Method() == methodCall:
			return fastmcp.Errorf("%s", limit.message(r)).With("retryAfter", wholeSeconds(limit.RetryAfter))
		}
		return fastmcp.TooMany(limit.RetryAfter, "%s", limit.message(r))
	}
}

const methodCall = "tools/call"

func withDefaults(config []Config) Config {
	var c Config
	if len(config) > 0 {
		c = config[0]
	}
	if c.Key == nil {
		c.Key = ConfigDefault.Key
	}
	if c.MaxKeys < 1 {
		c.MaxKeys = ConfigDefault.MaxKeys
	}
	if c.StoreTimeout < 1 {
		c.StoreTimeout = ConfigDefault.StoreTimeout
	}
	return c
}

// weight is what a request counts.
func (c *Config) weight(ctx *fastmcp.Context) int64 {
	method := ctx.Method()
	if len(c.Methods) > 0 {
		if !slices.Contains(c.Methods, method) {
			return 0
		}
	} else if method == "ping" || method == "tasks/cancel" {
		return 0
	}
	if len(c.Weights) > 0 && method == methodCall {
		if n, heavy := c.Weights[ctx.Name()]; heavy {
			return int64(n)
		}
	}
	return 1
}

func checkWeights(weights map[string]int, limit int64) {
	for name, n := range weights {
		switch {
		case !toolName(name):
			panic(fmt.Sprintf("ratelimit: Weights has %q, which can be no tool's name: write it as it is in lists, with the prefixes of its groups", name))
		case n < 0:
			panic(fmt.Sprintf("ratelimit: the weight of %q is %d: it must be 0, for a call that does not count, or more", name, n))
		case int64(n) > limit:
			panic(fmt.Sprintf("ratelimit: the weight of %q is %d, which the limit of %d never has room for: raise the rate, or lower the weight", name, n, limit))
		}
	}
}

// toolName tells whether a tool can be called so.
func toolName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./"
	return name != "" && len(name) <= 128 && strings.Trim(name, letters) == ""
}

func checkMethods(methods []string) {
	if slices.Contains(methods, "") {
		panic(`ratelimit: Methods has "": name a method, as "tools/call", or leave Methods out for all`)
	}
}
