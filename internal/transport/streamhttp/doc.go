// Package streamhttp is MCP's Streamable HTTP transport for every revision on one path: it finds out which era a request
// belongs to, checks what must be checked before a byte is answered, gives the rest to an engine, and makes the answer
// one JSON body or an event stream. It names no HTTP library: a host makes each request an Exchange.
package streamhttp
