package skills

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sort"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// The methods of the extension.
const (
	methodList      = "skills/list"
	methodGet       = "skills/get"
	methodDirectory = "resources/directory/read"
)

// directoryType is the MIME type of a folder.
const directoryType = "inode/directory"

// The params. What else a client sends is left alone, as in the protocol's own lists.
const (
	listSchema      = `{"type":"object","properties":{"cursor":{"type":"string"}}}`
	getSchema       = `{"type":"object","properties":{"uri":{"type":"string"}},"required":["uri"]}`
	directorySchema = `{"type":"object","properties":{"uri":{"type":"string"},"cursor":{"type":"string"}},"required":["uri"]}`
)

// extension is what clients are told of it.
func (s *Set) extension() fastmcp.Extension {
	return fastmcp.Extension{
		ID: ID, Settings: map[string]bool{"directoryRead": true},
		Methods: []fastmcp.Method{
			{Name: methodList, Handler: fastmcp.Raw(listSchema, s.list)},
			{Name: methodGet, Handler: fastmcp.Raw(getSchema, s.get)},
			{Name: methodDirectory, Handler: fastmcp.Raw(directorySchema, s.directory)},
		},
	}
}

// params are those of all three.
type params struct {
	URI    string `json:"uri"`
	Cursor string `json:"cursor"`
}

// caching is how long a result may be kept, and by whom. Revisions before 2026-07-28 are not told.
type caching struct {
	TTL   *int64 `json:"ttlMs,omitempty"`
	Scope string `json:"cacheScope,omitempty"`
}

func (s *Set) caching(c *fastmcp.Context, private bool) caching {
	if !c.Revision().HasResultType() {
		return caching{}
	}
	ttl, scope := s.config.TTL.Milliseconds(), "public"
	if private {
		scope = "private"
	}
	return caching{TTL: &ttl, Scope: scope}
}

// page is a page of a list: the items from a cursor on that the caller may see, and the cursor of the next.
func page[T any](list string, all []T, uri func(T) string, visible func(T) bool, from string, size int) (items []T, next string) {
	start := sort.Search(len(all), func(i int) bool { return uri(all[i]) >= from })
	for _, item := range all[start:] {
		if !visible(item) {
			continue
		}
		if len(items) == size {
			return items, cursor(list, uri(item))
		}
		items = append(items, item)
	}
	return items, ""
}

// list answers skills/list.
func (s *Set) list(c *fastmcp.Context, args json.RawMessage) (any, error) {
	p, err := parse(args)
	if err != nil {
		return nil, err
	}
	from, err := p.from(methodList)
	if err != nil {
		return nil, err
	}
	type result struct {
		Skills []json.RawMessage `json:"skills"`
		Next   string            `json:"nextCursor,omitempty"`
		caching
	}
	v := viewer{Context: c}
	skills, next := page(methodList, s.current.Load().skills, func(k *skill) string { return k.uri }, v.sees, from, s.config.PageSize)
	r := result{Skills: make([]json.RawMessage, len(skills)), Next: next, caching: s.caching(c, s.guarded)}
	for i, k := range skills {
		r.Skills[i] = k.entry
	}
	return r, nil
}

// get answers skills/get.
func (s *Set) get(c *fastmcp.Context, args json.RawMessage) (any, error) {
	p, err := parse(args)
	if err != nil {
		return nil, err
	}
	k := s.current.Load().byURI[p.URI]
	if v := (viewer{Context: c}); k == nil || !v.sees(k) {
		return nil, unknown("No skill is served at this URI", p.URI)
	}
	return struct {
		Skill json.RawMessage `json:"skill"`
		caching
	}{k.entry, s.caching(c, k.guard != nil)}, nil
}

// directory answers resources/directory/read.
func (s *Set) directory(c *fastmcp.Context, args json.RawMessage) (any, error) {
	p, err := parse(args)
	if err != nil {
		return nil, err
	}
	from, err := p.from(p.URI)
	if err != nil {
		return nil, err
	}
	x, v := s.current.Load(), viewer{Context: c, seen: make(map[*skill]bool)}
	f := x.folders[p.URI]
	if f == nil || !v.seesAny(f.skills) {
		if k := x.files[p.URI]; k != nil && v.sees(k.skill) {
			return nil, unknown("It is a file, and no directory", p.URI)
		}
		return nil, unknown("No directory is served at this URI", p.URI)
	}
	type result struct {
		Resources []json.RawMessage `json:"resources"`
		Next      string            `json:"nextCursor,omitempty"`
		caching
	}
	children, next := page(p.URI, f.children, child.uri, v.seesChild, from, s.config.PageSize)
	r := result{Resources: make([]json.RawMessage, len(children)), Next: next, caching: s.caching(c, s.guarded)}
	for i, child := range children {
		if r.Resources[i], err = protocol.AppendResource(nil, child.wire(), c.Revision()); err != nil {
			return nil, fmt.Errorf("skills: %s: %w", child.uri(), err)
		}
	}
	return r, nil
}

// parse reads the params, whose types have been checked.
func parse(args json.RawMessage) (p params, err error) {
	if err = json.Unmarshal(args, &p); err != nil {
		return p, protocol.Errorf(protocol.CodeInvalidParams, "Invalid params: %v", err)
	}
	return p, nil
}

// from is the URI that a page of a list begins with: "" is the beginning.
func (p params) from(list string) (uri string, err error) {
	uri, ok := fromCursor(list, p.Cursor)
	if !ok {
		return "", protocol.Errorf(protocol.CodeInvalidParams, "Invalid params: the cursor is not one of this list")
	}
	return uri, nil
}

// unknown is the error for a URI that nothing is at, or nothing for this caller.
func unknown(message, uri string) error {
	return &protocol.Error{Code: protocol.CodeInvalidParams, Message: message, Data: map[string]any{"uri": uri}}
}

// wire is the child as lists show it.
func (c child) wire() *protocol.Resource {
	if c.folder != nil {
		return &protocol.Resource{URI: c.folder.uri, Name: c.folder.name, MimeType: directoryType}
	}
	f := c.file
	r := &protocol.Resource{URI: f.uri, Name: f.name, MimeType: f.mime, Size: f.size}
	if f.uri == f.skill.uri {
		r.Name, r.Description, r.Meta = f.skill.name, f.skill.description, f.skill.meta
	}
	return r
}

// resource is the file as the App has it.
func (s *Set) resource(f *file) fastmcp.Resource {
	w := child{file: f}.wire()
	return fastmcp.Resource{
		URI: w.URI, Name: w.Name, Description: w.Description, MimeType: w.MimeType, Size: w.Size, Meta: w.Meta,
		Unlisted:  f.uri != f.skill.uri,
		Cache:     fastmcp.CacheHint{TTL: s.config.TTL, Public: f.skill.guard == nil},
		CanAccess: f.skill.access(),
		Handler:   fastmcp.Get(func(*fastmcp.Context) (content.ResourceBlock, error) { return f.block, nil }),
	}
}

// access is the guard of each of the skill's files: that of the skill, asked about the skill.
func (k *skill) access() auth.Guard {
	if k.guard == nil {
		return nil
	}
	return func(ctx context.Context, a *auth.Access) auth.Decision {
		about := *a
		about.Name = k.uri
		return k.guard(ctx, &about)
	}
}

// viewer is who asks, for the time of a request.
type viewer struct {
	*fastmcp.Context
	seen map[*skill]bool // what the guards have said; nil where none is asked twice
}

// sees tells that a skill belongs into the caller's lists. A guard that panics denies.
func (v viewer) sees(k *skill) (listed bool) {
	if k.guard == nil {
		return true
	}
	if listed, known := v.seen[k]; known {
		return listed
	}
	defer func() {
		if p := recover(); p != nil {
			listed = false
			v.Log().Error("guard panicked", "skill", k.uri, "error", p, "stack", string(debug.Stack()))
		}
		if v.seen != nil {
			v.seen[k] = listed
		}
	}()
	return k.guard(v.Context, &auth.Access{
		Principal: v.Principal(), Op: auth.OpList, Kind: auth.KindResource, Name: k.uri, SessionID: v.Session().ID(),
	}).Listed()
}

func (v viewer) seesAny(skills []*skill) bool {
	for _, k := range skills {
		if v.sees(k) {
			return true
		}
	}
	return false
}

func (v viewer) seesChild(c child) bool {
	if c.file != nil {
		return v.sees(c.file.skill)
	}
	return v.seesAny(c.folder.skills)
}
