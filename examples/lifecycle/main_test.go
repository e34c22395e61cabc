package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

// The program says where its settings come from, and what it was at the end.
func TestProgram(t *testing.T) {
	t.Setenv("FASTMCP_LOG_FORMAT", "json")
	path := filepath.Join(t.TempDir(), "diary.txt")
	p := program.Start(t, "-diary", path, "-shutdown-timeout", "5s")
	p.Readme(`"content":[]`)
	p.Stop()
	for _, want := range []string{"1 calls, 0 of them failed", `"FASTMCP_LOG_FORMAT":"json (environment)"`, `"FASTMCP_SHUTDOWN_TIMEOUT":"5s (flag -shutdown-timeout)"`} {
		if !strings.Contains(p.Printed(), want) {
			t.Errorf("no %s in %s", want, p.Printed())
		}
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "a fine day\n" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestLifecycle(t *testing.T) {
	var out bytes.Buffer
	d := &diary{path: filepath.Join(t.TempDir(), "diary.txt")}
	app := newApp(fastmcp.Config{Name: "diary"}, d, &out)
	listens := make(chan fastmcp.ListenInfo, 1)
	app.OnListen(func(info fastmcp.ListenInfo) { listens <- info })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- app.Listener(ln) }()
	info := <-listens
	if _, err := app.CallTool(t.Context(), nil, "write", map[string]string{"text": "a fine day"}); err != nil {
		t.Error(err)
	}
	if _, err := app.CallTool(t.Context(), nil, "write", nil); err == nil {
		t.Error("nothing was written, and that is no error")
	}
	if err := app.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-over; err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(d.path); err != nil || string(b) != "a fine day\n" {
		t.Errorf("%q, %v", b, err)
	}
	if want := "listening on " + info.URL + "\n2 calls, 1 of them failed\n"; out.String() != want || !strings.HasPrefix(info.URL, "http://127.0.0.1:") {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// An App that cannot open what it needs does not listen.
func TestLifecycleWithoutItsDiary(t *testing.T) {
	var out bytes.Buffer
	app := newApp(fastmcp.Config{HTTP: fastmcp.HTTPConfig{Addr: "127.0.0.1:0"}}, &diary{path: filepath.Join(t.TempDir(), "none", "diary.txt")}, &out)
	if err := app.Listen(""); err == nil || !strings.Contains(err.Error(), "OnStart") || out.Len() > 0 {
		t.Errorf("%v, %q", err, out.String())
	}
	if err := app.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
