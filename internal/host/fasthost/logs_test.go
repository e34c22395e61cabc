package fasthost

import (
	"fmt"
	"strings"
	"sync"
)

// logs is what a server had to say: nothing, when all is well.
type logs struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logs) Printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(&l.b, format+"\n", args...)
}

func (l *logs) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
