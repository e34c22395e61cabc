package fasthost

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// Deafen has a TCP listener make no new connections, before it is closed: the kernel drops what asks for one, whose sender
// asks again after a second and is refused by then, or goes elsewhere. Connections that are being made are finished, and
// accepted. The error is errors.ErrUnsupported where that cannot be, as with Multipath TCP (net.ListenConfig turns that off).
func Deafen(ln net.Listener) error {
	socket, ok := ln.(syscall.Conn)
	if _, tcp := ln.Addr().(*net.TCPAddr); !ok || !tcp {
		return errors.ErrUnsupported
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	noSYN := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 13},           // the flags of the TCP header (RFC 9293, 3.1),
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: 0x12},        // of which ACK and SYN count:
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: 0x02}, // a SYN alone
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},                          // is dropped,
		{Code: unix.BPF_RET | unix.BPF_K, K: 0xffffffff},                 // all others are not
	}
	filter := unix.SockFprog{Len: uint16(len(noSYN)), Filter: &noSYN[0]}
	if e := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &filter)
	}); e != nil {
		return e
	}
	return err
}
