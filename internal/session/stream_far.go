package session

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

// What follows is a Stream whose log is in the store. What the connection here reads passes through the stream's own log,
// as a window on the one in the store: there the numbers are given, and the reader's cursor goes by them.

// appendFar adds entries to the log in the store, and to the window when somebody reads here.
func (s *Stream) appendFar(kind byte, data []byte) (m rpc.Message, err error) {
	e := newEntry(kind, data)
	entries := [][]byte{e}
	if !s.own && !s.headed {
		entries = [][]byte{newEntry(kindHead, s.request), e}
	}
	n, err := s.far.append(entries...)
	if err != nil {
		return rpc.Message{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.headed = true
	if s.at != nil {
		if first := n - int64(len(entries)) + 1; s.events().last()+1 == first {
			for i, e := range entries {
				s.offer(numbered{first + int64(i), e})
			}
		} else {
			s.astray(n, e)
		}
	}
	return s.message(n, e), nil
}

// messageOf is event n of the stream's own log.
func (s *Stream) messageOf(n int64, data []byte) rpc.Message {
	if s.far != nil {
		return s.message(n, data)
	}
	return rpc.Message{ID: s.eventID(n), Data: data}
}

// begins tells that the reader is the connection of a call that begins here: there is nothing in the store yet.
func (s *Stream) begins(after int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mine && !s.headed && after == 0
}

// sendFar is Append.
func (s *Stream) sendFar(data []byte) (rpc.Message, error) {
	m, err := s.appendFar(kindEvent, data)
	if err != nil {
		return m, err
	}
	s.mu.Lock()
	a := s.at
	if s.own {
		a.wake()
		a = nil
	}
	s.mu.Unlock()
	if a != nil {
		a.flush()
	}
	return m, nil
}

// finishFar is Finish. What the store does not take now it is offered again: a client that has lost its connection would
// else wait for the end without end.
func (s *Stream) finishFar(data []byte) rpc.Message {
	m, err := s.appendFar(kindLast, data)
	if err != nil {
		m = rpc.Message{Data: data}
		go s.finishLater(data)
	}
	s.mu.Lock()
	s.finished = true
	s.finishedAt.Store(int64(s.rec.hub.now()))
	a := s.at
	if a == nil && s.log != nil {
		s.sent = s.log.last()
	}
	s.mu.Unlock()
	if a != nil {
		a.flush()
	}
	return m
}

// finishTries bounds how often the end of a call is offered to a store that does not answer.
const finishTries = 60

func (s *Stream) finishLater(data []byte) {
	for range finishTries {
		time.Sleep(time.Second)
		if _, err := s.appendFar(kindLast, data); err == nil {
			return
		}
	}
}

// message is an event of the log in the store.
func (s *Stream) message(n int64, e []byte) rpc.Message {
	kind, mark, data, ok := readEntry(e)
	if !ok || kind == kindHead || len(data) == 0 {
		return rpc.Message{}
	}
	return rpc.Message{ID: s.farID(n, mark), Data: data}
}

// Hint tells the client something that it is no loss to miss while nobody reads: that something may have changed. Of a
// session that is shared every node tells who reads there, and who comes back later is told that anything may have
// changed; else it is kept as any event.
func (s *Stream) Hint(data []byte) error {
	if s.far == nil {
		_, err := s.Append(data)
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at != nil {
		s.at.hint(data)
	}
	return nil
}

// attachFar is Attach for a stream whose log is in the store. The newest reader has the stream, on whatever node.
func (s *Stream) attachFar(sink rpc.Sink, after int64, mark string, until time.Time) (detach func(), err error) {
	if s.rec.hub.draining.Load() {
		return nil, ErrClosed
	}
	c := s.far.c
	s.joins(1)
	defer func() {
		s.joins(-1)
		if err != nil {
			c.deaf(s.far.channel, s)
			s.rec.unfollow(s)
		}
	}()
	if !s.mine && !s.own && !s.far.mayBe(s.id) {
		return nil, ErrNotFound // nothing is written for what somebody has made up
	}
	if err := c.listen(s.far.channel, s); err != nil {
		return nil, err
	}
	fence, all, after, err := s.takeFar(after, mark)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.discarded {
		s.mu.Unlock()
		return nil, ErrNotFound
	}
	if err := s.rec.acquire(); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	old := s.at
	mustClose := old.leave(0)
	s.window(after)
	a := &attachment{s: s, sink: sink, cursor: after + 1, until: until}
	s.at, s.fence, s.behind = a, fence, false
	s.noted = place{c.node, after, c.h.c.Now()}
	s.attached.Store(true)
	s.show(all)
	s.startPull() // what came while it was read
	s.mu.Unlock()
	if mustClose {
		old.sink.Close(0)
	}
	if s.own {
		_ = s.far.setPlace(place{c.node, after, c.h.c.Now()}) // the beat writes it again
	}
	return func() { a.detach(); _ = s.left() }, nil
}

// takeFar takes the stream and reads what it has.
func (s *Stream) takeFar(after int64, mark string) (fence int64, all []numbered, from int64, err error) {
	if fence, err = s.far.fence(); err != nil {
		return 0, nil, 0, err
	}
	if after == Pending {
		all, after, err = s.pendingFar()
	} else {
		all, err = s.far.from(after, mark)
	}
	return fence, all, after, err
}

// pendingFar is what has been written to nobody and is still kept.
func (s *Stream) pendingFar() ([]numbered, int64, error) {
	p, err := s.far.place()
	if err != nil {
		return nil, 0, err
	}
	all, err := s.far.after(p.sent, 0)
	if !errors.Is(err, ErrGap) {
		return all, p.sent, err
	}
	all, n, err := s.restFar()
	if err == nil {
		s.rec.hub.lose(max(0, n-p.sent))
	}
	return all, n, err
}

// restFar is all that the log still has.
func (s *Stream) restFar() ([]numbered, int64, error) {
	n, err := s.firstFar()
	if err != nil {
		return nil, 0, err
	}
	all, err := s.far.after(n, 0)
	return all, n, err
}

// firstFar finds the number before the oldest entry: an entry of no meaning shows where the log ends, and from there back
// it is searched.
func (s *Stream) firstFar() (int64, error) {
	last, err := s.far.append(newEntry(kindHead, nil))
	if err != nil {
		return 0, err
	}
	low, high := int64(0), last // after(high) is no gap
	for low < high {
		middle := low + (high-low)/2
		switch _, err := s.far.after(middle, 1); {
		case err == nil:
			high = middle
		case errors.Is(err, ErrGap):
			low = middle + 1
		default:
			return 0, err
		}
	}
	return low, nil
}

// taken tells that a reader with that fence has the stream.
func (s *Stream) taken(fence int64) {
	s.mu.Lock()
	a := s.at
	mustClose := a != nil && fence > s.fence && a.leave(0)
	s.mu.Unlock()
	if mustClose {
		go a.sink.Close(0) // who tells must not wait
	}
}

// recheck looks after what is read here; when it asks the store, also who has the stream.
func (s *Stream) recheck(ask bool) {
	if ask {
		if fence, err := s.far.fenced(); err == nil {
			s.taken(fence)
		}
	}
	s.mu.Lock()
	read, finished := s.at != nil, s.finished
	s.mu.Unlock()
	switch {
	case !read:
		_ = s.left() // the next beat does it again
	case s.own:
		s.notePlace()
	case !s.mine && !finished:
		s.endIfOrphan()
	}
}

// placeEvery is how often a place is written that is still the same: who reads has been told all news until then.
const placeEvery = 20 * time.Second

// notePlace writes how far the session's own stream has been written.
func (s *Stream) notePlace() {
	s.mu.Lock()
	p, read := place{s.far.c.node, s.sent, s.far.c.h.c.Now()}, s.at != nil
	same := p.sent == s.noted.sent && p.at.Sub(s.noted.at) < placeEvery
	if !same {
		s.noted = p
	}
	s.mu.Unlock()
	if read && !same {
		_ = s.far.setPlace(p)
	}
}

// left is what follows when the reader has gone. An error is the store's, which finds out by itself when the node's time is
// over.
func (s *Stream) left() error {
	c := s.far.c
	s.mu.Lock()
	read, sent, ours := s.at != nil || s.joining > 0, s.sent, s.noted.node == c.node
	if !read {
		s.noted = place{}
	}
	s.mu.Unlock()
	if read {
		return nil
	}
	c.deaf(s.far.channel, s)
	if !s.own && !s.mine {
		s.rec.mu.Lock()
		s.rec.remove(s) // it is in the store, and can be followed again
		s.rec.mu.Unlock()
	}
	if !s.own || !ours {
		return nil
	}
	p, err := s.far.place()
	if err == nil && p.node == c.node {
		err = s.far.setPlace(place{"", sent, c.h.c.Now()})
	}
	return err
}

// leave says of all streams that are read here that they are not any more. A store that does not answer is not asked for
// each of them.
func (c *cluster) leave() {
	var all sync.WaitGroup
	var failed atomic.Bool
	slots := make(chan struct{}, broadcasters)
	c.h.All(func(r *Record) bool {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if !failed.Load() && r.own.left() != nil {
				failed.Store(true)
			}
		})
		return !failed.Load()
	})
	all.Wait()
}

// joins counts readers that are about to be: until they are, what leaves does not make the stream deaf.
func (s *Stream) joins(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joining += n
}

// isRead tells that a connection reads here, or is about to.
func (s *Stream) isRead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at != nil || s.joining > 0
}

// ReadAnywhere tells that a connection to some node reads the session's own stream.
func (r *Record) ReadAnywhere() (bool, error) {
	if r.own.Attached() {
		return true, nil
	}
	if r.own.far == nil {
		return false, nil
	}
	p, err := r.own.far.place()
	if err != nil || p.node == "" {
		return false, err
	}
	return r.hub.cluster.alive(p.node)
}
