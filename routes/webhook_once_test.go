package routes_test

import (
	"errors"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/gofiber/fiber/v2"
)

// A delivery that comes again is known by what is signed, and answered as handled.
func TestWebhookOnce(t *testing.T) {
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		scheme      routes.Scheme
		first, same []string // header
		body        string
		other       []string // another delivery
		otherBody   string
	}{
		"GitHub, under another id": {routes.SchemeGitHub, append(signGitHub(anotherSecret, "{}"), "X-GitHub-Delivery", "1"), append(signGitHub(anotherSecret, "{}"), "X-GitHub-Delivery", "2"), "{}",
			append(signGitHub(anotherSecret, "[]"), "X-GitHub-Delivery", "1"), "[]"},
		"Stripe, the next try": {routes.SchemeStripe, signStripe(anotherSecret, now, `{"id":"evt_1"}`), signStripe(anotherSecret, now+1, `{"id":"evt_1"}`), `{"id":"evt_1"}`,
			signStripe(anotherSecret, now, `{"id":"evt_2"}`), `{"id":"evt_2"}`},
		"Stripe, without an id": {routes.SchemeStripe, signStripe(anotherSecret, now, `x`), signStripe(anotherSecret, now, `x`), `x`, signStripe(anotherSecret, now, `y`), `y`},
		"Standard, the next try": {routes.SchemeStandard, signStandard(anotherSecret, "msg_1", now, "{}"), signStandard(anotherSecret, "msg_1", now+1, "{}"), "{}",
			signStandard(anotherSecret, "msg_2", now, "{}"), "{}"},
	} {
		h := newHook(t, true, fastmcp.Config{}, routes.WebhookConfig{Scheme: c.scheme, Secrets: []string{anotherSecret}})
		if code := h.send(c.body, c.first...); code != 204 || len(h.got) != 1 {
			t.Errorf("%s: %d %q", name, code, h.got)
		}
		for range 2 {
			if code := h.send(c.body, c.same...); code != 200 || len(h.got) != 1 {
				t.Errorf("%s, again: %d %q", name, code, h.got)
			}
		}
		if code := h.send(c.otherBody, c.other...); code != 204 || len(h.got) != 2 {
			t.Errorf("%s, another: %d %q", name, code, h.got)
		}
	}
}

// What has not been handled comes again, and is handled then.
func TestWebhookThatFails(t *testing.T) {
	for name, fails := range map[string]struct {
		handler fiber.Handler
		code    int
	}{
		"an error": {func(*fiber.Ctx) error { return errors.New("secret") }, 500},
		"a panic":  {func(*fiber.Ctx) error { panic("secret") }, 500},
		"a status": {func(c *fiber.Ctx) error {
			c.Set("Content-Type", "application/json")
			return c.Status(400).SendString(`{"jsonrpc":"2.0","error":{"code":-32000}}`)
		}, 400},
	} {
		h := newHook(t, true, fastmcp.Config{}, routes.WebhookConfig{Scheme: routes.SchemeGitHub, Secrets: []string{"s"}})
		h.handler = fails.handler
		for range 2 {
			if code := h.send("{}", signGitHub("s", "{}")...); code != fails.code {
				t.Errorf("%s: %d", name, code)
			}
		}
		h.handler = nil
		if code := h.send("{}", signGitHub("s", "{}")...); code != 204 || len(h.got) != 3 {
			t.Errorf("%s, then handled: %d %q", name, code, h.got)
		}
		if code := h.send("{}", signGitHub("s", "{}")...); code != 200 || len(h.got) != 3 {
			t.Errorf("%s, then again: %d %q", name, code, h.got)
		}
	}
}

// Of two at the same time one is handled; the sender of the other has to ask later how it went.
func TestWebhookTwiceAtOnce(t *testing.T) {
	h := newHook(t, true, fastmcp.Config{}, routes.WebhookConfig{Scheme: routes.SchemeGitHub, Secrets: []string{"s"}})
	begun, goOn, done := make(chan bool), make(chan bool), make(chan int, 1)
	h.handler = func(c *fiber.Ctx) error {
		begun <- true
		<-goOn
		return c.SendStatus(201)
	}
	go func() { done <- h.send("{}", signGitHub("s", "{}")...) }()
	<-begun
	if code := h.send("{}", signGitHub("s", "{}")...); code != 409 {
		t.Errorf("meanwhile: %d", code)
	}
	goOn <- true
	if code := <-done; code != 201 || len(h.got) != 1 {
		t.Errorf("%d %q", code, h.got)
	}
	if code := h.send("{}", signGitHub("s", "{}")...); code != 200 {
		t.Errorf("afterwards: %d", code)
	}
}

// A process that ends with a delivery does not keep it for ever, and one that is slow does not take what is another's by then.
func TestWebhookLease(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	config := fastmcp.Config{Storage: store.Memory(store.MemoryConfig{Clock: clock})}
	c := routes.WebhookConfig{Scheme: routes.SchemeGitHub, Secrets: []string{"s"}, Lease: time.Minute, Remember: time.Hour, Now: clock}
	slow, quick := newHook(t, true, config, c), newHook(t, true, config, c) // two nodes
	slow.handler = func(*fiber.Ctx) error {
		now = now.Add(time.Minute - time.Millisecond)
		if code := quick.send("{}", signGitHub("s", "{}")...); code != 409 {
			t.Errorf("within the lease: %d", code)
		}
		now = now.Add(2 * time.Millisecond)
		if code := quick.send("{}", signGitHub("s", "{}")...); code != 204 {
			t.Errorf("after the lease: %d", code)
		}
		return errors.New("too late to make it undone")
	}
	if code := slow.send("{}", signGitHub("s", "{}")...); code != 500 {
		t.Errorf("%d", code)
	}
	if code := quick.send("{}", signGitHub("s", "{}")...); code != 200 || len(quick.got) != 1 {
		t.Errorf("what is handled is forgotten: %d %q", code, quick.got)
	}
	now = now.Add(time.Hour - 10*time.Millisecond)
	if code := slow.send("{}", signGitHub("s", "{}")...); code != 200 {
		t.Errorf("within Remember: %d", code)
	}
	now = now.Add(20 * time.Millisecond)
	if code := quick.send("{}", signGitHub("s", "{}")...); code != 204 {
		t.Errorf("after Remember: %d", code)
	}
}

// Without its memory a webhook handles nothing: what is lost the sender sends again, what is handled twice nobody can undo.
func TestWebhookWithoutStore(t *testing.T) {
	gone := errors.New("dial tcp 10.0.0.7:6379: connection refused")
	s := &storage{get: func() ([]byte, error) { return nil, gone }}
	h := newHook(t, true, fastmcp.Config{Storage: s}, routes.WebhookConfig{Scheme: routes.SchemeGitHub, Secrets: []string{"s"}})
	if code := h.send("{}", signGitHub("s", "{}")...); code != 503 || len(h.got) != 0 {
		t.Errorf("%d %q", code, h.got)
	}
	if code := h.send("{}", signGitHub("other", "{}")...); code != 401 {
		t.Errorf("a wrong signature: %d", code)
	}
	s.get = func() ([]byte, error) { return nil, nil }
	if code := h.send("{}", signGitHub("s", "{}")...); code != 204 {
		t.Errorf("when it is back: %d", code)
	}
}
