// Package sse is MCP's HTTP+SSE transport of 2024-11-05, for clients that know no other: a GET opens an event stream, whose
// first event names the address that messages are posted to, and everything that the server has to say comes on it. A
// connection lives as long as its GET, and its session with it: nothing can be taken up again, no event has an id, and no
// header names a session. It shares its door with Streamable HTTP: who may ask, who that is, and how many streams there are.
package sse
