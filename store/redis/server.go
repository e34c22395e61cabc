package redis

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/fastmcp-go/fastmcp/store"
)

// server is what all parts talk to.
type server struct {
	config Config
	conn   goredis.UniversalClient
	broken error // why there is no conn
	closed atomic.Bool
}

// do runs fn, within the bound of a call, and again when that can help and does no harm.
func (s *server) do(ctx context.Context, harmless bool, fn func(ctx context.Context, attempt int) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.broken != nil {
		return s.broken
	}
	if s.closed.Load() {
		return store.ErrClosed
	}
	within, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	for attempt := 0; ; attempt++ {
		err := fn(within, attempt)
		if err == nil {
			return nil
		}
		s.lookAgain(err)
		if attempt >= s.config.MaxRetries || !again(err, harmless) || !pause(within, attempt) {
			return fault(ctx, err)
		}
	}
}

// lookAgain has a cluster's client find out who has which slots, after trouble with a connection: by itself it believes for
// 10 s that a master that died is the master.
func (s *server) lookAgain(err error) {
	if nodes, ok := s.conn.(*goredis.ClusterClient); ok && err != nil && !answered(err) {
		nodes.ReloadState(context.Background()) // in the background, and not twice at once
	}
}

// pause waits longer each time: 20, 80, 320 ms, then half a second.
func pause(ctx context.Context, attempt int) bool {
	wait := time.NewTimer(min(20*time.Millisecond<<(2*min(attempt, 10)), 500*time.Millisecond))
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// What keys begin with, after the prefix.
const (
	values  = "k:"
	logs    = "l:"
	members = "i:"
	ends    = "e:"
	bused   = "{bus}:"
)

// key is where something of that name is kept: see the package's comment.
func (s *server) key(kind, name string) string {
	cut := slotted(name)
	return s.config.Prefix + kind + "{" + name[:cut] + "}" + name[cut:]
}

// slotted is how much of name chooses the slot: its scopes, and what follows up to its second colon.
func slotted(name string) int {
	end := 0
	for end < len(name) && name[end] == '@' {
		colon := strings.IndexByte(name[end:], ':')
		if colon < 0 {
			return len(name)
		}
		end += colon + 1
	}
	for range 2 {
		colon := strings.IndexByte(name[end:], ':')
		if colon < 0 {
			return len(name)
		}
		end += colon + 1
	}
	return end - 1
}

// checkName and checkKey are the store's contract.
func checkName(what, name string) error {
	if name == "" {
		return fmt.Errorf("%w: empty %s", store.ErrInvalid, what)
	}
	return nil
}

func checkKey(key string, ttl time.Duration) error {
	if ttl < 0 {
		return fmt.Errorf("%w: negative ttl %v", store.ErrInvalid, ttl)
	}
	return checkName("key", key)
}

// millis is a ttl as Redis takes it, rounded up; 0 is for ever.
func millis(ttl time.Duration) int64 {
	ms := int64(ttl / time.Millisecond)
	if ttl%time.Millisecond != 0 {
		ms++
	}
	return ms
}
