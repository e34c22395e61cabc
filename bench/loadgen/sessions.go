//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/fastmcp-go/fastmcp/bench/internal/sample"
)

// settle is how long a server may tidy up after the sessions have been opened, before its memory is read.
const settle = 700 * time.Millisecond

// stream is the stream of a session that is read.
type stream struct {
	*conn
	tail  []byte // an event that has not come completely
	notes int
}

// audience is sessions with open streams, and a further session that makes broadcasts.
type audience struct {
	config
	r       *sample.Sample
	caller  *conn
	streams []*stream
	byConn  map[*conn]*stream
	poll    *poll
	buf     []byte

	reached int // streams that have had the broadcast that runs
	round   int
	last    time.Time
}

// measureSessions opens sessions, each with its stream, tells what each costs, and broadcasts to them.
func measureSessions(c config) sample.Sample {
	r := sample.Sample{Conns: c.sessions}
	a := &audience{config: c, r: &r, poll: newPoll(), buf: make([]byte, 256<<10), byConn: map[*conn]*stream{}}
	if err := a.open(); err != nil {
		r.Fail(err)
		return r
	}
	r.Sessions = c.sessions
	if c.broadcasts > 0 {
		a.tell()
	}
	return r
}

// open opens the sessions. The memory of the first one, the caller's, is not counted.
func (a *audience) open() (err error) {
	if a.caller, err = a.server.dial(); err != nil {
		return err
	}
	if err = a.caller.open(false); err != nil {
		return err
	}
	live, err := liveKiB(a.profile)
	if err != nil {
		return err
	}
	m := newMeter(a.pid, "")
	m.start()
	begin := time.Now()
	a.streams = make([]*stream, a.sessions)
	if err := parallel(a.sessions, func(i int) error { return a.join(i) }); err != nil {
		return err
	}
	a.r.OpenMS = float64(time.Since(begin).Microseconds()) / 1e3
	time.Sleep(settle)
	m.stop(a.r, 0)
	a.r.RSSPer = (a.r.RSS - a.r.RSSBefore) * 1024 / float64(a.sessions)
	if a.profile != "" {
		after, err := liveKiB(a.profile)
		if err != nil {
			return err
		}
		a.r.LivePer = (after - live) / float64(a.sessions)
	}
	deaf := a.config // nobody ever reads their streams, and little of them waits unread in the kernel
	small := *a.server
	small.receive = 4 << 10
	deaf.server = &small
	_, err = idleSessions(deaf, a.slow)
	return err
}

func (a *audience) join(i int) (err error) {
	s := &stream{}
	if s.conn, err = a.server.dial(); err != nil {
		return err
	}
	if err = s.conn.open(false); err != nil {
		return err
	}
	a.streams[i] = s
	return s.listen(s.take)
}

// The two notifications that a broadcast may be: the TypeScript framework sends the second.
var broadcastMarks = [][]byte{[]byte(`"notifications/message"`), []byte(`list_changed"`)}

// take counts the broadcasts in what has come.
func (s *stream) take(p []byte) {
	s.tail = append(s.tail, p...)
	for {
		i := bytes.Index(s.tail, []byte("\n\n"))
		if i < 0 {
			return
		}
		if slices.ContainsFunc(broadcastMarks, func(m []byte) bool { return bytes.Contains(s.tail[:i], m) }) {
			s.notes++
		}
		s.tail = append(s.tail[:0], s.tail[i+2:]...)
	}
}

// tell makes the broadcasts, one after the other, and waits each time until everybody has it.
func (a *audience) tell() {
	for _, s := range a.streams {
		fatal(s.ready())
		a.poll.add(s.conn)
		a.byConn[s.conn] = s
	}
	fatal(a.caller.ready())
	a.poll.add(a.caller)
	a.caller.req = (&job{method: "tools/call", params: fmt.Sprintf(`"name":"broadcast","arguments":{"size":%d}`, a.payload)}).
		request(a.server, a.caller.session)
	m := newMeter(a.pid, a.profile)
	var took []float64
	m.start()
	for failed := 0; a.round < a.broadcasts && failed < 3; {
		ms, err := a.broadcast()
		if err != nil {
			a.r.Fail(err)
			failed++
			continue
		}
		took = append(took, ms)
		time.Sleep(20 * time.Millisecond)
	}
	m.stop(a.r, uint64(len(took)*a.sessions))
	m.share(a.r)
	if len(took) > 0 {
		slices.Sort(took)
		a.r.BroadcastMS, a.r.BroadcastMax = took[len(took)/2], took[len(took)-1]
	}
}

// broadcast makes one, and tells after how many milliseconds the last session had it.
func (a *audience) broadcast() (ms float64, err error) {
	a.round++
	a.reached = 0
	for _, s := range a.streams {
		if s.notes >= a.round {
			return 0, fmt.Errorf("a session has had %d broadcasts before the %dth", s.notes, a.round)
		}
	}
	c := a.caller
	c.id++
	c.reset()
	begin := time.Now()
	if _, err := c.write(c.req.next(c.id)); err != nil {
		return 0, err
	}
	for a.reached < len(a.streams) || c.state != done {
		if time.Since(begin) > 3*time.Second {
			a.catchUp()
			return 0, fmt.Errorf("broadcast %d reached %d of %d sessions; the answer was status %d %.120q", a.round, a.reached, len(a.streams), c.status, c.body)
		}
		for _, e := range a.poll.wait(50 * time.Millisecond) {
			if err := a.read(a.poll.conn(e)); err != nil {
				return 0, err
			}
		}
	}
	if err := verify(c.body, c.sse, c.id, nil); err != nil {
		return 0, err
	}
	return float64(a.last.Sub(begin).Microseconds()) / 1e3, nil
}

// catchUp forgives those that have missed a broadcast, so that the next ones are counted from there.
func (a *audience) catchUp() {
	for _, s := range a.streams {
		s.notes = max(s.notes, a.round)
	}
}

func (a *audience) read(c *conn) error {
	if c == nil {
		return nil
	}
	for {
		n, err := c.read(a.buf)
		if err == error(errAgain) {
			return nil
		}
		if err != nil {
			a.poll.forget(c)
			if errors.Is(err, io.EOF) {
				err = errClosed
			}
			return err
		}
		s := a.byConn[c]
		before := 0
		if s != nil {
			before = s.notes
		}
		if err := c.feed(a.buf[:n]); err != nil {
			return err
		}
		if s != nil && s.notes > before {
			a.last = time.Now()
			if before < a.round && s.notes >= a.round {
				a.reached++
			}
		}
		if c.tls == nil {
			return nil
		}
	}
}
