package session

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/protocol"
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

// astray is when a number is not the one that follows: others have appended meanwhile, which must be read; or the window
// has it already; or the log has been lost and begins anew, which the client must learn of. s.mu is held.
func (s *Stream) astray(n int64, e []byte) {
	log := s.events()
	switch {
	case n > log.last():
		s.startPull()
	default:
		if there, ok := log.at(n); ok && string(there) == string(e) {
			return
		}
		s.letReaderGo(s.rec.hub.c.Retry)
	}
}

// letReaderGo closes the connection. Whose client is to come back in retry learns of the gap then. s.mu is held.
func (s *Stream) letReaderGo(retry time.Duration) {
	a := s.at
	if a.leave(retry) {
		go a.sink.Close(retry) // not under the lock
	}
}

// pull has what is new in the store read into the window.
func (s *Stream) pull() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at != nil {
		s.startPull()
	}
}

// startPull sees to it that one goroutine reads. s.mu is held.
func (s *Stream) startPull() {
	s.again = true
	if !s.pulling {
		s.pulling = true
		go s.pulls()
	}
}

// pullPage is how many entries are read at once, pullRetry how long to wait for a store that does not answer.
const (
	pullPage  = 256
	pullRetry = 250 * time.Millisecond
)

func (s *Stream) pulls() {
	for {
		s.mu.Lock()
		if s.at == nil || !s.again {
			s.pulling = false
			if s.finished {
				s.at.wake() // it may have waited for what this has read
			}
			s.mu.Unlock()
			return
		}
		s.again = false
		last := s.events().last()
		s.mu.Unlock()
		all, err := s.far.after(last, pullPage)
		s.mu.Lock()
		switch {
		case errors.Is(err, ErrGap):
			if s.at != nil && s.events().last() == last {
				s.letReaderGo(s.rec.hub.c.Retry)
			}
		case err != nil:
			s.again = true
		case s.at != nil:
			s.show(all)
			s.again = s.again || len(all) == pullPage
		}
		s.mu.Unlock()
		if err != nil && !errors.Is(err, ErrGap) {
			time.Sleep(pullRetry) // the node's beat looks again, too
		}
	}
}

// show puts entries into the window and has them written. s.mu is held.
func (s *Stream) show(all []numbered) {
	for _, e := range all {
		if e.n <= s.events().last() {
			continue
		}
		if !s.offer(e) {
			break
		}
		if e.data[0] == kindLast {
			s.finished = true
			s.finishedAt.Store(int64(s.rec.hub.now()))
			break // what a node writes that was taken for dead comes too late
		}
	}
	s.at.wake()
}

// offer puts the entry that follows into the window, unless that would push out what the reader has not got: then it is
// read again when the reader has. s.mu is held.
func (s *Stream) offer(e numbered) bool {
	if s.behind = s.behind || !s.fits(len(e.data)); s.behind || e.n != s.events().last()+1 {
		return false
	}
	s.events().append(e.data)
	return true
}

// fits tells that there is room in the window for an entry of that size. s.mu is held.
func (s *Stream) fits(size int) bool {
	log, h := s.events(), s.rec.hub
	unread := log.last() - s.at.cursor + 1
	if unread <= 0 {
		return true
	}
	if unread >= int64(h.c.LogSize) || h.bytes.Load() > h.c.LogTotalBytes {
		return false
	}
	for n := s.at.cursor; n <= log.last(); n++ {
		data, _ := log.at(n)
		size += len(data)
	}
	return size <= h.c.LogBytes
}

// more has the rest read, when the reader has got all that the window has. s.mu is held.
func (s *Stream) more() {
	if s.behind {
		s.behind = false
		s.startPull()
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
	if err := c.listen(s.far.channel, s); err != nil {
		return nil, err
	}
	fence, all, after, err := s.takeFar(after, mark)
	if err != nil {
		s.deafUnlessRead()
		return nil, err
	}
	s.mu.Lock()
	if s.discarded {
		s.mu.Unlock()
		s.deafUnlessRead()
		return nil, ErrNotFound
	}
	if err := s.rec.acquire(); err != nil {
		s.mu.Unlock()
		s.deafUnlessRead()
		return nil, err
	}
	old := s.at
	mustClose := old.leave(0)
	s.window(after)
	a := &attachment{s: s, sink: sink, cursor: after + 1, until: until}
	s.at, s.fence, s.behind = a, fence, false
	s.attached.Store(true)
	s.show(all)
	s.startPull() // what came while it was read
	s.mu.Unlock()
	if mustClose {
		old.sink.Close(0)
	}
	if s.own {
		_ = s.far.setPlace(place{c.node, after, c.h.c.Now()}) // the beat does it again
	}
	return func() { a.detach(); s.left() }, nil
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
	return s.restFar()
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

// window makes the stream's own log an empty one whose next number is after+1. s.mu is held.
func (s *Stream) window(after int64) {
	if s.log != nil {
		s.log.clear()
	}
	s.log = &ring{c: &s.rec.hub.c, shared: &s.rec.hub.bytes, count: after}
	s.sent = after
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
		s.left()
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

// left is what follows when the reader has gone.
func (s *Stream) left() {
	s.mu.Lock()
	read, sent := s.at != nil, s.sent
	s.mu.Unlock()
	if read {
		return
	}
	s.far.c.deaf(s.far.channel, s)
	if !s.own && !s.mine {
		s.rec.mu.Lock()
		s.rec.remove(s) // it is in the store, and can be followed again
		s.rec.mu.Unlock()
	}
	if s.own {
		if p, err := s.far.place(); err == nil && p.node == s.far.c.node {
			_ = s.far.setPlace(place{"", sent, s.far.c.h.c.Now()}) // else it is found out when the node's time is over
		}
	}
}

func (s *Stream) deafUnlessRead() {
	s.mu.Lock()
	read := s.at != nil
	s.mu.Unlock()
	if !read {
		s.far.c.deaf(s.far.channel, s)
	}
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

// follow makes a stream of a call that runs, or has run, on another node.
func (r *Record) follow(id string) (*Stream, error) {
	node, number, ok := strings.Cut(id, "-")
	if n, err := strconv.ParseInt(number, 10, 64); !ok || err != nil || n < 1 || node == "" || strconv.FormatInt(n, 10) != number {
		return nil, ErrNotFound
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return nil, ErrEnded
	}
	if len(r.streams) >= r.hub.c.StreamsPerSession {
		return nil, ErrTooMany
	}
	s := &Stream{rec: r, id: id, far: newFar(r.hub.cluster, r.ID, id), headed: true}
	r.streams = append(r.streams, s)
	return s, nil
}

// endIfOrphan ends the stream of a call whose node is gone: with an error that says so, once, whoever finds out.
func (s *Stream) endIfOrphan() {
	c := s.far.c
	node, _, _ := strings.Cut(s.id, "-")
	if alive, err := c.alive(node); alive || err != nil {
		return
	}
	head, err := s.far.after(0, 1)
	if errors.Is(err, ErrGap) || err == nil && (len(head) == 0 || head[0].data[0] != kindHead) {
		s.mu.Lock()
		s.letReaderGo(0) // there never was such a call, or whose it was is not kept any more
		s.mu.Unlock()
		return
	}
	if err != nil {
		return // the next beat looks again
	}
	ctx, cancel := c.ctx()
	defer cancel()
	first, err := c.b.Atomic.SetNX(ctx, s.far.name+":d", []byte(c.node), c.h.c.TTL)
	if err != nil || !first {
		return // who was first has written it
	}
	_, _, request, _ := readEntry(head[0].data)
	text := protocol.AppendError(nil, request, &protocol.Error{
		Code: protocol.CodeInternal, Message: "The server that ran this request is gone: how far it came is not known. Send it again if that does no harm.",
		Data: map[string]any{"retryable": true},
	})
	if _, err := s.far.append(newEntry(kindLast, text)); err != nil {
		_ = c.b.KV.Delete(ctx, s.far.name+":d") // so that another may
	}
	s.pull()
}

// dropFar takes the log of a call that ran here out of the store.
func (s *Stream) dropFar() {
	if s.far == nil || !s.mine {
		return
	}
	ctx, cancel := s.far.c.ctx()
	defer cancel()
	_ = s.far.c.b.Log.Drop(ctx, s.far.name) // it expires
}
