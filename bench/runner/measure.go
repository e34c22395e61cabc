//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/fastmcp-go/fastmcp/bench/internal/results"
	"github.com/fastmcp-go/fastmcp/bench/internal/sample"
)

// entry is a row that is being measured: a server, at a size.
type entry struct {
	*server
	point   point
	process *process // nil while none runs
	samples []sample.Sample
}

// table measures one scenario, writes what was found so far, and compares it with its floors.
func (b *bench) table(sc scenario) error {
	if b.rounds > 0 && (sc.rounds == 0 || b.rounds < sc.rounds) {
		sc.rounds = b.rounds
	}
	if sc.rounds == 0 {
		sc.rounds = 5
	}
	if sc.seconds == 0 {
		sc.seconds = b.seconds
	}
	found, err := b.rows(sc)
	if err != nil || found == nil {
		return err
	}
	broken := b.below(found)
	if len(broken) > 0 && b.repeatBroken { // the machine may have been busy: a floor is broken when it is twice
		fmt.Fprintf(os.Stderr, "   again, because of %v\n", broken)
		sc.rounds *= 2
		if found, err = b.rows(sc); err != nil {
			return err
		}
		broken = b.below(found)
	}
	b.broken = append(b.broken, broken...)
	b.found.Put(*found)
	if err := b.found.Write(filepath.Join(b.out, "results.json")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.out, "results.md"), []byte(b.found.Markdown()), 0o644)
}

// rows measures all servers that take part; nil when there is none.
func (b *bench) rows(sc scenario) (*results.Table, error) {
	var all []*entry
	for _, s := range b.servers {
		if !sc.takes(s, slices.Contains(b.added, s.name)) {
			continue
		}
		points := sc.points
		if points == nil {
			points = []point{{tools: sc.tools}}
		}
		for _, p := range points {
			all = append(all, &entry{server: s, point: p})
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	fmt.Fprintf(os.Stderr, "== %s: %d rows, %d rounds of %g s\n", sc.id, len(all), sc.rounds, sc.seconds)
	if err := b.measure(sc, all); err != nil {
		return nil, err
	}
	return tabulate(sc, all), nil
}

// measure goes round: in each round every entry once, each round beginning with another.
func (b *bench) measure(sc scenario, all []*entry) error {
	defer func() {
		for _, e := range all {
			b.end(e)
		}
	}()
	if !sc.fresh {
		for _, e := range all {
			if err := b.serve(sc, e); err != nil {
				return err
			}
		}
		for _, e := range all { // warm, and thrown away
			b.load(sc, e, 0.5)
		}
	}
	repeats := len(all) * sc.rounds / 2
	for round := range sc.rounds {
		for i := range all {
			e := all[(i+round)%len(all)]
			best, err := b.once(sc, e)
			for try := 0; err == nil && try < 2 && best.Foreign > b.noise && repeats > 0; try++ {
				repeats--
				var s sample.Sample
				if s, err = b.once(sc, e); s.Foreign < best.Foreign {
					best = s
				}
			}
			if err != nil {
				return err
			}
			e.samples = append(e.samples, best)
		}
	}
	return nil
}

// once measures an entry once, in a process of its own where the scenario wants one.
func (b *bench) once(sc scenario, e *entry) (s sample.Sample, err error) {
	if !sc.fresh {
		return b.load(sc, e, sc.seconds), nil
	}
	defer b.end(e)
	if sc.probe {
		if e.process, err = b.start(e.server, e.point.tools, nil); err != nil {
			return s, err
		}
		return probeStart(e.process, e.point.tools), nil
	}
	if err := b.serve(sc, e); err != nil {
		return s, err
	}
	return b.load(sc, e, sc.seconds), nil
}

// serve starts the entry's server and waits until it listens.
func (b *bench) serve(sc scenario, e *entry) (err error) {
	var cert *certificate
	if sc.tls {
		cert = b.certificate
	}
	if e.process, err = b.start(e.server, e.point.tools, cert); err != nil {
		return err
	}
	return e.process.wait(b)
}

func (b *bench) end(e *entry) {
	if e.process != nil {
		b.stop(e.process)
		e.process = nil
	}
}

// load runs the generator against an entry.
func (b *bench) load(sc scenario, e *entry, seconds float64) (s sample.Sample) {
	args := slices.Concat(sc.args, e.point.args, []string{
		"-url", "http://" + e.process.address + "/mcp", "-pid", strconv.Itoa(e.process.command.Process.Pid), "-d", fmt.Sprintf("%dms", int(seconds*1000))})
	if e.stateless {
		args = append(args, "-stateless")
	}
	if e.fixed {
		args = append(args, "-check", "text")
	}
	if e.process.profile != "" {
		args = append(args, "-profile", e.process.profile)
	}
	if e.process.cert != "" {
		args = append(args, "-ca", e.process.cert)
	}
	out, err := exec.Command("bin/loadgen", args...).Output()
	if json.Unmarshal(out, &s) != nil {
		words := err
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			words = fmt.Errorf("%w: %.300s", err, exit.Stderr)
		}
		s = sample.Sample{}
		s.Fail(fmt.Errorf("the load generator: %w", words))
	}
	return s
}
