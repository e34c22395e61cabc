package tenant

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/store"
)

// Issuer is who vouches for the principals of tokens (auth.Principal.Issuer). Their Subject and Tenant are the token's id.
const Issuer = "tenant"

// Factory makes the server of a token. It makes a new App each time, and may be called from any goroutine. An error, or a
// panic, is answered with 503 to that tenant alone, and the factory is asked again later: see Config.RetryAfter.
type Factory func() (*fastmcp.App, error)

// PlanFactory makes the server of a tenant that has a plan; else it is like Factory.
type PlanFactory func(Info) (*fastmcp.App, error)

// Tenants are bearer tokens, each with a server of its own. Make it with New. Its methods are safe from any goroutine.
type Tenants struct {
	config  Config
	backend *store.Backend // of the whole store, opened and closed
	store   *store.Backend // the part of it that is the tenants'
	remote  bool           // asking it takes a while
	digests digester
	node    string
	started time.Time

	opening sync.Mutex
	opened  bool
	closed  bool
	sub     store.Subscription
	stop    context.CancelFunc // ends the sweeps
	base    context.Context
	work    sync.WaitGroup // what runs on its own: builds, drains, sweeps

	mu      sync.RWMutex
	known   map[digest]*known
	ids     map[string]digest // of known
	unknown map[digest]time.Time
	flights map[digest]*flight
	plans   map[string]plan
	byPlan  func(*auth.Principal) string
	host    *fastmcp.App
	routed  *fastmcp.App // which Routes was given: the host, where Host has not made it
	counted counted

	lookups lookups

	serves atomic.Bool // servers were built here: there is a host

	uncounted, full, slow, unread seldom // what the operator was told

	slotsMu sync.RWMutex
	slots   map[string]*slot
	live    int // slots that have a server, or get one
}

// plan is what was registered under a plan's name.
type plan struct {
	make   PlanFactory
	limits Limits
}

// Info is what is known of a token. It never has the token itself.
type Info struct {
	// ID names the token, and its tenant: the scope of its sessions and of what it stores. It is derived from the token's
	// hash, and the same on all nodes.
	ID string `json:"id"`
	// Plan is the plan that its server is built by; "" with a factory of its own.
	Plan string `json:"plan,omitempty"`
	// Name is what it is called by people, if it was given a name.
	Name string `json:"name,omitempty"`
	// Limits are its own.
	Limits Limits `json:"limits,omitzero"`
	// Created and Updated are when it was added, and last changed; the same at first.
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// Grant is what a token is given beside its server. What its zero value means stands beside each field.
type Grant struct {
	// Name is for people: who it was made for, 200 bytes at most. Default: none.
	Name string
	// Limits hold for this token, in place of those of its plan. Default: the plan's.
	Limits Limits
}

// maxName and maxPlan bound what a record holds.
const (
	maxName = 200
	maxPlan = 100
)

// New makes Tenants. It starts nothing and connects to nothing: that happens with the first use, or Open. It panics when
// config cannot work, with the name and the cure.
func New(config ...Config) *Tenants {
	var c Config
	if len(config) > 0 {
		c = config[0]
	}
	c = c.withDefaults()
	backend, err := store.From(c.Storage)
	if err != nil {
		panic(fmt.Errorf("tenant: Config.Storage: %w", err))
	}
	t := &Tenants{
		config: c, backend: backend, store: backend.Scope("tenants"), remote: backend.Shared || backend.Filled != nil,
		node: newID(), started: c.Now(),
		known: map[digest]*known{}, ids: map[string]digest{}, unknown: map[digest]time.Time{}, flights: map[digest]*flight{},
		plans: map[string]plan{}, slots: map[string]*slot{},
	}
	t.digests.init(c.Pepper)
	t.lookups.init(c.MaxLookups, c.MaxLookupsPerIP)
	t.base, t.stop = context.WithCancel(context.Background())
	return t
}

// Plan registers how the servers of a plan are built, and what limits they have. Nodes that share a store register the
// same plans. It panics when there is one of that name, or when the limits are none.
func (t *Tenants) Plan(name string, make PlanFactory, limits ...Limits) *Tenants {
	p := plan{make: make}
	if len(limits) > 0 {
		p.limits = limits[0]
	}
	switch err := p.limits.check(); {
	case name == "" || len(name) > maxPlan:
		panic(fmt.Sprintf("tenant: Plan: the name %q: use 1 to %d bytes", name, maxPlan))
	case make == nil:
		panic(fmt.Sprintf("tenant: Plan %q has no factory: give the function that builds its servers", name))
	case err != nil:
		panic(fmt.Errorf("tenant: Plan %q: %w", name, err))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, again := t.plans[name]; again {
		panic(fmt.Sprintf("tenant: Plan %q was registered before: give this one another name", name))
	}
	t.plans[name] = p
	return t
}

// ByPlan gives the callers that other verifiers know a server, too: of the plan that f names, in the tenant that their
// principal has (auth.Principal.Tenant, from a claim of a JWT for one). "" is no plan: the host itself serves them, and
// callers without a tenant. Tokens are not f's business. It is set before serving.
//
// A tenant has one server, so f should name one plan for all callers of a tenant. When it names another one than before, as
// after an upgrade, that one takes the place, but not twice within Config.CacheTTL.
func (t *Tenants) ByPlan(f func(*auth.Principal) (plan string)) *Tenants {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byPlan = f
	return t
}

// Open connects the storage and begins to hear other nodes. The first use does it, too; a server that calls it before it
// serves hears at once what is wrong.
func (t *Tenants) Open(ctx context.Context) error {
	t.opening.Lock()
	defer t.opening.Unlock()
	switch {
	case t.closed:
		return ErrClosed
	case t.opened:
		return nil
	}
	if err := t.backend.Open(ctx); err != nil {
		return fmt.Errorf("tenant: Config.Storage: %w", err)
	}
	if t.backend.Shared {
		if err := t.listen(); err != nil {
			return fmt.Errorf("tenant: Config.Storage: %w", errors.Join(err, t.backend.Close()))
		}
	}
	t.opened = true
	t.work.Go(t.sweeps)
	return nil
}

// Close shuts all servers down, waits for their running calls until ctx ends, and lets go of the storage. Tokens and
// sessions stay in a storage that keeps them. After it no token is known: callers get 503. Host has it done when the host
// has shut down.
func (t *Tenants) Close(ctx context.Context) error {
	t.opening.Lock()
	if t.closed {
		t.opening.Unlock()
		return nil
	}
	t.closed = true
	sub := t.sub
	t.opening.Unlock()
	var errs []error
	if sub != nil {
		errs = append(errs, sub.Close())
	}
	t.stop()
	errs = append(errs, t.dropAll(ctx))
	t.mu.Lock()
	clear(t.known)
	clear(t.ids)
	t.mu.Unlock()
	over := make(chan struct{})
	go func() { t.work.Wait(); close(over) }()
	select {
	case <-over:
	case <-ctx.Done(): // a factory does not return
		errs = append(errs, ctx.Err())
	}
	return errors.Join(append(errs, t.backend.Close())...)
}

// newID makes an id of 96 random bits.
func newID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // it never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
