// Package concurrency bounds how many requests run at once: of each caller, of a tool, or by any other key. Those beyond wait
// in a queue, first come, first served, for a while.
//
//	app.Use(concurrency.New(concurrency.Config{Max: 4}))   // of each caller
//	app.AddTool(fastmcp.Tool{Name: "render", Use: []fastmcp.Handler{
//		concurrency.New(concurrency.Config{Max: 2, Key: concurrency.ByTool}), // of the tool, for all callers
//	}, ...})
//
// It bounds one process: where several serve an App, each has Max. What must be bounded across all of them is work for
// package ratelimit, or for a queue. fastmcp.Tool.MaxConcurrent bounds a tool as well, for all callers together, and knows
// when a function has really ended; this package knows when the rest of the chain has.
package concurrency
