package fastmcp

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/internal/uritemplate"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/schema"
)

// Resource is something that a client can read under a URI.
type Resource struct {
	// URI is absolute and unique in its App.
	URI string
	// Name is a word for the resource; the default is the URI. Title is for people, Description for the model.
	Name, Title, Description string
	// MimeType is the type of the contents. Default: what the contents look like.
	MimeType string
	// Size is the length of the contents in bytes; 0 is not said.
	Size        int64
	Icons       []protocol.Icon
	Annotations *content.Annotations
	// Meta is the resource's _meta in lists.
	Meta map[string]any
	// Unlisted keeps the resource out of lists, for all: who knows the URI can read it. Default: it is listed.
	Unlisted bool
	// Cache is how long what a read gives may be kept, and whether for everybody. Default: not at all, by nobody else.
	// Context.SetCache says otherwise for one read.
	Cache CacheHint
	// CanAccess decides who may read it. For others it is neither in lists nor there, unless the guard challenges.
	CanAccess auth.Guard
	// Use are the resource's own links of the chain.
	Use []Handler
	// Handler gives the contents, as Get's function or one without properties in its arguments: a string is text, a
	// []byte is text where MimeType says so and else a blob, content.ResourceBlock and slices of it are themselves, and
	// anything else is JSON. ErrNotFound says that there is nothing.
	Handler Func
}

// ResourceTemplate is a family of resources under a URI template (RFC 6570), such as "weather://{country}/{city}". Its
// Handler takes a struct with a field for each variable, which is validated like a tool's arguments.
type ResourceTemplate struct {
	// URI is the template. Where several match a URI, the one with the longer literal text reads it.
	URI                                string
	Name, Title, Description, MimeType string
	Icons                              []protocol.Icon
	Annotations                        *content.Annotations
	Meta                               map[string]any
	Cache                              CacheHint
	CanAccess                          auth.Guard
	Use                                []Handler
	// Complete offers values for variables. A variable whose field has oneof offers those without it.
	Complete map[string]Completer
	// Trusted are the variables whose values may be what is refused otherwise: paths that climb (..), that are absolute,
	// and with control characters.
	Trusted []string
	Handler Func
}

// resource is a Resource, or a ResourceTemplate, that has been compiled.
type resource struct {
	def      Resource
	group    *Group
	template *uritemplate.Template // nil for a single resource
	trusted  []string
	asText   []string // variables that are text, whatever they look like
	plan     *schema.Plan
	bind     binder
	complete map[string]Completer
}

// AddResource adds a resource. A mistake in it panics, with the URI and the cure. While the App serves, clients that may
// see it are told that the list has changed.
func (a *App) AddResource(r Resource) { must(a.TryAddResource(r)) }

// TryAddResource is AddResource for URIs that are made while the App serves: a mistake is its error.
func (a *App) TryAddResource(def Resource) error {
	if u, err := url.Parse(def.URI); err != nil || u.Scheme == "" {
		return fmt.Errorf("fastmcp: the resource %q: its URI is not absolute: begin it with a scheme, as in test://data", def.URI)
	}
	r := &resource{def: def}
	if err := a.compileResource(r); err != nil {
		return err
	}
	return a.addResource(&a.resources, r, "resource")
}

// AddResourceTemplate adds a family of resources. A mistake in it panics, with the template and the cure.
func (a *App) AddResourceTemplate(t ResourceTemplate) { must(a.TryAddResourceTemplate(t)) }

// TryAddResourceTemplate is AddResourceTemplate for templates that are made while the App serves.
func (a *App) TryAddResourceTemplate(def ResourceTemplate) error {
	parsed, err := uritemplate.Parse(def.URI)
	if err == nil {
		err = parsed.Matchable()
	}
	if err != nil {
		return fmt.Errorf("fastmcp: the resource template %q: %w", def.URI, err)
	}
	r := &resource{template: parsed, trusted: def.Trusted, complete: def.Complete, def: Resource{
		URI: def.URI, Name: def.Name, Title: def.Title, Description: def.Description, MimeType: def.MimeType, Icons: def.Icons,
		Annotations: def.Annotations, Meta: def.Meta, Cache: def.Cache, CanAccess: def.CanAccess, Use: def.Use, Handler: def.Handler,
	}}
	if err := a.compileResource(r); err != nil {
		return err
	}
	return a.addResource(&a.templates, r, "resource template")
}

func (a *App) addResource(shelf *shelf[*resource], r *resource, what string) (err error) {
	a.change(func() {
		if !shelf.add(r.def.URI, r) {
			err = fmt.Errorf("fastmcp: there is a %s %q already: remove it first", what, r.def.URI)
		}
	})
	if err == nil {
		a.resourceChanged(r)
	}
	return err
}

// RemoveResource removes a resource, or a template of resources, and tells whether it was there. Clients that could see
// it are told that the list has changed.
func (a *App) RemoveResource(uri string) bool {
	var single, family *resource
	a.change(func() {
		single, _ = a.resources.remove(uri)
		family, _ = a.templates.remove(uri)
	})
	for _, r := range []*resource{single, family} {
		if r != nil {
			a.resourceChanged(r)
		}
	}
	return single != nil || family != nil
}

// resourceChanged tells those who may see a resource that it has come or gone.
func (a *App) resourceChanged(r *resource) {
	if r.def.Unlisted {
		return
	}
	a.engine().changed.list(changedResources, a.guarded(r.kind(), r.def.URI, r.group, r.def.CanAccess))
}

func (r *resource) kind() string {
	if r.template != nil {
		return auth.KindTemplate
	}
	return auth.KindResource
}

// compileResource makes what reading needs.
func (a *App) compileResource(r *resource) error {
	f := &r.def.Handler
	if f.call == nil || f.in == nil {
		return fmt.Errorf("fastmcp: the resource %q has no Handler: make one with fastmcp.Get or Typed", r.def.URI)
	}
	if err := r.def.Cache.check(); err != nil {
		return fmt.Errorf("fastmcp: the resource %q: %w", r.def.URI, err)
	}
	if err := f.checked(a); err != nil {
		return fmt.Errorf("fastmcp: the resource %q: %w", r.def.URI, err)
	}
	plan, err := a.schemas.Input(f.in)
	if err != nil {
		return fmt.Errorf("fastmcp: the resource %q: %w", r.def.URI, err)
	}
	r.plan = plan
	if f.of != nil {
		f.call = f.of(&r.def)
	}
	r.bind = func(c *Context, dst any) error {
		_, problems := plan.BindLenient(c.args, dst)
		if len(problems) > 0 {
			return invalidParams("%s", schema.Explain(problems))
		}
		return nil
	}
	if err := r.checkVariables(); err != nil {
		return fmt.Errorf("fastmcp: the resource %q: %w", r.def.URI, err)
	}
	_, err = r.append(nil, protocol.Latest)
	return err
}

// checkVariables compares the template's variables with the handler's fields.
func (r *resource) checkVariables() error {
	named := make(map[string]bool)
	if r.template != nil {
		for _, v := range r.template.Variables() {
			info, ok := r.plan.Field(v.Name)
			if !ok {
				return fmt.Errorf("its handler has no field for the variable %q", v.Name)
			}
			named[v.Name] = true
			if info.Type.Kind() == reflect.String {
				r.asText = append(r.asText, v.Name)
			}
		}
	}
	for _, name := range r.plan.Fields() {
		if info, _ := r.plan.Field(name); info.Required && !named[name] {
			return fmt.Errorf("its handler requires %q, which is no variable of it", name)
		}
	}
	for name := range r.complete {
		if !named[name] {
			return fmt.Errorf("it completes %q, which is no variable of it", name)
		}
	}
	return nil
}

// append writes the resource as lists show it.
func (r *resource) append(dst []byte, rev protocol.Revision) ([]byte, error) {
	wire := protocol.Resource{
		URI: r.def.URI, Name: r.def.Name, Title: r.def.Title, Description: r.def.Description, MimeType: r.def.MimeType,
		Size: r.def.Size, Icons: r.def.Icons, Meta: r.def.Meta,
	}
	if wire.Name == "" {
		wire.Name = r.def.URI
	}
	if a := r.def.Annotations; a != nil {
		wire.Annotations = a.AppendJSON
	}
	if r.template != nil {
		return protocol.AppendResourceTemplate(dst, &wire, rev)
	}
	return protocol.AppendResource(dst, &wire, rev)
}

func (a *App) entryOfResource(r *resource) *entry {
	e := a.entry(r.kind(), r.def.URI, r.group, r.def.CanAccess, r.def.Use, readResource)
	e.resource, e.append = r, r.append
	return e
}

// isTextual tells that contents of a type are text.
func isTextual(mime string) bool {
	mime, _, _ = strings.Cut(mime, ";")
	switch mime {
	case "application/json", "application/xml", "application/yaml", "application/toml", "application/sql", "application/javascript",
		"application/jsonl", "application/x-ndjson":
		return true
	}
	return strings.HasPrefix(mime, "text/") || strings.HasSuffix(mime, "+json") || strings.HasSuffix(mime, "+xml") || strings.HasSuffix(mime, "+yaml")
}

// contentsOf makes the contents of a resource of what its function has returned.
func contentsOf(v any, uri, mime string) ([]content.ResourceBlock, error) {
	one := func(b content.ResourceBlock) []content.ResourceBlock {
		if b.URI == "" {
			b.URI = uri
		}
		if b.MimeType == "" {
			b.MimeType = mime
		}
		return []content.ResourceBlock{b}
	}
	switch v := v.(type) {
	case nil:
		return one(content.ResourceBlock{}), nil
	case string:
		return one(content.ResourceBlock{Text: v}), nil
	case []byte:
		if isTextual(mime) {
			return one(content.ResourceBlock{Text: string(v)}), nil
		}
		return one(content.Blob(uri, mime, v)), nil
	case content.TextBlock:
		return one(content.ResourceBlock{Text: v.Text, Meta: v.Meta}), nil
	case content.ImageBlock:
		return one(content.Blob(uri, v.MimeType, v.Data)), nil
	case content.AudioBlock:
		return one(content.Blob(uri, v.MimeType, v.Data)), nil
	case content.ResourceBlock:
		return one(v), nil
	case *content.ResourceBlock:
		if v == nil {
			return one(content.ResourceBlock{}), nil
		}
		return one(*v), nil
	case content.Block, []content.Block, *Result, Result:
		return nil, fmt.Errorf("fastmcp: a resource returns text, bytes, JSON, an image, audio or content.ResourceBlock, not %T", v)
	case []content.ResourceBlock:
		var all []content.ResourceBlock
		for _, b := range v {
			all = append(all, one(b)...)
		}
		return all, nil
	case json.RawMessage:
		return one(content.ResourceBlock{Text: string(v), MimeType: orJSON(mime)}), nil
	}
	b, err := marshal(notNull(v))
	if err != nil {
		return nil, err
	}
	return one(content.ResourceBlock{Text: string(b), MimeType: orJSON(mime)}), nil
}

func orJSON(mime string) string {
	if mime == "" {
		return "application/json"
	}
	return mime
}
