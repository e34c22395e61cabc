package fastmcp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/uritemplate"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// ErrNotFound is what the function of a resource returns that is not there, after all.
var ErrNotFound = errors.New("fastmcp: not found")

// notFound is the error for a resource that is not there: each era has its own code.
func notFound(r protocol.Revision, uri string) *protocol.Error {
	code := protocol.CodeResourceNotFound
	if r.IsStateless() {
		code = protocol.CodeInvalidParams
	}
	return &protocol.Error{Code: code, Message: "Resource not found", Data: map[string]any{"uri": uri}}
}

// checkValues looks at what a URI has for the variables of the resource's template.
func (r *resource) checkValues(values uritemplate.Values) error {
	return uritemplate.Check(values, uritemplate.Policy{Trusted: r.trusted})
}

// unsafeValue is the error for a variable whose value is refused. Which package says so is nothing to a client.
func unsafeValue(err error) *protocol.Error {
	return invalidParams("%s", strings.TrimPrefix(err.Error(), "uritemplate: "))
}

// prepareRead finds the resource and asks its guards.
func prepareRead(j *job) *rpc.Refusal {
	c := j.context.call
	if c.URI == nil || c.URI[0] != '"' {
		return rpc.Refuse(rpc.Failed, invalidParams("uri must be a string"))
	}
	uri := protocol.String(c.URI)
	e, values := j.catalog.resourceAt(uri)
	missing := func() *rpc.Refusal { return rpc.Refuse(rpc.Failed, notFound(c.Revision, uri)) }
	if e == nil {
		return missing()
	}
	if r := j.guard(e, auth.OpRead, uri, missing); r != nil {
		return r
	}
	if err := e.resource.checkValues(values); err != nil {
		return rpc.Refuse(rpc.Failed, unsafeValue(err))
	}
	j.context.chain = e.chain
	j.context.resource, j.context.name = e.resource, uri
	j.context.cache = &caching{hint: e.resource.def.Cache, guarded: len(e.guards) > 0}
	j.context.args = uritemplate.AppendJSON(nil, values, e.resource.asText...)
	return nil
}

// resourceAt finds what is read under a URI: a resource, else the template that fits best.
func (c *catalog) resourceAt(uri string) (*entry, uritemplate.Values) {
	if e := c.resources.byKey[uri]; e != nil {
		return e, nil
	}
	if found, ok := c.routes.Match(uri); ok {
		return found.Value, found.Values
	}
	return nil, nil
}

// readResource is the last link of a read's chain: the function itself.
func readResource(c *Context) error {
	v, err := c.resource.def.Handler.call(c, c.resource.bind)
	if errors.Is(err, ErrNotFound) {
		return notFound(c.call.Revision, c.name)
	}
	if err != nil {
		return err
	}
	c.result = v
	return nil
}

// encodeRead makes a result of what a read's chain has left.
func (c *Context) encodeRead() (members, error) {
	if m, ok := c.result.(members); ok {
		return m, nil
	}
	if e, ok := c.result.(Encoded); ok {
		return c.encodedMembers(e)
	}
	contents, err := contentsOf(c.result, c.name, c.resource.def.MimeType)
	if err != nil {
		return nil, err
	}
	size := 128
	for i := range contents {
		size += 128 + len(contents[i].URI) + len(contents[i].Text)
	}
	b := content.AppendContents(append(make([]byte, 0, size), `"contents":`...), contents, c.call.Revision)
	if c.call.Revision.HasResultType() {
		b = c.appendReadCaching(b)
	}
	return members(b), nil
}

// maxEmbeds is how many resources one request may embed at a time, side by side or within each other. What embeds itself
// would otherwise end with the stack, and the process with it.
const maxEmbeds = 100

func (c *Context) enterEmbed(uri string) (leave func(), err error) {
	if err := c.life.error(); err != nil {
		return nil, err // nobody waits for it
	}
	if c.job.embeds.Add(1) > maxEmbeds {
		c.job.embeds.Add(-1)
		return nil, fmt.Errorf("fastmcp: Embed(%q): this request embeds more than %d resources at a time: one that embeds itself, or another that embeds it, must not", uri, maxEmbeds)
	}
	return func() { c.job.embeds.Add(-1) }, nil
}

// Embed reads one of the App's own resources, as the caller would, to put it into a result. A request may be embedding 100
// at a time, so that a resource that embeds itself comes to an end.
func (c *Context) Embed(uri string) (content.ResourceBlock, error) {
	e, values := c.job.catalog.resourceAt(uri)
	if e == nil {
		return content.ResourceBlock{}, notFound(c.call.Revision, uri)
	}
	access := auth.Access{Principal: c.Principal(), Op: auth.OpRead, Kind: e.kind, Name: uri, SessionID: c.session.ID()}
	if !e.ask(c, &access).Allowed {
		return content.ResourceBlock{}, notFound(c.call.Revision, uri)
	}
	if err := e.resource.checkValues(values); err != nil {
		return content.ResourceBlock{}, unsafeValue(err)
	}
	leave, err := c.enterEmbed(uri)
	if err != nil {
		return content.ResourceBlock{}, err
	}
	defer leave()
	defer c.embedding(e)()
	r := e.resource
	args := uritemplate.AppendJSON(nil, values, r.asText...)
	v, err := r.def.Handler.call(c, func(_ *Context, dst any) error {
		if _, problems := r.plan.BindLenient(args, dst); len(problems) > 0 {
			return invalidParams("%q does not fit", uri)
		}
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		err = notFound(c.call.Revision, uri)
	}
	if err != nil {
		return content.ResourceBlock{}, err
	}
	contents, err := contentsOf(v, uri, r.def.MimeType)
	if err == nil && len(contents) == 0 {
		err = notFound(c.call.Revision, uri) // there is nothing to embed
	}
	if err != nil {
		return content.ResourceBlock{}, err
	}
	return contents[0], nil
}
