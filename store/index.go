package store

import (
	"context"
	"time"
)

// Index lists what belongs together: a principal's sessions, a tenant's tokens, a grant's tokens.
type Index interface {
	// Put makes member one of set's for ttl from now, whether or not it was one.
	Put(ctx context.Context, set, member string, ttl time.Duration) error
	// Members lists set's members in the order of their bytes, at most n of them, 100 when n is below 1. next is the
	// cursor that the next page takes, "" after the last; the first page's cursor is "". A cursor is opaque. A member
	// that is there throughout is on exactly one page, whatever comes and goes meanwhile.
	Members(ctx context.Context, set, cursor string, n int) (members []string, next string, err error)
	// Remove makes member none of set's; it is no error when it was not.
	Remove(ctx context.Context, set, member string) error
}

// DefaultPage is how many members Members lists when it is not told.
const DefaultPage = 100
