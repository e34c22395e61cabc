package store

import (
	"context"
	"errors"
)

// Backend is what the rest of the framework uses: resolved once, at start, by From. Nothing else asserts on a Storage.
type Backend struct {
	// The parts; none is nil.
	KV     KV
	Atomic Atomic
	Log    Log
	Bus    Bus
	Index  Index
	// Shared tells that other processes see all of it: keys must be given, lists must be published.
	Shared bool
	// Filled names the parts ("Atomic", "Log", "Bus", "Index") that the storage lacks and that are kept in this process,
	// for a warning at start. Behind several nodes they are each node's own. nil: none.
	Filled []string

	open  func(context.Context) error
	close func() error
}

// From resolves s. A [Source] gives its own parts. For any other Storage the KV and the atomic steps go through it, the
// steps guarded by locks of this Backend: they are atomic among its users in this process, not across processes, nor
// across two Backends over one storage. Logs, messages and indexes are then kept in process, within the bounds of config
// (those of the zero MemoryConfig by default). No storage, nil, is Memory(config...).
//
// Nothing is connected and no goroutine started: see Open.
func From(s Storage, config ...MemoryConfig) (*Backend, error) {
	if s == nil {
		m := Memory(config...)
		b := *m.(Source).Backend()
		b.close = m.Close
		return &b, nil
	}
	b := &Backend{}
	if source, ok := s.(Source); ok {
		own := source.Backend()
		if own == nil || (own.KV == nil) != (own.Atomic == nil) {
			return nil, errors.New("store: a Source must give a Backend with KV and Atomic together")
		}
		*b = *own
	}
	b.open, b.close = nil, nil
	done := b.fill(s, config)
	b.own(s, done)
	return b, nil
}

// fill keeps in process what is missing; done ends that.
func (b *Backend) fill(s Storage, config []MemoryConfig) (done func()) {
	in := newCore(config)
	b.Filled = nil
	if b.KV == nil {
		plain := newPlain(s, in.config.Clock)
		b.KV, b.Atomic = plain, plain
		b.Filled = append(b.Filled, "Atomic")
	}
	logless, busless, end := b.Log == nil, b.Bus == nil, in.close
	if busless {
		bus := newMemoryBus(in.config.MaxQueue)
		end = func() { bus.close(); in.close() }
		b.Bus = bus
	}
	if logless {
		b.Log = newMemoryLog(in, b.Bus)
		b.Filled = append(b.Filled, "Log")
	}
	if busless {
		b.Filled = append(b.Filled, "Bus")
	}
	if b.Index == nil {
		b.Index = newMemoryIndex(in)
		b.Filled = append(b.Filled, "Index")
	}
	if b.Filled != nil {
		b.Shared = false
	}
	return end
}

// own arranges that who opens the storage also closes it.
func (b *Backend) own(s Storage, done func()) {
	opener, ok := s.(Opener)
	if !ok {
		b.close = func() error { done(); return nil }
		return
	}
	opened := false
	b.open = func(ctx context.Context) error {
		err := opener.Open(ctx)
		opened = opened || err == nil
		return err
	}
	b.close = func() error {
		done()
		if !opened {
			return nil
		}
		opened = false
		return s.Close()
	}
}

// Open connects the storage, if it is an [Opener]. Call it once, at start, before the parts are used.
func (b *Backend) Open(ctx context.Context) error {
	if b.open == nil {
		return ctx.Err()
	}
	return b.open(ctx)
}

// Close ends what From made, and closes the storage if Open opened it: a storage that came with a connection is its
// owner's to close. The views that Scope gives close nothing.
func (b *Backend) Close() error {
	if b.close == nil {
		return nil
	}
	return b.close()
}
