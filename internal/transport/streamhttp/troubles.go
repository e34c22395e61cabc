package streamhttp

import (
	"sync"
	"time"
)

// troubleEvery is how often the log has that callers cannot be told apart: each request is one.
const troubleEvery = time.Second

// troubles keeps what anybody can cause from filling the log.
type troubles struct {
	mu     sync.Mutex
	next   time.Time
	unsaid int
}

// tell tells whether to say it, and how many have not been said since the last that was.
func (t *troubles) tell(now time.Time) (unsaid int, say bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.next) {
		t.unsaid++
		return 0, false
	}
	unsaid, t.unsaid, t.next = t.unsaid, 0, now.Add(troubleEvery)
	return unsaid, true
}
