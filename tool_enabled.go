package fastmcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// SetToolEnabled switches a tool off, or on again, on every node that shares Config.Storage, and for nodes that start
// later. name has the prefixes of the tool's groups. A tool that is off is in no list, and a call of it is one of an
// unknown tool; calls and tasks that are running go on. Clients that may see it are told that the list has changed.
//
// It has effect here when it returns, and on other nodes soon after: within 10 s, should they not hear of it. The last word
// holds, also for a tool that is removed and added again, and is kept for as long as Config.Storage keeps anything.
//
// Before the App serves it says how the tool begins, on this node, where nothing has been said while serving.
//
// A name that is no tool's is an error, so that a misspelt one does not pass for a tool that is off. So is a storage that
// cannot be reached: nothing changes then, unless it fails in the middle of it, when the change may show later. No more
// than 10,000 tools can be switched.
func (a *App) SetToolEnabled(name string, enabled bool) error {
	name = strings.Clone(name) // it may be a parameter of a route, whose memory Fiber uses again
	if err := a.engine().switches.set(name, enabled); err != nil {
		word := "off"
		if enabled {
			word = "on"
		}
		return fmt.Errorf("fastmcp: the tool %q cannot be switched %s: %w", name, word, err)
	}
	return nil
}

// ToolEnabled tells that there is a tool of that name here, and that it is not switched off: see SetToolEnabled.
func (a *App) ToolEnabled(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tools.byKey[name] != nil && !a.off[name]
}

const (
	switchScope, switchKey = "switches", "tools"
	kindSwitches           = "switches" // what nodes tell each other when the record has changed
	switchTimeout          = 3 * time.Second
	// switchesEvery is how often a node reads the record, however little it hears; switchesAgain when it could not.
	switchesEvery = 10 * time.Second
	switchesAgain = time.Second
)

// switches are which tools are off.
type switches struct {
	app    *App
	engine *engine
	store  *store.Backend
	every  time.Duration
	wake   chan struct{}

	starting sync.Mutex
	running  sync.WaitGroup

	mu      sync.Mutex
	started bool
	begin   map[string]bool       // how tools begin: what was said before the App served
	known   map[string]toolSwitch // the last words, as far as they have come here
}

func newSwitches(e *engine) *switches {
	s := &switches{
		app: e.app, engine: e, store: e.backend.Scope(switchScope), every: switchesEvery,
		wake: make(chan struct{}, 1), begin: make(map[string]bool),
	}
	e.node.on(kindSwitches, func([]byte) { s.look() })
	e.node.onLost(s.look)
	return s
}

// succeed takes over what was said before the App had its place: how its tools begin.
func (s *switches) succeed(before *switches) {
	before.mu.Lock()
	defer before.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.begin, before.begin)
}

// look has the record read soon.
func (s *switches) look() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// start learns how tools stand, before the first client does, and goes on learning where others may switch them.
func (s *switches) start() error {
	s.starting.Lock()
	defer s.starting.Unlock()
	s.mu.Lock()
	again := s.started
	s.mu.Unlock()
	if again {
		return nil
	}
	if err := s.update(nil); err != nil {
		return err
	}
	s.mu.Lock()
	s.started = true
	s.mu.Unlock()
	if s.store.Shared {
		s.running.Go(s.follow)
	}
	return nil
}

// follow reads the record when it has changed, and every now and then, until the App stops.
func (s *switches) follow() {
	timer := time.NewTimer(s.every)
	defer timer.Stop()
	failing := false
	for {
		select {
		case <-s.app.base.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
		err := s.update(nil)
		switch {
		case s.app.base.Err() != nil:
			return
		case err != nil && !failing:
			s.engine.config.Log.Error("which tools are switched off cannot be read: they stay as they are", "error", err)
		case err == nil && failing:
			s.engine.config.Log.Info("which tools are switched off can be read again")
		}
		wait := s.every
		if failing = err != nil; failing {
			wait = min(wait, switchesAgain)
		}
		timer.Reset(wait)
	}
}

// set says how a tool stands from now on.
func (s *switches) set(name string, enabled bool) error {
	if err := checkName(name); err != nil {
		return err
	}
	if s.app.base.Err() != nil {
		return errors.New("the App has been shut down")
	}
	s.app.mu.Lock()
	_, here := s.app.tools.byKey[name]
	s.app.mu.Unlock()
	if begins, err := s.begins(name, enabled, here); begins {
		return err
	}
	changed := false
	err := s.update(func(tools map[string]toolSwitch) (_ bool, err error) {
		changed, err = setSwitch(tools, name, enabled, here)
		return changed, err
	})
	if err != nil || !changed {
		return err
	}
	if err := s.engine.node.tell(kindSwitches, nil); err != nil {
		s.engine.config.Log.Warn("other nodes hear late that a tool was switched", "tool", name, "within", s.every, "error", err)
	}
	return nil
}

// begins takes what is said before the App serves; begins is false when it does.
func (s *switches) begins(name string, enabled, here bool) (begins bool, err error) {
	s.starting.Lock() // what is said while the App starts is one or the other
	defer s.starting.Unlock()
	s.mu.Lock()
	started := s.started
	s.mu.Unlock()
	switch {
	case started:
		return false, nil
	case !here:
		return true, errNoTool
	}
	s.take(func() { s.begin[name] = enabled })
	return true, nil
}

// update reads the record, has it changed, keeps it, and does as it says. change may be nil, and may be called several
// times; it tells whether it has changed anything. What is known here and not in the store goes back into it: a store that
// was restarted empty, or has failed over to an older copy, must not switch on what was off.
func (s *switches) update(change func(tools map[string]toolSwitch) (bool, error)) error {
	ctx, cancel := context.WithTimeout(s.app.base, switchTimeout)
	defer cancel()
	for {
		raw, err := s.store.KV.Get(ctx, switchKey)
		if err != nil {
			return fmt.Errorf("Config.Storage: %w", err)
		}
		stored, err := parseSwitches(raw)
		if err != nil {
			return err
		}
		s.mu.Lock()
		tools, write := merged(s.known, stored)
		s.mu.Unlock()
		if change != nil {
			changed, err := change(tools)
			if err != nil {
				return err
			}
			write = write || changed
		}
		if write {
			if len(tools) > maxSwitches { // nobody could read it
				return unreadable(fmt.Sprintf("lacks some that are known here, and would have more than %d tools with them", maxSwitches))
			}
			b, err := json.Marshal(switchRecord{switchVersion, tools})
			if err != nil {
				return err
			}
			done, err := s.store.Atomic.CAS(ctx, switchKey, raw, b, 0)
			if err != nil {
				return fmt.Errorf("Config.Storage: %w", err)
			}
			if !done {
				continue // another was faster; ctx bounds how often
			}
		}
		s.take(func() { s.known, _ = merged(s.known, tools) })
		return nil
	}
}

// take takes what has been said, does as it says, and tells those who may see a tool that has come or gone by it.
func (s *switches) take(change func()) {
	var changed []*tool
	a := s.app
	s.mu.Lock()
	change()
	off := make(map[string]bool)
	for name, on := range s.begin {
		if _, said := s.known[name]; !said && !on {
			off[name] = true
		}
	}
	for name, t := range s.known {
		if !t.Enabled {
			off[name] = true
		}
	}
	if !maps.Equal(a.switchedOff(), off) {
		a.change(func() {
			for _, t := range a.tools.order {
				if name := t.def.Name; a.off[name] != off[name] {
					changed = append(changed, t)
				}
			}
			a.off = off
		})
	}
	s.mu.Unlock()
	for _, t := range changed {
		s.engine.changed.listHere(changedTools, a.guardedTool(t))
	}
}

// switchedOff are the names of tools that are off, whether or not there are such tools. It is never changed.
func (a *App) switchedOff() map[string]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.off
}
