//go:build linux

// Runner starts the servers, measures them in interleaved rounds with the load generator, and prints the tables.
// README.md says how.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/bench/internal/results"
)

// bench is a run.
type bench struct {
	rounds       int
	seconds      float64
	noise        float64
	out          string
	certificate  *certificate
	servers      []*server
	added        []string // names of those that the command line adds
	running      map[*process]bool
	found        *results.Results
	floors       []floor
	broken       []string
	repeatBroken bool
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

type options struct {
	only, servers, floors, node string
	added                       list
	short, merge, names         bool
	sizes                       sizes
}

func main() {
	runtime.LockOSThread() // Pdeathsig is about the thread that starts a process
	b := &bench{running: map[*process]bool{}}
	o := b.flags()
	err := b.main(o)
	b.stopAll()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) flags() (o options) {
	flag.Var(&o.added, "server", "another server, NAME[options]=COMMAND; options: 2026, stateless, quiet, tls, pprof; may be given several times")
	flag.StringVar(&o.only, "only", "", "tables to measure, by id, separated by commas; default: all but the endurance")
	flag.StringVar(&o.servers, "servers", "", "servers to measure, separated by commas; default: all; fiber always takes part")
	flag.BoolVar(&o.names, "list", false, "print the ids of tables and servers")
	flag.BoolVar(&o.short, "short", false, "two servers, few and short rounds, and the floors: exit code 1 when a ratio is under its floor")
	flag.StringVar(&o.floors, "floors", "floors.json", "floors of the short run")
	flag.BoolVar(&o.merge, "merge", false, "keep the tables of results.json that are not measured this time")
	flag.StringVar(&o.node, "node", "", "program that runs the TypeScript server; default: it is left out")
	flag.IntVar(&b.rounds, "rounds", 0, "interleaved rounds; default: what each table has, else 5; 3 in the short run")
	flag.Float64Var(&b.seconds, "d", 0, "seconds of a measurement; default: 3; 1 in the short run")
	flag.Float64Var(&b.noise, "noise", 0.25, "repeat a measurement while other work used more cores than that, twice at most")
	flag.StringVar(&b.out, "o", "", "folder for what is written; default: out, and out/short of the short run")
	flag.IntVar(&o.sizes.conns, "c", 64, "connections")
	flag.IntVar(&o.sizes.sessions, "sessions", 0, "idle sessions; default: 1000; 300 in the short run")
	flag.IntVar(&o.sizes.manySessions, "many", 10_000, "idle sessions where there are many")
	flag.IntVar(&o.sizes.broadcasts, "broadcasts", 20, "broadcasts to them")
	flag.Parse()
	return o
}

func (b *bench) main(o options) error {
	if err := b.prepare(&o); err != nil {
		return err
	}
	all := scenarios(o.sizes)
	if o.names {
		b.names(all)
		return nil
	}
	chosen, err := choose(all, o)
	if err != nil {
		return err
	}
	for _, sc := range chosen {
		if err := b.table(sc); err != nil {
			return err
		}
	}
	fmt.Print(b.found.Markdown())
	if len(b.broken) > 0 {
		return fmt.Errorf("under the floor:\n  %s", strings.Join(b.broken, "\n  "))
	}
	return nil
}

func (b *bench) prepare(o *options) (err error) {
	fallback(&b.out, "out", filepath.Join("out", "short"), o.short)
	if err := os.MkdirAll(filepath.Join(b.out, "logs"), 0o755); err != nil {
		return err
	}
	if b.certificate, err = newCertificate(filepath.Join(b.out, "logs")); err != nil {
		return err
	}
	b.servers = servers(o.node)
	if o.short {
		if b.floors, err = readFloors(o.floors); err != nil {
			return err
		}
		b.repeatBroken = true
		o.servers = "fastmcp,fastmcp-chain"
	}
	fallback(&o.sizes.sessions, 1000, 300, o.short)
	if o.short && b.rounds == 0 {
		b.rounds = 3
	}
	fallback(&b.seconds, 3, 1, o.short)
	if o.servers != "" {
		keep := append(strings.Split(o.servers, ","), base)
		for _, name := range keep {
			if !slices.ContainsFunc(b.servers, func(s *server) bool { return s.name == name }) {
				return fmt.Errorf("-servers: there is no %q; -list prints those that are", name)
			}
		}
		b.servers = slices.DeleteFunc(b.servers, func(s *server) bool { return !slices.Contains(keep, s.name) })
	}
	for _, v := range o.added {
		s, err := parseServer(v)
		if err != nil {
			return err
		}
		b.servers = append(b.servers, s)
		b.added = append(b.added, s.name)
	}
	return b.begin(o)
}

// begin makes the results, which may go on with those of an earlier run.
func (b *bench) begin(o *options) (err error) {
	if o.merge {
		if b.found, err = results.Read(filepath.Join(b.out, "results.json")); err == nil {
			return nil
		}
	}
	rounds := "as many rounds as each table needs"
	if b.rounds > 0 {
		rounds = fmt.Sprintf("%d rounds", b.rounds)
	}
	b.found = &results.Results{Date: time.Now().UTC().Format(time.DateOnly), Machine: machine(), Versions: versions(), Base: base,
		Settings: fmt.Sprintf("Interleaved, %s of %g s; GOGC and GOMAXPROCS as they are by default; over the loopback interface", rounds, b.seconds)}
	return nil
}

func fallback[T comparable](v *T, usual, short T, isShort bool) {
	var zero T
	if *v != zero {
		return
	}
	if *v = usual; isShort {
		*v = short
	}
}

// choose picks the tables that are asked for.
func choose(all []scenario, o options) ([]scenario, error) {
	if o.only == "" {
		return slices.DeleteFunc(all, func(sc scenario) bool { return sc.extra || o.short && !sc.short }), nil
	}
	ids := strings.Split(o.only, ",")
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(sc scenario) bool { return sc.id == id }) {
			return nil, fmt.Errorf("-only: there is no table %q; -list prints those that are", id)
		}
	}
	return slices.DeleteFunc(all, func(sc scenario) bool { return !slices.Contains(ids, sc.id) }), nil
}

func (b *bench) names(all []scenario) {
	for _, sc := range all {
		fmt.Printf("%-14s %s\n", sc.id, sc.title)
	}
	fmt.Println()
	for _, s := range b.servers {
		fmt.Printf("%-20s %s\n", s.name, s.title)
	}
}
