package fastmcptest

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Config is what a Client is like. Every field is optional; what its zero value means stands beside it.
type Config struct {
	// Revision is the revision of the protocol that the client speaks: one of Revisions. It must be agreed on, or the
	// test fails. Default: the newest.
	Revision string
	// Path is where the App serves MCP: what its HTTPConfig.Path is. Default: "/mcp".
	Path string

	// Token is who calls: it is sent as "Authorization: Bearer …". Default: nobody.
	Token string
	// Header goes with every request, in place of what the client would say. "Host" is the name that the App is called
	// by: an App with Config.Hosts needs one of them. Default: "localhost".
	Header http.Header

	// Elicit answers questions to the user: with the values of the form, or with nil to decline. OnElicit is for all
	// else: it sees the form's schema, may cancel, and is also asked to open addresses (URL mode). Set one of them.
	// Default: the client says that it cannot ask its user.
	Elicit   func(message string) map[string]any
	OnElicit func(context.Context, *mcp.ElicitParams) (*mcp.ElicitResult, error)
	// Sample answers as the client's model does, with text; prompt is the text of the last message. OnSample is for all
	// else: it sees the whole request, and may call tools. Set one of them. Default: the client says that it has no model.
	Sample   func(prompt string) string
	OnSample func(context.Context, *SampleRequest) (*SampleResult, error)
	// Roots are the URIs of the client's roots; empty but not nil are none. Default: the client says that it does not tell.
	Roots []string

	// Level is from where on log messages are wanted: "debug", "info", "notice", "warning", "error", "critical", "alert" or
	// "emergency". Default: a session gets what the App sends to those that have not said, and 2026-07-28 nothing.
	Level string
}

// Revisions are the revisions that a Client speaks, newest first.
func Revisions() []string { return protocol.Supported() }

// configOf is the one Config that a function was given, complete and without mistakes.
func configOf(t testing.TB, config []Config) Config {
	t.Helper()
	var c Config
	switch len(config) {
	case 0:
	case 1:
		c = config[0]
	default:
		t.Fatalf("fastmcptest: %d Configs: give one; Client.Connect makes further clients", len(config))
	}
	if c.Revision == "" {
		c.Revision = protocol.Latest.String()
	}
	if c.Path == "" {
		c.Path = "/mcp"
	}
	if _, ok := protocol.ParseRevision(c.Revision); !ok {
		t.Fatalf("fastmcptest: Config.Revision is %q: it must be one of %s", c.Revision, strings.Join(Revisions(), ", "))
	}
	if _, ok := protocol.ParseLevel(c.Level); !ok && c.Level != "" {
		t.Fatalf("fastmcptest: Config.Level is %q: it must be one of debug, info, notice, warning, error, critical, alert, emergency", c.Level)
	}
	if !strings.HasPrefix(c.Path, "/") {
		t.Fatalf("fastmcptest: Config.Path is %q: it must begin with a /, as HTTPConfig.Path does", c.Path)
	}
	if c.Elicit != nil && c.OnElicit != nil {
		t.Fatalf("fastmcptest: Config.Elicit and Config.OnElicit are both set: drop Elicit, OnElicit can do all that it does")
	}
	if c.Sample != nil && c.OnSample != nil {
		t.Fatalf("fastmcptest: Config.Sample and Config.OnSample are both set: drop Sample, OnSample can do all that it does")
	}
	return c
}

// header is what goes with every request.
func (c *Config) header() http.Header {
	h := c.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	if c.Token != "" {
		h.Set("Authorization", "Bearer "+c.Token)
	}
	return h
}

// stateless tells that the client has no session.
func (c *Config) stateless() bool {
	r, _ := protocol.ParseRevision(c.Revision)
	return r.IsStateless()
}
