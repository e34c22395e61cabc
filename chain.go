package fastmcp

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// link is one Use, as Chain prints it.
type link struct{ kind, name string }

// Use adds links to the App's chains, which every request goes through: Fiber's handlers run in Fiber's router, before
// anything of MCP; MCP's (Handler) run in the engine, on every transport, and see every method. Which is which shows in
// their type. Both hold for the whole App, whatever was added before. Anything else panics.
func (a *App) Use(handlers ...any) *App {
	for _, h := range handlers {
		switch h := h.(type) {
		case Handler:
			if h == nil {
				panic("fastmcp: Use was given a nil Handler")
			}
			a.change(func() {
				a.handlers = append(a.handlers, h)
				a.links = append(a.links, link{"mcp", funcName(h)})
			})
		default:
			if !a.fiberApp.use(a, h) {
				panic(fmt.Sprintf("fastmcp: Use takes fastmcp.Handler, func(*fastmcp.Context) error, and fiber.Handler, func(*fiber.Ctx) error; not %T", h))
			}
		}
	}
	return a
}

// Chain says what a request goes through, in this order: "fiber" links, then "mcp" links, then the tool.
func (a *App) Chain() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for _, kind := range []string{"fiber", "mcp"} {
		for _, l := range a.links {
			if l.kind == kind {
				all = append(all, kind+" "+l.name)
			}
		}
	}
	return all
}

// funcName is the name that a function has in its source, as package.Function.
func funcName(f any) string {
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	return name[strings.LastIndexByte(name, '/')+1:]
}
