// Package stdio is MCP's stdio transport for every revision: one JSON-RPC message a line, in and out, between a server and
// the client that has started it (MCP, transports, stdio). It finds out which era a message belongs to, runs requests side
// by side on an engine, and ends when its input does. It knows no App and opens nothing: it is given a reader and a writer.
package stdio
