package fastmcp

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/seal"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// MetaIdempotencyKey names, in the _meta of a tools/call, the key under which the call runs at most once. A client that
// has lost the answer sends the call again, under a new JSON-RPC id and with the same key, as 2026-07-28 wants it, and gets
// the answer to the one that ran: see IdempotencyConfig.
const MetaIdempotencyKey = protocol.MetaIdempotencyKey

// IdempotencyConfig bounds what is kept of calls that have a key: _meta["io.github.fastmcp-go/idempotencyKey"], a string of
// 1 to 255 bytes that the client makes up anew for each thing that it wants done.
//
// Calls with the same key of the same caller and tool are one: on whichever node of a shared Config.Storage they arrive, the
// tool's function runs for one of them, and all get what it came to, an error of the tool included. One that comes while it
// runs waits for it. One with other arguments, or in another revision of the protocol, is refused (-32602). A caller is a
// principal, or, without one, a session.
//
// The function is not cancelled when its client goes away, nor with its session; what it sends then is lost. A client with a
// session can cancel it as ever, and what it comes to is kept. A call that asks its client is over with the last round, and
// until then a round that is sent again gets the same question. A call that becomes a task is over when there is one: all
// get the same. What is turned down before the function runs (arguments that do not fit, a tool that is busy, a
// middleware) is not kept.
//
// Guards and middleware see every call. Where what is kept answers, the function's result is not there behind Context.Next,
// and what a middleware makes of it is not used: it is in the answer already. Events.ToolCall hears of the one that ran.
//
// When a node dies while the function runs, whether it has had its effects cannot be known: the model reads that the outcome is
// unknown, and the operator's log has who ran it. When the storage cannot be reached the function does not run, and the
// client is told to try again (503).
type IdempotencyConfig struct {
	// Window is how long what a call came to is kept, from its end. Later the same key is a new call. Default: 10 min; at
	// least 1 s.
	Window time.Duration
	// MaxBytes is how large a result may be to be kept. A larger one is its first caller's alone; others read that the call has
	// run. Default: 1 MiB.
	MaxBytes int
	// MaxKeys is how many keys a caller may begin in a Window. One more is refused (429). Default: 10,000.
	MaxKeys int
	// Anonymous takes keys from callers without name and session, too. Who knows such a key gets the result: it must be
	// one that nobody guesses, as a random UUID. Over stdio the clients of 2026-07-28 are such callers. Default: off, they
	// are refused (-32602).
	Anonymous bool
	// Disabled takes no keys: calls that have one are refused (-32602). Default: off. They are not ignored, because their
	// clients rely on them.
	Disabled bool
}

func (c *IdempotencyConfig) setDefaults() {
	fallback(&c.Window, 10*time.Minute)
	c.Window = max(c.Window, time.Second)
	fallback(&c.MaxBytes, 1<<20)
	fallback(&c.MaxKeys, 10_000)
}

// maxIdempotencyKey bounds a key, in bytes.
const maxIdempotencyKey = 255

// IdempotencyKey is the key that a call of a tool has, to be handed on to what must not happen twice elsewhere, such as a
// payment; "" without one. It is only unique among the calls of one caller and tool.
func (c *Context) IdempotencyKey() string {
	if k := c.job.keyed; k != nil {
		return k.key
	}
	if t := c.job.task; t != nil {
		return t.key
	}
	return ""
}

// keyedCall is a call that has a key, while it is on its way here: one that runs, or one that waits for that.
type keyedCall struct {
	engine *engine
	job    *job // the request
	key    string
	name   string // in the store
	caller string // whose keys are counted together, in the store

	record keyedRecord // what is kept of it while it runs
	raw    []byte      // the same, as it is kept
	from   []byte      // what was kept before, when it goes on with a question's answers
	stop   func() bool // the watch on the transport's context

	mu     sync.Mutex
	kept   *keyedRecord // what answers instead
	owned  bool         // it is about to run, or does: it does not end with its client
	gone   bool         // its client has gone away before
	taken  bool         // it runs
	closed bool         // it has been answered

	storing sync.Mutex // held while what is kept is touched, or replaced
	settled bool       // it has been replaced
	touched time.Time
}

// keyedState is how far a call has come.
type keyedState string

const (
	keyedRuns  keyedState = "running"
	keyedAsks  keyedState = "asking" // its client is to come back with answers
	keyedEnded keyedState = "ended"
)

// keyedRecord is what is kept under a key.
type keyedRecord struct {
	Version int        `json:"v"`
	State   keyedState `json:"state"`
	// Args is what the arguments were, hashed, and Form how the call was made.
	Args string `json:"args"`
	Form string `json:"form"`
	// Run names this run. Node runs it, on Host, for the request that is Request in its log, since Begun.
	Run     string    `json:"run"`
	Node    string    `json:"node"`
	Host    string    `json:"host,omitempty"`
	Request string    `json:"request"`
	Begun   time.Time `json:"begun"`
	// Asked names the request whose questions wait, and Round what its last round was, hashed.
	Asked string `json:"asked,omitempty"`
	Round string `json:"round,omitempty"`
	// Result or Error is what goes out, and Lost says why neither is kept.
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
	Lost   string          `json:"lost,omitempty"`
}

// keyedVersion is that of keyedRecord. A node does not read those of others.
const keyedVersion = 1

// prepareKey takes the key of a call, where it may have one.
func (j *job) prepareKey(t *tool) *rpc.Refusal {
	c, config := j.context.call, &j.engine.config.Idempotency
	key, owner := protocol.String(c.Meta.IdempotencyKey), j.context.owner()
	switch {
	case config.Disabled:
		return rpc.Refuse(rpc.Failed, invalidParams("_meta[%q] is not taken by this server", MetaIdempotencyKey))
	case key == "" || len(key) > maxIdempotencyKey:
		return rpc.Refuse(rpc.Failed, invalidParams("_meta[%q] must be a string of 1 to %d bytes", MetaIdempotencyKey, maxIdempotencyKey))
	case owner == ownerAnyone && !config.Anonymous:
		// Two of them that make up the same key would read each other's results.
		return rpc.Refuse(rpc.Failed, invalidParams("_meta[%q] needs a caller who is known, or has a session", MetaIdempotencyKey))
	}
	j.keyed = &keyedCall{
		engine: j.engine, job: j, key: key,
		name:   "call:" + digest([]byte(j.engine.config.Name), []byte(owner), []byte(t.def.Name), []byte(key)),
		caller: "count:" + digest([]byte(j.engine.config.Name), []byte(owner)),
	}
	return nil
}

// digest makes a short text of parts: other parts give another one.
func digest(parts ...[]byte) string {
	sum := sha256.Sum256(seal.Bind(parts...))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// describe says of a call what tells it from another one with its key. The same arguments may be written otherwise.
func (k *keyedCall) describe(c *Context) {
	if k.record.Version != 0 {
		return
	}
	form := c.call.Revision.String()
	if c.job.task != nil {
		form += " task" // its result is of another shape
	}
	k.record = keyedRecord{
		Version: keyedVersion, Args: digest(canonical(c.call.Args)), Form: form,
		Round: digest([]byte(protocol.String(c.call.RequestState)), canonical(c.call.InputResponses)), Request: c.RequestID(),
	}
}

// fits tells that what is kept is of the same call.
func (k *keyedCall) fits(r *keyedRecord) error {
	switch {
	case r.Args != k.record.Args:
		return invalidParams("_meta[%q] has been used with other arguments: a new call needs a new key", MetaIdempotencyKey)
	case r.Form != k.record.Form:
		return invalidParams("_meta[%q] has been used in another way (%s): a new call needs a new key", MetaIdempotencyKey, r.Form)
	}
	return nil
}
