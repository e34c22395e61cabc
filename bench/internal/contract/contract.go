// Package contract is what the runner and a server under test agree on: the variables that a server is started with,
// what it has to offer, and what it tells of its collector.
package contract

import (
	"fmt"
	"net/http"
	_ "net/http/pprof" // profiles, on PPROF_PORT
	"os"
	"runtime/metrics"
	"strconv"
)

// What every server offers besides its tools, so that answers can be checked.
const (
	// PromptName is the prompt that greets: its argument "name" is "Ada", its one message "Greet Ada in one line.".
	PromptName = "greet"
	// ResourceURI is the resource whose text is ResourceText.
	ResourceURI  = "bench://note"
	ResourceText = "The quick brown fox jumps over the lazy dog."
	// BroadcastText is what a broadcast says, unless it is asked for a size.
	BroadcastText = "broadcast"
	// Token is who asks in the table that compares chains: a bearer token. Servers that ask nobody who they are ignore it.
	Token = "bench-0123456789abcdef"
	// Builtin is how many tools there are without fillers: add, echo, count and broadcast.
	Builtin = 4
)

// Greeting is the text of the prompt.
func Greeting(name string) string { return "Greet " + name + " in one line." }

// Env is what a server is started with.
type Env struct {
	// Addr is where it listens: 127.0.0.1:PORT. It serves MCP under /mcp.
	Addr string
	// Mode is BENCH_MODE, whose words are the server's own.
	Mode string
	// Tools is BENCH_TOOLS, how many tools tools/list shows in all; 0: the builtin ones.
	Tools int
	// Cert and Key are BENCH_CERT and BENCH_KEY, PEM files: when they are set the server speaks TLS.
	Cert, Key string
}

// Load reads the environment, and starts the profile listener when PPROF_PORT is set.
func Load() Env {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	n, _ := strconv.Atoi(os.Getenv("BENCH_TOOLS"))
	if p := os.Getenv("PPROF_PORT"); p != "" {
		http.HandleFunc("/bench/collector", collector)
		go func() { _ = http.ListenAndServe("127.0.0.1:"+p, nil) }()
	}
	return Env{Addr: "127.0.0.1:" + port, Mode: os.Getenv("BENCH_MODE"), Tools: n, Cert: os.Getenv("BENCH_CERT"), Key: os.Getenv("BENCH_KEY")}
}

// Exit ends the process with why it could not serve.
func Exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// collector answers with the CPU seconds that the garbage collector has used so far, as one number. What it did while
// a processor had nothing else to do is left out: it took nothing from anybody.
func collector(w http.ResponseWriter, _ *http.Request) {
	s := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}}
	metrics.Read(s)
	_, _ = fmt.Fprintf(w, "%f", s[0].Value.Float64()-s[1].Value.Float64())
}

// Filler is a tool that only makes tools/list longer.
type Filler struct{ Name, Description string }

// Fillers are the tools that are missing to make total.
func Fillers(total int) []Filler {
	var out []Filler
	for i := Builtin; i < total; i++ {
		out = append(out, Filler{
			Name:        fmt.Sprintf("filler_%03d", i),
			Description: fmt.Sprintf("Filler tool number %d: multiplies a by b and reports the product.", i),
		})
	}
	return out
}
