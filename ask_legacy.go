package fastmcp

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// exchange is a question that was sent, and done is closed when it is answered, or will not be.
type exchange struct {
	done   chan struct{}
	answer []byte
	err    error
}

// askLive asks a client that has a session, and waits. What it has answered once it is not asked again, so that a
// handler that asks twice under one key sees the same in every revision.
func (c *Context) askLive(q *question) error {
	switch {
	case c.job.record == nil:
		return &UnsupportedError{Method: q.method, Reason: "it has no session that it could answer in"}
	case !c.readsStreams():
		return &UnsupportedError{Method: q.method, Reason: "it does not accept text/event-stream, on which it would be asked"}
	}
	unfit, err := c.exchanged(q, func() ([]byte, error) { return c.converse(q) })
	if err != nil {
		return err
	}
	return unfit
}

// exchanged reads the answer to a question, which converse gets unless it was asked before. unfit is what is wrong with an
// answer that is there: then, and after an error, the question may be asked again.
func (c *Context) exchanged(q *question, converse func() ([]byte, error)) (unfit, err error) {
	a := c.job.asks()
	x, mine, err := a.exchange(q)
	if err != nil {
		return nil, err
	}
	if mine {
		x.answer, x.err = converse()
		if x.err != nil {
			a.forget(q.key)
		}
		close(x.done)
	}
	select {
	case <-x.done:
	case <-c.Done():
		return nil, c.Err()
	}
	if x.err != nil {
		return nil, x.err
	}
	if unfit = q.read(x.answer); unfit != nil {
		a.forget(q.key)
	}
	return unfit, nil
}

// exchange finds what was asked under the question's key, or makes it the caller's to ask.
func (a *inquiry) exchange(q *question) (x *exchange, mine bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.claim(q); err != nil {
		return nil, false, err
	}
	if x := a.exchanges[q.key]; x != nil {
		return x, false, nil
	}
	if a.exchanges == nil {
		a.exchanges = make(map[string]*exchange)
	}
	x = &exchange{done: make(chan struct{})}
	a.exchanges[q.key] = x
	return x, true, nil
}

func (a *inquiry) forget(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.exchanges, key)
}

// readsStreams tells that the client can be sent something before the answer. On transports whose streams stand apart
// from the request, which cannot be taken up again, its headers say nothing about that.
func (c *Context) readsStreams() bool {
	accept := strings.ToLower(strings.Join(c.call.Peer.HeaderValues("Accept"), ","))
	return c.call.NoReplay || accept == "" || strings.Contains(accept, "text/event-stream") || strings.Contains(accept, "*/*") || strings.Contains(accept, "text/*")
}

// converse sends a question on the request's stream and waits for its answer.
func (c *Context) converse(q *question) ([]byte, error) {
	record := c.job.record
	asked, err := record.Ask()
	if err != nil {
		return nil, unasked(err)
	}
	defer record.Unask(asked)
	if err := c.send(q.request(asked.ID)); err != nil {
		return nil, err
	}
	answer, err := c.engine.await(q, asked, c.Done(), nil)
	over := c.life.error()
	switch {
	case err == nil:
		return answer, nil
	case errors.Is(err, ErrNoAnswer):
		c.withdraw(asked.ID, "there was no answer in time")
	case errors.Is(over, context.DeadlineExceeded):
		c.withdraw(asked.ID, "there is no time left")
		return nil, over
	case over != nil:
		return nil, over // who has cancelled, or has ended the session, does not want to hear more
	}
	return nil, err
}

// withdraw tells the client that a question needs no answer any more.
func (c *Context) withdraw(id, reason string) {
	_ = c.write(withdrawn(id, reason)) // a client that is gone has put the question away
}

// clientError is the error that a client has answered with.
func clientError(raw []byte) error {
	var e struct {
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	}
	if json.Unmarshal(raw, &e) != nil || e.Message == "" && e.Code == 0 {
		return Errorf("The client has answered with an error that cannot be read.")
	}
	p := &protocol.Error{Code: e.Code, Message: e.Message}
	if e.Data != nil {
		p.Data = e.Data
	}
	return p
}

// Answer takes a client's answer; see rpc.Engine. One that nobody waits for, any more, is nobody's business.
func (e *engine) Answer(_ context.Context, c *rpc.Call) *rpc.Refusal {
	if e.config.Stateless {
		return nil
	}
	record, r := e.find(c)
	if r != nil {
		return r
	}
	if _, err := record.Answered(protocol.String(c.ID), session.Answer{Result: c.Result, Err: c.Err}); err != nil {
		return unavailable() // it is not accepted before somebody can find it
	}
	return nil
}
