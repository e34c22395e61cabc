package fastmcptest

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
)

// errStopped is what dialing says when nobody listens any more.
var errStopped = errors.New("fastmcptest: the App does not serve")

// pairing makes the two ends of a connection.
type pairing func() (client, server net.Conn, err error)

// memory is a listener whose connections do not leave the process. They say that they are of the loopback address, so
// that an App treats them as it does Listen("127.0.0.1:…").
type memory struct {
	pair   pairing
	accept chan net.Conn
	done   chan struct{}
	once   sync.Once

	mu      sync.Mutex
	clients []net.Conn
}

func newMemory(pair pairing) *memory {
	return &memory{pair: pair, accept: make(chan net.Conn), done: make(chan struct{})}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.accept:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.done) })
	return nil
}

func (m *memory) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// dial is what an http.Transport connects by.
func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server, err := m.pair()
	if err != nil {
		return nil, err
	}
	stopped := errStopped
	select {
	case m.accept <- server:
		m.mu.Lock()
		m.clients = append(m.clients, client)
		m.mu.Unlock()
		return client, nil
	case <-ctx.Done():
		stopped = ctx.Err()
	case <-m.done:
	}
	return nil, errors.Join(stopped, client.Close(), server.Close())
}

// hangUp closes what clients have left open.
func (m *memory) hangUp() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.clients {
		_ = c.Close() // most are closed already
	}
	m.clients = nil
}

func loopback(port int) net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }

// piped is the server's end of a net.Pipe, for systems without socket pairs. An App streams only on what has a socket: a
// piped says that it has one, which cannot be watched. So it is not seen there that a client has gone away, as it is not
// on that system's real sockets either.
type piped struct{ net.Conn }

func (piped) LocalAddr() net.Addr                   { return loopback(80) }
func (piped) RemoteAddr() net.Addr                  { return loopback(1024) }
func (piped) SyscallConn() (syscall.RawConn, error) { return nil, errors.ErrUnsupported }
func pipe() (client, server net.Conn, err error) {
	client, server = net.Pipe()
	return client, piped{server}, nil
}
