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
	"syscall"

	"github.com/fastmcp-go/fastmcp/internal/host/fasthost"
)

// Listen serves the App on a TCP address, such as "127.0.0.1:8080", until Shutdown, SIGTERM or SIGINT. At SIGTERM it is
// drained for HTTPConfig.DrainDelay first: see Drain. Then it closes the listener, ends the streams with the wish to come
// back, lets running calls finish for Config.ShutdownTimeout, and returns nil. A second signal ends the process at once. An
// address of all interfaces, ":8080", is open to others: see Config.Hosts and Config.Origins.
func (a *App) Listen(addr string) error {
	ln, err := listenTCP(addr)
	if err != nil {
		return err
	}
	return a.Listener(ln)
}

// listenTCP listens by TCP alone: a listener for Multipath TCP too, as net.Listen's is on Linux, takes no filter, without
// which closing it resets connections (see door.refuse).
func listenTCP(addr string) (net.Listener, error) {
	var tcp net.ListenConfig
	tcp.SetMultipathTCP(false)
	ln, err := tcp.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("fastmcp: %w", err)
	}
	return ln, nil
}

// ListenTLS is Listen with TLS, of version 1.2 or newer, by a certificate and a key in PEM files.
func (a *App) ListenTLS(addr, certFile, keyFile string) error {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return fmt.Errorf("fastmcp: the certificate: %w", err)
	}
	ln, err := listenTCP(addr)
	if err != nil {
		return err
	}
	secure := tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	return a.Listener(tlsListener{secure, ln.(*net.TCPListener)})
}

// tlsListener does not hide the socket that it listens on, as that of crypto/tls does.
type tlsListener struct {
	net.Listener
	syscall.Conn
}

// Listener is Listen on a listener that is open already. It closes it. On Linux, make it by a net.ListenConfig without
// Multipath TCP, as Listen does: only then connections that are just being made are not reset when the listener closes.
func (a *App) Listener(ln net.Listener) error {
	if err := a.start(); err != nil {
		return errors.Join(err, ln.Close())
	}
	a.http.Expose(exposure(ln.Addr()))
	f := a.prepare()
	a.straight(f)
	ln = a.door.open(ln)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)
	served := make(chan error, 1)
	go func() { served <- f.Listener(fasthost.NewListener(ln)) }()
	select {
	case err := <-served:
		if !a.door.isShut() {
			return err
		}
		<-a.door.over // calls still run, and answers are on their way
		return nil
	case s := <-signals:
		signal.Stop(signals) // a second one has its usual effect
		a.end(s)
		return <-served
	}
}

// end is what a signal asks for.
func (a *App) end(s os.Signal) {
	if delay := a.drainDelay(); delay > 0 && s == syscall.SIGTERM {
		a.Drain()
		a.config.Log.Info("draining", "listening goes on for", delay)
		if !a.door.wait(delay) {
			<-a.door.over
			return
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), a.config.ShutdownTimeout)
	defer cancel()
	a.config.Log.Info("stopping", "running calls may take", a.config.ShutdownTimeout)
	if err := a.Shutdown(ctx); err != nil {
		a.config.Log.Warn("stopped before all calls had ended", "error", err)
	}
}
