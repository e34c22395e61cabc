package fetch

import "time"

// Config bounds a fetch. The zero value is [ConfigDefault].
type Config struct {
	// MaxBytes is the size of the largest body that is read. Default, also for values below 1: 10 MiB.
	MaxBytes int64
	// Timeout is for all of it: names, connections, redirects and the body. Default, also for values below 1: 30 s.
	Timeout time.Duration
	// MaxRedirects is how many redirects are followed. Default: 5. Negative: none.
	MaxRedirects int
	// AllowPrivate permits addresses that are not public: private, loopback, link-local, shared (RFC 6598), metadata
	// services and all else that has no business being fetched. For addresses that you chose yourself. Default: false.
	AllowPrivate bool
}

// ConfigDefault is what a fetch without a Config uses.
var ConfigDefault = Config{MaxBytes: 10 << 20, Timeout: 30 * time.Second, MaxRedirects: 5}

func configOf(config []Config) Config {
	if len(config) == 0 {
		return ConfigDefault
	}
	c := config[0]
	if c.MaxBytes < 1 {
		c.MaxBytes = ConfigDefault.MaxBytes
	}
	if c.Timeout < 1 {
		c.Timeout = ConfigDefault.Timeout
	}
	if c.MaxRedirects == 0 {
		c.MaxRedirects = ConfigDefault.MaxRedirects
	}
	return c
}
