// Package redis keeps a store in Redis, so that any node of an app serves any request. It has all parts of a
// [store.Backend]: values, atomic steps, event logs, messages between nodes and indexes, and stands on
// github.com/gofiber/storage/redis/v3 and the go-redis client under it.
//
//	app := fastmcp.New(fastmcp.Config{
//		Name:    "calculator",
//		Storage: redis.New(redis.Config{URL: "redis://user:password@redis.internal:6379/0"}),
//	})
//
// # Server
//
// Redis 6.2 or newer, or a server that does the same: on its own, as a master that Sentinel watches, or as a cluster.
// Open, which an App calls at start, tells what is wrong: an address that does not answer, a wrong password, a server
// that is too old or read-only, a command that the user may not run. New never fails and never connects.
//
// A user of Redis's access control lists needs the keys and channels under the prefix and these commands:
//
//	ACL SETUSER mcp on >password ~fastmcp:* &fastmcp:* +@connection +@read +@write +@pubsub +@scripting +time +cluster|slots -@dangerous -@admin
//
// Its maxmemory-policy should be noeviction: what is full then says so, with store.ErrFull, and nothing is forgotten before
// its time. What is written is as safe as the server makes it: a master that dies before its replicas have a write takes
// that with it.
//
// Nothing that is sent empties or looks at a database as a whole, but for Reset, which scans for keys under the prefix.
//
// # Keys
//
// All keys begin with the prefix ("fastmcp:"), followed by what they hold: "k:" values, "l:" logs (streams), "i:" and "e:"
// the members of indexes and when they end (sorted sets). Then comes the name, with the part of it in braces that a
// cluster chooses the slot by: all scopes and what follows up to the name's second ":", the whole name when there are
// fewer. The names "@calc:s:7f3a:record" and "@calc:s:7f3a:events" become
//
//	fastmcp:k:{@calc:s:7f3a}:record
//	fastmcp:l:{@calc:s:7f3a}:events
//
// so that what belongs to one session lies in one slot, and sessions are spread over all nodes.
//
// All channels, "fastmcp:{bus}:" and the name, are in one slot, so that each process listens over one connection. On a
// cluster Publish counts those that are connected to the same node of it as the publisher; while that slot moves or its
// node fails over the count may be too low, even 0, although the message arrives.
//
// # Trouble
//
// Every call ends within Config.Timeout and, when the server cannot be reached or is in no state to answer, fails with
// store.ErrUnavailable. What can be repeated without harm is, within that time: reads, Set, Touch, Delete, the index, and
// Append, whose entries carry a mark by which the server knows them again. Take, SetNX, CAS, Add and Publish are sent once:
// after an error they may have been done or not.
//
// A call that waits for an answer ends with the deadline of its context; a context that is cancelled is seen before a
// call, between attempts and while it waits for a connection, not while it waits for an answer.
package redis
