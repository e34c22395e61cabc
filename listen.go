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
	"strings"
	"syscall"

	"github.com/fastmcp-go/fastmcp/internal/host/fasthost"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
)

// Listen serves the App until Shutdown, SIGTERM or SIGINT, over TLS where HTTPConfig.TLS is set. The address is one of
//   - "127.0.0.1:8080", TCP. One of all interfaces, ":8080", is open to others: see Config.Hosts and Config.Origins;
//   - "unix:/run/mcp.sock", a socket in the file system, which HTTPConfig.SocketMode says who may connect to. A file that an
//     earlier process has left is replaced, unless somebody listens there;
//   - "systemd:", the socket that systemd has opened for the process (socket activation), or "systemd:web", the one of that
//     FileDescriptorName, where there are several;
//   - "", what HTTPConfig.Addr says.
//
// At SIGTERM the App is drained for HTTPConfig.DrainDelay first: see Drain. Then it closes the listener, ends the streams with
// the wish to come back, lets running calls finish for Config.ShutdownTimeout, and returns nil. A second signal ends the
// process at once. A service manager that waits to be told (systemd's Type=notify) is told when the App listens and when it
// begins to stop. An App that is shut down before it serves has nothing to do, and that gives nil as well.
func (a *App) Listen(addr string) error { return a.listenWith(addr, a.config.HTTP.TLS) }

// ListenTLS is Listen with TLS by a certificate and a key in PEM files, whatever HTTPConfig.TLS has for them; its other
// settings hold.
func (a *App) ListenTLS(addr, certFile, keyFile string) error {
	t := a.config.HTTP.TLS
	t.CertFile, t.KeyFile = certFile, keyFile
	if certFile == "" || keyFile == "" {
		return errors.New("fastmcp: ListenTLS needs the files of a certificate and of its key")
	}
	return a.listenWith(addr, t)
}

// listenWith finds out first whether the certificate is good: nobody should connect in vain.
func (a *App) listenWith(addr string, t TLSConfig) error {
	secure, err := a.secure(t)
	if err != nil {
		return err
	}
	ln, err := a.listen(addr)
	if err != nil {
		return err
	}
	return a.serve(ln, secure)
}

// listen opens an address.
func (a *App) listen(addr string) (net.Listener, error) {
	if addr == "" {
		addr = a.config.HTTP.Addr
	}
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return listenUnix(path, a.config.HTTP.SocketMode)
	}
	if name, ok := strings.CutPrefix(addr, "systemd:"); ok {
		return listenSystemd(name)
	}
	return listenTCP(addr)
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

// Listener is Listen on a listener that is open already. It closes it. Where HTTPConfig.TLS is set it is a plain one, and is
// given TLS. On Linux, make it by a net.ListenConfig without Multipath TCP, as Listen does: only then connections that are
// just being made are not reset when the listener closes.
func (a *App) Listener(ln net.Listener) error {
	secure, err := a.secure(a.config.HTTP.TLS)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	return a.serve(ln, secure)
}

// serve serves a listener; secure is nil for plain HTTP.
func (a *App) serve(ln net.Listener, secure *tls.Config) error {
	admin, err := a.listenAdmin()
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	if err := a.start(); err != nil {
		if a.base.Err() != nil {
			err = nil // it was shut down before it served, and has ended as it was to
		}
		return errors.Join(err, ln.Close(), a.giveUpAdmin(admin))
	}
	ln = secured(ln, secure)
	a.expose(exposure(ln.Addr()))
	f := a.prepare()
	a.way.Do(func() { a.straight(f) })
	a.serveAdmin(admin)
	ln = a.door.open(ln)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)
	served := make(chan error, 1)
	go func() { served <- f.Listener(fasthost.NewListener(ln, a.limits())) }()
	a.listening(a.listenInfo(ln.Addr(), secure != nil, false))
	a.notify("READY=1")
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

// expose tells MCP whom the App is open to. Where it listens to several, which may be this machine and others, each connection
// is asked.
func (a *App) expose(e streamhttp.Exposure) {
	d := &a.door
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.exposed && d.exposure != e {
		e = streamhttp.ByConnection
	}
	d.exposed, d.exposure = true, e
	a.http.Expose(e)
}

// end is what a signal asks for.
func (a *App) end(s os.Signal) {
	a.notifyStopping()
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
