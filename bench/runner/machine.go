//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// machine says what the run was made on, without naming it.
func machine() string {
	cpu := regexp.MustCompile(`(?m)^model name\s*: (.+)$`).FindSubmatch(read("/proc/cpuinfo"))
	model := runtime.GOARCH
	if cpu != nil {
		model = string(cpu[1])
	}
	gib := ""
	if kib := regexp.MustCompile(`(?m)^MemTotal:\s+(\d+) kB`).FindSubmatch(read("/proc/meminfo")); kib != nil {
		n, _ := strconv.ParseFloat(string(kib[1]), 64)
		gib = fmt.Sprintf(", %.0f GiB", n/(1<<20))
	}
	return fmt.Sprintf("%d cores (%s)%s, %s", runtime.NumCPU(), model, gib, runtime.GOOS)
}

func read(file string) []byte {
	b, _ := os.ReadFile(file)
	return b
}

// versions are those of Go and of what is compared, as go.mod and package.json pin them.
func versions() []string {
	all := []string{runtime.Version()}
	direct, _, _ := strings.Cut(string(read("go.mod")), "// indirect")
	for _, m := range regexp.MustCompile(`(?m)^\t(github\.com/\S+) (v[1-9]\S*|v0\.[1-9]\S*)$`).FindAllStringSubmatch(direct, -1) {
		all = append(all, m[1]+" "+m[2])
	}
	if m := regexp.MustCompile(`"fastmcp": "([^"]+)"`).FindSubmatch(read("servers/tsfastmcp/package.json")); m != nil {
		all = append(all, "npm fastmcp "+string(m[1]))
	}
	if commit, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output(); err == nil {
		all = append(all, "this project at "+strings.TrimSpace(string(commit)))
	}
	return all
}
