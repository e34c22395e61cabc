package fasthost

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// DefaultWriteTimeout is how long one write to a client may take when Config does not say.
const DefaultWriteTimeout = 10 * time.Second

// Config is what the exchanges of one App have in common. It must not change once Acquire has seen it. The zero Config
// works: no proxy is trusted, streams cannot be parked, and connections that are not of NewListener end with a stream.
type Config struct {
	// WriteTimeout bounds one Write of a body, at least 7/8 of it and at most all of it; 0 is DefaultWriteTimeout. It has
	// nothing to do with the server's own WriteTimeout, which never cuts a stream.
	WriteTimeout time.Duration
	// Trusted tells whether X-Forwarded-For is believed of the peer with this address; see TrustPrefixes. It is asked for
	// the zero Addr when the peer is on a unix socket. nil trusts nobody.
	Trusted func(netip.Addr) bool
	// Server is the server that serves the connection. It is needed to give back a connection that is not of NewListener:
	// nil, or a nil result, closes such a connection after a stream. It must be set when the server has
	// ReduceMemoryUsage, or the answer to a request that was pipelined behind a stream is cut.
	Server func() *fasthttp.Server
	// Track knows the connections that have left the server. nil refuses Park, and closes connections that are not of
	// NewListener after a stream.
	Track *Conns

	// host is the Host of the last request that was asked for it: nearly all have the same, and need no string of their own.
	host atomic.Pointer[string]
	// path is the same for paths.
	path atomic.Pointer[string]
}

// maxRemembered bounds the Host and the path that are remembered, in bytes.
const maxRemembered = 64

// hostString is b as a string that stays valid.
func (c *Config) hostString(b []byte) string { return remembered(&c.host, b) }

// pathString is b as a string that stays valid.
func (c *Config) pathString(b []byte) string { return remembered(&c.path, b) }

func remembered(at *atomic.Pointer[string], b []byte) string {
	if last := at.Load(); last != nil && *last == string(b) {
		return *last
	}
	s := string(b)
	if len(s) <= maxRemembered {
		remember(at, s)
	}
	return s
}

func remember(at *atomic.Pointer[string], s string) { at.Store(&s) }

// For is c for the connections of one server.
func (c *Config) For(server func() *fasthttp.Server) *Config {
	return &Config{WriteTimeout: c.WriteTimeout, Trusted: c.Trusted, Track: c.Track, Server: server}
}

func (c *Config) writeTimeout() time.Duration {
	if c.WriteTimeout > 0 {
		return c.WriteTimeout
	}
	return DefaultWriteTimeout
}

func (c *Config) server() *fasthttp.Server {
	if c.Server == nil {
		return nil
	}
	return c.Server()
}
