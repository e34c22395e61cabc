//go:build unix

package fasthost

import "syscall"

// MaxFiles is how many files and connections the process may have open, 0 when it is not known.
func MaxFiles() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return int(min(uint64(limit.Cur), 1<<30))
}
