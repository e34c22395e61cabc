// Package fastmcp makes servers of the Model Context Protocol (MCP) on Fiber. An App has tools: Go functions whose
// arguments are structs, whose tags become the schema that a model reads and the checks that its arguments must pass.
// One endpoint serves every client, whatever revision of the protocol it speaks.
//
//	app := fastmcp.New(fastmcp.Config{Name: "calculator", Version: "1.0.0"})
//	app.AddTool(fastmcp.Tool{Name: "add", Description: "Add two numbers", Handler: fastmcp.Typed(add)})
//	if err := app.Listen("127.0.0.1:8080"); err != nil {
//		log.Fatal(err)
//	}
package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/transport/sse"
	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/schema"
	"github.com/fastmcp-go/fastmcp/store"
)

// App is an MCP server. Make it with New. Its methods are safe from any goroutine.
type App struct {
	fiberApp
	config  Config
	logs    bool // Config.Log was set
	schemas *schema.Compiler
	at      atomic.Pointer[engine] // see engine
	http    *streamhttp.Handler
	sse     *sse.Handler // nil when it is off
	backend *store.Backend
	reach   reach

	// base is what all requests live in; stop ends it, when they have not ended in time.
	base context.Context
	stop context.CancelFunc

	starting sync.Mutex
	started  bool
	hooks    hooks
	begun    atomic.Pointer[time.Time] // when that was; see Stats

	transport transportErrors

	mu       sync.Mutex
	handlers []Handler
	links    []link

	tools                shelf[*tool]
	off                  map[string]bool // tools that are switched off; a map that is never changed
	resources, templates shelf[*resource]
	files                []*directory // their templates are among templates
	prompts              shelf[*prompt]
	extensions           shelf[*extension]
	methods              shelf[*ownMethod]

	realms realms // of the Apps that Config.Select picks
}

// New makes an App. It starts nothing and connects to nothing: that is for Listen and Mount.
func New(config ...Config) *App {
	a := &App{}
	if len(config) > 0 {
		a.config = config[0]
	}
	a.logs = a.config.Log != nil
	a.config.setDefaults()
	must(a.config.Cache.check())
	var err error
	if a.backend, err = store.From(a.config.Storage); err != nil {
		panic(fmt.Errorf("fastmcp: Config.Storage: %w", err))
	}
	a.schemas = schema.New(schema.Config{Validator: a.config.Validator})
	a.base, a.stop = context.WithCancel(context.Background())
	a.at.Store(newEngine(a, a.backend, nil))
	c := &a.config
	a.http = streamhttp.New(a.Engine(), c.Auth, streamhttp.Config{
		Hosts: c.Hosts, Origins: c.Origins, MaxBody: c.HTTP.MaxBody, MaxBatch: c.HTTP.MaxBatch, MaxStreams: c.HTTP.MaxStreams,
		StreamAfter: c.StreamAfter, Heartbeat: max(c.HTTP.Heartbeat, 0), Stateless: c.Stateless, Log: c.Log, OnRefused: a.refused(),
	})
	a.sse = newSSE(a)
	a.checkEndpoints()
	a.transport.init(c)
	a.fiberApp.init(a)
	return a
}

// AddTool adds a tool. A mistake in it (a name that is taken, a type that has no schema) panics, with the name and the
// cure; so it shows before the App serves. While it serves, clients that may see it are told that the list has changed.
func (a *App) AddTool(t Tool) { must(a.TryAddTool(t)) }

// TryAddTool is AddTool for names that are made while the App serves: a mistake is its error.
func (a *App) TryAddTool(t Tool) error { return a.add(t, nil) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (a *App) add(def Tool, g *Group) error {
	t, err := a.compile(def, g)
	if err != nil {
		return err
	}
	off := false
	a.change(func() {
		if off = a.off[t.def.Name]; !a.tools.add(t.def.Name, t) {
			err = fmt.Errorf("fastmcp: there is a tool %q already: remove it first, or give this one another name", t.def.Name)
		}
	})
	if err == nil && !off {
		a.toolChanged(t)
	}
	return err
}

// toolChanged tells those who may see a tool that it has come or gone.
func (a *App) toolChanged(t *tool) {
	a.engine().changed.list(changedTools, a.guardedTool(t))
}

// guardedTool is who may know of a tool.
func (a *App) guardedTool(t *tool) *entry {
	return a.guarded(auth.KindTool, t.def.Name, t.group, t.def.CanAccess)
}

// RemoveTool removes a tool and tells whether it was there. Calls of it that are running go on. Clients that could see
// it are told that the list has changed.
func (a *App) RemoveTool(name string) (found bool) {
	var t *tool
	off := false
	a.change(func() {
		t, found = a.tools.remove(name)
		off = a.off[name]
	})
	if found && !off {
		a.toolChanged(t)
	}
	return found
}

// engine is the App at work: its own, or the one that its host has given it.
func (a *App) engine() *engine { return a.at.Load() }

// change changes what is registered. What was composed of it is composed anew when it is next needed.
func (a *App) change(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
	a.engine().catalog.Store(nil)
}

// Sessions are the sessions that are open, in no order. Where nodes share Config.Storage they are those that this node has
// opened or served lately.
func (a *App) Sessions() []*Session { return a.engine().sessions() }

// Session finds an open session; nil when there is none with that id.
func (a *App) Session(id string) *Session { return a.engine().session(strings.Clone(id)) }

// Broadcast sends a notification to every session, of all nodes that share Config.Storage, on its own stream. A session without an open stream finds it there
// when it opens one, as far as its log reaches back. Clients of 2026-07-28 have no sessions and are not told.
func (a *App) Broadcast(method string, params any) error {
	note, err := notification(method, params)
	if err != nil {
		return err
	}
	return a.engine().hub.Broadcast(a.base, note)
}

// BroadcastTo is Broadcast to the sessions of one principal, whichever clients it uses, on all nodes. Anonymous callers are
// nobody: nil is an error.
func (a *App) BroadcastTo(p *auth.Principal, method string, params any) error {
	if p.Key() == "" {
		return errors.New("fastmcp: BroadcastTo needs a principal: anonymous callers have nothing in common")
	}
	note, err := notification(method, params)
	if err != nil {
		return err
	}
	return a.engine().hub.BroadcastTo(a.base, p.Key(), note)
}

// Repairs is how many arguments Config.Lenient has repaired since the App was made.
func (a *App) Repairs() int64 { return a.engine().repairs.Load() }

// Shutdown stops the App: it listens no more, ends the streams with the wish to come back, waits for running calls until
// ctx ends, and closes what is left, idle connections last: a request that still comes on one of them while calls run is
// served. Where the listener is another's, as with Mount, new requests are refused instead. The error is ctx's when calls
// were still running. An App that has been shut down cannot serve again. It is not drained first: see Drain.
func (a *App) Shutdown(ctx context.Context) error {
	if e := a.engine(); e.realm != nil {
		return e.realm.shutdown(ctx, e)
	}
	defer a.fiberApp.over()
	a.Drain()
	alone := a.fiberApp.refuse()
	if a.sse != nil {
		a.sse.Drain()
	}
	var idle error
	if alone {
		a.engine().leave()
		if a.engine().running.none(ctx) == nil { // else Drain tells
			idle = a.fiberApp.closeIdle(ctx)
		}
	}
	err := a.engine().Drain(ctx)
	if a.sse != nil {
		a.sse.Close(ctx) // the calls are over; their answers may still be on the way
	}
	a.stop()
	a.awaitOpen()
	a.engine().node.close()
	a.engine().switches.running.Wait()
	hooked := a.hooks.end(ctx, a)
	return errors.Join(err, idle, hooked, a.fiberApp.shutdown(ctx), a.backend.Close())
}

// Engine is what this module's own packages put transports on.
func (a *App) Engine() rpc.Engine {
	if a.config.Select != nil {
		return selector{a.engine()}
	}
	return a.engine()
}

// HTTP is what this module's own packages put HTTP hosts under.
func (a *App) HTTP() *streamhttp.Handler { return a.http }

// implementation is who the App says it is.
func (a *App) implementation() *protocol.Implementation {
	c := &a.config
	return &protocol.Implementation{Name: c.Name, Version: c.Version, Title: c.Title, Description: c.Description, Website: c.Website, Icons: c.Icons}
}
