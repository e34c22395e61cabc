package session

import (
	"errors"
	"testing"
)

// The hubs below one have its bounds together: who is first may fill it, and nobody's session makes room for another hub's.
func TestAbove(t *testing.T) {
	top := newHub(t, Config{MaxTotal: 3})
	a, b := newHub(t, Config{Above: top}), newHub(t, Config{Above: top})
	for range 2 {
		openAs(t, a, Opening{})
	}
	openAs(t, b, Opening{})
	openAs(t, a, Opening{}) // in the place of its own that has been idle longest
	if a.Len() != 2 || b.Len() != 1 {
		t.Errorf("%d and %d", a.Len(), b.Len())
	}
	if n, err := b.EndAll(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	openAs(t, a, Opening{})
	full := (*FullError)(nil)
	if _, err := b.Create(t.Context(), Opening{}); !errors.As(err, &full) || full.Bound != "MaxTotal" {
		t.Errorf("one more than fits: %v", err)
	}
	if n, err := a.EndAll(t.Context()); n != 3 || err != nil {
		t.Error(n, err)
	}
	openAs(t, b, Opening{})
}
