package fastmcp_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/gofiber/fiber/v2"
)

// elsewhere is a storage that outlives the process, as far as an App can tell: a plain one.
type elsewhere struct{ m store.Storage }

func (e elsewhere) Get(key string) ([]byte, error) { return e.m.Get(key) }
func (e elsewhere) Set(key string, val []byte, exp time.Duration) error {
	return e.m.Set(key, val, exp)
}
func (e elsewhere) Delete(key string) error { return e.m.Delete(key) }
func (e elsewhere) Reset() error            { return e.m.Reset() }
func (e elsewhere) Close() error            { return e.m.Close() }

// A key that a process makes up is good for that process only: with a storage that others may share, or that is there
// after a restart, serving does not begin without Config.Keys.
func TestKeysAreRequiredWithAStorageElsewhere(t *testing.T) {
	config := fastmcp.Config{Storage: elsewhere{store.Memory()}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const words = "set Config.Keys to 32 random bytes"
	if err := fastmcp.New(config).Listener(ln); err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("Listener: %v", err)
	}
	if _, err := ln.Accept(); err == nil {
		t.Error("the listener is left open")
	}
	if err := fastmcp.New(config).ServeStdio(context.Background()); err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("ServeStdio: %v", err)
	}
	func() {
		defer func() {
			if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("Mount: %v", err)
			}
		}()
		fastmcp.New(config).Mount(fiber.New())
	}()

	config.Keys = [][]byte{bytes.Repeat([]byte{7}, 32)}
	app, l := newApp(t, config)
	s := serve(t, app, l)
	if c := s.open("2025-11-25"); c.id == "" {
		t.Error("no session")
	}
	own, l := newApp(t, fastmcp.Config{Storage: store.Memory()})
	if c := serve(t, own, l).open("2025-11-25"); c.id == "" {
		t.Error("the process's own memory needs no keys")
	}
}
