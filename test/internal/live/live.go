// Package live starts the project's example programs for a test, and stops them.
package live

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout = 20 * time.Second
	stopTimeout  = 10 * time.Second
	// tries bounds how often a server is started again because something else took its port.
	tries = 3
)

// Server is a running example.
type Server struct {
	// Addr is host:port, URL the address of the MCP endpoint.
	Addr, URL string

	log  Output
	stop func() error
}

// Example is a program that the tests of a package need.
type Example struct {
	name string
	// server gets the one that runs, path the program of one that nobody starts but the tests.
	server **Server
	path   *string
}

// Serve is an example that listens, and runs as long as the tests do.
//
// What it must do: take `-addr host:port`, and print "listening on http://host:port/mcp" on a line.
func Serve(name string, server **Server) Example { return Example{name: name, server: server} }

// Build is an example that the tests start by themselves.
func Build(name string, path *string) Example { return Example{name: name, path: path} }

// Run starts the examples, runs the tests of a package against them and stops them. It returns the code to exit with:
//
//	func TestMain(m *testing.M) { os.Exit(live.Run(m, live.Serve("quickstart", &server))) }
//
// The variable FASTMCP_<EXAMPLE> may name the program to use in place of one: any MCP server that does the same.
func Run(m *testing.M, examples ...Example) (code int) {
	if len(os.Args) == 4 && os.Args[1] == witnessWord {
		return witness(os.Args[2], os.Args[3])
	}
	dir, err := os.MkdirTemp("", "fastmcp-test")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	for _, e := range examples {
		if err := e.prepare(dir); err != nil {
			fmt.Println(err)
			return 1
		}
		if e.server == nil {
			continue
		}
		defer func() {
			if err := (*e.server).end(); err != nil {
				fmt.Printf("%s: %v\n", e.name, err)
				code = max(code, 1)
			} else if code != 0 {
				fmt.Printf("The last that %s printed:\n%s\n", e.name, (*e.server).tail(40))
			}
		}()
	}
	return m.Run()
}

// prepare builds the example, and starts it if it is one that listens.
func (e Example) prepare(dir string) (err error) {
	program := os.Getenv("FASTMCP_" + strings.ToUpper(e.name))
	if program == "" {
		if program, err = build(e.name, dir); err != nil {
			return err
		}
	}
	if e.server == nil {
		*e.path = program
		return nil
	}
	for range tries {
		if *e.server, err = start(program); err == nil {
			break
		}
	}
	return err
}

// build compiles an example, with the race detector when FASTMCP_RACE is set.
func build(example, dir string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, example)
	args := []string{"build", "-o", program}
	if os.Getenv("FASTMCP_RACE") != "" {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir = filepath.Join(root, "examples", example)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build examples/%s: %w\n%s", example, err, out)
	}
	return program, nil
}

// Root is the repository's folder.
func Root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, serr := os.Stat(filepath.Join(dir, "LICENSE")); serr == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("the repository's folder was not found")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func start(program string) (*Server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	s := &Server{Addr: addr, URL: "http://" + addr + "/mcp"}
	cmd := exec.Command(program, "-addr", addr)
	cmd.Env = append(os.Environ(), "GORACE=halt_on_error=0")
	// The server ends with the test, even when the test is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = &s.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}

	started := make(chan error)
	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // Pdeathsig follows the thread that started the server
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	s.stop = func() error { return terminate(cmd.Process, ended) }

	ready := make(chan struct{})
	go s.watch(out, "listening on "+s.URL, ready)
	select {
	case <-ready:
		if err := reachable(addr); err != nil {
			return nil, errors.Join(err, s.stop())
		}
		return s, nil
	case err := <-ended:
		return nil, fmt.Errorf("%s ended before it listened: %v\n%s", filepath.Base(program), err, s.Log())
	case <-time.After(startTimeout):
		err := fmt.Errorf("%s did not print \"listening on %s\" within %v\n%s", filepath.Base(program), s.URL, startTimeout, s.Log())
		return nil, errors.Join(err, s.stop())
	}
}

// reachable waits for a server that prints a moment before it listens.
func reachable(addr string) (err error) {
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var c net.Conn
		if c, err = net.Dial("tcp", addr); err == nil {
			return c.Close()
		}
	}
	return err
}

// watch keeps what the server prints, and closes ready at the line it waits for.
func (s *Server) watch(out io.Reader, line string, ready chan struct{}) {
	found := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		fmt.Fprintln(&s.log, lines.Text())
		if !found && strings.Contains(lines.Text(), line) {
			found = true
			close(ready)
		}
	}
}

// terminate asks the server to end, and kills it when it does not.
func terminate(p *os.Process, ended <-chan error) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("it was not there any more at the end of the tests: %w", err)
	}
	select {
	case <-ended:
		return nil
	case <-time.After(stopTimeout):
		return errors.Join(fmt.Errorf("it did not end within %v of SIGTERM", stopTimeout), p.Kill())
	}
}

// end stops the server and reports what it should never have printed.
func (s *Server) end() error {
	err := s.stop()
	for _, bad := range []string{"DATA RACE", "panic:", "fatal error:"} {
		if strings.Contains(s.Log(), bad) {
			err = errors.Join(err, fmt.Errorf("it printed %q", bad))
		}
	}
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, s.tail(200))
	}
	return err
}

// Log is what the server has printed so far.
func (s *Server) Log() string { return s.log.String() }

// tail is the last lines of the log.
func (s *Server) tail(n int) string {
	lines := strings.Split(strings.TrimSpace(s.Log()), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// Output is what a program has printed, while it goes on printing.
type Output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds to it.
func (l *Output) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is what there is.
func (l *Output) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Node makes a command of a Node program, run in test/e2e. FASTMCP_NODE may name the node to use.
func Node(ctx context.Context, t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "test", "e2e")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal("the npm packages are not installed: run scripts/npm.sh")
	}
	node := os.Getenv("FASTMCP_NODE")
	if node == "" {
		out, err := exec.Command(filepath.Join(root, "scripts", "node.sh")).Output()
		if err != nil {
			t.Fatalf("scripts/node.sh: %v", err)
		}
		node = strings.TrimSpace(string(out))
	}
	cmd := exec.CommandContext(ctx, node, args...)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	return cmd
}
