package fastmcp

import (
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
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
			a.realms.recompose()
		default:
			if !a.fiberApp.use(a, h) {
				panic(fmt.Sprintf("fastmcp: Use takes fastmcp.Handler, func(*fastmcp.Context) error, and fiber.Handler, func(*fiber.Ctx) error; not %T", h))
			}
		}
	}
	return a
}

// Chain says what a request goes through, in this order: "fiber" links, then "mcp" links, then the tool. What has no name
// of its own is told with the file and the line that it is written in.
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

// funcName is the name that a function has in its source, as package.Function; one without a name of its own also says
// where it is.
func funcName(f any) string {
	fn := runtime.FuncForPC(reflect.ValueOf(f).Pointer())
	name := fn.Name()
	name = name[strings.LastIndexByte(name, '/')+1:]
	if anonymous.MatchString(name) {
		file, line := fn.FileLine(fn.Entry())
		file = filepath.ToSlash(file)
		folder := strings.LastIndexByte(file[:max(strings.LastIndexByte(file, '/'), 0)], '/')
		return fmt.Sprintf("%s (%s:%d)", name, file[folder+1:], line)
	}
	return name
}

// anonymous is the name of a function literal.
var anonymous = regexp.MustCompile(`\.func\d+(\.\d+)*$`)
