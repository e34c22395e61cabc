//go:build linux

package main

import (
	"bytes"
	"errors"
	"syscall"
	"time"
)

// poll is epoll over connections.
type poll struct {
	fd     int
	conns  []*conn // by descriptor
	events []syscall.EpollEvent
}

func newPoll() *poll {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	fatal(err)
	return &poll{fd: fd, events: make([]syscall.EpollEvent, 512)}
}

// add watches a connection that is ready.
func (p *poll) add(c *conn) {
	for len(p.conns) <= c.sock.fd {
		p.conns = append(p.conns, nil)
	}
	p.conns[c.sock.fd] = c
	p.control(c, syscall.EPOLL_CTL_ADD, syscall.EPOLLIN)
}

func (p *poll) watch(c *conn, events uint32) { p.control(c, syscall.EPOLL_CTL_MOD, events) }

// forget stops watching; the descriptor may be closed after it.
func (p *poll) forget(c *conn) {
	if c.sock != nil && p.conns[c.sock.fd] == c {
		p.conns[c.sock.fd] = nil
		p.control(c, syscall.EPOLL_CTL_DEL, 0)
	}
}

func (p *poll) control(c *conn, op int, events uint32) {
	fatal(syscall.EpollCtl(p.fd, op, c.sock.fd, &syscall.EpollEvent{Events: events, Fd: int32(c.sock.fd)}))
}

// wait gives what has happened, at most a time later.
func (p *poll) wait(most time.Duration) []syscall.EpollEvent {
	n, err := syscall.EpollWait(p.fd, p.events, int(most.Milliseconds()))
	if err != nil && !errors.Is(err, syscall.EINTR) {
		fatal(err)
	}
	return p.events[:max(n, 0)]
}

// conn is whose event it is, nil when it has been forgotten since.
func (p *poll) conn(e syscall.EpollEvent) *conn { return p.conns[e.Fd] }

// holdsID looks for the request's id, at either end of a long body first.
func holdsID(body, id []byte) bool {
	const end = 512
	if len(body) > 8*end && (bytes.Contains(body[:end], id) || bytes.Contains(body[len(body)-end:], id)) {
		return true
	}
	return bytes.Contains(body, id)
}
