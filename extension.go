package fastmcp

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/schema"
)

// Extension is something that the protocol does not have and that a server and its clients agree on by name (SEP-2133).
type Extension struct {
	// ID is a prefix, a slash and a name: "com.example/search". The prefix is a domain that is yours, from its top down.
	ID string
	// Settings are what clients are told of it under capabilities.extensions: anything that marshals to an object. The
	// default is an empty one.
	Settings any
	// Since is the first revision whose clients have it. Default: all.
	Since protocol.Revision
	// Required refuses the methods to clients that do not declare the extension themselves, with the error that names it
	// (-32021). Default: whoever knows a method's name may call it.
	Required bool
	// Methods come with it.
	Methods []Method
}

// Method is a request that the protocol does not have.
type Method struct {
	// Name is what requests say: "search/run". It is none of the protocol's own, and does not begin with "rpc." or
	// "notifications/".
	Name string
	// CanAccess decides who may call it. For others it is not there, unless the guard challenges: see auth.KindMethod.
	CanAccess auth.Guard
	// Use are the method's own links of the chain, after those of the App.
	Use []Handler
	// Handler takes the request's params, without _meta, and validates them like a tool's arguments; what does not fit is
	// the error -32602. It returns what marshals to an object, or nothing.
	Handler Func
}

// extension is an Extension that has been compiled.
type extension struct {
	def      Extension
	settings []byte
	methods  []*ownMethod
}

// ownMethod is a Method that has been compiled.
type ownMethod struct {
	def  Method
	ext  *extension // nil for one that belongs to none
	bind binder
}

// extensionID is a prefix of labels and a name, as keys of _meta are (2026-07-28, basic/index).
var extensionID = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?)*/[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

// AddExtension adds an extension and its methods. A mistake in it (a name that is taken, settings that are no object)
// panics, with the name and the cure.
func (a *App) AddExtension(e Extension) { must(a.TryAddExtension(e)) }

// TryAddExtension is AddExtension while the App serves: a mistake is its error.
func (a *App) TryAddExtension(def Extension) error {
	e := &extension{def: def}
	if !extensionID.MatchString(def.ID) {
		return fmt.Errorf("fastmcp: the extension %q: its ID is not a domain, a slash and a name, as in com.example/search", def.ID)
	}
	var err error
	if e.settings, err = settingsOf(def.Settings); err != nil {
		return fmt.Errorf("fastmcp: the extension %q: %w", def.ID, err)
	}
	for _, m := range def.Methods {
		own, err := a.compileMethod(m)
		if err != nil {
			return fmt.Errorf("fastmcp: the extension %q: %w", def.ID, err)
		}
		own.ext = e
		e.methods = append(e.methods, own)
	}
	a.change(func() {
		if _, taken := a.extensions.byKey[def.ID]; taken {
			err = fmt.Errorf("fastmcp: there is an extension %q already", def.ID)
			return
		}
		if err = a.takeMethods(e.methods); err == nil {
			a.extensions.add(def.ID, e)
		}
	})
	return err
}

// settingsOf are an extension's settings as the wire has them.
func settingsOf(v any) ([]byte, error) {
	if v == nil {
		return []byte("{}"), nil
	}
	b, err := marshal(v)
	if err != nil {
		return nil, fmt.Errorf("its Settings: %w", err)
	}
	if len(b) == 0 || b[0] != '{' {
		return nil, fmt.Errorf("its Settings are %s and not an object: use a struct or a map", b)
	}
	return b, nil
}

// AddMethod adds a method that belongs to no extension. A mistake in it panics, with the name and the cure.
func (a *App) AddMethod(m Method) { must(a.TryAddMethod(m)) }

// TryAddMethod is AddMethod while the App serves: a mistake is its error.
func (a *App) TryAddMethod(m Method) error {
	own, err := a.compileMethod(m)
	if err != nil {
		return fmt.Errorf("fastmcp: %w", err)
	}
	a.change(func() { err = a.takeMethods([]*ownMethod{own}) })
	return err
}

// takeMethods registers all methods, or none. It is called with the App locked.
func (a *App) takeMethods(all []*ownMethod) error {
	for i, m := range all {
		_, taken := a.methods.byKey[m.def.Name]
		if taken || slices.ContainsFunc(all[:i], func(o *ownMethod) bool { return o.def.Name == m.def.Name }) {
			return fmt.Errorf("fastmcp: there is a method %q already", m.def.Name)
		}
	}
	for _, m := range all {
		a.methods.add(m.def.Name, m)
	}
	return nil
}

func (a *App) compileMethod(def Method) (*ownMethod, error) {
	m := &ownMethod{def: def}
	switch {
	case def.Name == "" || strings.ContainsFunc(def.Name, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, fmt.Errorf("the method %q: its Name is not visible ASCII", def.Name)
	case protocol.IsMethod(def.Name) || strings.HasPrefix(def.Name, "rpc.") || strings.HasPrefix(def.Name, "notifications/"):
		return nil, fmt.Errorf("the method %q: the name is the protocol's: choose one of your own, as in search/run", def.Name)
	case def.Handler.call == nil:
		return nil, fmt.Errorf("the method %q has no Handler: make one with fastmcp.Typed, Do, Get or Raw", def.Name)
	case slices.ContainsFunc(def.Use, func(h Handler) bool { return h == nil }):
		return nil, fmt.Errorf("the method %q: Use has a nil Handler: leave it out", def.Name)
	}
	check, err := a.checkerOf(&def.Handler)
	if err != nil {
		return nil, fmt.Errorf("the method %q: %w", def.Name, err)
	}
	m.bind = func(c *Context, dst any) error {
		params, err := withoutMeta(c.call.Params)
		if err != nil {
			return invalidParams("params must be an object")
		}
		if problems := check(params, dst); len(problems) > 0 {
			return invalidParams("%s", schema.Explain(problems))
		}
		return nil
	}
	return m, nil
}

// checkerOf makes what fills a Func's arguments from JSON, or says what is wrong with it.
func (a *App) checkerOf(f *Func) (func(params []byte, dst any) []schema.Problem, error) {
	if f.schema == nil {
		plan, err := a.schemas.Input(f.in)
		if err != nil {
			return nil, err
		}
		return plan.Bind, nil
	}
	doc, err := schema.Compile(f.schema)
	if err != nil {
		return nil, err
	}
	return func(params []byte, dst any) []schema.Problem {
		*dst.(*json.RawMessage) = params
		return doc.Check(params)
	}, nil
}

// withoutMeta are the params of a request without what the protocol itself puts there.
func withoutMeta(params []byte) ([]byte, error) {
	if len(params) == 0 {
		return []byte("{}"), nil
	}
	return scan.Without(params, func(key string, _ []byte) bool { return key == "_meta" })
}

// methodOwn is what the engine knows of every Method: which one it is, its entry tells.
var methodOwn = &method{mode: rpc.MayStream, prepare: prepareMethod, last: callMethod}

// ownMethodFor finds a method that the protocol does not have, for a revision.
func (c *catalog) ownMethodFor(name string, r protocol.Revision) *method {
	e := c.methods[name]
	if e == nil || e.method.ext != nil && r < e.method.ext.def.Since {
		return nil
	}
	return methodOwn
}

// prepareMethod asks whether the caller may, and has declared what it must.
func prepareMethod(j *job) *rpc.Refusal {
	c := j.context.call
	e := j.catalog.methods[c.Method]
	if ext := e.method.ext; ext != nil && ext.def.Required {
		if _, ok := j.context.Extension(ext.def.ID); !ok {
			return lacksExtension(ext.def.ID)
		}
	}
	absent := func() *rpc.Refusal {
		return rpc.Refuse(rpc.NoMethod, protocol.Errorf(protocol.CodeMethodNotFound, "Method not found: %s", c.Method))
	}
	if r := j.guard(e, auth.OpCall, e.key, absent); r != nil {
		return r
	}
	j.context.chain, j.context.name, j.context.own = e.chain, e.key, e.method
	return nil
}

// lacksExtension refuses what a client may only ask for that has declared an extension.
func lacksExtension(id string) *rpc.Refusal {
	return rpc.Refuse(rpc.BadRequest, &protocol.Error{
		Code: protocol.CodeMissingCapability, Message: "The client lacks a capability that this request needs",
		Data: map[string]any{"requiredCapabilities": map[string]any{"extensions": map[string]any{id: struct{}{}}}},
	})
}

// callMethod is the last link of a method's chain: the function itself.
func callMethod(c *Context) error {
	v, err := c.own.def.Handler.call(c, c.own.bind)
	if err != nil {
		return err
	}
	if v == nil {
		v = struct{}{}
	}
	c.result = v
	return nil
}

// Extension is what the client says of an extension, as JSON; ok is false when it does not declare it. In 2026-07-28
// each request says so for itself.
func (c *Context) Extension(id string) (settings json.RawMessage, ok bool) {
	settings, ok = c.Can().Extensions[id]
	return settings, ok && len(settings) > 0 && settings[0] == '{'
}

// appendExtensions writes the member of the capabilities that lists the extensions, where there are any.
func (c *catalog) appendExtensions(b []byte, r protocol.Revision) []byte {
	first := true
	if c.tasks && r.HasTaskExtension() {
		b = append(b, `,"extensions":{"`+ExtensionTasks+`":{}`...)
		first = false
	}
	for _, e := range c.extensions {
		if r < e.def.Since {
			continue
		}
		if first {
			b = append(b, `,"extensions":{`...)
		} else {
			b = append(b, ',')
		}
		first = false
		b = append(append(scan.AppendString(b, e.def.ID), ':'), e.settings...)
	}
	if !first {
		b = append(b, '}')
	}
	return b
}
