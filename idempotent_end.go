package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// encodeKeyed is encodeContained for a call that has a key: what it came to is kept, or what is kept is the answer.
func (j *job) encodeKeyed(err error) ([]byte, error) {
	k := j.keyed
	taken := k.close()
	if k.kept != nil {
		return k.again(j.context.call.ID), nil
	}
	data, failed := j.encodeContained(err)
	switch {
	case !taken:
	case j.task != nil && j.task.failed != nil:
		k.release() // no task was made: the function has not run
	case failed != nil:
		p := j.context.protocolError(failed)
		k.settle(keyedEnded, nil, protocol.AppendErrorObject(nil, p))
		failed = errors.Join(p, failed) // what has been logged is not logged again
	case j.asks().waits():
		k.settle(keyedAsks, scan.Find(data, "result"), nil)
	default:
		k.settle(keyedEnded, scan.Find(data, "result"), nil)
	}
	return data, failed
}

// close tells whether the call has run here. It does not begin to any more.
func (k *keyedCall) close() (taken bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	taken, k.taken, k.closed = k.taken, false, true
	return taken
}

// end is what follows a request that has a key, however it went.
func (k *keyedCall) end() {
	if k.stop != nil {
		k.stop()
	}
	if k.close() { // the function has ended its goroutine: runtime.Goexit
		k.settle(keyedEnded, nil, nil)
	}
}

// again is the answer to a repetition.
func (k *keyedCall) again(id []byte) []byte {
	name, value := `,"result":`, k.kept.Result
	if value == nil {
		name, value = `,"error":`, k.kept.Error
	}
	b := append(make([]byte, 0, 64+len(id)+len(value)), `{"jsonrpc":"2.0","id":`...)
	return append(append(append(append(b, id...), name...), value...), '}')
}

// What a repetition reads of a call whose answer is not kept.
const (
	lostAnswer = "The call has run, but what it came to is not known any more. It may have had its effects: find out before you call again " +
		"with another idempotency key. The operator can trace it under the id %s."
	lostSize = "The call has run, but its result, of %d bytes, is larger than what is kept for a repetition. It has had its effects: do not " +
		"call again with another idempotency key, unless it may run twice."
)

// settle keeps what a run came to: a result, an error, or neither, for an answer that is lost.
func (k *keyedCall) settle(state keyedState, result, failed []byte) {
	r := k.record
	r.State, r.Result, r.Error = state, result, failed
	size := len(result) + len(failed)
	switch {
	case size == 0:
		r.Lost = fmt.Sprintf(lostAnswer, r.Request)
	case size > k.engine.config.Idempotency.MaxBytes:
		r.Lost, r.Result, r.Error = fmt.Sprintf(lostSize, size), nil, nil
	}
	if state == keyedAsks {
		r.Asked = k.job.asks().requestID()
	}
	err := k.replace(&r, k.engine.keyed.keeps(state))
	if err != nil { // it may be more than the store takes
		k.job.context.Log().Error("what a call came to could not be kept under its idempotency key", "error", err)
		r.Lost, r.Result, r.Error = fmt.Sprintf(lostAnswer, r.Request), nil, nil
		err = k.replace(&r, k.engine.keyed.keeps(state))
	}
	if err != nil {
		k.engine.keyed.later(k, &r)
		return
	}
	k.engine.keyed.end(k)
}

// replace writes r where it stands that the call runs; nil is what was there before.
func (k *keyedCall) replace(r *keyedRecord, ttl time.Duration) (err error) {
	raw := k.from
	if r != nil {
		if raw, err = marshal(r); err != nil {
			return err
		}
	}
	k.storing.Lock()
	defer k.storing.Unlock()
	k.settled = true
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	store := k.engine.keyed.store
	done, err := store.Atomic.CAS(ctx, k.name, k.raw, raw, ttl)
	if err == nil && !done && r != nil { // the store has lost it
		if done, err = store.Atomic.SetNX(ctx, k.name, raw, ttl); err == nil && !done {
			k.job.context.Log().Warn("what a call came to is kept already, or its idempotency key was used again", "state", r.State)
		}
	}
	return err
}

// release gives the key back: the function has not run.
func (k *keyedCall) release() {
	if k.replace(nil, k.engine.keyed.keeps(keyedAsks)) != nil {
		k.engine.keyed.later(k, nil)
		return
	}
	k.engine.keyed.end(k)
}

// touch keeps what is kept while the call runs.
func (k *keyedCall) touch(ctx context.Context) error {
	k.storing.Lock()
	defer k.storing.Unlock()
	window := k.engine.keyed.window()
	if k.settled || time.Since(k.touched) < window/3 {
		return nil
	}
	k.touched = time.Now()
	return k.engine.keyed.store.KV.Touch(ctx, k.name, window)
}
