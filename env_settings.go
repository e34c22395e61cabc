package fastmcp

import (
	"encoding/base64"
	"errors"
	"fmt"

	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// setting is one that the environment or the command line may say: NAME is FASTMCP_NAME, and -name.
type setting struct {
	name, usage string
	secret      bool
	set         func(c *Config, value string) error
}

func (s *setting) variable() string { return envPrefix + s.name }

// flag is the name on the command line; "" where the value is not for others who look at the list of processes.
func (s *setting) flag() string {
	if s.secret {
		return ""
	}
	return strings.ToLower(strings.ReplaceAll(s.name, "_", "-"))
}

var settings = []setting{
	{name: "ADDR", usage: "where to listen, as host:port, unix:/path or systemd:", set: text(func(c *Config) *string { return &c.HTTP.Addr })},
	{name: "HOST", usage: "the host of -addr", set: func(c *Config, v string) error { return c.HTTP.setAddr(v, "") }},
	{name: "PORT", usage: "the port of -addr", set: setPort},
	{name: "PATH", usage: "where MCP is served", set: setPath},
	{name: "ADMIN_ADDR", usage: "where the operator's routes are served", set: text(func(c *Config) *string { return &c.HTTP.AdminAddr })},
	{name: "TLS_CERT", usage: "the file of the certificate", set: text(func(c *Config) *string { return &c.HTTP.TLS.CertFile })},
	{name: "TLS_KEY", usage: "the file of its private key", set: text(func(c *Config) *string { return &c.HTTP.TLS.KeyFile })},
	{name: "TLS_CLIENT_CAS", usage: "the file of those who vouch for clients", set: text(func(c *Config) *string { return &c.HTTP.TLS.ClientCAs })},
	{name: "HOSTS", usage: "the names that the server answers to", set: several(func(c *Config) *[]string { return &c.Hosts })},
	{name: "ORIGINS", usage: "the pages that may call from a browser", set: several(func(c *Config) *[]string { return &c.Origins })},
	{name: "TRUSTED_PROXIES", usage: "the addresses of proxies that are believed", set: setProxies},
	{name: "KEYS", usage: "the keys that seal, in base64", secret: true, set: setKeys},
	{name: "KEYS_FILE", usage: "a file of keys that seal, in base64", set: setKeysFile},
	{name: "STATELESS", usage: "no sessions", set: yesNo(func(c *Config) *bool { return &c.Stateless })},
	{name: "LENIENT", usage: "repair arguments", set: yesNo(func(c *Config) *bool { return &c.Lenient })},
	{name: "LOG_LEVEL", usage: "debug, info, warn or error", set: setLogLevel},
	{name: "LOG_FORMAT", usage: "text or json", set: setLogFormat},
	{name: "MAX_BODY", usage: "the longest request, as 4MiB", set: size(func(c *Config) *int { return &c.HTTP.MaxBody })},
	{name: "MAX_HEADER", usage: "the longest head of a request, as 16KiB", set: size(func(c *Config) *int { return &c.HTTP.MaxHeader })},
	{name: "MAX_CONNS", usage: "the most connections", set: number(func(c *Config) *int { return &c.HTTP.MaxConns })},
	{name: "MAX_STREAMS", usage: "the most open streams", set: number(func(c *Config) *int { return &c.HTTP.MaxStreams })},
	{name: "MAX_SESSIONS", usage: "the most sessions", set: number(func(c *Config) *int { return &c.Sessions.Max })},
	{name: "READ_TIMEOUT", usage: "how long a request may take to arrive", set: duration(false, func(c *Config) *time.Duration { return &c.HTTP.ReadTimeout })},
	{name: "IDLE_TIMEOUT", usage: "how long a connection may be idle", set: duration(false, func(c *Config) *time.Duration { return &c.HTTP.IdleTimeout })},
	{name: "WRITE_TIMEOUT", usage: "how long a write may take", set: duration(false, func(c *Config) *time.Duration { return &c.HTTP.WriteTimeout })},
	{name: "HEARTBEAT", usage: "how long a stream may be silent", set: duration(true, func(c *Config) *time.Duration { return &c.HTTP.Heartbeat })},
	{name: "STREAM_AFTER", usage: "how long a call may be silent", set: duration(false, func(c *Config) *time.Duration { return &c.StreamAfter })},
	{name: "SESSION_TTL", usage: "how long a session lives without use", set: duration(false, func(c *Config) *time.Duration { return &c.Sessions.TTL })},
	{name: "SHUTDOWN_TIMEOUT", usage: "how long running calls may take at the end", set: duration(false, func(c *Config) *time.Duration { return &c.ShutdownTimeout })},
	{name: "DRAIN_DELAY", usage: "how long to listen on at SIGTERM", set: duration(true, func(c *Config) *time.Duration { return &c.HTTP.DrainDelay })},
}

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error { *field(c) = v; return nil }
}

func several(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, v string) error { *field(c) = split(v, ","); return nil }
}

// split gives what stands between separators, without white space and what is empty.
func split(v, separators string) (all []string) {
	for _, part := range strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

func yesNo(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, v string) error {
		b, err := strconv.ParseBool(strings.ToLower(v))
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", printable(v))
		}
		*field(c) = b
		return nil
	}
}

func number(field func(*Config) *int) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no whole number above 0", printable(v))
		}
		*field(c) = n
		return nil
	}
}

// size reads bytes: 4194304, 4MiB, 4M.
func size(field func(*Config) *int) func(*Config, string) error {
	return func(c *Config, v string) error {
		digits, shift := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(v), "b"), "i"), 0
		for i, unit := range []string{"k", "m", "g"} {
			if rest, ok := strings.CutSuffix(digits, unit); ok {
				digits, shift = rest, 10*(i+1)
				break
			}
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 1 || n > (1<<31-1)>>shift {
			return fmt.Errorf("%q is no size of less than 2 GiB: write 4194304, or 4MiB", printable(v))
		}
		*field(c) = int(n << shift)
		return nil
	}
}

func duration(negative bool, field func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d == 0 || d < 0 && !negative {
			return fmt.Errorf("%q is no duration above 0: write 30s, 5m or 1h30m", printable(v))
		}
		*field(c) = d
		return nil
	}
}

func setPort(c *Config, v string) error {
	n, err := strconv.ParseUint(v, 10, 16)
	if err != nil {
		return fmt.Errorf("%q is no port: write a number from 0, which is a free one, to 65535", printable(v))
	}
	return c.HTTP.setAddr("", strconv.FormatUint(n, 10))
}

// setAddr replaces a part of the address; "" leaves it.
func (h *HTTPConfig) setAddr(host, port string) error {
	addr := h.Addr
	if addr == "" {
		addr = defaultAddr
	}
	at := strings.LastIndexByte(addr, ':')
	if strings.HasPrefix(addr, "unix:") || strings.HasPrefix(addr, "systemd:") || at < 0 {
		return fmt.Errorf("HTTPConfig.Addr is %q, which has no host and port", addr)
	}
	if host == "" {
		host = addr[:at]
	} else if strings.Contains(host, ":") && host[0] != '[' {
		host = "[" + host + "]"
	}
	if port == "" {
		port = addr[at+1:]
	}
	h.Addr = host + ":" + port
	return nil
}

// defaultAddr is where Listen("") listens when nobody says otherwise.
const defaultAddr = "127.0.0.1:8080"

func setPath(c *Config, v string) error {
	if v[0] != '/' || strings.ContainsAny(v, "?#*: \t") {
		return fmt.Errorf("%q is no path: write /mcp", printable(v))
	}
	c.HTTP.Path = v
	return nil
}

func setProxies(c *Config, v string) error {
	all := split(v, ",")
	for _, p := range all {
		_, err := netip.ParsePrefix(p)
		if _, bad := netip.ParseAddr(p); err != nil && bad != nil && p != "unix" {
			return fmt.Errorf("%q is neither an address nor a range in CIDR notation", printable(p))
		}
	}
	c.HTTP.TrustedProxies = all
	return nil
}

// setKeys reads keys. What is wrong with them is told without them.
func setKeys(c *Config, v string) error {
	var keys [][]byte
	for i, part := range split(v, ",\n\r") {
		key, err := base64.StdEncoding.DecodeString(part)
		if err != nil {
			key, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
		}
		if err != nil {
			return fmt.Errorf("key %d is no base64: write the output of `openssl rand -base64 32`", i+1)
		}
		if len(key) < 32 {
			return fmt.Errorf("key %d has %d bytes, and needs 32: write the output of `openssl rand -base64 32`", i+1, len(key))
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return errors.New("it has no key: write the output of `openssl rand -base64 32`")
	}
	c.Keys = keys
	return nil
}

// maxKeysFile bounds a file of keys, in bytes: more is another file.
const maxKeysFile = 64 << 10

func setKeysFile(c *Config, v string) error {
	info, err := os.Stat(v)
	if err != nil {
		return err
	}
	if info.Size() > maxKeysFile {
		return fmt.Errorf("%s is longer than %d bytes: that is no file of keys", v, maxKeysFile)
	}
	b, err := os.ReadFile(v)
	if err != nil {
		return err
	}
	return setKeys(c, string(b))
}

func setLogLevel(c *Config, v string) error {
	if err := c.sources.level.UnmarshalText([]byte(v)); err != nil {
		return fmt.Errorf("%q is none of debug, info, warn and error", printable(v))
	}
	c.Log = c.sources.logger()
	return nil
}

func setLogFormat(c *Config, v string) error {
	switch strings.ToLower(v) {
	case "json":
		c.sources.json = true
	case "text":
		c.sources.json = false
	default:
		return fmt.Errorf("%q is neither text nor json", printable(v))
	}
	c.Log = c.sources.logger()
	return nil
}
