package redis

import (
	"crypto/tls"
	"time"
)

// Config tells where Redis is, and bounds what is kept there and how long a call takes. The zero value is [ConfigDefault].
type Config struct {
	// URL is the address, with what is needed to use it:
	//
	//	redis://user:password@host:6379/0             one server; the last part is the number of the database
	//	unix://user:password@/run/redis.sock?db=0     one server, by a unix socket
	//	redis+sentinel://host1,host2,host3/name/0     the master of that name, as Sentinel tells
	//	redis+cluster://host1,host2,host3             a cluster, of which these are some nodes
	//
	// With rediss in place of redis all connections are by TLS. A port that is left out is 6379, Sentinel's 26379. What is
	// special in a URL has to be percent-encoded in user and password. After a "?" there may be the options that
	// go-redis's ParseURL knows, as pool_size=50; the fields below win over them. Default: redis://127.0.0.1:6379.
	URL string
	// Prefix begins all keys and channels: what has the same prefix in the same database is one store. Default: "fastmcp:".
	Prefix string
	// Username and Password are used in place of the URL's, if they are set.
	Username, Password string
	// SentinelUsername and SentinelPassword are for the sentinels, which do not get those of the servers. Default: none.
	SentinelUsername, SentinelPassword string
	// TLS, if it is set, makes all connections go by TLS, with these settings. Default: for rediss, the system's
	// certificate authorities.
	TLS *tls.Config
	// Cluster takes the servers of a redis URL, which may then be several, for nodes of a cluster.
	Cluster bool

	// Timeout bounds a call, with all waiting, connecting and repeating. Default, also for values below 1: 3 s.
	Timeout time.Duration
	// DialTimeout bounds making a connection. Default, also for values below 1: 2 s.
	DialTimeout time.Duration
	// ReadTimeout bounds waiting for one answer, and WriteTimeout sending what is asked. Default, also for values below 1: 1 s.
	ReadTimeout, WriteTimeout time.Duration
	// PoolSize is how many connections there are at most, to each server; a call that finds all of them in use waits. One
	// more is for messages. Default, also for values below 1: go-redis's, 10 a CPU and 5 for each node of a cluster.
	PoolSize int
	// MaxRetries is how often what can be repeated is, within Timeout. Default, also for 0: 3. Below 0: never.
	MaxRetries int
	// Heartbeat is how often a silent connection for messages is tried. One that does not answer for as long is replaced,
	// and subscribers are told that messages may be lost. Default, also for values below 1: 2 s.
	Heartbeat time.Duration

	// MaxLogEntries is how many entries a log keeps at least; Redis trims in blocks, so that it keeps up to 100 more.
	// Default, also for values below 1: 1024.
	MaxLogEntries int
	// MaxLogBytes is how many bytes of data a log keeps; a larger entry is refused with store.ErrTooLarge. Default, also
	// for values below 1: 4 MiB.
	MaxLogBytes int64
	// LogTTL is how long a log is kept after it was last appended to or read. Default, also for values below 1: 1 hour.
	LogTTL time.Duration
	// MaxQueue is how many messages wait for a slow subscriber; beyond it messages are dropped and the subscriber told.
	// Default, also for values below 1: 1024.
	MaxQueue int
}

// ConfigDefault is what New without a Config uses.
var ConfigDefault = Config{
	URL: "redis://127.0.0.1:6379", Prefix: "fastmcp:",
	Timeout: 3 * time.Second, DialTimeout: 2 * time.Second, ReadTimeout: time.Second, WriteTimeout: time.Second,
	MaxRetries: 3, Heartbeat: 2 * time.Second,
	MaxLogEntries: 1024, MaxLogBytes: 4 << 20, LogTTL: time.Hour, MaxQueue: 1024,
}

func (c Config) withDefaults() Config {
	d := ConfigDefault
	if c.Prefix == "" {
		c.Prefix = d.Prefix
	}
	c.Timeout = positive(c.Timeout, d.Timeout)
	c.DialTimeout = positive(c.DialTimeout, d.DialTimeout)
	c.ReadTimeout = positive(c.ReadTimeout, d.ReadTimeout)
	c.WriteTimeout = positive(c.WriteTimeout, d.WriteTimeout)
	c.PoolSize = positive(c.PoolSize, 0)
	switch {
	case c.MaxRetries == 0:
		c.MaxRetries = d.MaxRetries
	case c.MaxRetries < 0:
		c.MaxRetries = 0
	}
	c.Heartbeat = positive(c.Heartbeat, d.Heartbeat)
	c.MaxLogEntries = positive(c.MaxLogEntries, d.MaxLogEntries)
	c.MaxLogBytes = positive(c.MaxLogBytes, d.MaxLogBytes)
	c.LogTTL = positive(c.LogTTL, d.LogTTL)
	c.MaxQueue = positive(c.MaxQueue, d.MaxQueue)
	return c
}

func positive[N int | int64 | time.Duration](n, otherwise N) N {
	if n < 1 {
		return otherwise
	}
	return n
}
