// Package apps gives tools a view: an HTML page that a host shows in a sandbox, and that talks with the host, and through
// it calls tools, by the extension MCP Apps (io.modelcontextprotocol/ui, SEP-1865).
//
//	ui := apps.Add(app, apps.View{URI: "ui://weather/chart", HTML: chart})
//	app.AddTool(ui.Link(fastmcp.Tool{Name: "forecast", Handler: fastmcp.Typed(forecast)}, "ui://weather/chart"))
//	app.AddTool(apps.AppOnly(fastmcp.Tool{Name: "refresh", Handler: fastmcp.Typed(refresh)}))
//
// A host that knows the extension calls the tool as always, reads the view as a resource, and hands it the call's
// arguments and result. Any other host shows the model the tool's result and nothing else. So the result has to say in
// text what the view shows: a tool with a view returns text, or a struct, which is text too, and never only "see the
// chart". Supported tells a handler which of the two asks.
//
// The view speaks JSON-RPC by postMessage with window.parent: it asks ui/initialize, says ui/notifications/initialized,
// is told ui/notifications/tool-input and ui/notifications/tool-result, and may ask tools/call and resources/read. The
// server sees only these last two, as requests of the host. examples/apps has a view that needs no library.
package apps

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/fastmcp-go/fastmcp"
)

// ID is the name of the extension.
const ID = "io.modelcontextprotocol/ui"

// MimeType is the type of a view.
const MimeType = "text/html;profile=mcp-app"

// Visibility is who may call a tool.
type Visibility string

const (
	// Model lets the model call the tool.
	Model Visibility = "model"
	// App lets views of this server call the tool.
	App Visibility = "app"
)

// Set is the views of an App. Its methods are safe from any goroutine.
type Set struct {
	app *fastmcp.App

	mu    sync.Mutex
	views map[string]bool
}

// Add tells clients of the extension, and adds views. A mistake panics, with the view's URI and the cure; so does a second
// Add for the same App: Set.AddView adds more.
func Add(app *fastmcp.App, views ...View) *Set {
	s := &Set{app: app, views: make(map[string]bool)}
	if err := app.TryAddExtension(fastmcp.Extension{ID: ID}); err != nil {
		panic(fmt.Errorf("apps: %w: keep what the first Add returned, and call its AddView", err))
	}
	for _, v := range views {
		s.AddView(v)
	}
	return s
}

// AddView adds a view. A mistake in it panics, with the URI and the cure.
func (s *Set) AddView(v View) {
	if err := s.TryAddView(v); err != nil {
		panic(err)
	}
}

// TryAddView is AddView for views that are made while the App serves: a mistake is its error.
func (s *Set) TryAddView(v View) error {
	r, err := v.resource()
	if err != nil {
		return fmt.Errorf("apps: the view %q: %w", v.URI, err)
	}
	if err := s.app.TryAddResource(r); err != nil {
		return fmt.Errorf("apps: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.views[v.URI] = true
	return nil
}

// Link gives a tool the view that its results are shown in. Who may call the tool are the model and views, or those that
// are named. A view that has not been added, and a tool that has a view already, panic, with the names and the cure.
//
// The tool's own Meta is kept, and not changed.
func (s *Set) Link(tool fastmcp.Tool, uri string, visibility ...Visibility) fastmcp.Tool {
	s.mu.Lock()
	there := s.views[uri]
	s.mu.Unlock()
	if !there {
		panic(fmt.Errorf("apps: the tool %q: there is no view %q: add it first", tool.Name, uri))
	}
	tool = withUI(tool, toolMeta{Resource: uri, Visibility: visibility})
	// Hosts of the time before 2026-01-26 look here. The specification will drop it.
	tool.Meta["ui/resourceUri"] = uri
	return tool
}

// AppOnly hides a tool from models: views of this server can call it, and nobody else will, as far as the host keeps to
// the specification. It is no guard: a client can call the tool all the same.
func AppOnly(tool fastmcp.Tool) fastmcp.Tool {
	return withUI(tool, toolMeta{Visibility: []Visibility{App}})
}

// toolMeta is what a tool's _meta says under "ui".
type toolMeta struct {
	Resource   string       `json:"resourceUri,omitempty"`
	Visibility []Visibility `json:"visibility"`
}

func withUI(tool fastmcp.Tool, ui toolMeta) fastmcp.Tool {
	if _, taken := tool.Meta["ui"]; taken {
		panic(fmt.Errorf("apps: the tool %q has _meta.ui already: link it once, with who may call it: Link(tool, uri, apps.App)", tool.Name))
	}
	if len(ui.Visibility) == 0 {
		ui.Visibility = []Visibility{Model, App}
	}
	ui.Visibility = slices.Clone(ui.Visibility)
	for i, v := range ui.Visibility {
		if v != Model && v != App || slices.Contains(ui.Visibility[:i], v) {
			panic(fmt.Errorf("apps: the tool %q: the visibility %q: name apps.Model, apps.App or both, each once", tool.Name, v))
		}
	}
	if tool.Meta = maps.Clone(tool.Meta); tool.Meta == nil {
		tool.Meta = make(map[string]any)
	}
	tool.Meta["ui"] = ui
	return tool
}

// Supported tells that the client shows views: it declares the extension, with MimeType. In 2026-07-28 each request says
// so for itself. A tool should give the same answer in text either way; it may save itself what only a view can use.
func Supported(c *fastmcp.Context) bool {
	settings, ok := c.Extension(ID)
	var declared struct {
		MimeTypes []string `json:"mimeTypes"`
	}
	return ok && json.Unmarshal(settings, &declared) == nil && slices.Contains(declared.MimeTypes, MimeType)
}
