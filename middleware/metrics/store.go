package metrics

import (
	"context"
	"errors"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
	"github.com/prometheus/client_golang/prometheus"
)

// Store is a storage that times its operations. It has the parts that the storage has, so that it can stand wherever that
// can; nil is store.Memory().
//
//	mcp_store_operation_duration_seconds{operation}  a histogram of how long operations took
//	mcp_store_errors_total{operation,reason}         those that failed, and why: unavailable, full, too_large, closed,
//	                                                 invalid, cancelled or other
//
// operation is one of get, set, touch, touch_all, delete, ping, take, set_nx, cas, add, append, after, drop, publish,
// subscribe, put, members, remove and reset. It panics without Config.Registerer.
func Store(of store.Storage, config ...Config) store.Storage {
	c := configOf("Store", config)
	if c.Registerer == nil {
		panic("metrics: Store: nobody could read what is timed: set Config.Registerer to a *prometheus.Registry")
	}
	if of == nil {
		of = store.Memory()
	}
	t := newTimer(c)
	plain := timedStorage{of, t}
	source, isSource := of.(store.Source)
	opener, isOpener := of.(store.Opener)
	switch {
	case isSource && isOpener:
		return struct {
			timedSource
			store.Opener
		}{timedSource{plain, source}, opener}
	case isSource:
		return timedSource{plain, source}
	case isOpener:
		return struct {
			timedStorage
			store.Opener
		}{plain, opener}
	}
	return plain
}

// operation is what a store is asked to do.
type operation uint8

const (
	opGet operation = iota
	opSet
	opTouch
	opTouchAll
	opDelete
	opPing
	opTake
	opSetNX
	opCAS
	opAdd
	opAppend
	opAfter
	opDrop
	opPublish
	opSubscribe
	opPut
	opMembers
	opRemove
	opReset
	operations
)

var operationNames = [operations]string{
	"get", "set", "touch", "touch_all", "delete", "ping", "take", "set_nx", "cas", "add", "append", "after", "drop", "publish",
	"subscribe", "put", "members", "remove", "reset",
}

// timer times operations.
type timer struct {
	durations [operations]prometheus.Observer
	errors    *prometheus.CounterVec
}

func newTimer(c Config) *timer {
	t := &timer{errors: registered(c.Registerer, prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: c.Namespace, Name: "store_errors_total", Help: "Operations of the storage that failed, by why.",
	}, []string{"operation", "reason"}))}
	all := registered(c.Registerer, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: c.Namespace, Name: "store_operation_duration_seconds", Help: "How long operations of the storage took.", Buckets: c.StoreBuckets,
	}, []string{"operation"}))
	for op, name := range operationNames {
		t.durations[op] = all.WithLabelValues(name)
	}
	return t
}

// done counts an operation that began then.
func (t *timer) done(op operation, begun time.Time, err error) {
	t.durations[op].Observe(time.Since(begun).Seconds())
	if err == nil || errors.Is(err, store.ErrGap) { // a reader that comes too late is none of the storage's failures
		return
	}
	t.errors.WithLabelValues(operationNames[op], reasonOf(err)).Inc()
}

// reasonOf is why a storage failed, in one of few words.
func reasonOf(err error) string {
	for _, r := range []struct {
		err  error
		name string
	}{
		{store.ErrFull, "full"}, {store.ErrTooLarge, "too_large"}, {store.ErrClosed, "closed"}, {store.ErrInvalid, "invalid"},
		{store.ErrNotNumber, "invalid"}, {store.ErrUnavailable, "unavailable"}, {context.DeadlineExceeded, "unavailable"},
		{context.Canceled, "cancelled"},
	} {
		if errors.Is(err, r.err) {
			return r.name
		}
	}
	return other
}

// timedStorage is any storage.
type timedStorage struct {
	of store.Storage
	*timer
}

func (s timedStorage) Get(key string) (val []byte, err error) {
	begun := time.Now()
	val, err = s.of.Get(key)
	s.done(opGet, begun, err)
	return val, err
}

func (s timedStorage) Set(key string, val []byte, exp time.Duration) error {
	begun := time.Now()
	err := s.of.Set(key, val, exp)
	s.done(opSet, begun, err)
	return err
}

func (s timedStorage) Delete(key string) error {
	begun := time.Now()
	err := s.of.Delete(key)
	s.done(opDelete, begun, err)
	return err
}

func (s timedStorage) Reset() error {
	begun := time.Now()
	err := s.of.Reset()
	s.done(opReset, begun, err)
	return err
}

func (s timedStorage) Close() error { return s.of.Close() }

// timedSource is a storage with parts of its own.
type timedSource struct {
	timedStorage
	source store.Source
}

// Backend gives the parts that the storage has, each timed.
func (s timedSource) Backend() *store.Backend {
	own := s.source.Backend()
	if own == nil {
		return nil
	}
	b := *own
	if own.KV != nil {
		b.KV = timedKV{own.KV, s.timer}
	}
	if own.Atomic != nil {
		b.Atomic = timedAtomic{own.Atomic, s.timer}
	}
	if own.Log != nil {
		b.Log = timedLog{own.Log, s.timer}
	}
	if own.Bus != nil {
		b.Bus = timedBus{own.Bus, s.timer}
	}
	if own.Index != nil {
		b.Index = timedIndex{own.Index, s.timer}
	}
	return &b
}
