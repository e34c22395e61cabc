// Package client is the official Go SDK's client, for the tests of examples.
package client

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Newest is the newest revision, which has no sessions; Older is the last that has them.
const (
	Newest = "2026-07-28"
	Older  = "2025-11-25"
)

// patience bounds what is waited for.
const patience = time.Minute

// Config is what a client is like.
type Config struct {
	// Revision is what it speaks. Default: Newest.
	Revision string
	// Token is who calls: a bearer token. Default: nobody.
	Token string
	// Options has what answers the program's questions.
	Options mcp.ClientOptions
}

// Client is connected to a program until its test ends.
type Client struct {
	*mcp.ClientSession

	t *testing.T
}

// Connect connects a client to a program, whose URL is where it serves MCP.
func Connect(t *testing.T, url string, config Config) *Client {
	t.Helper()
	if config.Revision == "" {
		config.Revision = Newest
	}
	transport := &http.Transport{}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "example-test", Version: "1"}, &config.Options).Connect(ctx,
		&mcp.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: bearer{config.Token, transport}}},
		&mcp.ClientSessionOptions{ProtocolVersion: config.Revision})
	if err != nil {
		t.Fatalf("connecting in %s: %v", config.Revision, err)
	}
	t.Cleanup(func() {
		_ = session.Close() // a program that has been stopped does not answer
		transport.CloseIdleConnections()
	})
	if agreed := session.InitializeResult().ProtocolVersion; agreed != config.Revision {
		t.Fatalf("the program speaks %s with a client of %s", agreed, config.Revision)
	}
	return &Client{session, t}
}

// Tool calls a tool, and gives the text of its answer. That of a failure begins with "error: ".
func (c *Client) Tool(name string, args any) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	params := &mcp.CallToolParams{Name: name, Arguments: args}
	params.SetProgressToken(name)
	r, err := c.CallTool(ctx, params)
	if err != nil {
		return "error: " + err.Error()
	}
	var all []string
	for _, block := range r.Content {
		if text, ok := block.(*mcp.TextContent); ok {
			all = append(all, text.Text)
		}
	}
	if r.IsError {
		return "error: " + strings.Join(all, "\n")
	}
	return strings.Join(all, "\n")
}

// bearer sends a token with each request.
type bearer struct {
	token string
	next  http.RoundTripper
}

// RoundTrip sends a request.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.token != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(r)
}
