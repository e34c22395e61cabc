package cache

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/middleware/internal/budget"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// New makes the middleware. It is for App.Use, or for the Use of one tool or resource. A setting that cannot be panics.
func New(config ...Config) fastmcp.Handler {
	k := &keeper{flights: make(map[flightKey]*flight), named: make(map[string]bool)}
	k.rooms.New = func() any { room := make([]byte, 0, 512); return &room }
	if len(config) > 0 {
		k.config = config[0]
	}
	k.config.complete()
	for _, name := range k.config.Tools {
		if name == "" {
			panic("cache: Config.Tools has an empty name: leave it out")
		}
		k.named[name] = true
	}
	k.budget = budget.New(int64(k.config.MaxBytes), k.config.TTL)
	return k.serve
}

// keeper is one cache middleware.
type keeper struct {
	config Config
	named  map[string]bool // Config.Tools
	budget *budget.Budget
	rooms  sync.Pool // of *[]byte, to make keys in

	rest  atomic.Int64 // until when, in Unix nanoseconds, a store that fails is left alone; 0 while it does not fail
	told  sync.Map     // names of tools that are not cached, when that has been said
	apart sync.Map     // targets of what cannot be shared: it streams, or asks

	mu      sync.Mutex
	flights map[flightKey]*flight
}

func (k *keeper) serve(c *fastmcp.Context) error {
	if k.config.Next != nil && k.config.Next(c) || !k.takes(c) || !c.Replayable() {
		return c.Next()
	}
	key, ok := k.key(c)
	if !ok {
		return c.Next()
	}
	s := shelf{k, c, c.Store()}
	if s.rests() {
		return c.Next()
	}
	kept, now, ok, err := s.get(key)
	switch {
	case err != nil:
		return c.Next()
	case ok:
		kept.give(c, now)
		return nil
	}
	return k.miss(c, s, key)
}

// takes tells that a request is one whose answer is kept.
func (k *keeper) takes(c *fastmcp.Context) bool {
	switch c.Method() {
	case protocol.MethodResourcesRead:
		return true
	case protocol.MethodToolsCall:
	default:
		return false
	}
	tool := c.Tool()
	if tool == nil {
		return false
	}
	if a := tool.Annotations; a != nil && a.ReadOnlyHint || len(k.named) > 0 && k.named[tool.Name] {
		return true
	}
	if _, told := k.told.LoadOrStore(tool.Name, true); !told {
		level := slog.LevelInfo
		if kind, _ := c.Place(); kind == auth.KindTool {
			level = slog.LevelWarn // it was given to this tool
		}
		c.Log().Log(c, level, "cache: the tool is not cached, because it does not say that it only reads: "+
			"set Annotations.ReadOnlyHint, or put its name into cache.Config.Tools", "tool", tool.Name)
	}
	return false
}

// miss runs the call, or waits for one that is the same.
func (k *keeper) miss(c *fastmcp.Context, s shelf, key itemKey) error {
	of := subjectOf(c)
	since, err := s.generation(of)
	if err != nil {
		return c.Next()
	}
	at := flightKey{s.backend, key, since}
	if _, apart := k.apart.Load(of.target); apart {
		return k.run(c, s, at, of, nil)
	}
	for range 2 { // who has waited for one that gave up takes its place, or waits once more, and not for ever
		f, mine := k.board(at)
		if f == nil {
			break
		}
		if mine {
			return k.lead(c, s, at, f, of)
		}
		if how, err := k.wait(c, f); how == answered {
			return err
		} else if how == late {
			break
		}
	}
	return k.run(c, s, at, of, nil)
}

// run runs the call and keeps what it came to. f hears of it, when it is not nil.
func (k *keeper) run(c *fastmcp.Context, s shelf, at flightKey, of subject, f *flight) error {
	err := c.Next()
	if !c.Replayable() {
		k.apart.Store(of.target, true)
		return err
	}
	if err != nil {
		if f != nil && shares(c, err) {
			f.err = err
		}
		return err
	}
	result, err := c.Encode()
	if err != nil {
		return nil // it is answered as it is, which tells why it cannot be
	}
	c.SetResult(result)
	kept := k.item(c, result)
	if f != nil {
		f.kept = kept
	}
	if !result.IsError() && len(kept.data) <= k.config.MaxItem {
		s.put(at, of, kept)
	}
	return nil
}

// item is what a call came to, with what clients may be told of it.
func (k *keeper) item(c *fastmcp.Context, result fastmcp.Encoded) *item {
	hint, ttl := c.CacheHint(), k.config.TTL
	if hint.TTL > 0 {
		ttl = min(ttl, hint.TTL)
		c.SetCache(fastmcp.CacheHint{TTL: ttl, Public: hint.Public})
	}
	return newItem(result, hint, k.config.Clock().Add(ttl))
}

// shares tells that an error would be that of others, too, who have asked the same: it is not that this caller has gone,
// nor a panic.
func shares(c *fastmcp.Context, err error) bool {
	return !fastmcp.IsPanic(err) && !errors.Is(err, context.Canceled) && c.Err() == nil
}
