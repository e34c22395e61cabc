//go:build !unix

package disconnect

const supported = false

func peerGone(uintptr) bool { return false }
