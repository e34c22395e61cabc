//go:build !js

package fastmcp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/fastmcp-go/fastmcp/internal/host/fasthost"
)

// Listen serves the App on a TCP address, such as "127.0.0.1:8080", until Shutdown, SIGTERM or SIGINT. Then it takes no
// new work, ends the streams with the wish to come back, lets running calls finish for Config.ShutdownTimeout, and
// returns nil. A second signal ends the process at once. An address of all interfaces, ":8080", is open to others: see
// Config.Hosts and Config.Origins.
func (a *App) Listen(addr string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("fastmcp: %w", err)
	}
	return a.Listener(ln)
}

// ListenTLS is Listen with TLS, of version 1.2 or newer, by a certificate and a key in PEM files.
func (a *App) ListenTLS(addr, certFile, keyFile string) error {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return fmt.Errorf("fastmcp: the certificate: %w", err)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("fastmcp: %w", err)
	}
	return a.Listener(tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}))
}

// Listener is Listen on a listener that is open already. It closes it.
func (a *App) Listener(ln net.Listener) error {
	if err := a.start(); err != nil {
		return errors.Join(err, ln.Close())
	}
	a.http.Expose(exposure(ln.Addr()))
	f := a.prepare()
	a.straight(f)
	ln = &closeOnce{Listener: ln}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)
	served := make(chan error, 1)
	go func() { served <- f.Listener(fasthost.NewListener(ln)) }()
	select {
	case err := <-served:
		return err
	case <-a.base.Done(): // Shutdown, which may have come before there was a server to stop
		_ = ln.Close()
		return <-served
	case <-signals:
		signal.Stop(signals) // a second one has its usual effect
		ctx, cancel := context.WithTimeout(context.Background(), a.config.ShutdownTimeout)
		defer cancel()
		a.config.Log.Info("stopping", "running calls may take", a.config.ShutdownTimeout)
		if err := a.Shutdown(ctx); err != nil {
			a.config.Log.Warn("stopped before all calls had ended", "error", err)
		}
		return <-served
	}
}

// closeOnce is a listener that may be closed again: by who stops the server, and by who notices that it has been stopped.
type closeOnce struct {
	net.Listener
	once sync.Once
	err  error
}

func (l *closeOnce) Close() error {
	l.once.Do(func() { l.err = l.Listener.Close() })
	return l.err
}
