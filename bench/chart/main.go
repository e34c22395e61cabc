// Chart draws the results of a benchmark as an SVG picture: for each of a few tables the ratio to the hand-written Fiber
// server, as bars. It follows the reader's choice of light or dark.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/fastmcp-go/fastmcp/bench/internal/results"
)

func main() {
	in := flag.String("in", "out/results.json", "results of the runner")
	out := flag.String("out", "out/chart.svg", "picture to write")
	flag.Parse()
	if err := draw(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func draw(in, out string) error {
	r, err := results.Read(in)
	if err != nil {
		return err
	}
	c := newChart(r)
	if len(c.panels) == 0 {
		return fmt.Errorf("%s has none of the tables that the chart shows", in)
	}
	return os.WriteFile(out, []byte(c.svg()), 0o644)
}
