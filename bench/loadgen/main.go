//go:build linux

// Loadgen drives one MCP server over Streamable HTTP from a single epoll loop, checks every answer, and prints what it
// measured as JSON (internal/sample). README.md says how.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"runtime/debug"
	"time"

	"github.com/fastmcp-go/fastmcp/bench/internal/sample"
)

// config is what the flags say.
type config struct {
	server     *server
	conns, pid int
	time, warm time.Duration
	most       uint64
	stateless  bool
	textOnly   bool
	profile    string
	background int

	sessions, broadcasts, slow, payload int
}

func main() {
	var c config
	var size jobSize
	target := flag.String("url", "", "where MCP is served (required)")
	ca := flag.String("ca", "", "PEM file of the certificate to trust: speak TLS")
	token := flag.String("token", "", "bearer token of all requests")
	mode := flag.String("mode", "call", "call | echo | list | progress | prompt | resource | initialize | sessions")
	revision := flag.String("revision", v2025, v2025+" or "+v2026)
	check := flag.String("check", "full", "full: text, id, and every 256th answer completely; text: the text only")
	flag.BoolVar(&c.stateless, "stateless", false, "no sessions in "+v2025)
	flag.IntVar(&c.conns, "c", 64, "connections")
	flag.DurationVar(&c.time, "d", 3*time.Second, "measured time")
	flag.DurationVar(&c.warm, "warm", 300*time.Millisecond, "unmeasured time before it")
	flag.Uint64Var(&c.most, "n", 0, "stop after so many requests; 0: by time only")
	flag.IntVar(&c.pid, "pid", 0, "process of the server, for its CPU and memory")
	flag.StringVar(&c.profile, "profile", "", "host:port of the server's profile listener, for its heap and its collector")
	flag.IntVar(&c.background, "background", 0, "idle sessions with an open stream, beside the measured connections")
	flag.IntVar(&size.bytes, "size", 64<<10, "echo: bytes of the argument")
	flag.IntVar(&size.notes, "notes", 100, "progress: notifications in a call")
	flag.IntVar(&size.tools, "tools", 100, "list: tools that must be there")
	flag.IntVar(&c.sessions, "sessions", 1000, "sessions: how many, each with an open stream")
	flag.IntVar(&c.broadcasts, "broadcasts", 20, "sessions: how many broadcasts to them")
	flag.IntVar(&c.slow, "slow", 0, "sessions: further ones that never read their stream")
	flag.IntVar(&c.payload, "payload", 0, "sessions: bytes of a broadcast; 0: a word")
	flag.Parse()

	u, err := url.Parse(*target)
	fatal(err)
	if u.Host == "" {
		fatal(fmt.Errorf("-url is required"))
	}
	c.textOnly = *check == "text"
	c.server, err = newServer(u.Host, u.RequestURI(), *ca)
	fatal(err)
	if *token != "" {
		c.server.auth = "Authorization: Bearer " + *token + "\r\n"
	}
	debug.SetGCPercent(400) // it allocates next to nothing once it runs

	var r sample.Sample
	if *mode == "sessions" {
		r = measureSessions(c)
	} else {
		j, err := newJob(*mode, *revision, c.stateless, size)
		fatal(err)
		r = measureCalls(c, j)
	}
	b, err := json.Marshal(r)
	fatal(err)
	fmt.Println(string(b))
	if r.Requests == 0 && r.Sessions == 0 {
		os.Exit(1)
	}
}

// fatal ends the process when there is nothing to measure with.
func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "loadgen:", err)
		os.Exit(2)
	}
}
