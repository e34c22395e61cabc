package redis

import (
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	s := &server{config: Config{Prefix: "p:"}}
	for name, want := range map[string]string{
		"k":                            "p:k:{k}",
		"s:1":                          "p:k:{s:1}",
		"s:1:record":                   "p:k:{s:1}:record",
		"s:1:log:2:x":                  "p:k:{s:1}:log:2:x",
		"@app:s:1:record":              "p:k:{@app:s:1}:record",
		"@app:s:1":                     "p:k:{@app:s:1}",
		"@app:plain":                   "p:k:{@app:plain}",
		"@host:@tenant:s:1:events":     "p:k:{@host:@tenant:s:1}:events",
		"@":                            "p:k:{@}",
		"@app:":                        "p:k:{@app:}",
		":":                            "p:k:{:}",
		"::":                           "p:k:{:}:",
		"@a%3Ab:https://x:y:z":         "p:k:{@a%3Ab:https://x}:y:z",
		"@app:user@example.com:a:b:@c": "p:k:{@app:user@example.com:a}:b:@c",
	} {
		if got := s.key(values, name); got != want {
			t.Errorf("%q is kept under %q, want %q", name, got, want)
		}
	}
}

// TestNoSecretInURLErrors: wherever the password ends up when a URL is wrong, it is not repeated.
func TestNoSecretInURLErrors(t *testing.T) {
	for _, url := range []string{
		"", "secret", "secret://host", "http://:secret@host", "redis://:secret@host:port", "redis://:secret@host:0",
		"redis://:secret@host:65536", "redis://:sec/secret@host", "redis://:sec?secret@host", "redis://:sec#secret@host",
		"redis://:secret%zz@host", "redis://:secret@host/db", "redis://:secret@host/1/2", "redis://:secret@host?secret=1",
		"redis://:secret@host?pool_size=secret", "redis://:secret@[::1", "redis://:secret@a:b:c", "redis://:secret@h1,,h2",
		"redis://:secret@h1,h2", "redis+secret://host", "redis+cluster://:secret@host/1", "redis+sentinel://:secret@host",
		"redis+sentinel://:secret@host/", "redis+sentinel://:secret@host/name/db", "unix://secret", "unix://:secret@", "unix://:secret@host/path",
		"unix+cluster:///secret", "redis+sentinel://:secret@h1:x/name", "redis://:secret@\x7f", "rediss+secret://", "redis://:secret@a b",
	} {
		c := Config{URL: url}
		a, err := resolve(&c)
		if url == "" {
			if err != nil || a.hosts[0] != "127.0.0.1:6379" {
				t.Errorf("the default: %v, %v", a, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%q is taken: %v", url, a)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error has the password in it: %v", url, err)
		}
	}
}

func TestURLs(t *testing.T) {
	for _, c := range []struct {
		url      string
		cluster  bool
		topology topology
		hosts    string
		master   string
		user     string
		password string
		db       int
		tls      bool
	}{
		{url: "redis://", hosts: "127.0.0.1:6379"},
		{url: "redis://:7000", hosts: "127.0.0.1:7000"},
		{url: "redis://localhost", hosts: "localhost:6379"},
		{url: "redis://u:p%40ss@h:1/2?pool_size=7", hosts: "h:1", user: "u", password: "p@ss", db: 2},
		{url: "redis://:p@ss@h", hosts: "h:6379", password: "p@ss"},
		{url: "redis://[::1]:7/1", hosts: "[::1]:7", db: 1},
		{url: "redis://[::1]", hosts: "[::1]:6379"},
		{url: "rediss://h?db=4", hosts: "h:6379", db: 4, tls: true},
		{url: "unix://u:p@/run/redis.sock?db=3", hosts: "/run/redis.sock", user: "u", password: "p", db: 3},
		{url: "redis+cluster://u:p@h1:1,h2,[::1]:3", topology: cluster, hosts: "h1:1 h2:6379 [::1]:3", user: "u", password: "p"},
		{url: "rediss+cluster://h1", topology: cluster, hosts: "h1:6379", tls: true},
		{url: "redis://h1,h2:2", cluster: true, topology: cluster, hosts: "h1:6379 h2:2"},
		{url: "redis+sentinel://u:p@h1,h2:2/mymaster", topology: sentinel, hosts: "h1:26379 h2:2", master: "mymaster", user: "u", password: "p"},
		{url: "redis+sentinel://h1/m/5", topology: sentinel, hosts: "h1:26379", master: "m", db: 5},
		{url: "rediss+sentinel://h1/m?db=6", topology: sentinel, hosts: "h1:26379", master: "m", db: 6, tls: true},
	} {
		config := Config{URL: c.url, Cluster: c.cluster}
		a, err := resolve(&config)
		if err != nil {
			t.Errorf("%s: %v", c.url, err)
			continue
		}
		o := a.options
		if a.topology != c.topology || strings.Join(a.hosts, " ") != c.hosts || a.master != c.master || o.Username != c.user ||
			o.Password != c.password || o.DB != c.db || (o.TLSConfig != nil) != c.tls {
			t.Errorf("%s: %+v %+v", c.url, a, o)
		}
		if strings.Contains(c.url, "pool_size=7") && config.PoolSize != 7 {
			t.Errorf("%s: a pool of %d", c.url, config.PoolSize)
		}
	}
}

func TestVersions(t *testing.T) {
	for version, want := range map[string]bool{
		"5.0.14": true, "6.0.20": true, "6.1.99": true, "6.2.0": false, "6.2": false, "7.0.15": false, "8.2.1": false, "10.0": false,
		"": false, "unstable": false, "255.255.255": false, "6.x.1": false,
	} {
		if got := older(version); got != want {
			t.Errorf("%q is too old: %v, want %v", version, got, want)
		}
	}
}
