package store

import "context"

// Entry is one entry of a log.
type Entry struct {
	// ID is the entry's number in its log, decimal without leading zeros: "1", "2", "3", without gaps.
	ID string
	// Data must not be changed: readers share it.
	Data []byte
}

// Log keeps what was sent, in order, for those who missed it. A log is bounded: its oldest entries are trimmed. It
// expires when it was neither appended to nor read for some time (MemoryConfig.LogTTL); after that its numbers start
// over, so a log's name should not be used again.
type Log interface {
	// Append adds data, an entry each, all or none, and then wakes channel's subscribers with a message without data,
	// unless channel is "". It returns the last entry's id, "0" for an empty log when data is empty. An id beside an
	// error: the entries are in, but subscribers may not have been woken.
	Append(ctx context.Context, log, channel string, data ...[]byte) (lastID string, err error)
	// After returns the entries that follow id, oldest first, at most max of them; all that the log has when max is
	// below 1. An id of "" or "0" asks from the first. ErrGap when any of the entries that follow id is gone or id is
	// none of the log's; a reader that has the last id gets none, and no error.
	After(ctx context.Context, log, id string, max int) ([]Entry, error)
	// Drop removes the log.
	Drop(ctx context.Context, log string) error
}
