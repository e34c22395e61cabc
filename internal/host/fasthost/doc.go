// Package fasthost lets fasthttp, and so Fiber v2, carry Streamable HTTP: it makes a request an Exchange. A stream is
// written to the connection from within the handler, without a goroutine of its own; fasthttp itself streams only after
// its handler has returned.
//
// What fasthttp would answer besides must then not reach the client, and the connection has to go on. There are two
// ways, and NewListener decides which one a connection takes:
//
//   - On a connection of NewListener, what the server writes after a stream is dropped between its buffer and the
//     socket, byte for byte. The server notices nothing: pipelined requests, counters, idle timeouts and Shutdown work
//     as ever, and no goroutine starts.
//   - On any other connection (an App mounted in somebody else's server) the first stream hijacks the connection, makes
//     it one of the first kind, and gives it back to the server with ServeConn. That happens once a connection.
//
// A Lane answers plain requests on connections of NewListener before fasthttp has seen them: that saves a quarter of what the
// call of a small tool costs.
//
// What the server must be like:
//
//   - ReadTimeout or IdleTimeout is set. The server's deadlines tell whether it still holds an answer that a stream would
//     overtake; without them, and on a connection that is not of NewListener and has not streamed yet, a stream that a
//     client pipelines behind a plain request may be written before that request's answer.
//   - MaxConnsPerIP is 0: it hides the connections, and nothing can be streamed; Limits are for that. HeaderReceived is
//     nil, or Screen, or sets no ReadTimeout, or requests after the first on a connection may not be streamed.
//   - KeepHijackedConns need not be set. Without it a parked stream, or one given back, on a connection that is not of
//     NewListener holds the context and the buffers of its request and one more goroutine, some 10 KB, until it ends.
//   - TimeoutHandler, or middleware that calls RequestCtx.TimeoutError, does not stand before a stream.
package fasthost
