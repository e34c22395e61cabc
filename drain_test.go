package fastmcp

import (
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// shared is a storage that other nodes have, too.
type shared struct{ store.Storage }

func (s shared) Backend() *store.Backend {
	b := *s.Storage.(store.Source).Backend()
	b.Shared = true
	return &b
}

func TestDrainDelayDefault(t *testing.T) {
	for name, c := range map[string]struct {
		config Config
		want   time.Duration
	}{
		"one node":           {Config{}, 0},
		"one node, told":     {Config{HTTP: HTTPConfig{DrainDelay: time.Second}}, time.Second},
		"stateless":          {Config{Stateless: true}, 5 * time.Second},
		"stateless, never":   {Config{Stateless: true, HTTP: HTTPConfig{DrainDelay: -1}}, 0},
		"shared store":       {Config{Storage: shared{store.Memory()}}, 5 * time.Second},
		"shared store, told": {Config{Storage: shared{store.Memory()}, HTTP: HTTPConfig{DrainDelay: time.Minute}}, time.Minute},
	} {
		if got := New(c.config).drainDelay(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
