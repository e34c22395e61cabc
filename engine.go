package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/seal"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/store"
)

// engine is an App at work: what a transport hands its calls to (rpc.Engine).
type engine struct {
	app      *App
	config   *Config
	backend  *store.Backend
	store    *store.Backend // the part of backend that is the user's
	realm    *realm         // where its host has it; nil: it is its own
	hub      *session.Hub
	catalog  atomic.Pointer[catalog]
	server   [protocol.Latest + 1][]byte // who we are, as each revision shows it
	keys     *seal.Ring
	tasks    *tasks
	keyed    *keyedCalls
	methods  []*method      // all of the protocol
	notes    *store.Backend // what has run once
	node     *node
	switches *switches

	pinger    pinger
	changed   changes
	listeners listeners

	clock    time.Time     // when the engine was made: requests are timed by it
	stopping chan struct{} // closed when the engine is about to stop
	leaving  sync.Once
	repairs  atomic.Int64 // arguments that Config.Lenient has repaired
	running  *running
}

var _ rpc.Engine = (*engine)(nil)

// newEngine makes an App's engine on a backend: its own, or that of the realm that it has with its host.
func newEngine(a *App, b *store.Backend, r *realm) *engine {
	e := &engine{
		app: a, config: &a.config, backend: b, store: b.Scope("app"), realm: r, clock: time.Now(), stopping: make(chan struct{}), running: newRunning(),
	}
	e.pinger.engine = e
	e.changed.engine = e
	if r != nil {
		e.config = r.configOf(a)
	}
	e.node = newNode(b, a.base, e.config.Log)
	e.changed.share(e.node)
	if r == nil {
		e.hub, e.keys = newHub(e.config, b, func() *engine { return e }, nil), newRing(a.config.Keys)
	} else {
		e.hub, e.keys = r.hub, r.keysOf(a)
	}
	e.switches = newSwitches(e)
	e.tasks = newTasks(e)
	e.keyed = newKeyedCalls(e)
	e.methods = allMethods
	e.notes = b.Scope("once")
	for r := protocol.V20241105; r <= protocol.Latest; r++ {
		e.server[r] = protocol.AppendImplementation(nil, a.implementation(), r)
	}
	return e
}

// start is what comes before an App serves: see Start.
func (a *App) start() error {
	if err := a.open(); err != nil {
		return err
	}
	if err := a.hooks.begin(a); err != nil {
		return err
	}
	a.begin()
	return nil
}

// errShutDown: a shutdown does not end.
var errShutDown = errors.New("fastmcp: the App has been shut down: make a new one")

// open opens the storage, once there are keys where they must be its user's.
func (a *App) open() error {
	a.starting.Lock()
	defer a.starting.Unlock()
	if a.started && a.base.Err() == nil {
		return nil // it serves in several ways, or serves and works
	}
	if a.base.Err() != nil {
		return errShutDown
	}
	if len(a.config.Keys) == 0 && (a.backend.Shared || a.backend.Filled != nil) {
		return errNoKeys
	}
	if err := a.backend.Open(a.base); err != nil {
		return fmt.Errorf("fastmcp: Config.Storage: %w", err)
	}
	e := a.engine()
	if e.realm != nil {
		return fmt.Errorf("fastmcp: the App %q is another's, whose Config.Select has picked it: it cannot serve by itself", a.config.Name)
	}
	if err := e.node.open(); err != nil {
		return fmt.Errorf("fastmcp: Config.Storage: %w", err)
	}
	if err := e.hub.Open(a.base); err != nil {
		return fmt.Errorf("fastmcp: Config.Storage: %w", err)
	}
	a.config.tellSettings()
	a.tellStorage()
	e.tasks.startSweeps()
	if err := e.switches.start(); err != nil { // after the node hears: what is switched in between is not missed
		return fmt.Errorf("fastmcp: %w", err)
	}
	a.started = true
	return nil
}

// tellStorage tells the operator what a storage lacks. One that several nodes could share, and do not that way, is warned
// about.
func (a *App) tellStorage() {
	missing := a.backend.Filled
	if missing == nil {
		return
	}
	t := reflect.TypeOf(a.config.Storage)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if strings.Contains(t.PkgPath(), "gofiber/storage/redis") {
		a.config.Log.Warn("Config.Storage is Fiber's Redis driver, which nodes cannot share sessions by: give redis.Wrap(storage.Conn()) of "+
			"fastmcp/store/redis instead", "kept in this process", missing)
		return
	}
	a.config.Log.Info("Config.Storage is for one node: what it lacks is kept in this process", "kept in this process", missing)
}

// errNoKeys: a key that one process makes up opens nothing elsewhere, nor after a restart.
var errNoKeys = errors.New("fastmcp: Config.Storage is not this process's memory, so others must open what it seals: " +
	"set Config.Keys to 32 random bytes that all nodes have, such as those of `openssl rand 32`")

// newRing makes the keys that Config has, or one for this process.
func newRing(keys [][]byte) *seal.Ring {
	if len(keys) == 0 {
		return seal.Generate()
	}
	ring, err := seal.NewRing(keys)
	if err != nil {
		panic(fmt.Errorf("fastmcp: %w", err)) // it names Config.Keys and never holds one
	}
	return ring
}

// awaitOpen waits for an open that has begun, so that what it opens can be closed.
func (a *App) awaitOpen() {
	a.starting.Lock()
	defer a.starting.Unlock()
}

// current is what is registered now.
func (e *engine) current() *catalog {
	if c := e.catalog.Load(); c != nil {
		return c
	}
	e.app.mu.Lock()
	defer e.app.mu.Unlock()
	c := e.app.compose()
	e.catalog.Store(c)
	return c
}

// Accept decides about a request; see rpc.Engine. The order of the checks is the one that tells a client most: which
// session, which method, what the headers say, and only then what the method wants.
func (e *engine) Accept(ctx context.Context, c *rpc.Call) (rpc.Job, *rpc.Refusal) {
	j := &job{engine: e, method: methodFor(c.Method, c.Revision)}
	j.context.engine, j.context.call, j.context.parent, j.context.job = e, c, ctx, j
	if r := mirrorsMethod(c); r != nil {
		return nil, r
	}
	if r := e.enter(j); r != nil {
		return nil, r
	}
	j.catalog = e.current()
	if j.method != nil && j.method.tasks && !j.catalog.tasks {
		j.method = nil
	}
	if j.method == nil {
		j.method = j.catalog.ownMethodFor(c.Method, c.Revision)
	}
	if j.method == nil {
		return nil, rpc.Refuse(rpc.NoMethod, protocol.Errorf(protocol.CodeMethodNotFound, "Method not found: %s", c.Method))
	}
	if r := mirrorsName(c); r != nil {
		return nil, r
	}
	if c.Revision.IsStateless() {
		if err := c.Meta.CheckLogLevel(); err != nil {
			return nil, rpc.Refuse(rpc.BadRequest, err)
		}
	}
	if err := c.Meta.CheckProgressToken(); err != nil {
		return nil, rpc.Refuse(rpc.BadRequest, err)
	}
	j.context.chain = j.catalog.chains[j.method]
	if j.method.prepare != nil {
		if r := j.method.prepare(j); r != nil {
			return nil, r
		}
	}
	if r := j.resume(); r != nil {
		return nil, r
	}
	if !e.begin(j) {
		return nil, &rpc.Refusal{Class: rpc.Unavailable, RetryAfter: time.Second, Err: protocol.Errorf(protocol.CodeServer, "The server is shutting down")}
	}
	if r := j.register(); r != nil {
		e.running.Done()
		return nil, r
	}
	return j, nil
}

// elapsed is how long the engine has been there. To ask for that costs half of what time.Now does.
func (e *engine) elapsed() time.Duration { return time.Since(e.clock) }

// begin counts a call as running, unless the engine has stopped. What a handler calls that is being waited for may run.
func (e *engine) begin(j *job) bool {
	return e.running.begin() || j != nil && j.isWithin(e) && e.running.also()
}

// enter finds the session that a call belongs to, and whether its caller may use it.
func (e *engine) enter(j *job) *rpc.Refusal {
	c := j.context.call
	if c.Revision.IsStateless() || e.config.Stateless || c.Method == protocol.MethodInitialize {
		j.session = Session{engine: e}
		j.context.session = &j.session
		return nil
	}
	record, r := e.find(c)
	if r != nil {
		return r
	}
	j.record, j.context.key = record, record.PrincipalKey
	j.session = Session{engine: e, record: record}
	j.context.session = &j.session
	return nil
}

// find looks a call's session up.
func (e *engine) find(c *rpc.Call) (*session.Record, *rpc.Refusal) {
	if c.Session == "" {
		return nil, rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: %s is required: initialize first", protocol.HeaderSession))
	}
	record, err := e.hub.GetFor(c.Session, c.Principal)
	if errors.Is(err, session.ErrUnavailable) {
		return nil, unavailable()
	}
	if err != nil {
		// Whether it never was, is over or is another's is nobody's business.
		return nil, rpc.Refuse(rpc.Gone, protocol.Errorf(protocol.CodeServer, "Session not found: initialize again"))
	}
	return record, nil
}

// unavailable is the refusal of what needs a store that does not answer. The store itself tells the operator why.
func unavailable() *rpc.Refusal {
	return &rpc.Refusal{Class: rpc.Unavailable, RetryAfter: time.Second, Err: protocol.Errorf(protocol.CodeServer, "The session store cannot be reached: try again")}
}

// mirrorsMethod checks the header that repeats the method.
func mirrorsMethod(c *rpc.Call) *rpc.Refusal {
	if !c.Revision.HasMirroredHeaders() || !c.Peer.Mirrors() {
		return nil
	}
	return mirrorsText(c.Peer, protocol.HeaderMethod, c.Method)
}

// mirrorsName checks the header that repeats what the method is about.
func mirrorsName(c *rpc.Call) *rpc.Refusal {
	if !c.Revision.HasMirroredHeaders() || !c.Peer.Mirrors() {
		return nil
	}
	switch c.Method {
	case protocol.MethodToolsCall, protocol.MethodPromptsGet:
		return mirrorsRaw(c.Peer, c.Name)
	case protocol.MethodResourcesRead:
		return mirrorsRaw(c.Peer, c.URI)
	case protocol.MethodTasksGet, protocol.MethodTasksUpdate, protocol.MethodTasksCancel:
		return mirrorsRaw(c.Peer, scan.Find(c.Params, "taskId"))
	}
	return nil
}

func mirrorsRaw(p rpc.Peer, raw []byte) *rpc.Refusal {
	if raw == nil || raw[0] != '"' {
		return nil // that it is missing is told as what it is, later
	}
	return mirrorsText(p, protocol.HeaderName, protocol.String(raw))
}

func mirrorsText(p rpc.Peer, header, body string) *rpc.Refusal {
	values := p.HeaderValues(header)
	if len(values) == 0 {
		return mismatch("%s is required", header)
	}
	for _, value := range values {
		if text, ok := protocol.DecodeHeader(value); !ok || text != body {
			return mismatch("%s does not repeat the body", header)
		}
	}
	return nil
}

// Notify takes a notification; see rpc.Engine. Those that nobody knows are nobody's business.
func (e *engine) Notify(_ context.Context, c *rpc.Call) *rpc.Refusal {
	if e.config.Stateless {
		return nil
	}
	record, r := e.find(c)
	if r != nil {
		return r
	}
	return e.hear(record, c)
}

// End ends a session; see rpc.Engine.
func (e *engine) End(_ context.Context, c *rpc.Call) *rpc.Refusal {
	record, r := e.find(c)
	if r == nil {
		if _, err := e.hub.End(record.ID); err != nil {
			return unavailable()
		}
	}
	return r
}

// SessionRevision is what a session has negotiated; see rpc.Engine.
func (e *engine) SessionRevision(_ context.Context, _ *auth.Principal, id string) (protocol.Revision, bool) {
	if id == "" || e.config.Stateless {
		return 0, false
	}
	record, ok := e.hub.Find(id)
	if !ok {
		return 0, false
	}
	return record.Revision, true
}

// leave ends the streams with the wish to come back, which will be to another node, or to one that has started anew. Calls
// go on, and may begin. The sessions of a realm stay: they are its host's.
func (e *engine) leave() {
	e.leaving.Do(func() { close(e.stopping) })
	if e.realm == nil {
		e.hub.Drain()
		e.app.realms.leave()
	}
}

// isLeaving tells that nothing should begin here that is to last.
func (e *engine) isLeaving() bool {
	select {
	case <-e.stopping:
		return true
	default:
		return false
	}
}

// Drain stops the engine; see rpc.Engine.
func (e *engine) Drain(ctx context.Context) error {
	e.leave()
	err := e.running.close(ctx)
	e.tasks.stop(ctx)
	e.keyed.stop(ctx)
	if e.realm == nil {
		err = errors.Join(err, e.app.realms.close(ctx))
		e.hub.Close()
	}
	return err
}

// challenged is the refusal of a guard that would let in who has more scopes: 401 for who could say who they are and has
// not, 403 for others.
func (e *engine) challenged(p *auth.Principal, scopes []string) *rpc.Refusal {
	class := rpc.Forbidden
	if p == nil && e.config.Auth != nil {
		class = rpc.Unauthorized
	}
	return &rpc.Refusal{Class: class, Scopes: scopes, Err: protocol.Errorf(protocol.CodeServer, "Forbidden: this needs more scopes")}
}
