package cache

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/store"
)

// subject is what can be forgotten: a tool, or a URI, and the template that reads it.
type subject struct{ name, target string }

func subjectOf(c *fastmcp.Context) subject { return subject{c.Name(), cmp.Or(c.Target(), c.Name())} }

// generation stands for the last time that a name was forgotten, and a template; zero is never. What was begun in one is not
// kept in the next.
type generation [2][8]byte

// generationTTL is how long it is known that something was forgotten: much longer than what was begun before can run.
const generationTTL = 24 * time.Hour

// Forget drops all that is kept of tools and resources, given by their names and URIs: for all callers, and on all nodes
// where they share the store. b is the App's store, Context.Store in a handler. What is running is not kept, and calls that
// come from now on do not wait for it. The template of resources stands for all that were read by it. With a storage that has no index of its
// own (see store.Backend.Filled) only what this node has put there is dropped; the rest lasts for its TTL. The error is that
// of the store: some may be kept still.
func Forget(ctx context.Context, b *store.Backend, names ...string) error {
	var all []error
	for _, name := range names {
		if err := forget(ctx, b, name); err != nil {
			all = append(all, fmt.Errorf("cache: forgetting %q: %w", name, err))
		}
	}
	return errors.Join(all...)
}

func forget(ctx context.Context, b *store.Backend, name string) error {
	var g [8]byte
	_, _ = rand.Read(g[:]) // it never fails (crypto/rand)
	if err := b.KV.Set(ctx, generationPrefix+hashed(name), g[:], generationTTL); err != nil {
		return err
	}
	set := setOf(name)
	for cursor, again := "", true; again; again = cursor != "" {
		keys, next, err := b.Index.Members(ctx, set, cursor, 0)
		if err != nil {
			return err
		}
		cursor = next
		for _, key := range keys {
			if err := errors.Join(b.KV.Delete(ctx, key), b.Index.Remove(ctx, set, key)); err != nil {
				return err
			}
		}
	}
	return nil
}

// generation is the one that a subject is in.
func (s shelf) generation(of subject) (g generation, err error) {
	ctx, cancel := s.bounded()
	defer cancel()
	b, err := s.backend.KV.Get(ctx, generationPrefix+hashed(of.name))
	copy(g[0][:], b)
	if err == nil && of.target != of.name {
		b, err = s.backend.KV.Get(ctx, generationPrefix+hashed(of.target))
		copy(g[1][:], b)
	}
	s.heard(err)
	return g, err
}

// isIn tells that a subject is in a generation still. Where that cannot be known it is not.
func (s shelf) isIn(g generation, of subject) bool {
	now, err := s.generation(of)
	return err == nil && now == g
}

// setOf is the index of all that is kept of a name.
func setOf(name string) string { return setPrefix + hashed(name) }

// hashed is a name in a bounded size.
func hashed(name string) string {
	sum := sha256.Sum256([]byte(name))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}
