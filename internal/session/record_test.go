package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/protocol"
)

func TestRecord(t *testing.T) {
	c := newClock()
	sue := &auth.Principal{Subject: "sue"}
	r := openAs(t, newHub(t, Config{Now: c.Now}), Opening{Principal: sue, Client: "client", Capabilities: 7})
	if r.PrincipalKey != sue.Key() || r.Client != "client" || r.Capabilities != 7 || r.Revision != protocol.V20251125 || !r.Created().Equal(c.Now()) {
		t.Errorf("%+v", r)
	}
	before := r.Initialized()
	first, _ := r.SetInitialized()
	if again, err := r.SetInitialized(); before || !first || again || err != nil || !r.Initialized() {
		t.Error("initialized")
	}
	if r.Level() != 0 {
		t.Error("no level before one is set")
	}
	r.SetLevel(protocol.LevelError)
	if r.Level() != protocol.LevelError {
		t.Error(r.Level())
	}
	renewed := &auth.Principal{Subject: "sue", Scopes: []string{"more"}}
	if r.Principal() != sue {
		t.Error("principal")
	}
	if r.Seen(renewed); r.Principal() != renewed {
		t.Error("renewed principal")
	}
	if r.Locals("a") != nil || r.Locals("a", 1) != 1 || r.Locals("a") != 1 || r.Locals("a", nil) != nil {
		t.Error("locals")
	}
}

// cancelFunc is a Canceler that is a function.
type cancelFunc func(reason string)

func (f cancelFunc) Cancel(reason string) { f(reason) }

func TestCalls(t *testing.T) {
	h := newHub(t, Config{CallsPerSession: 3})
	r := open(t, h)
	var said []string
	cancel := cancelFunc(func(reason string) { said = append(said, reason) })
	for _, id := range []string{"1", `"1"`, "2"} {
		if err := r.Begin([]byte(id), cancel); err != nil {
			t.Fatal(id, err)
		}
	}
	if err := r.Begin([]byte("1"), cancel); !errors.Is(err, ErrDuplicate) {
		t.Error(err)
	}
	if err := r.Begin([]byte("3"), cancel); !errors.Is(err, ErrTooMany) {
		t.Error(err)
	}
	r.Finish([]byte("3")) // was not begun
	r.Finish([]byte("2"))
	r.Finish([]byte("2"))
	if r.Calls() != 2 || r.busy.Load() != 2 {
		t.Error(r.Calls(), r.busy.Load())
	}
	if !r.Cancel([]byte("1"), "bored") || r.Cancel([]byte("1"), "again") || r.Cancel([]byte("2"), "late") || r.Cancel(nil, "") {
		t.Error("cancel")
	}
	h.End(r.ID)
	if strings.Join(said, ",") != "bored,session deleted" {
		t.Error(said)
	}
	if err := r.Begin([]byte("9"), cancel); !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
	if _, err := r.OpenStream(nil); !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
	if _, err := r.Own().Append([]byte("x")); !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
	r.Finish([]byte("1"))
	r.Finish([]byte(`"1"`))
	if r.busy.Load() != 0 {
		t.Error(r.busy.Load())
	}
}

func TestState(t *testing.T) {
	ctx := t.Context()
	h := newHub(t, Config{StateKeys: 2, StateBytes: 10})
	r := open(t, h)
	s := r.State()
	must := func(err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	get := func(key string) string {
		t.Helper()
		v, ok, err := s.Get(ctx, key)
		must(err, nil)
		if !ok {
			return "none"
		}
		return string(v)
	}
	in := []byte("1234")
	must(s.Set(ctx, "a", in), nil)
	in[0] = 'x'
	out, _, _ := s.Get(ctx, "a")
	out[1] = 'x'
	if get("a") != "1234" || get("b") != "none" {
		t.Error("values are copied on their way in and out:", get("a"))
	}
	must(s.Set(ctx, "b", nil), nil)
	if get("b") != "" {
		t.Error("an empty value is one")
	}
	must(s.Set(ctx, "c", nil), ErrTooLarge)
	must(s.Set(ctx, "b", []byte("12345")), ErrTooLarge)
	must(s.Set(ctx, "b", []byte("1234")), nil)
	must(s.Set(ctx, "a", []byte("4321")), nil) // replaces: fits
	must(s.Delete(ctx, "b"), nil)
	must(s.Delete(ctx, "b"), nil)
	must(s.Set(ctx, "c", []byte("1234")), nil)

	must(s.Update(ctx, "c", func(old []byte) ([]byte, error) { return append(old[:2], '!'), nil }), nil)
	if get("c") != "12!" {
		t.Error(get("c"))
	}
	failed := errors.New("failed")
	must(s.Update(ctx, "c", func([]byte) ([]byte, error) { return nil, failed }), failed)
	must(s.Update(ctx, "c", func([]byte) ([]byte, error) { return bytes.Repeat(in, 3), nil }), ErrTooLarge)
	if get("c") != "12!" {
		t.Error("a failed update changed something")
	}
	must(s.Update(ctx, "c", func([]byte) ([]byte, error) { return nil, nil }), nil)
	if get("c") != "none" {
		t.Error("nil removes")
	}
	must(s.Update(ctx, "a", func([]byte) ([]byte, error) {
		return in, s.Set(ctx, "a", strconv.AppendInt(nil, int64(len(get("a"))), 10))
	}), ErrConflict)

	over, cancel := context.WithCancel(ctx)
	cancel()
	_, _, err := s.Get(over, "a")
	must(err, context.Canceled)
	must(s.Set(over, "a", nil), context.Canceled)
	must(s.Delete(over, "a"), context.Canceled)
	must(s.Update(over, "a", nil), context.Canceled)
	h.End(r.ID)
	must(s.Set(ctx, "a", nil), ErrEnded)
	if get("a") != "none" {
		t.Error("an ended session has no state")
	}
}

func TestUpdateLosesNothing(t *testing.T) {
	s := open(t, newHub(t, Config{})).State()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				if err := s.Update(t.Context(), "n", func(old []byte) ([]byte, error) {
					n, _ := strconv.Atoi(string(old))
					return fmt.Append(nil, n+1), nil
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if v, _, _ := s.Get(t.Context(), "n"); string(v) != "800" {
		t.Errorf("%s, want 800", v)
	}
}
