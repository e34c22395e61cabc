package fastmcp

import (
	"context"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

// A call that has a key, once it runs, does not end with its client: who comes back for the answer is to find one.

// outliving is the context of such a call: it has the values of the request's, and ends with the App.
type outliving struct {
	context.Context
	request context.Context
}

// Value is the request's.
func (o outliving) Value(key any) any { return o.request.Value(key) }

// keyedStream is the stream of such a call.
type keyedStream struct {
	rpc.Stream
	k *keyedCall
}

// Gone tells that the client has gone, as long as that matters.
func (s keyedStream) Gone() bool { return !s.k.owns() && s.Stream.Gone() }

// OnGone calls fn when the client goes away and the call does not run yet.
func (s keyedStream) OnGone(fn func()) (stop func()) {
	return s.Stream.OnGone(func() {
		if s.k.leave() {
			fn()
		}
	})
}

// enter is what comes before the chain.
func (k *keyedCall) enter(ctx context.Context, s rpc.Stream) (context.Context, rpc.Stream) {
	k.stop = context.AfterFunc(ctx, func() {
		if k.leave() {
			k.job.context.life.cancel(context.Canceled)
		}
	})
	return outliving{k.engine.app.base, ctx}, keyedStream{s, k}
}

// leave notes that the client has gone away, and tells whether the call is to end.
func (k *keyedCall) leave() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gone = true
	return !k.owned
}

// owns tells that the call is the one that runs.
func (k *keyedCall) owns() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.owned
}

// disown takes back that the call is about to run.
func (k *keyedCall) disown() {
	k.mu.Lock()
	k.owned = false
	gone := k.gone
	k.mu.Unlock()
	if gone {
		k.job.context.life.cancel(context.Canceled)
	}
}

// unheard is what becomes of the error of sending something: a call that runs on without its client has none. k may be nil.
func (k *keyedCall) unheard(err error) error {
	if k == nil || err == nil || !k.owns() {
		return err
	}
	return nil
}

// outlasts tells that the end of its session is not that of the call. k may be nil.
func (k *keyedCall) outlasts(j *job) bool {
	return k != nil && j.record != nil && j.record.Ended() && !k.leave()
}
