//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/bench/internal/sample"
)

// meter measures what the server, the generator and the rest of the machine use between start and stop.
type meter struct {
	pid     int
	profile string // host:port, or ""

	from                     time.Time
	server, own, all         float64 // CPU seconds at the start
	before, most, lastLook   float64
	collector, collectorFrom float64 // CPU seconds of the collector, and of the server, when the meter was made
}

// newMeter makes a meter. The share of the collector is counted from now on, with the warm-up, because to ask for it
// takes a request, for which the measured part must not wait.
func newMeter(pid int, profile string) *meter {
	m := &meter{pid: pid, profile: profile, collector: collectorSeconds(profile)}
	m.collectorFrom = cpu(pid)
	return m
}

func (m *meter) start() {
	m.from, m.before = time.Now(), rss(m.pid)
	m.most = m.before
	m.server, m.own, m.all = cpu(m.pid), cpu(os.Getpid()), machineBusy()
}

// look notes how much memory the server has, every second.
func (m *meter) look(now time.Time) {
	if s := now.Sub(m.from).Seconds(); s-m.lastLook >= 1 {
		m.lastLook = s
		m.most = max(m.most, rss(m.pid))
	}
}

// stop writes down what has been used, for each of n requests.
func (m *meter) stop(r *sample.Sample, n uint64) {
	seconds := time.Since(m.from).Seconds()
	server, own, all := cpu(m.pid)-m.server, cpu(os.Getpid())-m.own, machineBusy()-m.all
	r.ServerCores = server / seconds
	r.Foreign = max(0, (all-server-own)/seconds)
	if n > 0 {
		r.ServerCPU, r.GeneratorCPU = server/float64(n)*1e6, own/float64(n)*1e6
	}
	r.RSSBefore, r.RSS = m.before, rss(m.pid)
	r.RSSMax = max(m.most, r.RSS)
}

// share writes down what part of its time the server's collector took.
func (m *meter) share(r *sample.Sample) {
	if used := cpu(m.pid) - m.collectorFrom; m.profile != "" && used > 0 {
		r.Collector = max(0, collectorSeconds(m.profile)-m.collector) / used
	}
}

// collectorSeconds asks a Go server for the CPU seconds of its garbage collector: see internal/contract.
func collectorSeconds(profile string) float64 {
	if profile == "" {
		return 0
	}
	resp, err := http.Get("http://" + profile + "/bench/collector")
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	s, _ := strconv.ParseFloat(string(b), 64)
	return s
}

// liveKiB asks a Go server for its heap and stacks after two collections: the second frees what the finalizers of the
// first have let go.
func liveKiB(profile string) (kib float64, err error) {
	if profile == "" {
		return 0, nil
	}
	for range 2 {
		if kib, err = heapKiB(profile); err != nil {
			return 0, fmt.Errorf("the profile listener: %w", err)
		}
	}
	return kib, nil
}

func heapKiB(profile string) (kib float64, err error) {
	resp, err := http.Get("http://" + profile + "/debug/pprof/heap?gc=1&debug=1")
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		for _, key := range []string{"# HeapAlloc = ", "# Stack = "} {
			if v, ok := strings.CutPrefix(lines.Text(), key); ok {
				v, _, _ = strings.Cut(v, " ")
				n, _ := strconv.ParseFloat(v, 64)
				kib += n / 1024
			}
		}
	}
	return kib, lines.Err()
}
