//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// hz is what the kernel counts CPU time in, USER_HZ.
const hz = 100

// statFields is /proc/PID/stat after the name of the command: what proc(5) counts as field 3 is the first.
func statFields(pid int) []string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil
	}
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return nil
	}
	return strings.Fields(string(b[i+1:]))
}

// tree is a process and its descendants.
func tree(pid int) []int {
	out := []int{pid}
	for i := 0; i < len(out); i++ {
		fs, _ := filepath.Glob("/proc/" + strconv.Itoa(out[i]) + "/task/*/children")
		for _, f := range fs {
			b, _ := os.ReadFile(f)
			for _, s := range strings.Fields(string(b)) {
				if n, err := strconv.Atoi(s); err == nil {
					out = append(out, n)
				}
			}
		}
	}
	return out
}

// sum adds up what of gives of the fields of a process and its descendants; those with fewer than least are left out.
func sum(pid, least int, of func(fields []string) float64) (t float64) {
	if pid <= 0 {
		return 0
	}
	for _, p := range tree(pid) {
		if f := statFields(p); len(f) > least {
			t += of(f)
		}
	}
	return t
}

// number reads a field; what is none counts as 0.
func number(s string) float64 {
	n, _ := strconv.ParseFloat(s, 64)
	return n
}

// cpu is how many seconds a process and its descendants have run, in steps of 10 ms.
func cpu(pid int) float64 {
	return sum(pid, 12, func(f []string) float64 { return (number(f[11]) + number(f[12])) / hz })
}

// rss is how many MiB of a process and its descendants are resident.
func rss(pid int) float64 {
	return sum(pid, 21, func(f []string) float64 { return number(f[21]) * float64(os.Getpagesize()) / (1 << 20) })
}

// machineBusy is how many CPU seconds the whole machine has been busy.
func machineBusy() float64 {
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(b), "\n")
	f := strings.Fields(line)
	var t float64
	for i := 1; i < len(f) && i <= 8; i++ {
		if i == 4 || i == 5 { // idle, iowait
			continue
		}
		v, _ := strconv.ParseFloat(f[i], 64)
		t += v / hz
	}
	return t
}
