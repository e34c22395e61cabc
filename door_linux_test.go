package fastmcp

import (
	"crypto/tls"
	"net"
	"testing"

	"github.com/fastmcp-go/fastmcp/internal/host/fasthost"
)

// TestListenersCanBeDeafened: what Listen and ListenTLS listen on loses no connection when it closes.
func TestListenersCanBeDeafened(t *testing.T) {
	ln, err := listenTCP("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	for name, l := range map[string]net.Listener{"TCP": ln, "TLS": tlsListener{tls.NewListener(ln, &tls.Config{}), ln.(*net.TCPListener)}} {
		if err := fasthost.Deafen(l); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
