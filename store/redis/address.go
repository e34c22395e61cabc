package redis

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// topology is how the servers stand to each other.
type topology int

const (
	single topology = iota
	sentinel
	cluster
)

// address is what a URL says.
type address struct {
	topology
	hosts  []string // host:port, or the path of a socket
	master string   // the name that Sentinel knows it by
	// options are those of go-redis that the URL sets: credentials, database, network, tls and what follows the "?".
	options *goredis.Options
}

// parseURL reads a URL. No error repeats any of it: it may have a password in it, at any place if it was written wrongly.
func parseURL(raw string) (*address, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	transport, kind, _ := strings.Cut(scheme, "+")
	a := &address{}
	switch {
	case !ok || transport != "redis" && transport != "rediss" && transport != "unix" || transport == "unix" && kind != "":
		return nil, errors.New("it must begin with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://")
	case kind == "sentinel":
		a.topology = sentinel
	case kind == "cluster":
		a.topology = cluster
	case kind != "":
		return nil, errors.New(`after the "+" there must be sentinel or cluster`)
	}
	if strings.Contains(rest, "#") {
		return nil, errors.New(`a "#" in user or password must be written %23`)
	}
	end := strings.IndexAny(rest+"/", "/?")
	authority, tail := rest[:end], rest[end:]
	user := ""
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		user, authority = authority[:at+1], authority[at+1:]
	}
	if transport == "unix" {
		return a.socket(user, authority, tail)
	}
	if err := a.addHosts(authority); err != nil {
		return nil, err
	}
	if a.topology == sentinel {
		var path string
		path, tail = tail, ""
		if query := strings.IndexByte(path, '?'); query >= 0 {
			path, tail = path[:query], path[query:]
		}
		a.master, path, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if a.master == "" {
			return nil, errors.New("the master's name must follow the sentinels, as in redis+sentinel://host/name")
		}
		tail = "/" + path + tail
	}
	return a.parse(transport + "://" + user + a.hosts[0] + tail)
}

func (a *address) socket(user, authority, tail string) (*address, error) {
	if authority != "" || len(tail) < 2 || tail[0] != '/' {
		return nil, errors.New("a socket's path must begin with a slash, as in unix:///run/redis.sock")
	}
	if _, err := a.parse("unix://" + user + tail); err != nil {
		return nil, err
	}
	a.hosts = []string{a.options.Addr}
	return a, nil
}

func (a *address) addHosts(authority string) error {
	port := "6379"
	if a.topology == sentinel {
		port = "26379"
	}
	for i, s := range strings.Split(authority, ",") {
		host, own := s, port
		if colon := strings.LastIndexByte(s, ':'); colon > strings.LastIndexByte(s, ']') {
			host, own = s[:colon], s[colon+1:]
		}
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
		if n, err := strconv.ParseUint(own, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("address %d has no valid port; what is special in user and password must be percent-encoded", i+1)
		}
		if host == "" {
			if authority != s {
				return fmt.Errorf("address %d is empty", i+1)
			}
			host = "127.0.0.1"
		}
		if strings.ContainsAny(host, ":") && net.ParseIP(host) == nil {
			return fmt.Errorf("address %d is neither a name nor an IP address", i+1)
		}
		a.hosts = append(a.hosts, net.JoinHostPort(host, own))
	}
	return nil
}

// parse hands a URL with one address to go-redis.
func (a *address) parse(url string) (*address, error) {
	options, err := goredis.ParseURL(url)
	if err != nil {
		return nil, errors.New("it is malformed: check the number of the database, what is percent-encoded in user and " +
			`password, and that the options after "?" are among those of go-redis's ParseURL`)
	}
	if a.topology == cluster && options.DB != 0 {
		return nil, errors.New("a cluster has no databases")
	}
	if options.TLSConfig != nil && a.topology != single {
		options.TLSConfig.ServerName = "" // each server is asked for its own
	}
	a.options = options
	return a, nil
}

// resolve is what config says of where Redis is; config gets from the URL what it leaves open.
func resolve(config *Config) (*address, error) {
	url := config.URL
	if url == "" {
		url = ConfigDefault.URL
	}
	a, err := parseURL(url)
	if err != nil {
		return nil, fmt.Errorf("store/redis: Config.URL: %w", err)
	}
	o := a.options
	if config.Cluster {
		if a.topology == sentinel || o.Network == "unix" || o.DB != 0 {
			return nil, errors.New("store/redis: Config.Cluster: the URL is not that of a cluster")
		}
		if o.TLSConfig != nil {
			o.TLSConfig.ServerName = ""
		}
		a.topology = cluster
	}
	if a.topology == single && len(a.hosts) > 1 {
		return nil, errors.New("store/redis: Config.URL: several addresses are for redis+sentinel:// or redis+cluster://")
	}
	if config.Username != "" || config.Password != "" {
		o.Username, o.Password = config.Username, config.Password
	}
	if config.TLS != nil {
		o.TLSConfig = config.TLS.Clone()
	}
	if o.TLSConfig != nil && o.TLSConfig.MinVersion == 0 {
		o.TLSConfig.MinVersion = tls.VersionTLS12
	}
	config.DialTimeout = positive(config.DialTimeout, o.DialTimeout)
	config.ReadTimeout = positive(config.ReadTimeout, o.ReadTimeout)
	config.WriteTimeout = positive(config.WriteTimeout, o.WriteTimeout)
	config.PoolSize = positive(config.PoolSize, o.PoolSize)
	if config.MaxRetries == 0 {
		config.MaxRetries = o.MaxRetries
	}
	return a, nil
}

// String is for messages: where, and no secret.
func (a *address) String() string {
	switch a.topology {
	case sentinel:
		return "the sentinels at " + strings.Join(a.hosts, ", ")
	case cluster:
		return "the cluster at " + strings.Join(a.hosts, ", ")
	}
	return a.hosts[0]
}
