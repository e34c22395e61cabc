//go:build linux

package fastmcp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
)

// activatedAs is the environment variable by which this test program knows that it is a child that systemd would start: its
// value is the address to listen on, and that of the second listener.
const activatedAs = "FASTMCP_TEST_ACTIVATED"

// TestActivatedChild is no test by itself, but the program that TestSystemdSockets starts.
func TestActivatedChild(t *testing.T) {
	addr, admin, ok := strings.Cut(os.Getenv(activatedAs), ",")
	if !ok {
		return
	}
	// systemd sets it between fork and exec, which Go cannot.
	_ = os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
	app := fastmcp.New(fastmcp.Config{HTTP: fastmcp.HTTPConfig{AdminAddr: admin}})
	app.AddRoute("GET", "/pid", func(c *fiber.Ctx) error { return c.SendString("main " + strconv.Itoa(os.Getpid())) })
	if admin != "" {
		app.AddRoute("GET", "/pid", func(c *fiber.Ctx) error { return c.SendString("admin " + strconv.Itoa(os.Getpid())) }, fastmcp.RouteConfig{Admin: true})
	}
	if err := app.Listen(addr); err != nil {
		fmt.Println("child:", err)
		os.Exit(3)
	}
	os.Exit(0)
}

// activate starts a child with sockets, as systemd does.
func activate(t *testing.T, listen, names, notify string, sockets ...*net.TCPListener) (child *exec.Cmd, out *bufio.Reader) {
	t.Helper()
	child = exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestActivatedChild$")
	child.Env = append(os.Environ(), activatedAs+"="+listen, "LISTEN_FDS="+strconv.Itoa(len(sockets)), "LISTEN_FDNAMES="+names, "NOTIFY_SOCKET="+notify)
	for _, ln := range sockets {
		f, err := ln.File()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		child.ExtraFiles = append(child.ExtraFiles, f)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	return child, bufio.NewReader(stdout)
}

func tcpSocket(t *testing.T) *net.TCPListener {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

// pid asks who serves a socket.
func pid(t *testing.T, ln *net.TCPListener) string {
	t.Helper()
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + ln.Addr().String() + "/pid")
	if err != nil {
		t.Fatal(err)
	}
	return readAll(t, res).body
}

// A process is given its sockets by systemd, serves them, and leaves them as they were for the one that comes next: nobody who
// connects in between is lost.
func TestSystemdSockets(t *testing.T) {
	web, operator := tcpSocket(t), tcpSocket(t)
	for range 2 {
		child, _ := activate(t, "systemd:web,systemd:operator", "operator:web", "", operator, web)
		process := strconv.Itoa(child.Process.Pid)
		if got := pid(t, web); got != "main "+process {
			t.Errorf("web: %s, want that of %s", got, process)
		}
		if got := pid(t, operator); got != "admin "+process {
			t.Errorf("operator: %s, want that of %s", got, process)
		}
		if err := child.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := child.Wait(); err != nil {
			t.Errorf("the child ends with %v", err)
		}
	}
	// Nobody serves it now; systemd listens on.
	early, err := net.Dial("tcp", web.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = early.Close() }()
	if _, err := io.WriteString(early, "GET /pid HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	child, _ := activate(t, "systemd:,", "", "", web)
	_ = early.SetDeadline(time.Now().Add(20 * time.Second))
	if b, err := io.ReadAll(early); err != nil || !strings.Contains(string(b), "main "+strconv.Itoa(child.Process.Pid)) {
		t.Errorf("who came before the process: %q, %v", b, err)
	}
	_ = child.Process.Signal(syscall.SIGTERM)
	if err := child.Wait(); err != nil {
		t.Error(err)
	}
}

func TestSystemdMistakes(t *testing.T) {
	one, two := tcpSocket(t), tcpSocket(t)
	for _, c := range []struct {
		listen, names string
		sockets       []*net.TCPListener
		says          string
	}{
		{"systemd:web,", "operator", []*net.TCPListener{one}, `no socket named "web", but ["operator"]`},
		{"systemd:,", "a:b", []*net.TCPListener{one, two}, `opened 2 sockets: name one, as in "systemd:a"`},
		{"systemd:,", "", nil, `LISTEN_FDS is "0"`},
	} {
		child, out := activate(t, c.listen, c.names, "", c.sockets...)
		line, _ := out.ReadString('\n')
		err := child.Wait()
		if err == nil || !strings.HasPrefix(line, "child: fastmcp: ") || !strings.Contains(line, c.says) {
			t.Errorf("%v: %q, %v", c, line, err)
		}
	}
	t.Setenv("LISTEN_PID", "1") // another's
	t.Setenv("LISTEN_FDS", "1")
	if err := fastmcp.New().Listen("systemd:"); err == nil || !strings.Contains(err.Error(), "LISTEN_PID") {
		t.Errorf("%v", err)
	}
}

// A service manager that waits is told when the App listens, and when it begins to stop.
func TestServiceManagerIsTold(t *testing.T) {
	path := filepath.Join(socketDir(t), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = manager.Close() }()
	told := func(want string) {
		t.Helper()
		_ = manager.SetReadDeadline(time.Now().Add(20 * time.Second))
		b := make([]byte, 64)
		if n, err := manager.Read(b); err != nil || string(b[:n]) != want {
			t.Errorf("told %q, %v; want %s", b[:n], err, want)
		}
	}
	ln := tcpSocket(t)
	child, _ := activate(t, "systemd:,", "", path, ln)
	told("READY=1")
	if got := pid(t, ln); !strings.HasPrefix(got, "main ") {
		t.Errorf("%s", got)
	}
	_ = child.Process.Signal(syscall.SIGTERM)
	told("STOPPING=1")
	if err := child.Wait(); err != nil {
		t.Error(err)
	}

	// Whoever asks it to stop.
	t.Setenv("NOTIFY_SOCKET", path)
	app, l := newApp(t, fastmcp.Config{})
	t.Run("Shutdown", func(t *testing.T) {
		serve(t, app, l)
		told("READY=1")
	})
	told("STOPPING=1")

	// One that is not there is no reason not to serve.
	t.Setenv("NOTIFY_SOCKET", path+".none")
	app, l = newApp(t, fastmcp.Config{})
	serve(t, app, l)
	within(t, 10*time.Second, "it is logged", func() bool { return strings.Contains(l.String(), "cannot be told") })
}
