package streamhttp

import (
	"context"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// batch takes an array of messages, which 2025-03-26 has and no other revision. Its requests run side by side; each
// counts as what it is.
func (h *Handler) batch(ctx context.Context, x Exchange, p *auth.Principal, body []byte, json, sse bool) {
	b := &batch{answer: answer{h: h, peer: peer{x}, json: json, sse: sse && x.CanStream()}}
	b.call.Session = x.Header(protocol.HeaderSession)
	b.call.Revision = protocol.V20250326
	messages, refusal := h.split(ctx, x, &b.call, body)
	if refusal != nil {
		h.Refuse(x, nil, refusal, b.call.Revision)
		return
	}
	b.job = b
	for _, raw := range messages {
		b.take(ctx, p, raw)
	}
	b.finish()
}

// split finds the messages of an array, when its sender may send one.
func (h *Handler) split(ctx context.Context, x Exchange, c *rpc.Call, body []byte) ([][]byte, *rpc.Refusal) {
	if err := scan.Document(body); err != nil {
		return nil, rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeParse, "Parse error: %s", err))
	}
	header := x.Header(protocol.HeaderVersion)
	named, known := protocol.ParseRevision(header)
	rev, refusal := h.statefulRevision(ctx, c, header, named, known)
	switch {
	case refusal != nil:
		return nil, refusal
	case named.IsStateless():
		rev = named // whatever session is named besides
	}
	if !rev.HasBatches() {
		return nil, rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: %s has no arrays of messages", rev))
	}
	messages := scan.Elements(body, h.config.MaxBatch+1)
	switch {
	case len(messages) == 0:
		return nil, rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: an array of no messages"))
	case c.Session == "" && !h.config.Stateless:
		return nil, rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: %s is required: initialize first", protocol.HeaderSession))
	case len(messages) > h.config.MaxBatch:
		return nil, rpc.Refuse(rpc.BadRequest, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: more than %d messages in an array", h.config.MaxBatch))
	}
	return messages, nil
}

// batch is the answer to an array: an array, or a stream of the same messages when one was sent before a result. Its
// events have no ids, because they come from several calls.
type batch struct {
	answer
	running sync.WaitGroup
	taken   bool         // a message was taken
	gone    *rpc.Refusal // a message was not, because there is no such session

	resultsMu sync.Mutex
	results   []byte
}

// take starts one message of the array.
func (b *batch) take(ctx context.Context, p *auth.Principal, raw []byte) {
	envelope, err := protocol.Scan(raw)
	if err != nil {
		b.refuse(envelope.ID, err)
		return
	}
	a := &answer{h: b.h, peer: b.peer}
	a.call = rpc.Call{Envelope: envelope, Principal: p, Session: b.call.Session, Peer: a}
	if !envelope.IsRequest() {
		b.judge(b.h.deliver(ctx, a)) // nothing else is ever said about it
		return
	}
	if envelope.Method == protocol.MethodInitialize {
		b.refuse(envelope.ID, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: initialize must come alone"))
		return
	}
	b.start(ctx, &a.call)
}

// refuse answers one message of the array, which no chain has seen.
func (b *batch) refuse(id []byte, e *protocol.Error) {
	b.h.Refused(b.x, 200, e)
	b.result(protocol.AppendError(nil, id, e))
}

func (b *batch) start(ctx context.Context, c *rpc.Call) {
	var refusal *rpc.Refusal
	if c.Revision, refusal = b.h.revisionOf(ctx, b.x, c); refusal != nil {
		b.refuse(c.ID, refusal.Err) // it says that it is of another revision
		return
	}
	job, refusal := b.h.engine.Accept(ctx, c)
	if b.judge(refusal); refusal != nil {
		b.refuse(c.ID, refusal.Err)
		return
	}
	b.running.Go(func() {
		if reply := job.Run(ctx, (*batchStream)(b)).Whole(); reply.Data != nil {
			b.result(reply.Data)
		}
	})
}

// judge notes what the engine has said to one message.
func (b *batch) judge(refusal *rpc.Refusal) {
	b.taken = b.taken || refusal == nil
	if refusal != nil && refusal.Class == rpc.Gone {
		b.gone = refusal
	}
}

// result keeps one answer for the end.
func (b *batch) result(message []byte) {
	b.resultsMu.Lock()
	defer b.resultsMu.Unlock()
	if len(b.results) > 0 {
		b.results = append(b.results, ',')
	}
	b.results = append(b.results, message...)
}

// finish waits for all and answers. An array of arrays is what a stream's event may be, too.
func (b *batch) finish() {
	b.running.Wait()
	var reply rpc.Reply
	if b.gone != nil && !b.taken {
		reply.Refusal = b.gone // its client must initialize again, which only the status tells it
	}
	if len(b.results) > 0 {
		reply.Data = append(append([]byte{'['}, b.results...), ']')
	}
	b.answer.finish(reply)
}

// Mode, Open and Run make the batch the job of its own answer: a stream that opens with nothing.
func (b *batch) Mode() rpc.Mode { return rpc.MayStream }

// Open opens the stream with nothing.
func (b *batch) Open() rpc.Message { return rpc.Message{} }

// Run is not called: the jobs of the array run.
func (b *batch) Run(context.Context, rpc.Stream) rpc.Reply { return rpc.Reply{} }

// batchStream is the stream of each call of an array: all share one answer.
type batchStream batch

// Send sends a message without its id.
func (s *batchStream) Send(m rpc.Message) error {
	return s.answer.Send(rpc.Message{Data: m.Data})
}

// Suspend is not possible for one call of several.
func (s *batchStream) Suspend(time.Duration) error { return errGone }

// Gone tells that the client has gone.
func (s *batchStream) Gone() bool { return s.answer.Gone() }

// OnGone does not watch: an array's client does not cancel by going away.
func (s *batchStream) OnGone(func()) (stop func()) { return func() {} }
