package fastmcp_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// The host counts what the Apps have that Config.Select picks; each of those counts its own.
func TestStatsOfPickedApps(t *testing.T) {
	h := newHouse(t, fastmcp.Config{})
	fail := fastmcp.Tool{Name: "fail", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", errors.New("broken") })}
	acme, bolt := newTenant("acme", fail), newTenant("bolt")
	h.set("acme", acme)
	h.set("bolt", bolt)
	c := h.open("2025-11-25", h.as("ann.acme"))
	own := c.listen("")
	h.open("2025-11-25", h.as("bob.bolt"))
	c.call("fail", "{}")
	h.stateless("eve", "host", "{}")
	h.comes("the host has all", func(s fastmcp.Stats) bool { return s.Sessions == 2 && s.Streams == 1 && s.Calls == 2 && s.Errors == 1 })
	if s := acme.Stats(); s.Sessions != 1 || s.Streams != 1 || s.Calls != 1 || s.Errors != 1 || s.Started.IsZero() || s.Draining {
		t.Errorf("acme: %+v", s)
	}
	if s := bolt.Stats(); s.Sessions != 1 || s.Streams != 0 || s.Calls != 0 {
		t.Errorf("bolt: %+v", s)
	}
	own.close()
	h.comes("nobody reads", func(s fastmcp.Stats) bool { return s.Streams == 0 })
	session := acme.Sessions()[0]
	notify(t, session, "", 1, 256+1) // one more than its log has
	if a, all := acme.Stats().Dropped, h.app.Stats().Dropped; a != 1 || all != 1 {
		t.Errorf("%d and %d were dropped, want 1", a, all)
	}
	if err := acme.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if s := acme.Stats(); !s.Draining || s.Running != 0 {
		t.Errorf("after its end: %+v", s)
	}
	if s := h.app.Stats(); s.Calls != 2 || s.Errors != 1 || s.Dropped != 1 || s.Draining {
		t.Errorf("the host forgets: %+v", s)
	}
}

// An App that is picked begins, and ends, as any other; a call in process goes to the one that is picked.
func TestHooksOfPickedApps(t *testing.T) {
	h := newHouse(t, fastmcp.Config{})
	acme, bolt := newTenant("acme"), newTenant("bolt")
	var o sequence
	o.notes(acme)
	bolt.OnStart(func(context.Context) error { return errors.New("no database") })
	h.set("acme", acme)
	h.set("bolt", bolt)
	o.is(t)
	ann := &auth.Principal{Issuer: "test", Subject: "ann", Tenant: "acme"}
	for range 2 {
		if r, err := h.app.CallTool(t.Context(), ann, "who", nil); err != nil || !strings.Contains(r.Text(), "acme") {
			t.Errorf("%+v, %v", r, err)
		}
	}
	o.is(t, "start 1", "start 2")
	_, err := h.app.CallTool(t.Context(), &auth.Principal{Issuer: "test", Subject: "bob", Tenant: "bolt"}, "who", nil)
	if e := (*fastmcp.CallError)(nil); !errors.As(err, &e) || e.Code != fastmcp.CallUnavailable || strings.Contains(err.Error(), "database") {
		t.Errorf("%v", err)
	}
	if err := acme.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	o.is(t, "start 1", "start 2", "shutdown 2", "shutdown 1")
}
