//go:build !unix

package fasthost

// MaxFiles is how many files and connections the process may have open, 0 when it is not known.
func MaxFiles() int { return 0 }
