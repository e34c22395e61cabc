package fastmcp

import (
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// KindGroup is what Context.Place calls a group; what else it says are auth's kinds.
const KindGroup = "group"

// Place is where the link of the chain that runs was put: "" and "" for App.Use, KindGroup and the prefix for a Group,
// else auth.KindTool, KindPrompt, KindResource, KindTemplate or KindMethod and the name, the URI or the URI template of
// what has it in its Use. So a handler can tell a limit of one tool from a limit of the whole App. It holds until the link
// calls Next.
func (c *Context) Place() (kind, name string) {
	behind := len(c.chain) - c.index // links, of which the last is none of the user's
	switch {
	case c.tool != nil:
		return placeOf(auth.KindTool, c.tool.def.Name, c.tool.group, behind, len(c.tool.def.Use))
	case c.own != nil:
		return placeOf(auth.KindMethod, c.own.def.Name, nil, behind, len(c.own.def.Use))
	case c.call.Method == protocol.MethodPromptsGet && c.prompt != nil:
		return placeOf(auth.KindPrompt, c.prompt.def.Name, c.prompt.group, behind, len(c.prompt.def.Use))
	case c.call.Method == protocol.MethodResourcesRead && c.resource != nil:
		return placeOf(c.resource.kind(), c.resource.def.URI, c.resource.group, behind, len(c.resource.def.Use))
	}
	return "", ""
}

func placeOf(kind, name string, g *Group, behind, use int) (string, string) {
	if behind > 0 && behind <= use {
		return kind, name
	}
	return g.place(behind - use)
}

// place finds the group whose link runs, from the innermost out. behind is how many links of groups come after it, and
// one more.
func (g *Group) place(behind int) (kind, name string) {
	if g == nil || behind <= 0 {
		return "", ""
	}
	g.app.mu.Lock()
	defer g.app.mu.Unlock()
	for ; g != nil; g = g.parent {
		if behind <= len(g.handlers) {
			return KindGroup, g.name("")
		}
		behind -= len(g.handlers)
	}
	return "", ""
}
