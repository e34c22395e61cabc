package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// memoryLog is Log in process.
type memoryLog struct {
	in   *core
	bus  Bus
	logs map[string]*eventLog
}

// eventLog is one log. entries[0] has the number first.
type eventLog struct {
	date
	of      *memoryLog
	name    string
	first   uint64
	entries [][]byte
	bytes   int // of data
}

func newMemoryLog(in *core, bus Bus) *memoryLog {
	return &memoryLog{in: in, bus: bus, logs: map[string]*eventLog{}}
}

func (l *eventLog) last() uint64 { return l.first + uint64(len(l.entries)) - 1 }

func (l *eventLog) cost() int {
	return len(l.name) + entryOverhead + l.bytes + len(l.entries)*entryOverhead
}

func (l *eventLog) perish() {
	delete(l.of.logs, l.name)
	l.of.in.release(1, l.cost())
}

// used puts off the log's end.
func (l *eventLog) used(now int64) {
	l.of.in.due.set(l, until(now, l.of.in.config.LogTTL))
}

// find is the log of that name, nil when there is none or it has expired.
func (m *memoryLog) find(name string, now int64) *eventLog {
	l := m.logs[name]
	if l == nil || !l.past(now) {
		return l
	}
	m.in.due.remove(l)
	l.perish()
	return nil
}

func (m *memoryLog) Append(ctx context.Context, log, channel string, data ...[]byte) (lastID string, err error) {
	if err := checkName("log", log); err != nil {
		return "", err
	}
	size := 0
	for _, d := range data {
		if int64(len(d)) > m.in.config.MaxLogBytes {
			return "", fmt.Errorf("%w: an entry of %d bytes, see MemoryConfig.MaxLogBytes", ErrTooLarge, len(d))
		}
		size += len(d)
	}
	err = m.in.run(ctx, func(now int64) error {
		lastID, err = m.append(log, data, size, now)
		return err
	})
	if err != nil {
		return "", err
	}
	// Outside of the lock: a bus may be on the network.
	if channel != "" && len(data) > 0 {
		_, err = m.bus.Publish(ctx, channel, nil)
	}
	return lastID, err
}

func (m *memoryLog) append(name string, data [][]byte, size int, now int64) (string, error) {
	l := m.find(name, now)
	if len(data) == 0 {
		if l == nil {
			return "0", nil
		}
		return strconv.FormatUint(l.last(), 10), nil
	}
	room, fresh := size+len(data)*entryOverhead, 0
	if l == nil {
		l = &eventLog{of: m, name: strings.Clone(name), first: 1}
		room, fresh = room+l.cost(), 1
	} else {
		// Room is made for the whole of it before anything is swept: this log must not be what expires.
		l.used(now)
	}
	if err := m.in.admit(now, fresh, room); err != nil {
		return "", err
	}
	m.logs[l.name] = l
	for _, d := range data {
		l.entries = append(l.entries, copied(d))
	}
	l.bytes += size
	l.trim()
	l.used(now)
	return strconv.FormatUint(l.last(), 10), nil
}

// trim removes the oldest entries that are over the bounds.
func (l *eventLog) trim() {
	config := &l.of.in.config
	n, freed := 0, 0
	for len(l.entries)-n > config.MaxLogEntries || int64(l.bytes-freed) > config.MaxLogBytes {
		freed += len(l.entries[n])
		l.entries[n] = nil // the array outlives the slice that has moved on
		n++
	}
	l.entries = l.entries[n:]
	l.first += uint64(n)
	l.bytes -= freed
	l.of.in.release(0, freed+n*entryOverhead)
}

func (m *memoryLog) After(ctx context.Context, log, id string, max int) (entries []Entry, err error) {
	if err := checkName("log", log); err != nil {
		return nil, err
	}
	after, err := parseID(id)
	if err != nil {
		return nil, err
	}
	err = m.in.run(ctx, func(now int64) error {
		l := m.find(log, now)
		if l == nil {
			if after != 0 {
				return ErrGap
			}
			return nil
		}
		l.used(now)
		if after+1 < l.first || after > l.last() {
			return ErrGap
		}
		entries = l.read(after, max)
		return nil
	})
	return entries, err
}

func (l *eventLog) read(after uint64, max int) []Entry {
	rest := l.entries[after+1-l.first:]
	if max > 0 && len(rest) > max {
		rest = rest[:max]
	}
	if len(rest) == 0 {
		return nil
	}
	entries := make([]Entry, len(rest))
	for i, data := range rest {
		entries[i] = Entry{ID: strconv.FormatUint(after+1+uint64(i), 10), Data: data}
	}
	return entries
}

// parseID reads an id as it was given out, and in no other spelling; "" and "0" are before the first.
func parseID(id string) (uint64, error) {
	if id == "" || id == "0" {
		return 0, nil
	}
	n, err := strconv.ParseUint(id, 10, 63)
	if err != nil || id[0] < '1' || id[0] > '9' {
		return 0, fmt.Errorf("%w: %.32q is not an id", ErrGap, id)
	}
	return n, nil
}

func (m *memoryLog) Drop(ctx context.Context, log string) error {
	if err := checkName("log", log); err != nil {
		return err
	}
	return m.in.run(ctx, func(now int64) error {
		if l := m.find(log, now); l != nil {
			m.in.due.remove(l)
			l.perish()
		}
		return nil
	})
}
