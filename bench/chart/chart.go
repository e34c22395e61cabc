package main

import (
	"fmt"
	"strings"

	"github.com/fastmcp-go/fastmcp/bench/internal/results"
)

// panel is one table of the chart, bar one server in it.
type panel struct {
	title string
	bars  []bar
}

type bar struct {
	name  string
	words string  // beside the ratio
	ratio float64 // to the hand-written server
	own   bool
}

// chart is panels, two beside each other.
type chart struct {
	panels []panel
	foot   string
}

// shown are the tables of the chart: which, of what, under which heading, and in which unit.
var shown = []struct{ table, metric, title, unit string }{
	{"call", "rps", "tools/call, 2025-11-25 with session", "/s"},
	{"call-2026", "rps", "tools/call, 2026-07-28", "/s"},
	{"list", "rps", "tools/list, 100 tools", "/s"},
	{"progress", "notes", "progress notifications", "/s"},
	{"echo", "rps", "64 KiB in and out", "/s"},
	{"sessions", "rss_per_session", "memory of an idle session (less is better)", " KiB"},
}

// order is which servers are shown, from the top; of those with a choice of modes the one that is named first is taken.
var order = []struct {
	name  string
	modes []string
}{
	{"FastMCP for Go", []string{"fastmcp"}},
	{"hand-written Fiber", []string{"fiber"}},
	{"hand-written net/http", []string{"nethttp"}},
	{"mark3labs/mcp-go", []string{"mcpgo"}},
	{"official go-sdk", []string{"gosdk-json", "gosdk", "gosdk-stateless"}},
	{"TypeScript fastmcp", []string{"tsfastmcp"}},
}

func newChart(r *results.Results) *chart {
	c := &chart{foot: fmt.Sprintf("%s, %s, load generator on the same machine. Length: ratio to the hand-written Fiber server, median of interleaved rounds.", r.Date, r.Machine)}
	for _, s := range shown {
		t := r.Table(s.table)
		if t == nil {
			continue
		}
		p := panel{title: s.title}
		for _, o := range order {
			for _, mode := range o.modes {
				row := t.Row(mode)
				if row == nil {
					continue
				}
				if v := row.Values[s.metric]; v.Ratio != nil {
					words := short(v.Median) + s.unit
					if row.Lost > 0 {
						words += ", loses some"
					}
					p.bars = append(p.bars, bar{name: o.name, words: words, ratio: v.Ratio.Median, own: mode == "fastmcp"})
					break
				}
			}
		}
		if len(p.bars) > 0 {
			c.panels = append(c.panels, p)
		}
	}
	return c
}

// short writes 79316 as 79 k.
func short(f float64) string {
	switch {
	case f >= 1e6:
		return fmt.Sprintf("%.1f M", f/1e6)
	case f >= 1e4:
		return fmt.Sprintf("%.0f k", f/1e3)
	case f >= 1e3:
		return fmt.Sprintf("%.1f k", f/1e3)
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.1f", f)
}

// Lengths are in pixels of the picture at its own size.
const (
	panelWidth = 500
	nameWidth  = 150
	barWidth   = 160
	ratioWidth = 46
	lineHeight = 24
	barHeight  = 14
	headHeight = 34
	margin     = 16
)

const style = `<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
.title { font-weight: 600 }
.words, .foot { fill: #57606a }
.foot { font-size: 11px }
.bar { fill: #afb8c1 }
.own { fill: #0969da }
.base { stroke: #57606a; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.words, .foot { fill: #9198a1 }
.bar { fill: #484f58 }
.own { fill: #4493f8 }
.base { stroke: #9198a1 }
}
</style>
`

// svg draws the chart.
func (c *chart) svg() string {
	var body strings.Builder
	y := margin
	for i := 0; i < len(c.panels); i += 2 {
		row := c.panels[i:min(i+2, len(c.panels))]
		most := 0
		for j := range row {
			row[j].svg(&body, margin+j*panelWidth, y)
			most = max(most, len(row[j].bars))
		}
		y += headHeight + most*lineHeight + margin
	}
	fmt.Fprintf(&body, "<text class=\"foot\" x=\"%d\" y=\"%d\">%s</text>\n", margin, y+8, escape(c.foot))
	width, height := 2*panelWidth+margin, y+8+margin
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n%s%s</svg>\n",
		width, height, width, height, escape(c.summary()), style, body.String())
}

// svg draws a panel: its longest bar is as wide as there is room, and a line marks the hand-written server.
func (p *panel) svg(b *strings.Builder, x, y int) {
	longest := 1.0
	for _, r := range p.bars {
		longest = max(longest, r.ratio)
	}
	fmt.Fprintf(b, "<text class=\"title\" x=\"%d\" y=\"%d\">%s</text>\n", x, y+14, escape(p.title))
	left, top := x+nameWidth, y+headHeight
	for i, r := range p.bars {
		mid := top + i*lineHeight + lineHeight/2
		class := "bar"
		if r.own {
			class = "own"
		}
		width := r.ratio / longest * barWidth
		fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left-8, mid+4, escape(r.name))
		fmt.Fprintf(b, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>\n", class, left, mid-barHeight/2, max(width, 1), barHeight)
		fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\">×%s</text>\n", left+barWidth+10, mid+4, ratio(r.ratio))
		fmt.Fprintf(b, "<text class=\"words\" x=\"%d\" y=\"%d\">%s</text>\n", left+barWidth+10+ratioWidth, mid+4, escape(r.words))
	}
	at := float64(left) + barWidth/longest
	fmt.Fprintf(b, "<line class=\"base\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n", at, top, at, top+len(p.bars)*lineHeight)
}

func ratio(f float64) string {
	if f >= 10 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

// summary is what is read to those who do not see the picture.
func (c *chart) summary() string {
	var parts []string
	for _, p := range c.panels {
		for _, r := range p.bars {
			if r.own {
				parts = append(parts, fmt.Sprintf("%s: %s times the hand-written Fiber server", p.title, ratio(r.ratio)))
			}
		}
	}
	return strings.Join(parts, "; ")
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
