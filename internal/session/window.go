package session

import (
	"errors"
	"time"
)

// A window is the own log of a stream whose events are in the store: it holds what the reader here has not got, as far as
// there is room, and is filled again when the reader has.

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
	if unread >= int64(h.c.LogSize) || h.top.bytes.Load() > h.c.LogTotalBytes {
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

// window makes the stream's own log an empty one whose next number is after+1. s.mu is held.
func (s *Stream) window(after int64) {
	if s.log != nil {
		s.log.clear()
	}
	s.log = &ring{c: &s.rec.hub.c, shared: &s.rec.hub.top.bytes, count: after}
	s.sent = after
}
