// Package ratelimit bounds how often a caller may call: New for everything of MCP, NewFiber for routes.
//
//	app.Use(ratelimit.New(ratelimit.Config{Rate: "100-M"})) // each caller, 100 requests a minute
//	app.AddTool(fastmcp.Tool{Name: "report", Use: []fastmcp.Handler{ratelimit.New(ratelimit.Config{Rate: "5-H"})}, ...})
//
// # What is counted
//
// Rates are written as github.com/ulule/limiter writes them: a number, a dash, and S, M, H or D. A caller's window is as
// long as the rate's period and begins with the first request that is counted in it, so each caller has windows of their
// own; when it is over, the next request begins another. In a window there are never more requests than the limit, on all
// nodes together. As with any fixed window, twice as many may come within one period: at the end of a window and at the
// beginning of the next.
//
// Where nodes share Config.Storage, they count in it: one atomic command for each request, and one more for each window,
// which tells the other nodes when it ends. The storage alone begins and ends windows, by its own clock. The clocks of nodes
// matter to X-RateLimit-Reset and Retry-After only. Storage that is not shared is not used: this process counts for itself.
//
// # When the storage is gone
//
// Requests are not refused, nor let through without count: each process goes on by itself, from what it knew last, with the
// same rates. So n nodes let through up to n times the limit until the storage answers again; it is asked again every second.
// The operator's log has one line for the beginning and one for the end, and App.Ready says that the store cannot be reached.
// A storage that forgets, as a Redis that starts anew or fails over to a replica that is behind, begins new windows.
//
// # What does not reach it
//
// MCP handlers see what is called. Requests that are refused before (no token, no session, an unknown tool, a guard) are
// not counted by New; app.Use(ratelimit.NewFiber(...)) counts every HTTP request.
package ratelimit
