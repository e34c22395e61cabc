// Package protocol is the wire of the Model Context Protocol: the JSON-RPC envelope, the revisions and what differs
// between them, errors, and the types that cross. It does no I/O.
package protocol
