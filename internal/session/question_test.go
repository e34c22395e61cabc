package session

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"
)

func TestQuestions(t *testing.T) {
	h := newHub(t, Config{CallsPerSession: 2})
	r, other := open(t, h), open(t, h)
	one, err := r.Ask()
	if err != nil {
		t.Fatal(err)
	}
	two, err := r.Ask()
	if err != nil || one.ID == two.ID {
		t.Fatal(one, two, err)
	}
	if _, err := r.Ask(); !errors.Is(err, ErrTooMany) {
		t.Error(err)
	}
	if answered(r, "s-99", Answer{}) || answered(other, one.ID, Answer{}) {
		t.Error("somebody waits for what was not asked")
	}
	r.Unask(two)
	if answered(r, two.ID, Answer{}) || r.Progressed(two.ID) || len(two.Answer)+len(two.Progress) > 0 {
		t.Error("somebody waits who does not any more")
	}
	for range 3 { // it does not block, and counts as one until somebody looks
		if !r.Progressed(one.ID) {
			t.Error("nobody waits")
		}
	}
	if <-one.Progress; len(one.Progress) > 0 {
		t.Error("progress is told more than once")
	}
	if !answered(r, one.ID, Answer{Result: []byte("{}")}) || answered(r, one.ID, Answer{Err: []byte("{}")}) || r.Progressed(one.ID) {
		t.Error("an answer counts once")
	}
	if a := <-one.Answer; string(a.Result) != "{}" || a.Err != nil {
		t.Errorf("%s %s", a.Result, a.Err)
	}
	r.Unask(one) // as everybody does at the end
	if id := r.NextID(); id == one.ID || id == two.ID {
		t.Errorf("%s has been given before", id)
	}
	last, err := r.Ask()
	if err != nil {
		t.Fatal(err)
	}
	h.End(r.ID)
	if _, ok := <-last.Answer; ok {
		t.Error("an answer came from a session that has ended")
	}
	if answered(r, last.ID, Answer{}) {
		t.Error("somebody waits in a session that has ended")
	}
	r.Unask(last)
	if _, err := r.Ask(); !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
}

func TestInbox(t *testing.T) {
	const room, bytes = 5, 100
	r := open(t, newHub(t, Config{InboxSize: room, InboxBytes: bytes}))
	begun, gate, ran := make(chan struct{}), make(chan struct{}), make(chan string, 2*room)
	post := func(want Posting, key string, size int, name string) {
		t.Helper()
		if got := r.Post(key, size, func() { ran <- name }); got != want {
			t.Errorf("%s: %d, not %d", name, got, want)
		}
	}
	r.Post("roots", 0, func() { close(begun); <-gate; ran <- "first" })
	<-begun
	post(Queued, "roots", 0, "again") // what runs does not wait to
	post(Merged, "roots", 0, "merged")
	post(Lost, "", bytes+1, "too large")
	post(Queued, "", bytes, "large")
	post(LostAgain, "", 1, "no bytes left")
	for _, name := range []string{"a", "b", "c"} {
		post(Queued, "", 0, name)
	}
	post(LostAgain, "", 0, "no room left")
	post(Merged, "roots", 0, "merged")
	close(gate)
	for _, name := range []string{"first", "again", "large", "a", "b", "c"} {
		if got := <-ran; got != name {
			t.Errorf("%s ran, not %s", got, name)
		}
	}
	eventually(t, "the inbox is empty", func() bool {
		r.inbox.mu.Lock()
		defer r.inbox.mu.Unlock()
		return !r.inbox.running && !r.inbox.full && r.inbox.bytes == 0 && r.inbox.waiting == nil
	})
	post(Lost, "", bytes+1, "too large again")
	if p := r.Post("", 0, runtime.Goexit); p != Queued { // ends its goroutine, and not the inbox
		t.Error(p)
	}
	post(Queued, "", bytes, "room again")
	if got := <-ran; got != "room again" {
		t.Error(got)
	}
}

func TestIssued(t *testing.T) {
	h := newHub(t, Config{})
	r := open(t, h)
	r.Issue("a")
	r.Issue("a")
	if r.Redeem("b") || !r.Redeem("a") || r.Redeem("a") {
		t.Error("an id is good once, and only one that was given")
	}
	for i := range issuedMost + 1 {
		r.Issue(fmt.Sprint(i))
	}
	if r.Redeem("0") || !r.Redeem("1") || !r.Redeem(fmt.Sprint(issuedMost)) {
		t.Error("the oldest is forgotten first, and only when there are too many")
	}
	h.End(r.ID)
	if r.Issue("late"); r.Redeem("late") {
		t.Error("a session that has ended gives ids")
	}
}

func TestIdle(t *testing.T) {
	now := time.Now()
	h := newHub(t, Config{Now: func() time.Time { return now }})
	r := open(t, h)
	now = now.Add(time.Minute)
	if r.Idle() != time.Minute {
		t.Error(r.Idle())
	}
	if _, err := h.Get(r.ID, r.PrincipalKey); err != nil || r.Idle() != 0 {
		t.Error(r.Idle(), err)
	}
}

// answered is Answered where no store can be in the way.
func answered(r *Record, id string, a Answer) bool {
	ok, err := r.Answered(id, a)
	return ok && err == nil
}
