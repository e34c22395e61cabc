package disconnect

import (
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// system is one epoll instance. Its descriptor waits in the runtime's own poller, so that waiting takes no thread and
// Close cannot hit a descriptor that has been given to somebody else.
type system struct {
	file *os.File
	raw  syscall.RawConn
	err  error
}

// watch registers conn. The ticket, not the descriptor, comes back with an event: a number that the kernel hands out
// again tells nothing about who it was.
func (p *Poller) watch(conn net.Conn, ticket uint64) error {
	socket, _ := rawConn(conn)
	if socket == nil {
		return ErrUnwatchable
	}
	epoll, err := p.start()
	if err != nil {
		return err
	}
	event := unix.EpollEvent{
		Events: unix.EPOLLRDHUP | unix.EPOLLONESHOT, // EPOLLHUP and EPOLLERR are always told
		Fd:     int32(uint32(ticket)), Pad: int32(uint32(ticket >> 32)),
	}
	return control(epoll, socket, func(ep, fd int) error {
		err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &event)
		if errors.Is(err, unix.EEXIST) { // a watch that fired and was not removed
			err = unix.EpollCtl(ep, unix.EPOLL_CTL_MOD, fd, &event)
		}
		return err
	})
}

func (p *Poller) unwatch(conn net.Conn, _ entry) {
	p.mu.Lock()
	epoll := p.sys.raw
	p.mu.Unlock()
	if socket, _ := rawConn(conn); socket != nil && epoll != nil {
		// It fails for a connection that is closed: closing took it out of the set.
		_ = control(epoll, socket, func(ep, fd int) error { return unix.EpollCtl(ep, unix.EPOLL_CTL_DEL, fd, nil) })
	}
}

// control calls fn with both descriptors held open: a RawConn does not let its own be closed meanwhile.
func control(epoll, socket syscall.RawConn, fn func(ep, fd int) error) error {
	var inner, err error
	outer := epoll.Control(func(ep uintptr) {
		inner = socket.Control(func(fd uintptr) { err = fn(int(ep), int(fd)) })
	})
	return errors.Join(outer, inner, err)
}

// start makes the epoll instance and its goroutine, once.
func (p *Poller) start() (syscall.RawConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return nil, ErrClosed
	case p.sys.raw != nil || p.sys.err != nil:
		return p.sys.raw, p.sys.err
	}
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err == nil {
		err = unix.SetNonblock(fd, true) // os.NewFile gives only such descriptors to the runtime's poller
	}
	if err != nil {
		p.sys.err = err
		return nil, err
	}
	p.sys.file = os.NewFile(uintptr(fd), "epoll")
	if p.sys.raw, err = p.sys.file.SyscallConn(); err != nil {
		p.sys.err = err
		return nil, err
	}
	go p.loop(p.sys.raw)
	return p.sys.raw, nil
}

// loop waits for events until Close.
func (p *Poller) loop(epoll syscall.RawConn) {
	events := make([]unix.EpollEvent, 128)
	for {
		n := 0
		err := epoll.Read(func(ep uintptr) bool {
			var err error
			n, err = unix.EpollWait(int(ep), events, 0)
			return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
		})
		if err != nil || n < 0 {
			return
		}
		for i := range events[:n] {
			p.fire(uint64(uint32(events[i].Fd)) | uint64(uint32(events[i].Pad))<<32)
		}
	}
}

func (p *Poller) shut(map[uint64]entry) {
	p.mu.Lock()
	file := p.sys.file
	p.mu.Unlock()
	if file != nil {
		_ = file.Close() // wakes loop, and drops every registration with the descriptor
	}
}
