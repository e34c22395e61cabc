package fastmcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// errTaken is what the binder of a call says whose key has been taken by another in the meantime.
var errTaken = errors.New("fastmcp: another call with this idempotency key has begun")

// How often one that waits looks by itself: at first soon, then less and less often. Mostly it is woken.
const (
	keyedLook     = 50 * time.Millisecond
	keyedLookMost = time.Second
)

// callKeyed is callTool for a call that has a key.
func callKeyed(c *Context) error {
	k := c.job.keyed
	k.describe(c)
	for {
		if free, err := k.look(c); !free {
			return err
		}
		if err := runTool(c); !errors.Is(err, errTaken) {
			return err
		}
	}
}

// look finds what is kept under the key, to answer with that. While a call runs it waits. free tells that there is nothing:
// the call may run.
func (k *keyedCall) look(c *Context) (free bool, err error) {
	var woken <-chan struct{}
	var suspect []byte // what seemed to run on a node that is dead
	for n := 0; ; n = min(n+1, 10) {
		raw, r, err := k.read(c)
		switch {
		case err != nil:
			return false, err
		case r == nil:
			k.from = nil
			return true, nil
		case r.State != keyedRuns:
			return k.use(c, raw, r)
		}
		if err := k.fits(r); err != nil {
			return false, err
		}
		if woken == nil {
			w, stop := k.engine.keyed.watch(k.name)
			defer stop()
			woken = w
			continue // it may have ended just before
		}
		alive, err := k.alive(c, r)
		switch {
		case err != nil:
			return false, err
		case !alive && bytes.Equal(raw, suspect):
			return false, k.unknown(c, r)
		case !alive:
			suspect = raw
			continue // it may have ended just before
		}
		if err := k.wait(c, r, woken, min(keyedLook<<n, keyedLookMost)); err != nil {
			return false, err
		}
	}
}

// use answers with what is kept, or goes on from there.
func (k *keyedCall) use(c *Context, raw []byte, r *keyedRecord) (free bool, err error) {
	if err := k.fits(r); err != nil {
		return false, err
	}
	if r.State == keyedAsks && c.call.RequestState != nil && r.Round != k.record.Round {
		if c.job.asks().named() != r.Asked {
			return false, invalidParams("requestState is not one that the call with this idempotency key was given")
		}
		k.from = raw
		return true, nil
	}
	if r.Lost != "" {
		return false, Errorf("%s", r.Lost)
	}
	c.Log().Debug("answered by what is kept under an idempotency key", "ran", r.Request)
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed {
		k.kept = r
	}
	return false, nil
}

// named is the name that the request has by now.
func (a *inquiry) named() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.id
}

// wait waits for a call that runs.
func (k *keyedCall) wait(c *Context, r *keyedRecord, woken <-chan struct{}, most time.Duration) error {
	stopping := c.engine.stopping
	if r.Node == c.engine.keyed.node {
		stopping = nil // it ends before the node does
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-woken:
	case <-timer.C:
	case <-stopping:
		return turnedDown(rpc.Unavailable, time.Second, "The server is shutting down, and the call runs on another: send it again")
	case <-c.Done():
		return c.Err()
	}
	return nil
}

// read reads what is kept; nil when there is nothing.
func (k *keyedCall) read(c *Context) (raw []byte, r *keyedRecord, err error) {
	ctx, cancel := context.WithTimeout(c, storeTimeout)
	defer cancel()
	if raw, err = k.engine.keyed.store.KV.Get(ctx, k.name); err != nil {
		return nil, nil, k.trouble(c, err)
	}
	if raw == nil {
		return nil, nil, nil
	}
	r = new(keyedRecord)
	if err := json.Unmarshal(raw, r); err != nil || r.Version != keyedVersion {
		c.Log().Error("what is kept under an idempotency key cannot be read", "version", r.Version, "error", err)
		return nil, nil, protocol.Errorf(protocol.CodeInternal, "What is kept under this idempotency key cannot be read: whether the call has run is unknown")
	}
	return raw, r, nil
}

func (k *keyedCall) alive(c *Context, r *keyedRecord) (bool, error) {
	ctx, cancel := context.WithTimeout(c, storeTimeout)
	defer cancel()
	alive, err := k.engine.keyed.alive(ctx, r)
	if err != nil {
		return false, k.trouble(c, err)
	}
	return alive, nil
}

// unknown is what the model reads of a call whose node has died. It may find out, or have to tell its user.
func (k *keyedCall) unknown(c *Context, r *keyedRecord) error {
	c.Log().Error("the outcome of a call is unknown: the node that ran it is gone", "ran", r.Request, "node", r.Node, "host", r.Host, "begun", r.Begun)
	return Errorf("The outcome of this call is unknown: it began at %s, and the server that ran it has failed since. It may have had its effects: "+
		"find out before you call again with another idempotency key. The operator can trace it under the id %s.", r.Begun.Format(time.RFC3339), r.Request).
		With("outcome", "unknown")
}

// trouble turns a call down that has not run, because the store cannot say whether it may.
func (k *keyedCall) trouble(c *Context, err error) error {
	if cause := c.life.error(); cause != nil {
		return cause
	}
	c.Log().Error("the storage cannot tell of an idempotency key: the call does not run", "error", err)
	return turnedDown(rpc.Unavailable, time.Second, "The call has not run: the server cannot reach what it knows of its idempotency key. Send it again")
}

// claiming is the binder of a call that has a key: whose arguments fit takes it.
func (k *keyedCall) claiming(bind binder) binder {
	return func(c *Context, dst any) error {
		if err := bind(c, dst); err != nil {
			return err
		}
		return k.claim(c)
	}
}

// claim takes the key, or says that another has.
func (k *keyedCall) claim(c *Context) error {
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return ErrEnded // who has called Next has not waited for it
	}
	k.owned = !k.gone
	k.mu.Unlock()
	if err := c.life.error(); err != nil || !k.owns() {
		k.disown()
		return context.Canceled
	}
	if err := k.take(c); err != nil {
		k.disown()
		return err
	}
	k.mu.Lock()
	k.taken = !k.closed
	taken := k.taken
	k.mu.Unlock()
	if !taken {
		k.release()
		return ErrEnded
	}
	return nil
}

// take writes into the store that the call runs.
func (k *keyedCall) take(c *Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c), storeTimeout)
	defer cancel()
	all := k.engine.keyed
	if k.from == nil {
		if err := k.count(ctx, c); err != nil {
			return err
		}
	}
	r := &k.record
	r.State, r.Run, r.Node, r.Host, r.Begun = keyedRuns, newID(), all.node, all.host, time.Now().UTC()
	raw, err := marshal(r)
	if err != nil {
		return err
	}
	k.raw, k.touched = raw, r.Begun
	if err := all.begin(ctx, k); err != nil {
		return k.trouble(c, err)
	}
	mine := false
	if k.from == nil {
		mine, err = all.store.Atomic.SetNX(ctx, k.name, raw, all.window())
	} else {
		mine, err = all.store.Atomic.CAS(ctx, k.name, k.from, raw, all.window())
	}
	switch {
	case err != nil:
		k.release() // it may be there nevertheless
		return k.trouble(c, err)
	case !mine:
		all.drop(k)
		return errTaken
	}
	return nil
}

// count refuses a caller who makes up more keys than are kept for him.
func (k *keyedCall) count(ctx context.Context, c *Context) error {
	all := k.engine.keyed
	n, err := all.store.Atomic.Add(ctx, k.caller, 1, all.window())
	if err != nil {
		return k.trouble(c, err)
	}
	if most := k.engine.config.Idempotency.MaxKeys; n > int64(most) {
		return turnedDown(rpc.TooMany, min(all.window(), time.Minute), fmt.Sprintf("Too many idempotency keys: %d are kept for a caller", most))
	}
	return nil
}
