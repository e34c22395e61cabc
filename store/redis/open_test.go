package redis_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/store/redis"
	"github.com/fastmcp-go/fastmcp/store/storetest"
)

// allowed is what the package's comment asks for.
var allowed = strings.Fields("~fastmcp:* &fastmcp:* +@connection +@read +@write +@pubsub +@scripting +time +cluster|slots -@dangerous -@admin")

// withUser is a server with a user mcp, whose password is secret.
func withUser(t *testing.T, rules ...string) *redistest.Server {
	server := redistest.Start(t)
	args := []any{"ACL", "SETUSER", "mcp", "on", ">secret"}
	for _, rule := range rules {
		args = append(args, rule)
	}
	ok(t, admin(t, server).Do(t.Context(), args...).Err())
	return server
}

// TestACL: the suite as a user who may do no more than the package's comment says.
func TestACL(t *testing.T) {
	server := withUser(t, allowed...)
	storetest.Run(t, func(t *testing.T) *store.Backend {
		config := anew(redis.Config{URL: "redis://mcp:secret@" + server.Addr})
		config.Prefix = "fastmcp:" + config.Prefix
		return opened(t, redis.New(config))
	})
	s := redis.New(redis.Config{URL: server.URL(), Username: "mcp", Password: "secret"})
	b := opened(t, s)
	ok(t, b.KV.Set(t.Context(), "k", nil, 0))
	ok(t, s.Reset()) // without FLUSHDB, which this user may not run
	val, err := b.KV.Get(t.Context(), "k")
	ok(t, err)
	if val != nil {
		t.Error("Reset left something")
	}
}

// refused is the error of an Open that must fail in time, which has all of want in it and no password.
func refused(t *testing.T, config redis.Config, want ...string) {
	t.Helper()
	s := redis.New(config)
	b, err := store.From(s)
	ok(t, err)
	began := time.Now()
	err = b.Open(t.Context())
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("Open took %v", took)
	}
	if err == nil {
		ok(t, b.Close())
		t.Errorf("Open takes it; want an error with %q", want)
		return
	}
	for _, w := range append(want, "store/redis") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q, want it to have %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("error %q has the password in it", err)
	}
	ok(t, b.Close())
	ok(t, s.Close())
}

func TestOpenRefuses(t *testing.T) {
	plain := redistest.Start(t)
	locked := redistest.Start(t, "--requirepass", "secret")
	t.Run("Unreachable", func(t *testing.T) {
		addr := redistest.FreeAddr(t)
		refused(t, redis.Config{URL: "redis://:secret@" + addr}, addr, "connection refused")
		refused(t, redis.Config{URL: "unix:///nowhere/redis.sock"}, "/nowhere/redis.sock", "no such file")
		refused(t, redis.Config{URL: "redis+cluster://" + addr}, addr)
		refused(t, redis.Config{URL: "redis+sentinel://" + addr + "/name"}, addr, "sentinel")
	})
	t.Run("Malformed", func(t *testing.T) {
		refused(t, redis.Config{URL: "redis://:secret@host:port"}, "Config.URL", "port")
		refused(t, redis.Config{URL: "redis://host/1", Cluster: true}, "Config.Cluster")
	})
	t.Run("Password", func(t *testing.T) {
		refused(t, redis.Config{URL: locked.URL()}, locked.Addr, "NOAUTH", "Config.Password")
		refused(t, redis.Config{URL: "redis://:secret2@" + locked.Addr}, locked.Addr, "WRONGPASS")
		refused(t, redis.Config{URL: "redis://nobody:secret@" + locked.Addr}, locked.Addr, "WRONGPASS")
	})
	t.Run("Topology", func(t *testing.T) {
		refused(t, redis.Config{URL: "redis+cluster://" + plain.Addr}, plain.Addr, "cluster support disabled")
		replica := redistest.Start(t, "--replicaof", "127.0.0.1 "+plain.Port())
		refused(t, redis.Config{URL: replica.URL()}, "replica")
		s := redis.New(redis.Config{URL: replica.URL()}) // what was a master may become one
		defer s.Close()
		is(t, s.Backend().KV.Set(t.Context(), "k", nil, 0), store.ErrUnavailable)
		is(t, second(s.Backend().Log.Append(t.Context(), "l", "", nil)), store.ErrUnavailable)
		node := redistest.Start(t, "--cluster-enabled", "yes", "--cluster-port", port(t))
		refused(t, redis.Config{URL: node.URL()}, "redis+cluster://")
	})
	t.Run("TLS", func(t *testing.T) {
		refused(t, redis.Config{URL: "rediss://" + plain.Addr}, plain.Addr)
	})
	t.Run("Database", func(t *testing.T) {
		refused(t, redis.Config{URL: plain.URL() + "/99"}, "out of range")
	})
	t.Run("Full", func(t *testing.T) {
		full := redistest.Start(t, "--maxmemory", "1", "--maxmemory-policy", "noeviction")
		refused(t, redis.Config{URL: full.URL()}, "maxmemory")
		s := redis.New(redis.Config{URL: full.URL()})
		defer s.Close()
		is(t, s.Backend().KV.Set(t.Context(), "k", nil, 0), store.ErrFull)
		is(t, second(s.Backend().Log.Append(t.Context(), "l", "", nil)), store.ErrFull)
	})
}

func port(t *testing.T) string {
	_, port, err := net.SplitHostPort(redistest.FreeAddr(t))
	ok(t, err)
	return port
}

// TestOpenNeedsPermission: whatever is missing of what the package's comment asks for, Open finds it.
func TestOpenNeedsPermission(t *testing.T) {
	for _, lacks := range []string{
		"-get", "-set", "-getdel", "-unlink", "-pexpire", "-xadd", "-xrange", "-xrevrange", "-zadd", "-zrangebylex", "-evalsha", "-eval",
		"-publish", "-subscribe", "-incrby", "-ping", "-time", "resetchannels",
	} {
		t.Run(lacks, func(t *testing.T) {
			server := withUser(t, append(allowed[:len(allowed):len(allowed)], lacks)...)
			if lacks == "-eval" { // scripts that the server does not know yet
				ok(t, admin(t, server).ScriptFlush(t.Context()).Err())
			}
			refused(t, redis.Config{URL: "redis://mcp:secret@" + server.Addr}, server.Addr, "must be allowed")
		})
	}
	server := withUser(t, allowed...)
	refused(t, redis.Config{URL: "redis://mcp:secret@" + server.Addr, Prefix: "mine:"}, "NOPERM")
	server = withUser(t, append(allowed[:len(allowed):len(allowed)], "-hello")...)
	opened(t, redis.New(redis.Config{URL: "redis://mcp:secret@" + server.Addr})) // it does without
}

// TestOldServer: servers that are not there to be installed, as far as Open gets with them.
func TestOldServer(t *testing.T) {
	hello := func(version, mode, role string) string {
		return fmt.Sprintf("*6\r\n$7\r\nversion\r\n$%d\r\n%s\r\n$4\r\nmode\r\n$%d\r\n%s\r\n$4\r\nrole\r\n$%d\r\n%s\r\n",
			len(version), version, len(mode), mode, len(role), role)
	}
	for want, answer := range map[string]string{
		"version 6.0.16: 6.2 or newer": hello("6.0.16", "standalone", "master"),
		"too old: 6.2 or newer":        "-ERR unknown command `HELLO`\r\n",
		"redis+sentinel://host/name":   hello("7.2.0", "sentinel", "sentinel"),
		"not available":                "", // it goes away
	} {
		addr := pretend(t, answer)
		refused(t, redis.Config{URL: "redis://" + addr}, addr, want)
	}
}

// pretend is a server that answers PONG, and HELLO as told.
func pretend(t *testing.T, hello string) (addr string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					answer := ""
					switch strings.ToLower(lines.Text()) {
					case "ping":
						answer = "+PONG\r\n"
					case "hello":
						if answer = hello; hello == "" {
							return
						}
					}
					if _, err := conn.Write([]byte(answer)); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// TestOpenInTime: a server that takes connections and never answers, and a context that ends.
func TestOpenInTime(t *testing.T) {
	server := redistest.Start(t)
	server.Freeze()
	defer server.Thaw()
	refused(t, redis.Config{URL: server.URL(), Timeout: 300 * time.Millisecond}, server.Addr, "not available", "no answer in time")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	is(t, redis.New(redis.Config{URL: server.URL()}).Open(ctx), context.DeadlineExceeded)
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	is(t, redis.New(redis.Config{URL: server.URL()}).Open(ctx), context.Canceled)
}

// authority is a certificate authority, and a certificate of 127.0.0.1 in files.
func authority(t *testing.T) (roots *x509.CertPool, client tls.Certificate, args []string) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	ok(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	ok(t, err)
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	crt, pkey := filepath.Join(dir, "crt"), filepath.Join(dir, "key")
	ok(t, os.WriteFile(crt, cert, 0o600))
	ok(t, os.WriteFile(pkey, secret, 0o600))
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	client, err = tls.X509KeyPair(cert, secret)
	ok(t, err)
	return roots, client, []string{"--tls-cert-file", crt, "--tls-key-file", pkey, "--tls-ca-cert-file", crt}
}

// TestTLS: the suite over TLS alone, with a client's certificate.
func TestTLS(t *testing.T) {
	roots, client, args := authority(t)
	_, secure, err := net.SplitHostPort(redistest.FreeAddr(t))
	ok(t, err)
	redistest.Start(t, append(args, "--tls-port", secure)...)
	url := "rediss://127.0.0.1:" + secure
	storetest.Run(t, func(t *testing.T) *store.Backend {
		return opened(t, redis.New(anew(redis.Config{URL: url, TLS: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{client}}})))
	})
	refused(t, redis.Config{URL: url}, secure, "certificate")
	refused(t, redis.Config{URL: url, TLS: &tls.Config{RootCAs: roots}}, secure) // the server wants a certificate as well
}
