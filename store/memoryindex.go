package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// memoryIndex is Index in process.
type memoryIndex struct {
	in   *core
	sets map[string]*memberSet
}

// memberSet is a set, its members sorted. Sorted on the way in, because a page must cost a page however large the set.
type memberSet struct {
	of      *memoryIndex
	name    string
	members []*member
}

type member struct {
	date
	set  *memberSet
	name string
}

func newMemoryIndex(in *core) *memoryIndex {
	return &memoryIndex{in: in, sets: map[string]*memberSet{}}
}

func (m *member) cost() int { return len(m.name) + entryOverhead }

func (m *member) perish() {
	s := m.set
	if i, ok := s.search(m.name); ok {
		s.members = slices.Delete(s.members, i, i+1)
		s.of.in.release(1, m.cost())
	}
	if len(s.members) == 0 {
		delete(s.of.sets, s.name)
	}
}

func (s *memberSet) search(name string) (int, bool) {
	return slices.BinarySearchFunc(s.members, name, func(m *member, name string) int {
		return strings.Compare(m.name, name)
	})
}

func checkMember(set, member string, ttl time.Duration) error {
	if err := checkName("set", set); err != nil {
		return err
	}
	return checkKey(member, ttl)
}

func (x *memoryIndex) Put(ctx context.Context, set, name string, ttl time.Duration) error {
	if err := checkMember(set, name, ttl); err != nil {
		return err
	}
	return x.in.run(ctx, func(now int64) error {
		if s := x.sets[set]; s != nil {
			if i, ok := s.search(name); ok {
				x.in.due.set(s.members[i], until(now, ttl))
				return nil
			}
		}
		m := &member{name: strings.Clone(name)}
		if err := x.in.admit(now, 1, m.cost()); err != nil {
			return err
		}
		// Only now, since making room may have removed the set.
		s := x.sets[set]
		if s == nil {
			s = &memberSet{of: x, name: strings.Clone(set)}
			x.sets[s.name] = s
		}
		i, _ := s.search(name)
		m.set, s.members = s, slices.Insert(s.members, i, m)
		x.in.due.set(m, until(now, ttl))
		return nil
	})
}

func (x *memoryIndex) Members(ctx context.Context, set, cursor string, n int) (members []string, next string, err error) {
	if err := checkName("set", set); err != nil {
		return nil, "", err
	}
	n = positive(n, DefaultPage)
	err = x.in.run(ctx, func(now int64) error {
		s := x.sets[set]
		if s == nil {
			return nil
		}
		i, found := s.search(cursor)
		if found {
			i++ // the cursor is the last member of the page before
		}
		for _, m := range s.members[i:] {
			if m.past(now) {
				continue
			}
			if len(members) == n {
				next = members[n-1]
				return nil
			}
			members = append(members, m.name)
		}
		return nil
	})
	return members, next, err
}

func (x *memoryIndex) Remove(ctx context.Context, set, name string) error {
	if err := checkMember(set, name, 0); err != nil {
		return err
	}
	return x.in.run(ctx, func(int64) error {
		if s := x.sets[set]; s != nil {
			if i, ok := s.search(name); ok {
				m := s.members[i]
				x.in.due.remove(m)
				m.perish()
			}
		}
		return nil
	})
}
