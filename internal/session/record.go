package session

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Record is one session. Its methods may be called from any goroutine, also when it has ended.
type Record struct {
	// ID is what the client presents: 22 characters of base64url, 128 bits of crypto/rand. It proves nothing: Get asks
	// who presents it.
	ID       string
	Revision protocol.Revision
	// PrincipalKey is the Key of the principal that may use the session, "" for anonymous callers.
	PrincipalKey string
	// Client and Capabilities are what initialize said, in the engine's own form.
	Client, Capabilities any

	hub         *Hub
	adopted     bool // another node has opened it
	ip          prefix
	created     time.Time
	logID       atomic.Pointer[string]
	initialized atomic.Bool
	reachable   atomic.Bool
	level       atomic.Uint32
	principal   atomic.Pointer[auth.Principal]
	owner       atomic.Pointer[owner] // nil until its principal has called
	locals      sync.Map
	state       state
	own         Stream

	// Of a session that is shared: when it was read from the store, in the hub's time, 0 for never; in which round of the
	// cluster's; and when its time there was renewed.
	read, round, renewed atomic.Int64
	refreshing           atomic.Bool
	// taken is how often it was made what the store says, told how often other nodes have said that it has changed.
	taken, told atomic.Int64

	// used is when somebody used it last, in the hub's time.
	used atomic.Int64
	// busy counts running calls and open streams. It changes under mu only.
	busy atomic.Int32

	mu      sync.Mutex
	ended   bool
	calls   []call    // those that run
	streams []*Stream // of calls, oldest first
	opened  int64     // how many there have been

	questions map[string]*Question // what the client has been asked and has not answered, by id
	asked     int64                // how many there have been
	// subscribed are the resources that the client wants to hear of.
	subscribed []string
	version    int64    // of what was taken from the store
	issued     []string // ids of addresses that its user was asked to open, oldest first

	inbox inbox
}

func newRecord(h *Hub, o Opening) *Record {
	r := &Record{
		ID: newID(), Revision: o.Revision, PrincipalKey: o.Principal.Key(), Client: o.Client, Capabilities: o.Capabilities,
		hub: h, ip: countedAs(o.IP), created: h.c.Now(),
	}
	r.principal.Store(o.Principal)
	r.state.c = &h.c
	r.own.rec, r.own.id, r.own.own = r, ownStream, true
	r.own.far = newFar(h.cluster, r.ID, r.own.id)
	r.used.Store(int64(h.now()))
	r.busy.Store(1)
	return r
}

// Created is when the session began.
func (r *Record) Created() time.Time { return r.created }

// Initialized tells that the client has sent notifications/initialized.
func (r *Record) Initialized() bool { return r.initialized.Load() }

// SetInitialized notes that it has. It tells whether this was the first time. When the store cannot be told it has not: the
// other nodes would not know.
func (r *Record) SetInitialized() (first bool, err error) {
	c := r.hub.cluster
	if c == nil {
		return !r.initialized.Swap(true), nil
	}
	if r.initialized.Load() {
		return false, nil
	}
	err = c.change(r, func(s *stored) { first, s.Initialized = !s.Initialized, true })
	return first && err == nil, err
}

// SetReachable notes that the client can be asked on its own stream, if it has initialized and that is open. It tells
// whether this was the first time.
func (r *Record) SetReachable() bool {
	return r.Initialized() && r.own.Attached() && !r.reachable.Swap(true)
}

// Level is the least level of log messages that the client wants; no level until it has set one.
func (r *Record) Level() protocol.Level { return protocol.Level(r.level.Load()) }

// SetLevel sets it.
func (r *Record) SetLevel(l protocol.Level) error {
	if c := r.hub.cluster; c != nil {
		return c.change(r, func(s *stored) { s.Level = uint32(l) })
	}
	r.level.Store(uint32(l))
	return nil
}

// Principal is who uses the session, as of the last Seen; nil is anonymous.
func (r *Record) Principal() *auth.Principal { return r.principal.Load() }

// Seen notes the principal of a request, whose scopes and expiry may be newer. It must be one with PrincipalKey, as Get
// has made sure.
func (r *Record) Seen(p *auth.Principal) {
	if r.principal.Load() != p {
		r.principal.Store(p)
	}
}

// Locals gets what was stored in the session under key, nil when nothing was, and with a value stores it first. It
// stays in this process; what shall outlive it belongs into State.
func (r *Record) Locals(key any, value ...any) any {
	if len(value) > 0 {
		r.locals.Store(key, value[0])
		return value[0]
	}
	v, _ := r.locals.Load(key)
	return v
}

// Subscribed are the resources that the client wants to hear of, in order. It must not be changed.
func (r *Record) Subscribed() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.subscribed
}

// Subscribe makes what fn gives of the resources that the client wants to hear of its new ones. fn gets a copy, may be
// called again, and its error changes nothing.
func (r *Record) Subscribe(fn func(uris []string) ([]string, error)) error {
	if c := r.hub.cluster; c != nil {
		var refused error
		err := c.change(r, func(s *stored) {
			uris, err := fn(slices.Clone(s.Subscribed))
			if refused = err; err == nil {
				s.Subscribed = uris
			}
		})
		return cmp.Or(refused, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	uris, err := fn(slices.Clone(r.subscribed))
	if err == nil {
		r.subscribed = uris
	}
	return err
}

// State is the session's own key-value store.
func (r *Record) State() State {
	if c := r.hub.cluster; c != nil {
		return sharedState{r, c}
	}
	return &r.state
}

// Ended tells that the session has ended.
func (r *Record) Ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

// Idle is how long nobody has used the session: its client has sent nothing, and no call and no stream has ended.
func (r *Record) Idle() time.Duration { return r.hub.now() - time.Duration(r.used.Load()) }

// Life is the hub's time, and when in it the session was used last, as of one look: what is said of the one by the other does
// not change when a busy machine lets time pass between two.
func (r *Record) Life() (now, used time.Duration) {
	now = r.hub.now()
	return now, time.Duration(r.used.Load())
}

// acquire makes the session busy, so that it neither expires nor is evicted.
func (r *Record) acquire() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return ErrEnded
	}
	r.busy.Add(1)
	return nil
}

// release takes an acquire back. It counts as use.
func (r *Record) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used.Store(int64(r.hub.now()))
	r.busy.Add(-1)
}

func (r *Record) expired(now time.Duration) bool {
	return r.busy.Load() == 0 && now-time.Duration(r.used.Load()) >= r.hub.c.TTL
}

// end marks the session as ended; it tells whether it was this call that did.
func (r *Record) end() bool { return r.endIf(func() bool { return true }) }

func (r *Record) endIfExpired(now time.Duration) bool {
	return r.endIf(func() bool { return r.expired(now) })
}

func (r *Record) endIfIdleSince(used int64) bool {
	return r.endIf(func() bool { return r.busy.Load() == 0 && r.used.Load() == used })
}

func (r *Record) endIf(condition func() bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || !condition() {
		return false
	}
	r.ended = true
	return true
}

// hangUp closes the streams of a session that has ended and cancels its calls.
func (r *Record) hangUp(retry time.Duration, reason string) {
	r.mu.Lock()
	streams := r.streams
	r.streams = nil
	calls := r.cancelAll()
	r.mu.Unlock()
	for _, c := range calls {
		c.cancel(reason)
	}
	r.unaskAll() // a call that waits for an answer has been cancelled by now, and says so
	r.own.discard(retry)
	for _, s := range streams {
		s.discard(retry)
	}
	r.state.clear()
}

// ownStream is the id of a session's own stream.
const ownStream = "0"

// Own is the session's own stream: what the server says that belongs to no call, and what a GET without Last-Event-ID
// reads. Its id is "0".
func (r *Record) Own() *Stream { return &r.own }

// OpenStream opens the stream of the call with that JSON-RPC id. When there are StreamsPerSession, the one that finished first is forgotten; if
// all are running it returns ErrTooMany, and ErrEnded when the session has ended.
func (r *Record) OpenStream(request []byte) (*Stream, error) {
	r.mu.Lock()
	if r.ended {
		r.mu.Unlock()
		return nil, ErrEnded
	}
	var gone *Stream
	if len(r.streams) >= r.hub.c.StreamsPerSession {
		if gone = r.finishedFirst(); gone == nil {
			r.mu.Unlock()
			return nil, ErrTooMany
		}
		r.remove(gone)
	}
	s := newStream(r, r.nextStream(), request)
	r.streams = append(r.streams, s)
	r.mu.Unlock()
	if gone != nil {
		gone.discard(r.hub.c.Retry)
		go gone.dropFar() // the call does not wait for the store
	}
	return s, nil
}

// nextStream is the number of the next stream of a call. Where sessions are shared a node never uses one again, whatever has
// become of the session here meanwhile: what it has in the store would be taken for that of another call. r.mu is held.
func (r *Record) nextStream() int64 {
	if c := r.hub.cluster; c != nil {
		return c.made.Add(1)
	}
	r.opened++
	return r.opened
}

// Stream finds the stream of an event, and the event's place, to go on after it: the id is a Last-Event-ID. It returns
// ErrNotFound when the id is of no stream that is still kept.
func (r *Record) Stream(eventID string) (s *Stream, after Position, err error) {
	id, after, ok := parseEventID(eventID, r.own.far != nil)
	if !ok {
		return nil, Position{}, ErrNotFound
	}
	if id == r.own.id {
		return &r.own, after, nil
	}
	for _, s := range r.allStreams() {
		if s.id == id {
			return s, after, nil
		}
	}
	if r.own.far == nil {
		return nil, Position{}, ErrNotFound
	}
	s, err = r.follow(id)
	return s, after, err
}

func (r *Record) allStreams() []*Stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.streams)
}

// finishedFirst is the stream that finished first of those that nobody reads. r.mu is held.
func (r *Record) finishedFirst() (first *Stream) {
	for _, s := range r.streams {
		at := s.finishedAt.Load()
		if at != 0 && !s.attached.Load() && (first == nil || at < first.finishedAt.Load()) {
			first = s
		}
	}
	return first
}

// drop forgets a stream of a call.
func (r *Record) drop(s *Stream) {
	r.mu.Lock()
	r.remove(s)
	r.mu.Unlock()
	s.discard(r.hub.c.Retry)
	go s.dropFar() // the sweep does not wait for the store
}

// remove takes s out of the list. r.mu is held.
func (r *Record) remove(s *Stream) {
	if i := slices.Index(r.streams, s); i >= 0 {
		r.streams = slices.Delete(r.streams, i, i+1)
	}
}
