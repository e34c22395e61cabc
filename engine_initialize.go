package fastmcp

import (
	"errors"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// initialize agrees on a revision and opens a session.
func initialize(c *Context) error {
	params := c.call.Params
	requested := scan.Find(params, "protocolVersion")
	if len(requested) == 0 || requested[0] != '"' {
		return invalidParams("protocolVersion must be a string")
	}
	for _, name := range []string{"clientInfo", "capabilities"} {
		switch v := scan.Find(params, name); {
		case v != nil && v[0] != '{':
			return invalidParams("%s must be an object", name)
		case len(v) > maxIntroduction:
			return invalidParams("%s is longer than %d bytes", name, maxIntroduction)
		}
	}
	r, ok := protocol.ParseRevision(protocol.String(requested))
	if !ok || !r.HasSessions() {
		r = protocol.LatestStateful
	}
	if !c.engine.config.Stateless {
		if err := c.open(r); err != nil {
			return err
		}
	}
	b := append(append([]byte(`"protocolVersion":"`), r.String()...), `","capabilities":`...)
	b = append(b, c.engine.capabilities(r)...)
	if c.job.catalog.tasks && r.HasTasks() {
		b = append(b, c.engine.taskCapability()...)
	}
	b = append(c.job.catalog.appendExtensions(b, r), `},"serverInfo":`...)
	b = append(b, c.engine.server[r]...)
	c.SetResult(members(appendInstructions(b, c.engine.config.Instructions)))
	return nil
}

// maxIntroduction bounds what a session keeps of who its client says it is, and of what it says it can do, each, in bytes.
const maxIntroduction = 32 << 10

// open opens the session.
func (c *Context) open(r protocol.Revision) error {
	e, params := c.engine, c.call.Params
	if !c.engine.config.Stateless && e.isLeaving() {
		return refused{&rpc.Refusal{Class: rpc.Unavailable, RetryAfter: time.Second, Err: protocol.Errorf(protocol.CodeServer, "The server is shutting down")}}
	}
	record, err := e.hub.Create(c, session.Opening{
		Principal: c.Principal(), IP: c.IP(), Revision: r,
		Client: clone(scan.Find(params, "clientInfo")), Capabilities: clone(scan.Find(params, "capabilities")),
	})
	if full := (*session.FullError)(nil); errors.As(err, &full) {
		return refused{&rpc.Refusal{Class: rpc.Unavailable, RetryAfter: full.RetryAfter, Err: protocol.Errorf(protocol.CodeServer, "Too many sessions: try again later")}}
	}
	if errors.Is(err, session.ErrUnavailable) {
		e.config.Log.Error("a session cannot be written", "error", err)
		return refused{unavailable()}
	}
	if err != nil {
		return err
	}
	c.job.opened = record
	c.session = &Session{engine: e, record: record}
	return nil
}

// clone copies a part of a request that outlives it, so that the whole need not.
func clone(raw []byte) []byte {
	if raw == nil || scan.Document(raw) != nil {
		return nil
	}
	return append([]byte(nil), raw...)
}

// capabilities is an object, left open, of what a session can count on. Without one there is nobody to tell of changes.
func (e *engine) capabilities(r protocol.Revision) string {
	completions := ""
	if r.HasCompletionsCapability() {
		completions = `"completions":{},`
	}
	if e.config.Stateless {
		return `{"logging":{},` + completions + `"prompts":{},"resources":{},"tools":{}`
	}
	return `{"logging":{},` + completions + `"prompts":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"tools":{"listChanged":true}`
}
