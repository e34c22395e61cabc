package fasthost

import (
	"crypto/tls"
	"crypto/x509"
	"net"

	"github.com/valyala/fasthttp"
)

// Certificates is the chain of the client's certificate, the client's own first, as TLS has verified it; nil without one. It
// is not known of a connection that fasthttp hides (Server.MaxConnsPerIP).
func (x *Exchange) Certificates() []*x509.Certificate {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.response == nil {
		return nil
	}
	return verified(x.conn())
}

// Certificates is Exchange.Certificates for requests without an Exchange. A certificate that was asked for and not verified
// (tls.RequireAnyClientCert) says nothing about who shows it.
func Certificates(ctx *fasthttp.RequestCtx) []*x509.Certificate {
	return verified(ctx.Conn())
}

func verified(c net.Conn) []*x509.Certificate {
	conn, ok := c.(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return nil
	}
	if chains := conn.ConnectionState().VerifiedChains; len(chains) > 0 {
		return chains[0]
	}
	return nil
}
