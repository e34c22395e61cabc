package store

import (
	"context"
	"time"
)

// MemoryConfig bounds what is kept in this process. The zero value is [MemoryConfigDefault].
type MemoryConfig struct {
	// MaxBytes bounds all that is kept: names, values and 128 bytes for each entry. Beyond it writes fail with ErrFull.
	// Default, also for values below 1: 256 MiB.
	MaxBytes int64
	// MaxEntries bounds how many keys, logs and members of indexes there are together. Beyond it writes that make one
	// fail with ErrFull. Default, also for values below 1: 1 000 000.
	MaxEntries int
	// MaxLogEntries is how many entries a log keeps. Default, also for values below 1: 1024.
	MaxLogEntries int
	// MaxLogBytes is how many bytes of data a log keeps; a larger entry is refused with ErrTooLarge. Default, also for
	// values below 1: 4 MiB.
	MaxLogBytes int64
	// LogTTL is how long a log is kept after it was last appended to or read. Default, also for values below 1: 1 hour.
	LogTTL time.Duration
	// MaxQueue is how many messages wait for a slow subscriber of the bus; beyond it messages are dropped and the
	// subscriber told. Default, also for values below 1: 1024.
	MaxQueue int
	// Clock is the time, for tests. Default: time.Now.
	Clock func() time.Time
}

// MemoryConfigDefault is what Memory without a MemoryConfig uses.
var MemoryConfigDefault = MemoryConfig{
	MaxBytes: 256 << 20, MaxEntries: 1_000_000,
	MaxLogEntries: 1024, MaxLogBytes: 4 << 20, LogTTL: time.Hour,
	MaxQueue: 1024, Clock: time.Now,
}

func (c MemoryConfig) withDefaults() MemoryConfig {
	d := MemoryConfigDefault
	c.MaxBytes = positive(c.MaxBytes, d.MaxBytes)
	c.MaxEntries = positive(c.MaxEntries, d.MaxEntries)
	c.MaxLogEntries = positive(c.MaxLogEntries, d.MaxLogEntries)
	c.MaxLogBytes = positive(c.MaxLogBytes, d.MaxLogBytes)
	c.LogTTL = positive(c.LogTTL, d.LogTTL)
	c.MaxQueue = positive(c.MaxQueue, d.MaxQueue)
	if c.Clock == nil {
		c.Clock = d.Clock
	}
	return c
}

func positive[N int | int64 | time.Duration](n, otherwise N) N {
	if n < 1 {
		return otherwise
	}
	return n
}

// Memory keeps everything in this process, within bounds, and has all parts of a Backend. It has no goroutine of its own:
// what has expired is removed by the calls that come after, a few at a time, and all of it when there is no room. Only
// messages that are being delivered have one, which ends with them.
//
// Close forgets everything and closes all subscriptions; after it every call fails with ErrClosed.
func Memory(config ...MemoryConfig) Storage {
	in := newCore(config)
	kv, bus := newMemoryKV(in), newMemoryBus(in.config.MaxQueue)
	return &memory{in: in, kv: kv, bus: bus, log: newMemoryLog(in, bus), index: newMemoryIndex(in)}
}

type memory struct {
	in    *core
	kv    *memoryKV
	bus   *memoryBus
	log   *memoryLog
	index *memoryIndex
}

var _ Source = (*memory)(nil)

func (m *memory) Backend() *Backend {
	return &Backend{KV: m.kv, Atomic: m.kv, Log: m.log, Bus: m.bus, Index: m.index}
}

func (m *memory) Get(key string) ([]byte, error) {
	if key == "" {
		return nil, nil // Fiber's contract
	}
	return m.kv.Get(context.Background(), key)
}

func (m *memory) Set(key string, val []byte, exp time.Duration) error {
	if key == "" || len(val) == 0 {
		return nil // Fiber's contract
	}
	return m.kv.Set(context.Background(), key, val, exp)
}

func (m *memory) Delete(key string) error {
	if key == "" {
		return nil // Fiber's contract
	}
	return m.kv.Delete(context.Background(), key)
}

// Reset forgets everything; subscriptions stay.
func (m *memory) Reset() error {
	return m.in.run(context.Background(), func(int64) error {
		m.in.reset()
		m.kv.items = map[string]*item{}
		m.log.logs = map[string]*eventLog{}
		m.index.sets = map[string]*memberSet{}
		return nil
	})
}

func (m *memory) Close() error {
	m.bus.close()
	err := m.Reset()
	m.in.close()
	if err == ErrClosed {
		return nil // closing again
	}
	return err
}
