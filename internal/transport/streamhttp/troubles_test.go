package streamhttp

import (
	"testing"
	"time"
)

// What anybody can cause is said once a second, with how often it was not.
func TestTroubles(t *testing.T) {
	var all troubles
	now := time.Unix(1000, 0)
	for i, want := range []struct {
		after  time.Duration
		unsaid int
		say    bool
	}{
		{0, 0, true}, {0, 0, false}, {time.Second / 2, 0, false}, {time.Second / 2, 2, true}, {time.Second, 0, true}, {1, 0, false},
	} {
		now = now.Add(want.after)
		if unsaid, say := all.tell(now); unsaid != want.unsaid || say != want.say {
			t.Errorf("%d: %d, %t", i, unsaid, say)
		}
	}
}
