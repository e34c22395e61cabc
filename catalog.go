package fastmcp

import (
	"log/slog"
	"slices"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/uritemplate"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// catalog is what an App has registered, composed for serving: nothing in it changes, a change makes a new one.
type catalog struct {
	// chains are what the requests of each method go through; what is registered has its own.
	chains map[*method][]Handler

	tools, resources, templates, prompts section
	// routes finds the template of a URI.
	routes uritemplate.Set[*entry]
	// methods are those that the protocol does not have.
	methods    map[string]*entry
	off        map[string]*entry // tools that are switched off
	extensions []*extension
	tasks      bool // a tool may be a task
}

// entry is something registered, with all that goes before it.
type entry struct {
	// key is the name, the URI, or the URI template.
	key    string
	kind   string // auth.KindTool and so on
	chain  []Handler
	guards []auth.Guard
	log    *slog.Logger // for guards that panic while there is no request
	// append writes the entry as lists show it.
	append func(dst []byte, r protocol.Revision) ([]byte, error)

	// One of these is what it is.
	tool     *tool
	resource *resource
	prompt   *prompt
	method   *ownMethod
}

// compose makes the catalog of what is registered now. It is called with the App locked.
func (a *App) compose() *catalog {
	c := &catalog{chains: make(map[*method][]Handler, len(a.engine().methods)), off: make(map[string]*entry)}
	c.tools.name, c.resources.name, c.templates.name, c.prompts.name = "tools", "resources", "resourceTemplates", "prompts"
	ttl := &a.config.Cache
	c.tools.ttl, c.resources.ttl, c.templates.ttl, c.prompts.ttl = ttl.Tools, ttl.Resources, ttl.Templates, ttl.Prompts
	handlers := a.allHandlers()
	for _, m := range a.engine().methods {
		last := m.last
		if len(handlers) > 0 {
			last = contained(last)
		}
		c.chains[m] = append(slices.Clone(handlers), last)
	}
	for _, t := range a.tools.order {
		if e := a.entryOfTool(t); a.off[e.key] {
			c.off[e.key] = e
		} else {
			c.tools.add(e)
		}
		c.tasks = c.tasks || t.def.Task != TaskNever
	}
	for _, r := range a.resources.order {
		c.resources.add(a.entryOfResource(r))
	}
	for _, r := range a.templates.order {
		e := a.entryOfResource(r)
		c.templates.add(e)
		must(c.routes.Add(r.template, e)) // it was tried when it was registered
	}
	for _, d := range a.servedFiles() {
		d.addTo(c)
	}
	for _, p := range a.prompts.order {
		c.prompts.add(a.entryOfPrompt(p))
	}
	c.extensions, c.methods = slices.Clone(a.extensions.order), make(map[string]*entry, len(a.methods.order))
	for _, m := range a.methods.order {
		e := a.entry(auth.KindMethod, m.def.Name, nil, m.def.CanAccess, m.def.Use, callMethod)
		e.method, c.methods[m.def.Name] = m, e
	}
	return c
}

// entry makes what all kinds of entries have. It is called with the App locked.
func (a *App) entry(kind, key string, g *Group, own auth.Guard, use []Handler, last Handler) *entry {
	e := a.guarded(kind, key, g, own)
	e.chain = append(append(append(e.chain, a.allHandlers()...), g.chain()...), use...)
	if len(e.chain) > 0 {
		last = contained(last)
	}
	e.chain = append(e.chain, last)
	return e
}

// guarded is an entry that can be asked who may see it, and nothing else.
func (a *App) guarded(kind, key string, g *Group, own auth.Guard) *entry {
	e := &entry{kind: kind, key: key, guards: g.guards(), log: a.config.Log}
	if own != nil {
		e.guards = append(e.guards, own)
	}
	if len(e.guards) > 1 {
		e.guards = []auth.Guard{auth.All(e.guards...)} // one challenge names the scopes of all
	}
	return e
}

func (a *App) entryOfTool(t *tool) *entry {
	e := a.entry(auth.KindTool, t.def.Name, t.group, t.def.CanAccess, t.def.Use, callTool)
	wire := t.wire
	wire.Meta = withTags(t.def.Meta, t.group.tags())
	e.tool, e.append = t, func(dst []byte, r protocol.Revision) ([]byte, error) { return protocol.AppendTool(dst, &wire, r) }
	return e
}

// shelf is what has been registered of one kind, in order.
type shelf[T comparable] struct {
	byKey map[string]T
	order []T
}

// add puts v under key; it is false when the key is taken.
func (s *shelf[T]) add(key string, v T) bool {
	if _, taken := s.byKey[key]; taken {
		return false
	}
	if s.byKey == nil {
		s.byKey = make(map[string]T)
	}
	s.byKey[key] = v
	s.order = append(s.order, v)
	return true
}

// replace puts v in the place of what is under key; it is false when nothing is.
func (s *shelf[T]) replace(key string, v T) bool {
	old, found := s.byKey[key]
	if found {
		s.byKey[key] = v
		s.order = slices.Clone(s.order)
		s.order[slices.Index(s.order, old)] = v
	}
	return found
}

// remove takes away what is under key, and gives it.
func (s *shelf[T]) remove(key string) (v T, found bool) {
	if v, found = s.byKey[key]; found {
		delete(s.byKey, key)
		s.order = slices.DeleteFunc(slices.Clone(s.order), func(other T) bool { return other == v })
	}
	return v, found
}
