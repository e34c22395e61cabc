package fastmcptest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Client is a client of an App. Make it with New. Its methods are safe from any goroutine, but those that may fail the
// test belong on the test's own.
type Client struct {
	t       testing.TB
	config  Config
	server  *server
	record  *record
	sdk     *mcp.Client
	session *mcp.ClientSession

	subscribing sync.Mutex
	subscribed  []string
}

// New serves an App in memory and connects a client to it. When the test ends, the client is disconnected and the App is
// shut down, for good: a test that still runs a handler 10 s later fails. So make an App for each test; further clients
// of the same one are made with Client.Connect. What goes wrong fails the test, and says what to do.
//
// The App is served as Listen would on 127.0.0.1: to loopback names, unless it has Config.Hosts.
func New(t testing.TB, app *fastmcp.App, config ...Config) *Client {
	t.Helper()
	c := configOf(t, config) // before there is something to stop
	return serve(t, app, connected).connect(t, c)
}

// Connect connects one more client to the same App: another caller, another revision. It is disconnected when t ends,
// which may be a subtest of the test that the App was given to.
func (c *Client) Connect(t testing.TB, config ...Config) *Client {
	t.Helper()
	return c.server.connect(t, configOf(t, config))
}

// SDK is the session of the official Go SDK's client, for what Client has no method for. Its requests do not ask for
// progress, nor for Config.Level in 2026-07-28, by themselves.
func (c *Client) SDK() *mcp.ClientSession { return c.session }

// connect makes a client.
func (s *server) connect(t testing.TB, config Config) *Client {
	t.Helper()
	c := &Client{t: t, config: config, server: s, record: newRecord()}
	c.sdk = mcp.NewClient(&mcp.Implementation{Name: "fastmcptest", Version: "1"}, config.sdkOptions())
	c.AddRoots(config.Roots...)
	transport := &http.Transport{DialContext: s.listener.dial}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var err error
	c.session, err = c.sdk.Connect(ctx, &mcp.StreamableClientTransport{
		Endpoint:   "http://localhost" + config.Path,
		HTTPClient: &http.Client{Transport: &wire{next: transport, header: config.header(), record: c.record}},
	}, &mcp.ClientSessionOptions{ProtocolVersion: config.Revision})
	if err != nil {
		transport.CloseIdleConnections()
		t.Fatalf("fastmcptest: the client cannot connect: %v.%s", err, s.hint(c))
	}
	t.Cleanup(func() {
		c.close()
		transport.CloseIdleConnections()
	})
	if agreed := c.session.InitializeResult().ProtocolVersion; agreed != config.Revision {
		t.Fatalf("fastmcptest: the App speaks %s with a client of %s.%s", agreed, config.Revision, s.hint(c))
	}
	if err := c.begin(ctx); err != nil {
		t.Fatalf("fastmcptest: the client cannot begin: %v", err)
	}
	return c
}

// begin does what a client does first: it says what it wants to hear.
func (c *Client) begin(ctx context.Context) error {
	if !c.config.stateless() {
		if c.config.Level == "" {
			return nil
		}
		return c.setLevel(ctx)
	}
	if caps := c.session.InitializeResult().Capabilities; caps == nil || !slices.Contains([]bool{
		caps.Tools != nil && caps.Tools.ListChanged, caps.Prompts != nil && caps.Prompts.ListChanged, caps.Resources != nil && caps.Resources.ListChanged,
	}, true) {
		return nil // the SDK's client does not listen
	}
	if _, err := c.listening(ctx, 0); ctx.Err() != nil {
		return fmt.Errorf("no %s came: %w", acknowledged, err)
	}
	return nil // an App that refuses to be listened to can still be called
}

// close disconnects the client. It gives up on one whose handlers do not return.
func (c *Client) close() {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = c.session.Close() // an App that has been shut down says that there is no session
	}()
	select {
	case <-closed:
	case <-time.After(c.server.patience):
		c.t.Errorf("fastmcptest: the client was not closed in %s: is it still in a function of its Config, such as Elicit?", c.server.patience)
	}
}

// hint says why a client may have been turned away.
func (s *server) hint(c *Client) string {
	c.record.mu.Lock()
	status := c.record.status
	c.record.mu.Unlock()
	select {
	case <-s.served:
		if s.err != nil && !errors.Is(s.err, context.Canceled) { // that is what it says of its storage when it is over
			return fmt.Sprintf(" The App does not serve: %v", s.err)
		}
		return " The App has been shut down: make an App for each test, and further clients of one with Client.Connect"
	default:
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return " Say who calls, with Config.Token or Config.Header; if the App has Config.Hosts, Header may name one as \"Host\""
	case http.StatusMisdirectedRequest:
		return " The App has Config.Hosts: name one of them in Config.Header, as \"Host\""
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return fmt.Sprintf(" The App does not serve MCP at %s: set Config.Path to what its HTTPConfig.Path is", c.config.Path)
	}
	if status >= 300 {
		return fmt.Sprintf(" The App answered with status %d", status)
	}
	return ""
}

// server is an App that is served to the clients of a test.
type server struct {
	app      *fastmcp.App
	listener *memory
	patience time.Duration // bounds each part of stopping
	served   chan struct{} // closed when err is set
	err      error
}

// workerIdle is how long a goroutine of fasthttp's stays for the next connection, and the one that looks after them when
// the server has ended. By itself that would be 10 s.
const workerIdle = 100 * time.Millisecond

func serve(t testing.TB, app *fastmcp.App, pair pairing) *server {
	t.Helper()
	host := app.Fiber().Server()
	if host.GetOpenConnectionsCount() >= 0 { // it is -1 for a server that does not listen
		t.Fatalf("fastmcptest: the App is being served already: connect further clients with Client.Connect, or make an App for each test")
	}
	if host.MaxIdleWorkerDuration == 0 {
		host.MaxIdleWorkerDuration = workerIdle
	}
	s := &server{app: app, listener: newMemory(pair), patience: patience, served: make(chan struct{})}
	go func() {
		defer close(s.served)
		s.err = app.Listener(s.listener)
		_ = s.listener.Close() // where it was never served
	}()
	t.Cleanup(func() { s.stop(t) })
	return s
}

// leave ends the connections, and waits for a moment until the server has noticed: its Shutdown looks every 100 ms, which
// every test would wait for.
func (s *server) leave() {
	_ = s.listener.Close()
	s.listener.hangUp()
	for range 100 {
		if s.app.Fiber().Server().GetOpenConnectionsCount() < 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// stop shuts the App down.
func (s *server) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	s.leave()
	err := s.app.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("fastmcptest: a handler still runs %s after the test: it must return when its Context is done", s.patience)
	} else if err != nil {
		t.Errorf("fastmcptest: shutting the App down: %v", err)
	}
	select {
	case <-s.served:
	case <-ctx.Done():
		t.Errorf("fastmcptest: the App still serves %s after it was shut down", s.patience)
	}
}
