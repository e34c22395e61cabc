package routes

import (
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
)

// StatusConfig is how Status finds out. What its zero value means stands beside each field.
type StatusConfig struct {
	// Timeout is how long the store may take to answer. Default: 500 ms.
	Timeout time.Duration
}

// StatusConfigDefault is what Status does by itself.
var StatusConfigDefault = StatusConfig{Timeout: 500 * time.Millisecond}

// NodeStatus is what Status answers. Counts are of this process since it began; see fastmcp.Stats.
type NodeStatus struct {
	// Status is "ready", "draining" or "store unreachable", as Ready has it. The others are there for those alone who may
	// know them.
	Status string      `json:"status"`
	Node   *NodeDetail `json:"node,omitempty"`
}

// NodeDetail is what an operator may know.
type NodeDetail struct {
	// Uptime is in seconds, Memory in bytes; it and Goroutines are the whole process's.
	Uptime     float64 `json:"uptimeSeconds"`
	Memory     uint64  `json:"memoryBytes"`
	Goroutines int     `json:"goroutines"`
	// Sessions and Streams are open, Running and Tasks under way.
	Sessions int `json:"sessions"`
	Streams  int `json:"streams"`
	Running  int `json:"running"`
	Tasks    int `json:"tasks"`
	// Calls are the calls of tools, Errors those that failed.
	Calls  int64 `json:"calls"`
	Errors int64 `json:"errors"`
	// Events are messages that were sent on streams, Dropped those that were lost.
	Events  int64 `json:"events"`
	Dropped int64 `json:"dropped"`
	// Store is Config.Storage.
	Store StoreDetail `json:"store"`
}

// StoreDetail is what an operator may know of Config.Storage.
type StoreDetail struct {
	// Mode is "memory", "storage" or "shared".
	Mode string `json:"mode"`
	// Reachable tells that it answers. It is not asked while the App is drained, and null then.
	Reachable *bool `json:"reachable"`
	// Missing are the parts that it lacks, and that this process keeps.
	Missing []string `json:"missing,omitempty"`
}

// Status answers how the node is doing: 200 and a NodeStatus, whatever it is, so that it can be read; Ready is for probes. Who
// may know more than one word is known by their credentials, or has come by HTTPConfig.AdminAddr: others, on a public route
// or where Config.Auth is not set, read {"status":"ready"}.
func Status(app *fastmcp.App, config ...StatusConfig) fiber.Handler {
	c := StatusConfigDefault
	if len(config) > 0 {
		fallback(&c.Timeout, config[0].Timeout)
	}
	return func(ctx *fiber.Ctx) error {
		s := NodeStatus{Status: stateOf(ctx.UserContext(), app, c.Timeout)}
		if fastmcp.PrincipalOf(ctx) != nil || fastmcp.IsAdmin(ctx) {
			s.Node = detail(app, s.Status)
		}
		ctx.Set(fiber.HeaderCacheControl, "no-store")
		return ctx.JSON(s)
	}
}

func detail(app *fastmcp.App, state string) *NodeDetail {
	s := app.Stats()
	d := &NodeDetail{
		Uptime: s.Uptime.Seconds(), Memory: s.Memory, Goroutines: s.Goroutines,
		Sessions: s.Sessions, Streams: s.Streams, Running: s.Running, Tasks: s.Tasks,
		Calls: s.Calls, Errors: s.Errors, Events: s.Events, Dropped: s.Dropped,
		Store: StoreDetail{Mode: s.Storage.Mode, Missing: s.Storage.Filled},
	}
	if state != stateDraining {
		reachable := state == stateReady
		d.Store.Reachable = &reachable
	}
	return d
}
