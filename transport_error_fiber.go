//go:build !js

package fastmcp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"github.com/valyala/fasthttp"
)

// watch has a server of the App's own tell what goes wrong with its connections. All that it says is said to its Logger.
func (a *App) watch(s *fasthttp.Server) {
	s.Logger = serverLog{&a.transport}
	s.LogAllErrors = true
	s.SecureErrorLogMessage = true // else the text has all headers
}

// serverLog is what a server tells its errors to. It gives them as they are, beside the text that they are to be put in.
type serverLog struct{ to *transportErrors }

// Printf takes what the server has to say (fasthttp.Logger).
func (l serverLog) Printf(format string, args ...any) {
	switch {
	case strings.HasPrefix(format, "error when serving connection") && len(args) == 3:
		remote, _ := args[1].(net.Addr)
		if err, ok := args[2].(error); ok {
			l.to.tell(TransportError{Fault: faultOf(err), Err: err, IP: ipOf(remote)})
		}
	case strings.Contains(format, "error when accepting new connections"):
		l.to.tell(TransportError{Fault: FaultAccept, Err: fmt.Errorf(format, args...)})
	case strings.HasPrefix(format, "The incoming connection cannot be served"), strings.HasPrefix(format, "The number of connections"):
		l.to.tell(TransportError{Fault: FaultOverload, Err: fmt.Errorf(format, args...)})
	default: // a handler's, by fasthttp.RequestCtx.Logger
		l.to.log.Debug(printable(fmt.Sprintf(format, args...)))
	}
}

// faultOf is what went wrong when the server says err of a connection.
func faultOf(err error) TransportFault {
	var timeout net.Error
	var small *fasthttp.ErrSmallBuffer
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return FaultTimeout
	case errors.As(err, &small), errors.Is(err, fasthttp.ErrBodyTooLarge):
		return FaultTooLarge
	case isTLS(err):
		return FaultTLS
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ECONNABORTED):
		return FaultClosed
	}
	return FaultMalformed
}

// faultOfStatus is what is wrong with a request that is refused with a status.
func faultOfStatus(status int) TransportFault {
	if status == fasthttp.StatusRequestEntityTooLarge {
		return FaultTooLarge
	}
	return FaultMalformed
}

// turnedAway tells the event of a connection that was refused, or could not be accepted when there is no remote. The listener logs
// them itself.
func (a *App) turnedAway(remote net.Addr, why error) {
	fault := FaultOverload
	if remote == nil {
		fault = FaultAccept
	}
	a.transport.event(TransportError{Fault: fault, Err: why, IP: ipOf(remote)})
}

// isTLS tells that an error is of TLS. Not all of its errors have a type.
func isTLS(err error) bool {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var wrong *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &wrong) || errors.As(err, &unknown) ||
		strings.HasPrefix(err.Error(), "tls: ") || strings.HasPrefix(err.Error(), "remote error: tls: ")
}

func ipOf(addr net.Addr) netip.Addr {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap()
}
