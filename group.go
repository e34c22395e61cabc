package fastmcp

import (
	"fmt"
	"slices"

	"github.com/fastmcp-go/fastmcp/auth"
)

// Group is a set of tools with a prefix to their names and handlers, a guard and tags of their own. CanAccess and Tags
// may be set until serving starts, and hold for what was added before, too.
type Group struct {
	// CanAccess is asked before the guard of a tool itself. Both must allow.
	CanAccess auth.Guard
	// Tags are in the _meta of each tool in lists, as "io.github.fastmcp-go/tags".
	Tags []string

	app      *App
	parent   *Group
	prefix   string
	handlers []Handler
}

// Group makes a group whose tools' names begin with prefix and whose calls go through handlers, after those of the App.
func (a *App) Group(prefix string, handlers ...Handler) *Group {
	checkHandlers(prefix, handlers)
	return &Group{app: a, prefix: prefix, handlers: handlers}
}

// Group makes a group in the group: prefixes join, handlers and guards add up.
func (g *Group) Group(prefix string, handlers ...Handler) *Group {
	checkHandlers(g.name(prefix), handlers)
	return &Group{app: g.app, parent: g, prefix: prefix, handlers: handlers}
}

// Use adds handlers for all tools of the group, whether added before or after.
func (g *Group) Use(handlers ...Handler) *Group {
	checkHandlers(g.name(""), handlers)
	g.app.change(func() { g.handlers = append(g.handlers, handlers...) })
	return g
}

// checkHandlers panics now about what would panic in every call.
func checkHandlers(prefix string, handlers []Handler) {
	if slices.ContainsFunc(handlers, func(h Handler) bool { return h == nil }) {
		panic(fmt.Sprintf("fastmcp: the group %q was given a nil Handler: leave it out", prefix))
	}
}

// AddTool adds a tool to the group; see App.AddTool.
func (g *Group) AddTool(t Tool) { must(g.TryAddTool(t)) }

// TryAddTool adds a tool to the group; see App.TryAddTool.
func (g *Group) TryAddTool(t Tool) error { return g.app.add(t, g) }

// name is a name with the prefixes of the group and of those around it.
func (g *Group) name(name string) string {
	for ; g != nil; g = g.parent {
		name = g.prefix + name
	}
	return name
}

// tags are those of the group and of those around it.
func (g *Group) tags() (all []string) {
	for ; g != nil; g = g.parent {
		all = append(slices.Clone(g.Tags), all...)
	}
	return all
}

// chain are the handlers of the group, outermost first.
func (g *Group) chain() (all []Handler) {
	for ; g != nil; g = g.parent {
		all = append(slices.Clone(g.handlers), all...)
	}
	return all
}

// guards are the guards of the group, outermost first.
func (g *Group) guards() (all []auth.Guard) {
	for ; g != nil; g = g.parent {
		if g.CanAccess != nil {
			all = append([]auth.Guard{g.CanAccess}, all...)
		}
	}
	return all
}
