package cluster

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Redis is the store that the nodes share.
type Redis struct {
	*Process
	// Addr is host:port, URL what a node is told.
	Addr, URL string
}

// startRedis starts a redis-server on a free port.
func startRedis(t testing.TB, root string, durable bool) *Redis {
	t.Helper()
	program := Need(t.Context(), t, root, "redis-server", "redis-server")
	r := &Redis{}
	serve(t, func(addr string) *Process {
		_, port, _ := net.SplitHostPort(addr)
		r.Addr, r.URL = addr, "redis://"+addr+"/0"
		keep := []string{"--appendonly", "no"}
		if durable {
			keep = []string{"--appendonly", "yes", "--appendfsync", "always"}
		}
		args := []string{program, "--bind", "127.0.0.1", "--port", port, "--dir", t.TempDir(), "--save", "", "--daemonize", "no"}
		r.Process = &Process{name: "redis", args: append(args, keep...), ready: r.Ping}
		return r.Process
	})
	return r
}

// Ping asks whether it is there.
func (r *Redis) Ping() error {
	_, err := r.Do("PING")
	return err
}

// Do sends one command, on a connection of its own, and gives the answer as lines: those of an array one after the other,
// nothing for nil. An error of Redis's is an error.
func (r *Redis) Do(args ...string) ([]string, error) {
	conn, err := net.DialTimeout("tcp", r.Addr, 2*time.Second)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if _, err := io.WriteString(conn, b.String()); err != nil {
		return nil, err
	}
	return reply(bufio.NewReader(conn))
}

// reply reads an answer (RESP2).
func reply(in *bufio.Reader) ([]string, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return nil, errors.New("redis: an empty line")
	}
	kind, text := line[0], line[1:]
	switch kind {
	case '-':
		return nil, errors.New("redis: " + text)
	case '+', ':':
		return []string{text}, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || kind != '$' && kind != '*' {
		return nil, fmt.Errorf("redis: %q", line)
	}
	if n < 0 {
		return nil, nil
	}
	if kind == '$' {
		b := make([]byte, n+2)
		_, err := io.ReadFull(in, b)
		return []string{string(b[:n])}, err
	}
	var all []string
	for range n {
		one, err := reply(in)
		if err != nil {
			return nil, err
		}
		all = append(all, one...)
	}
	return all, nil
}
