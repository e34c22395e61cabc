package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/live"
)

const (
	startTimeout = 30 * time.Second
	// stopTimeout is more than a node may take: its DrainDelay, 30 s for calls, 5 s for answers.
	stopTimeout = 60 * time.Second
)

// Process is a program that can be stopped, killed and started again, as the same: on the same address, with the same
// files. Its methods may be called from any goroutine, those that start and end it from one at a time.
type Process struct {
	name  string
	args  []string
	env   []string
	ready func() error
	// parent is a program whose children do the work.
	parent bool

	log live.Output

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{} // closed when cmd has ended
	err   error         // how
}

// Start starts it and waits until it is ready.
func (p *Process) Start() error {
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	cmd.WaitDelay = time.Second
	// It ends with the test, even when the test is killed. Its own children are of its group.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // Pdeathsig follows the thread that starts the program
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		err = cmd.Wait()
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		close(ended)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	p.mu.Lock()
	p.cmd, p.ended = cmd, ended
	p.mu.Unlock()
	var err error
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		select {
		case <-ended:
			return fmt.Errorf("%s ended before it was ready: %w\n%s", p.name, p.how(), p.Tail(20))
		default:
		}
		if err = p.ready(); err == nil {
			return nil
		}
	}
	return errors.Join(fmt.Errorf("%s was not ready in %s: %w\n%s", p.name, startTimeout, err, p.Tail(20)), p.Kill())
}

func (p *Process) how() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		return errors.New("with 0")
	}
	return p.err
}

// Signal sends a signal: SIGSTOP makes a program that hangs, SIGCONT goes on with it. These and SIGKILL are sent to its
// children, too: nginx's do the work.
func (p *Process) Signal(s syscall.Signal) error {
	p.mu.Lock()
	cmd := p.cmd
	p.mu.Unlock()
	if cmd == nil {
		return fmt.Errorf("%s has not been started", p.name)
	}
	err := cmd.Process.Signal(s) // which knows whether it has ended already
	if err == nil && (s == syscall.SIGSTOP || s == syscall.SIGCONT || s == syscall.SIGKILL) {
		err = syscall.Kill(-cmd.Process.Pid, s)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

// Kill ends it by SIGKILL, which leaves it no time for anything. One that has ended already is an error.
func (p *Process) Kill() error { return p.end(syscall.SIGKILL, "signal: killed") }

// Stop ends it by SIGTERM, and waits until it has ended, with 0.
func (p *Process) Stop() error { return p.end(syscall.SIGTERM, "") }

// end sends a signal and waits for the end, which must be as it is said.
func (p *Process) end(s syscall.Signal, want string) error {
	if err := p.Signal(s); err != nil {
		return err
	}
	return p.wait(want)
}

func (p *Process) wait(want string) error {
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	select {
	case <-ended:
	case <-time.After(stopTimeout):
		return errors.Join(fmt.Errorf("%s did not end in %s\n%s", p.name, stopTimeout, p.Tail(40)), p.Signal(syscall.SIGKILL))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if got := fmt.Sprint(p.err); p.err != nil && got != want || p.err == nil && want != "" {
		return fmt.Errorf("%s ended with %v, want %q\n%s", p.name, p.err, want, p.Tail(40))
	}
	return nil
}

// Restart is Stop and Start.
func (p *Process) Restart() error {
	if err := p.Stop(); err != nil {
		return err
	}
	return p.Start()
}

// Running tells that it has been started and has not ended.
func (p *Process) Running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Log is what it has printed since it was first started.
func (p *Process) Log() string { return p.log.String() }

// Tail is the last lines of that.
func (p *Process) Tail(n int) string {
	lines := strings.Split(strings.TrimSpace(p.Log()), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// finish ends it with its test, and reports what it should never have printed.
func (p *Process) finish(t testing.TB) {
	if p.Running() {
		_ = p.Signal(syscall.SIGCONT)
		if p.parent {
			_ = p.Stop() // it sees to its children
		}
		if err := p.Signal(syscall.SIGKILL); err == nil {
			_ = p.wait("signal: killed")
		}
	}
	for _, bad := range []string{"DATA RACE", "panic:", "fatal error:"} {
		if strings.Contains(p.Log(), bad) {
			t.Errorf("%s printed %q\n%s", p.name, bad, p.Tail(200))
		}
	}
	if t.Failed() {
		t.Logf("The last that %s printed:\n%s", p.name, p.Tail(20))
	}
}

// Need finds a program by scripts/need.sh, which installs the Debian package that has it where it may.
func Need(ctx context.Context, t testing.TB, root, program, pkg string) string {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, root+"/scripts/need.sh", program, pkg)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s is needed: %v\n%s", program, err, said.String())
	}
	return strings.TrimSpace(string(out))
}
