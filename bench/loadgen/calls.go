//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"syscall"
	"time"

	"github.com/fastmcp-go/fastmcp/bench/internal/sample"
)

// grace is how long answers may take after the measured time. What has not come by then is an error.
const grace = 5 * time.Second

// calls is a job that runs on some connections, one request in flight on each.
type calls struct {
	config
	job
	poll  *poll
	r     *sample.Sample
	meter *meter
	buf   []byte
	known known

	busy                   int // connections that wait for an answer
	total, first           uint64
	bytes, notes           uint64
	latency                histogram
	begin, end             time.Time
	counting, draining     bool
	countedFrom, countedTo time.Time
}

// measureCalls runs a job and tells how it went.
func measureCalls(c config, j job) sample.Sample {
	r := sample.Sample{Conns: c.conns}
	idle, err := idleSessions(c, c.background)
	if err != nil {
		r.Fail(err)
		return r
	}
	conns, err := prepare(c, &j)
	if err != nil {
		r.Fail(err)
		return r
	}
	runtime.LockOSThread()
	l := &calls{config: c, job: j, r: &r, poll: newPoll(), meter: newMeter(c.pid, c.profile), buf: make([]byte, 256<<10)}
	l.run(conns)
	l.meter.share(&r)
	l.report()
	_ = parallel(len(conns), func(i int) error { conns[i].end(); return nil })
	_ = parallel(len(idle), func(i int) error { idle[i].end(); return nil })
	return r
}

// prepare opens the connections, and their sessions where the job has any.
func prepare(c config, j *job) ([]*conn, error) {
	all := make([]*conn, c.conns)
	err := parallel(c.conns, func(i int) (err error) {
		if all[i], err = c.server.dial(); err != nil {
			return err
		}
		if j.session {
			if err := all[i].open(c.textOnly); err != nil {
				return err
			}
		}
		all[i].req = j.request(c.server, all[i].session)
		return nil
	})
	return all, err
}

func (l *calls) run(conns []*conn) {
	l.begin = time.Now().Add(l.warm)
	l.end = l.begin.Add(l.time)
	for _, c := range conns {
		fatal(c.ready())
		l.poll.add(c)
	}
	l.busy = len(conns)
	for _, c := range conns {
		if err := l.send(c); err != nil {
			l.drop(c, err)
		}
	}
	for l.busy > 0 {
		events := l.poll.wait(100 * time.Millisecond)
		now := time.Now()
		l.clock(now)
		if now.After(l.end.Add(grace)) {
			l.r.Fail(fmt.Errorf("%d requests have no answer %s after the end", l.busy, grace))
			l.r.Errors += uint64(l.busy - 1)
			return
		}
		for _, e := range events {
			l.event(e)
		}
	}
}

// clock begins to count after the warm-up, and ends when the time is over or enough has been done.
func (l *calls) clock(now time.Time) {
	switch {
	case !l.counting && !l.draining && now.After(l.begin):
		l.counting, l.countedFrom, l.first = true, now, l.total
		l.meter.start()
	case l.counting && (now.After(l.end) || l.most > 0 && l.total-l.first >= l.most):
		l.counting, l.draining, l.countedTo, l.end = false, true, now, now
		l.meter.stop(l.r, l.latency.count)
	case l.counting:
		l.meter.look(now)
	}
}

func (l *calls) event(e syscall.EpollEvent) {
	c := l.poll.conn(e)
	if c == nil {
		return
	}
	if e.Events&syscall.EPOLLOUT != 0 {
		if err := l.flush(c); err != nil {
			l.drop(c, err)
			return
		}
	}
	if e.Events&(syscall.EPOLLIN|syscall.EPOLLHUP|syscall.EPOLLERR) == 0 {
		return
	}
	for {
		n, err := c.read(l.buf)
		if err == error(errAgain) {
			return
		}
		if err != nil {
			l.closed(c, err)
			return
		}
		if err := c.feed(l.buf[:n]); err != nil {
			l.drop(c, err)
			return
		}
		if c.state == done {
			l.answered(c)
			return
		}
		if c.tls == nil && n < len(l.buf) {
			return // the rest has not come: epoll tells when. What TLS holds back it does not know of.
		}
	}
}

// answered checks an answer and sends the next request.
func (l *calls) answered(c *conn) {
	l.check(c, time.Now())
	if l.draining {
		l.poll.forget(c) // what becomes of the connection now is no error
		l.busy--
		return
	}
	if c.close || c.toEOF {
		l.reopen(c)
		return
	}
	if err := l.send(c); err != nil {
		l.drop(c, err)
	}
}

// closed is a connection that has ended: at the end of an answer of unknown length, or in the middle.
func (l *calls) closed(c *conn, err error) {
	if errors.Is(err, io.EOF) && c.toEOF && c.state == inBody {
		c.state = done
		l.answered(c)
		return
	}
	if errors.Is(err, io.EOF) {
		err = errClosed
	}
	l.r.Fail(err)
	if l.draining {
		l.forget(c)
		return
	}
	l.reopen(c)
}

func (l *calls) reopen(c *conn) {
	l.r.Reconnects++
	l.poll.forget(c)
	err := c.connect()
	if err == nil {
		err = c.ready()
	}
	if err == nil {
		l.poll.add(c)
		err = l.send(c)
	}
	if err != nil {
		l.drop(c, err)
	}
}

func (l *calls) send(c *conn) error {
	c.id++
	c.reset()
	c.out, c.sent, c.at = c.req.next(c.id), 0, time.Now()
	return l.flush(c)
}

// flush writes what is left of the request, and asks to be told when more fits.
func (l *calls) flush(c *conn) error {
	before := c.sent
	for c.sent < len(c.out) {
		n, err := c.write(c.out[c.sent:])
		if err == error(errAgain) {
			l.poll.watch(c, syscall.EPOLLIN|syscall.EPOLLOUT)
			return nil
		}
		if err != nil {
			return err
		}
		c.sent += n
	}
	if before > 0 {
		l.poll.watch(c, syscall.EPOLLIN)
	}
	return nil
}

// drop gives up a connection.
func (l *calls) drop(c *conn, err error) {
	l.r.Fail(err)
	l.forget(c)
}

func (l *calls) forget(c *conn) {
	l.poll.forget(c)
	c.shut()
	if !c.dead {
		c.dead = true
		l.busy--
	}
}

// check counts an answer, if it is right.
func (l *calls) check(c *conn, now time.Time) {
	l.total++
	got, err := l.judge(c)
	if err != nil {
		if c.status != 200 {
			err = fmt.Errorf("status %d: %w", c.status, err)
		}
		l.r.Fail(err)
		return
	}
	c.good++
	l.r.SSE = c.sse
	if l.counting {
		l.latency.add(now.Sub(c.at).Nanoseconds())
		l.bytes += uint64(len(c.body))
		l.notes += uint64(got)
		l.r.Lost += uint64(max(0, l.job.notes-got))
	}
}

// judge looks at an answer: its text, its id and its notifications always, all of it now and then.
func (l *calls) judge(c *conn) (notes int, err error) {
	if c.status == 200 && l.known.is(c.body, c.req.want) {
		return 0, nil
	}
	ok := c.status == 200 && l.holds(c.body)
	if l.textOnly {
		if !ok {
			err = fmt.Errorf("unexpected body %.200q", c.body)
		}
		return 0, err
	}
	ok = ok && holdsID(c.body, c.req.want)
	if !ok || c.good&255 == 0 {
		if err := verify(c.body, c.sse, c.id, l.whole); err != nil {
			return 0, err
		}
		if ok && l.job.notes == 0 && !c.sse {
			l.known.learn(c.body, c.req.want)
		}
	}
	if !ok {
		return 0, fmt.Errorf("unexpected body %.200q", c.body)
	}
	if l.job.notes == 0 {
		return 0, nil
	}
	if notes, err = order(c.body); err == nil && notes > l.job.notes {
		err = fmt.Errorf("%d notifications, not %d", notes, l.job.notes)
	}
	return notes, err
}

func (l *calls) report() {
	r := l.r
	r.Seconds = l.countedTo.Sub(l.countedFrom).Seconds()
	r.Requests = l.latency.count
	if r.Requests == 0 || r.Seconds <= 0 {
		if r.Errors == 0 {
			r.Fail(errors.New("no request was answered in the measured time"))
		}
		return
	}
	r.RPS, r.NotesPS = float64(r.Requests)/r.Seconds, float64(l.notes)/r.Seconds
	r.P50, r.P90, r.P99 = l.latency.quantile(.5), l.latency.quantile(.9), l.latency.quantile(.99)
	r.Max = float64(l.latency.max) / 1e3
	r.BytesPer = float64(l.bytes) / float64(r.Requests)
}
