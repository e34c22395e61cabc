package fasthost

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestDeafen: whoever has connected is let in and heard, whoever comes later is not, and is refused once the listener is
// closed.
func TestDeafen(t *testing.T) {
	var tcp net.ListenConfig
	tcp.SetMultipathTCP(false)
	ln, err := tcp.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	early, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = early.Close() }()
	if err := Deafen(ln); err != nil {
		t.Fatal(err)
	}
	late := make(chan error, 1)
	go func() {
		_, err := net.DialTimeout("tcp", ln.Addr().String(), 20*time.Second)
		late <- err
	}()
	_, err = net.DialTimeout("tcp", ln.Addr().String(), 200*time.Millisecond)
	if wait := net.Error(nil); !errors.As(err, &wait) || !wait.Timeout() {
		t.Errorf("a connection was made: %v", err)
	}
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(conn, conn); _ = conn.Close() }()
	if _, err := io.WriteString(early, "hello"); err != nil {
		t.Fatal(err)
	}
	if b := make([]byte, 5); true {
		_ = early.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.ReadFull(early, b); err != nil || string(b) != "hello" {
			t.Errorf("%q, %v", b, err)
		}
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-late; !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("who tried again was not refused: %v", err)
	}
}

func TestDeafenWhatIsNotTCP(t *testing.T) {
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if err := Deafen(ln); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	if err := Deafen(struct{ net.Listener }{ln}); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}
