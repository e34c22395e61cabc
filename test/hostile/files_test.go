//go:build unix

package hostile

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// childWord is the environment variable that makes the test's program a server with few files.
const childWord = "HOSTILE_CHILD"

// files is how many files the child may have open.
const files = 64

func TestMain(m *testing.M) {
	if os.Getenv(childWord) != "" {
		fmt.Println(child())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// child serves without a bound but that of the system. It ends with the pipe that it reads from.
func child() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: files, Max: files}); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	app := fastmcp.New(fastmcp.Config{
		Log:  slog.New(slog.NewTextHandler(os.Stdout, nil)),
		HTTP: fastmcp.HTTPConfig{MaxConns: -1, MaxConnsPerIP: -1},
	})
	return app.Listener(ln)
}

// A process without a file left for another connection goes on serving those it has, and the others when there is one
// again. fasthttp would stop listening for good.
func TestNoFilesLeft(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childWord+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(out)
	if !said.Scan() {
		t.Fatal("the child has said nothing")
	}
	s := &target{t: t, addr: said.Text()}
	log := make(chan string, 1)
	go func() {
		var all strings.Builder
		for said.Scan() {
			all.WriteString(said.Text() + "\n")
		}
		log <- all.String()
	}()
	ping := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
	known := dial(t, s.addr)
	r := bufio.NewReader(known)
	ask := func(when string) {
		t.Helper()
		_ = known.SetDeadline(time.Now().Add(patience))
		send(known, s.post("/mcp", length(ping), ping), false)
		if a := next(t, r); a.status != 200 {
			t.Errorf("%s: %d %s", when, a.status, a.body)
		}
	}
	ask("before")
	var conns []net.Conn
	for range 3 * files {
		conns = append(conns, dial(t, s.addr))
	}
	within(t, "the others wait", func() bool { // the last of them is not accepted, so nobody answers it
		c := conns[len(conns)-1]
		send(c, s.post("/mcp", length(ping), ping), false)
		_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		_, err := c.Read(make([]byte, 1))
		return errors.Is(err, os.ErrDeadlineExceeded)
	})
	for range 5 {
		ask("with no file left")
	}
	for _, c := range conns {
		_ = c.Close()
	}
	within(t, "somebody new is served", func() bool {
		c := dial(t, s.addr)
		defer func() { _ = c.Close() }()
		send(c, s.post("/mcp", "Connection: close\r\n"+length(ping), ping), false)
		all, _ := answers(t, c, 2)
		return len(all) == 1 && all[0].status == 200
	})
	ask("after")
	_ = in.Close()
	if text := <-log; !strings.Contains(text, "cannot accept them") {
		t.Errorf("the log does not tell: %s", text)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Over TLS the handshake has ReadTimeout, too, refusals can be read, and what is no TLS is closed.
func TestTLS(t *testing.T) {
	const timeout, limit = 500 * time.Millisecond, 64 << 10
	s := newTarget(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{ReadTimeout: timeout, MaxBody: limit}})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	done := make(chan error, 1)
	go func() {
		done <- s.app.Listener(tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{certificate(t)}}))
	}()
	t.Cleanup(func() {
		if err := errors.Join(s.app.Shutdown(t.Context()), <-done); err != nil && !errors.Is(err, t.Context().Err()) {
			t.Error(err)
		}
	})
	secure := func() net.Conn {
		return tls.Client(dial(t, s.addr), &tls.Config{InsecureSkipVerify: true})
	}
	for name, begin := range map[string]string{"nothing": "", "half a handshake": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "no TLS": s.hit()} {
		begun := time.Now()
		c := dial(t, s.addr)
		send(c, begin, false)
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: it was not closed", name)
		}
		if took := time.Since(begun); took > timeout+8*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
	}
	body := strings.Repeat("x", 16<<20)
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"too long":                  {s.post("/echo", length(body), body), 413},
		"two lengths":               {s.post("/echo", "Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), 400},
		"half a body":               {s.post("/echo", "Content-Length: 2\r\n", "{"), 408},
		"half a body and no more":   {s.post("/echo", "Content-Length: 2\r\nConnection: close\r\n", ""), 408},
		"too long and read at once": {s.post("/echo", length(body), ""), 413},
	} {
		conn := secure()
		if _, err := io.WriteString(conn, c.request+""); err != nil {
			t.Errorf("%s: not all could be sent: %v", name, err)
		}
		all, _ := answers(t, conn, 2)
		if len(all) != 1 {
			t.Errorf("%s: %+v", name, all)
			continue
		}
		refused(t, name, all[0], c.status)
	}
	if n := s.hits.Load(); n != 0 {
		t.Errorf("%d hits", n)
	}
}
