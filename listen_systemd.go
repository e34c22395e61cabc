//go:build !js

package fastmcp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
)

// firstSocket is the first of the descriptors that systemd hands over (sd_listen_fds(3)).
const firstSocket = 3

// listenSystemd is the socket that systemd has opened, of that name, or the only one. The environment is left as it is:
// another name in it may be the second listener's.
func listenSystemd(name string) (net.Listener, error) {
	names, err := activated()
	if err != nil {
		return nil, err
	}
	i := slices.Index(names, name)
	switch {
	case name == "" && len(names) > 1:
		return nil, fmt.Errorf(`fastmcp: systemd has opened %d sockets: name one, as in "systemd:%s"`, len(names), names[0])
	case name == "":
		i = 0
	case i < 0:
		return nil, fmt.Errorf("fastmcp: systemd has opened no socket named %q, but %q: see FileDescriptorName in the .socket unit", name, names)
	}
	ln, err := inherited(firstSocket + i)
	if err != nil {
		return nil, fmt.Errorf("fastmcp: the socket %q of systemd: %w", names[i], err)
	}
	return activatedListener{ln}, nil
}

// activated are the names of the sockets that systemd has opened for this process.
func activated() ([]string, error) {
	pid, count := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	if pid != strconv.Itoa(os.Getpid()) {
		return nil, errors.New("fastmcp: systemd has opened no socket for this process (LISTEN_PID): start it by a .socket unit, or listen on an address")
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 1024 {
		return nil, fmt.Errorf("fastmcp: LISTEN_FDS is %q, which is no number of sockets", count)
	}
	names := strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	for len(names) < n {
		names = append(names, "")
	}
	return names[:n], nil
}

// activatedListener hides the socket: it is systemd's, too, which goes on listening. Were it made deaf, as others are before
// they close, the process that comes next would hear nothing.
type activatedListener struct{ net.Listener }
