package uritemplate

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func added(t testing.TB, s *Set[int], templates ...string) {
	t.Helper()
	for _, text := range templates {
		if err := s.Add(parsed(t, text), s.Len()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSetPrefersTheSpecific(t *testing.T) {
	var s Set[int]
	if _, ok := s.Match("x"); ok {
		t.Error("an empty set has something")
	}
	added(t, &s, "{+any}", "u://{id}", "u://{user}", "u://{id}/posts", "u://me/{what}", "u://me/posts", "u://{id}/{what}", "u://m{rest}", "v://{+x}", "u://{+x}/posts/last{?q}")
	for uri, want := range map[string]string{
		"u://1": "u://{id}", "u://1/posts": "u://{id}/posts", "u://me/posts": "u://me/posts", "u://me/x": "u://me/{what}", "u://1/x": "u://{id}/{what}",
		"u://mx": "u://m{rest}", "u://m": "u://{id}", "v://a/b": "v://{+x}", "w": "{+any}", "u://": "{+any}", "u://a/posts/last?q=1": "u://{+x}/posts/last{?q}", "u:": "{+any}",
	} {
		found, ok := s.Match(uri)
		if !ok || found.Template.String() != want {
			t.Errorf("%s: %v, want %s", uri, found.Template, want)
		}
	}
	if found, _ := s.Match("u://7"); found.Value != 1 || show(found.Values) != `{"id":"7"}` {
		t.Error(found)
	}
	for _, bad := range []string{"u://{id}", "{a}{b}"} {
		if err := s.Add(parsed(t, bad), 0); err == nil {
			t.Errorf("%s is added", bad)
		}
	}
	if s.Len() != 10 {
		t.Error(s.Len())
	}
	if _, ok := s.Match("u://" + strings.Repeat("a", MaxURI)); ok {
		t.Error("a URI longer than the longest is found")
	}
}

// Without the tree: every template is tried.
func TestSetAgreesWithTryingAll(t *testing.T) {
	var s Set[int]
	var all []*Template
	for _, a := range []string{"", "a", "ab", "abc/", "b", "a/"} {
		for _, b := range []string{"", "{x}", "{+x}", "{/x*}", "{x}/c", "{x:1}", "{?x}", "{+x}c", "{.x}c"} {
			tpl := parsed(t, a+b)
			if s.Add(tpl, len(all)) == nil {
				all = append(all, tpl)
			}
		}
	}
	for n := range 5 * 5 * 5 * 5 * 5 {
		uri := ""
		for ; n > 0; n /= 5 {
			uri += "abc/."[n%5 : n%5+1]
		}
		best := -1
		for i, tpl := range all {
			if _, ok := tpl.Match(uri); ok && (best < 0 || tpl.literals > all[best].literals) {
				best = i
			}
		}
		if found, ok := s.Match(uri); ok != (best >= 0) || ok && found.Value != best {
			t.Fatalf("%q: %v, want %d", uri, found, best)
		}
	}
}

// many returns a set of n templates and URIs for it. In shared they have one prefix and differ in their last literal.
func many(t testing.TB, n int, shared bool) (*Set[int], []string) {
	var s Set[int]
	var uris []string
	for i := range n {
		if shared {
			added(t, &s, fmt.Sprintf("res://{tenant}/items-%05d", i))
			uris = append(uris, fmt.Sprintf("res://acme/items-%05d", i))
			continue
		}
		added(t, &s, fmt.Sprintf("res://host%d/things/{id}", i))
		uris = append(uris, fmt.Sprintf("res://host%d/things/42", i))
	}
	return &s, uris
}

// TestSetIsFlat: a URI takes about as long among 10 000 templates as among 10. Ten URIs are asked for again and again, so
// that the processor's caches are not what is measured. 16 times leaves room for a busy machine; one by one it would be
// 1000 times.
func TestSetIsFlat(t *testing.T) {
	for _, shared := range []bool{false, true} {
		few, fewURIs := many(t, 10, shared)
		lots, uris := many(t, 10_000, shared)
		a, b := sweep(t, few, fewURIs), sweep(t, lots, uris)
		if b > 16*a {
			t.Errorf("shared %v: %v among 10, %v among 10 000", shared, a, b)
		}
	}
}

func sweep(t *testing.T, s *Set[int], uris []string) time.Duration {
	const rounds = 2000
	best := time.Hour
	for range 3 {
		start := time.Now()
		for i := range rounds {
			n := i % 10 * (len(uris) / 10)
			if found, ok := s.Match(uris[n]); !ok || found.Value != n {
				t.Fatalf("%s: %v", uris[n], found)
			}
		}
		best = min(best, time.Since(start))
	}
	return best / rounds
}

func BenchmarkSet(b *testing.B) {
	for _, shared := range []bool{false, true} {
		for _, n := range []int{10, 1000, 10_000} {
			b.Run(fmt.Sprintf("shared=%v/%d", shared, n), func(b *testing.B) {
				s, uris := many(b, n, shared)
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					i += 7919
					if _, ok := s.Match(uris[i%n]); !ok {
						b.Fatal("no match")
					}
				}
			})
		}
	}
}
