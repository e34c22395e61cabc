//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a server under test.
type server struct {
	name, title string
	command     string // words of a shell, run in this folder
	stateless   bool   // has no sessions
	modern      bool   // speaks 2026-07-28
	fixed       bool   // answers with fixed bytes: only the calls, and no id to check
	quiet       bool   // cannot send progress on the stream of a call
	slowOpen    bool   // takes a second to open a session
	tls         bool   // can speak TLS
	goProfile   bool   // serves PPROF_PORT
	special     string // the set that it belongs to; "": the plain one
}

// base is the server that all others are measured against.
const base = "fiber"

// servers are those that come with the benchmark. node is the program that runs the TypeScript one, "" for none.
func servers(node string) []*server {
	all := []*server{
		{name: "fastmcp", title: "FastMCP for Go", command: "bin/fastmcp", modern: true, tls: true, goProfile: true},
		{name: "fastmcp-chain", title: "FastMCP for Go, with recover, logger, metrics, rate limit, auth, guard and cache", command: "bin/chain", modern: true, goProfile: true, special: "chain"},
		{name: base, title: "hand-written Fiber", command: "bin/fiber", modern: true, tls: true, goProfile: true},
		{name: "fiber-goccy", title: "the same with goccy/go-json", command: "BENCH_MODE=goccy bin/fiber", modern: true, goProfile: true, special: "json"},
		{name: "fasthttp", title: "fasthttp, fixed bytes", command: "bin/fasthttp", fixed: true, stateless: true, modern: true, goProfile: true},
		{name: "nethttp", title: "hand-written net/http", command: "bin/nethttp", modern: true, tls: true, goProfile: true},
		{name: "gosdk", title: "official go-sdk", command: "BENCH_MODE=stateful-sse bin/gosdk", goProfile: true},
		{name: "gosdk-json", title: "official go-sdk, JSON answers", command: "BENCH_MODE=stateful-json bin/gosdk", quiet: true, goProfile: true},
		{name: "gosdk-stateless", title: "official go-sdk, stateless, JSON answers", command: "BENCH_MODE=stateless-json bin/gosdk", stateless: true, modern: true, quiet: true, goProfile: true},
		{name: "gosdk-stateless-sse", title: "official go-sdk, stateless", command: "BENCH_MODE=stateless-sse bin/gosdk", stateless: true, modern: true, goProfile: true},
		{name: "mcpgo", title: "mark3labs/mcp-go", command: "BENCH_MODE=stateful bin/mcpgo", modern: true, goProfile: true},
		{name: "fastmcp-gogc800", title: "FastMCP for Go, GOGC=800", command: "GOGC=800 bin/fastmcp", modern: true, goProfile: true, special: "gogc"},
		{name: "fiber-gogc800", title: "hand-written Fiber, GOGC=800", command: "GOGC=800 bin/fiber", modern: true, goProfile: true, special: "gogc"},
		{name: "gosdk-json-gogc800", title: "official go-sdk, JSON answers, GOGC=800", command: "GOGC=800 BENCH_MODE=stateful-json bin/gosdk", quiet: true, goProfile: true, special: "gogc"},
		{name: "mcpgo-gogc800", title: "mark3labs/mcp-go, GOGC=800", command: "GOGC=800 BENCH_MODE=stateful bin/mcpgo", modern: true, goProfile: true, special: "gogc"},
	}
	if node != "" {
		run := node + " servers/tsfastmcp/server.mjs"
		all = append(all, &server{name: "tsfastmcp", title: "TypeScript fastmcp", command: "BENCH_MODE=stateful-sse " + run, slowOpen: true},
			&server{name: "tsfastmcp-stateless", title: "TypeScript fastmcp, stateless, JSON answers", command: "BENCH_MODE=stateless-json " + run, stateless: true, quiet: true})
	}
	return all
}

// parseServer reads NAME[options]=COMMAND, such as fastmcp-before[2026,pprof]=/tmp/fastmcp.
func parseServer(v string) (*server, error) {
	name, command, ok := strings.Cut(v, "=")
	if !ok || command == "" {
		return nil, fmt.Errorf("-server %q: want NAME[options]=COMMAND", v)
	}
	name, options, _ := strings.Cut(name, "[")
	s := &server{name: name, title: name, command: command}
	for _, o := range strings.FieldsFunc(strings.TrimSuffix(options, "]"), func(r rune) bool { return r == ',' }) {
		switch o {
		case "2026":
			s.modern = true
		case "stateless":
			s.stateless = true
		case "quiet":
			s.quiet = true
		case "tls":
			s.tls = true
		case "pprof":
			s.goProfile = true
		default:
			return nil, fmt.Errorf("-server %q: there is no option %q", v, o)
		}
	}
	return s, nil
}

// process is a server that runs.
type process struct {
	*server
	command *exec.Cmd
	began   time.Time
	address string // host:port
	profile string // host:port, or ""
	cert    string // file, "" for plain TCP
}

// start starts a server, with so many tools, and over TLS when it is given a certificate.
func (b *bench) start(s *server, tools int, cert *certificate) (*process, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	p := &process{server: s, address: "127.0.0.1:" + ports[0]}
	c := exec.Command("sh", "-c", "exec env "+s.command)
	c.Env = append(os.Environ(), "PORT="+ports[0], "BENCH_TOOLS="+strconv.Itoa(tools))
	if s.goProfile {
		p.profile = "127.0.0.1:" + ports[1]
		c.Env = append(c.Env, "PPROF_PORT="+ports[1])
	}
	if cert != nil {
		p.cert = cert.file
		c.Env = append(c.Env, "BENCH_CERT="+cert.file, "BENCH_KEY="+cert.key)
	}
	log, err := os.Create(filepath.Join(b.out, "logs", s.name+".log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	c.Stdout, c.Stderr = log, log
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it does not outlive the runner
	p.command, p.began = c, time.Now()
	if err := c.Start(); err != nil {
		return nil, err
	}
	b.running[p] = true
	return p, nil
}

// wait waits until the server accepts connections.
func (p *process) wait(b *bench) error {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp4", p.address); err == nil {
			_ = c.Close()
			time.Sleep(200 * time.Millisecond)
			return nil
		}
	}
	return fmt.Errorf("%s does not listen on its PORT after 20 s: see %s", p.name, filepath.Join(b.out, "logs", p.name+".log"))
}

// stop ends a process that the runner has started.
func (b *bench) stop(p *process) {
	if !b.running[p] {
		return
	}
	delete(b.running, p)
	_ = p.command.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(2*time.Second, func() { _ = p.command.Process.Kill() })
	_ = p.command.Wait()
	kill.Stop()
}

func (b *bench) stopAll() {
	for p := range b.running {
		b.stop(p)
	}
}

func freePorts(n int) (ports []string, err error) {
	for range n {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }() // not before all are known, so that they differ
		a, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			return nil, errors.New("no TCP address")
		}
		ports = append(ports, strconv.Itoa(a.Port))
	}
	return ports, nil
}
