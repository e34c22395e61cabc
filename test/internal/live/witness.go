package live

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// witnessWord is the first argument of a test program that is to be a witness.
const witnessWord = "witness"

// Child is a program that a client starts by itself, and stops. Between them stands a witness, the test program in
// another role: a client that grows tired of waiting signals the witness, which then has nothing to tell any more. So a
// report is there only of a program that ended by itself.
type Child struct {
	// Command and Args are what the client is to start.
	Command string
	Args    []string

	dir string
}

// Watch makes a Child of a program.
func Watch(t testing.TB, program string) *Child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return &Child{Command: self, Args: []string{witnessWord, dir, program}, dir: dir}
}

// Ended fails the test unless the last process that was started has ended by itself, with 0. So many before it the client
// may have used up to find out what it speaks to: it need not wait for those.
func (c *Child) Ended(t testing.TB, probes int) {
	t.Helper()
	started, err := filepath.Glob(filepath.Join(c.dir, "*.log"))
	if err != nil || len(started) != 1+probes {
		t.Fatalf("%d processes were started (%v), want %d", len(started), err, 1+probes)
	}
	log := started[probes] // they are sorted, and their names begin with when they were started
	var report []byte
	for deadline := time.Now().Add(stopTimeout); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if report, err = os.ReadFile(strings.TrimSuffix(log, ".log") + ".end"); err == nil {
			break
		}
	}
	if err != nil {
		report = []byte("not by itself")
	}
	if got := string(report); got != "exit status 0" {
		said, _ := os.ReadFile(log)
		t.Errorf("it ended: %s, want exit status 0; it printed\n%s", got, said)
	}
}

// witness runs a program on the streams that it has been given, and writes down in dir what it prints to standard error
// and how it ends. It gives the code to exit with.
func witness(dir, program string) int {
	name := filepath.Join(dir, fmt.Sprintf("%d-%d", time.Now().UnixNano(), os.Getpid()))
	log, err := os.Create(name + ".log")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer log.Close()
	runtime.LockOSThread() // Pdeathsig follows the thread that starts the program
	cmd := exec.Command(program)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, log
	// The race detector's last second of waiting would be half of what clients wait for the end.
	cmd.Env = append(os.Environ(), "GORACE=halt_on_error=0 atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); cmd.ProcessState == nil {
		fmt.Fprintln(log, err)
		return 1
	}
	// The report appears whole, or not at all.
	err = os.WriteFile(name+".part", []byte(cmd.ProcessState.String()), 0o600)
	if err == nil {
		err = os.Rename(name+".part", name+".end")
	}
	if err != nil {
		fmt.Fprintln(log, err)
	}
	return cmd.ProcessState.ExitCode()
}
