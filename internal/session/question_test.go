package session

import (
	"errors"
	"testing"
)

func TestQuestions(t *testing.T) {
	h := newHub(t, Config{CallsPerSession: 2})
	r, other := open(t, h), open(t, h)
	one, answers, err := r.Ask()
	if err != nil {
		t.Fatal(err)
	}
	two, never, err := r.Ask()
	if err != nil || one == two {
		t.Fatal(one, two, err)
	}
	if _, _, err := r.Ask(); !errors.Is(err, ErrTooMany) {
		t.Error(err)
	}
	if r.Answered("s-99", Answer{}) || other.Answered(one, Answer{}) {
		t.Error("somebody waits for what was not asked")
	}
	r.Unask(two)
	if r.Answered(two, Answer{}) || len(never) > 0 {
		t.Error("somebody waits who does not any more")
	}
	if !r.Answered(one, Answer{Result: []byte("{}")}) || r.Answered(one, Answer{Err: []byte("{}")}) {
		t.Error("an answer counts once")
	}
	if a := <-answers; string(a.Result) != "{}" || a.Err != nil {
		t.Errorf("%s %s", a.Result, a.Err)
	}
	r.Unask(one) // as everybody does at the end
	h.End(r.ID)
	if _, _, err := r.Ask(); !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
}
