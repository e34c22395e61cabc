// Package cache answers calls of read-only tools, and reads of resources, with what the same call came to a moment ago:
//
//	app.Use(cache.New(cache.Config{TTL: 30 * time.Second}))
//
// A result is kept in the App's store (fastmcp.Config.Storage), so that nodes with one store have one cache, under what it
// depends on: the tool or the URI, the arguments whatever their order and white space, the caller, and the revision of the
// protocol. Many that ask the same at the same time run it once on each node: the others wait for what it comes to.
//
// What is cached are tools whose annotations say ReadOnlyHint, tools that Config.Tools names, and all resources; Config.Next
// takes some out. Never kept are errors and results that say isError, and what is not all in its result: calls that send
// progress, notifications or parts of their result, that ask the client, that are tasks, or that have an idempotency key.
//
// A guard (CanAccess) is asked before, for each call. Links before the cache see every call, and find a fastmcp.Encoded in
// Context.Result; links behind it see only the calls that run. What looks at or replaces results belongs behind it, then
// what it made is kept; limits, logs and metrics belong before it.
//
// Clients of 2026-07-28 are told no more than what is left of a kept value (ttlMs), and a value is kept no longer than its
// resource says (fastmcp.CacheHint.TTL, when it says anything). Forget drops what has changed; call it before
// App.ResourceUpdated, so that who is told of the change reads it.
package cache
