// Package redistest starts real Redis servers for tests. scripts/need.sh installs redis-server where it is missing.
package redistest

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is a redis-server. It ends with its test.
type Server struct {
	// Addr is host:port, Socket the path of its unix socket, Dir where it works.
	Addr, Socket, Dir string

	t    testing.TB
	args []string
	mu   sync.Mutex
	cmd  *exec.Cmd
	died chan struct{}
	log  string
}

// patience is how long a server may take to start or to end.
const patience = 20 * time.Second

// Start starts a server on a free port, with more arguments ("--requirepass", "secret"), and waits until it answers. It
// keeps nothing on the disk: arguments may say otherwise.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := New(t, args...)
	var err error
	for range 3 { // something else may have taken the port
		if err = s.start(); err == nil {
			return s
		}
		s.Addr = FreeAddr(t)
	}
	t.Fatal(err)
	return nil
}

// New is a server that is not started yet: see Restart.
func New(t testing.TB, args ...string) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "redis") // short, since a socket's path must be
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: FreeAddr(t), Socket: filepath.Join(dir, "s"), Dir: dir, t: t, args: args}
	t.Cleanup(func() {
		s.Kill()
		_ = os.RemoveAll(dir)
	})
	return s
}

// Sentinel starts a sentinel that watches a master, which a quorum of sentinels finds dead within half a second.
func Sentinel(t testing.TB, name, master string, quorum int) *Server {
	t.Helper()
	s := New(t)
	host, port, _ := net.SplitHostPort(master)
	file := filepath.Join(s.Dir, "sentinel.conf")
	settings := fmt.Sprintf("sentinel monitor %[1]s %[2]s %[3]s %[4]d\nsentinel down-after-milliseconds %[1]s 500\n"+
		"sentinel failover-timeout %[1]s 3000\n", name, host, port, quorum)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	s.args = []string{file, "--sentinel"}
	s.Restart()
	return s
}

// URL is that of a client without a password.
func (s *Server) URL() string { return "redis://" + s.Addr }

// Port is that of Addr.
func (s *Server) Port() string {
	_, port, _ := net.SplitHostPort(s.Addr)
	return port
}

// Restart starts a server that has ended, on the same port.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) start() error {
	program, err := find()
	if err != nil {
		return err
	}
	s.log = filepath.Join(s.Dir, "log")
	args := append([]string{}, s.args...)
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		args = append(args[:1:1], append(s.common(), args[1:]...)...) // a file of settings comes first
	} else {
		args = append(s.common(), args...)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = s.Dir
	if err := cmd.Start(); err != nil {
		return err
	}
	died := make(chan struct{})
	go func() { _ = cmd.Wait(); close(died) }()
	s.mu.Lock()
	s.cmd, s.died = cmd, died
	s.mu.Unlock()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if s.answers() {
			return nil
		}
		select {
		case <-died:
			return fmt.Errorf("redis-server has ended: %s", s.Log())
		default:
		}
		if time.Now().After(end) {
			return fmt.Errorf("redis-server does not answer at %s: %s", s.Addr, s.Log())
		}
	}
}

func (s *Server) common() []string {
	return []string{"--port", s.Port(), "--bind", "127.0.0.1", "--unixsocket", s.Socket, "--dir", s.Dir, "--logfile", "log",
		"--save", "", "--appendonly", "no", "--daemonize", "no"}
}

// answers asks by the socket, which needs no certificate.
func (s *Server) answers() bool {
	conn, err := net.DialTimeout("unix", s.Socket, time.Second)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && (strings.HasPrefix(line, "+PONG") || strings.HasPrefix(line, "-NOAUTH"))
}

// Kill ends the server as a crash would, and waits until it is gone.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop asks the server to end, and waits until it is gone.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

func (s *Server) end(how syscall.Signal) {
	s.mu.Lock()
	cmd, died := s.cmd, s.died
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(how) // it may have ended
	select {
	case <-died:
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		<-died
	}
}

// Freeze makes the server hang: connections stay, and nothing answers. Thaw ends that.
func (s *Server) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (s *Server) Thaw() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// Log is what the server has logged.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// FreeAddr is an address that nobody listens on. Its port is none that the system gives to clients: while a server is
// away, nobody takes it.
func FreeAddr(t testing.TB) string {
	t.Helper()
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(12_000+rand.IntN(20_000)))
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}

// find is where redis-server is.
func find() (string, error) {
	if path, err := exec.LookPath("redis-server"); err == nil {
		return path, nil
	}
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("redis-server is not there")
	}
	need := exec.Command(filepath.Join(filepath.Dir(file), "../../scripts/need.sh"), "redis-server", "redis-server")
	need.Stderr = os.Stderr
	path, err := need.Output()
	if err != nil {
		return "", fmt.Errorf("redis-server is not there: %w", err)
	}
	return strings.TrimSpace(string(path)), nil
}
