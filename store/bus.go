package store

import "context"

// Bus carries messages to whoever listens now, on any node. It keeps nothing: what must not be lost goes into a Log.
type Bus interface {
	// Publish sends data to channel's subscribers and tells how many receivers there were: subscriptions, or processes that
	// have some, each counted once. It is 0 when nobody listens. A subscription that was removed a moment ago may still
	// be counted. data is copied once.
	Publish(ctx context.Context, channel string, data []byte) (receivers int, err error)
	// Subscribe listens, at first to no channel. fn gets the messages of each channel in the order in which they were
	// published, one call at a time; data is shared with other subscribers and must not be changed. fn and lost must
	// not panic, and should be quick: what they do delays the next message. They may use the Bus and the Subscription.
	//
	// lost tells that messages may be missing, of any channel: read the truth again. It may be nil. It is called in turn
	// with fn: what was published before the loss came before it.
	Subscribe(fn func(channel string, data []byte), lost func()) (Subscription, error)
}

// Subscription is what one subscriber listens to.
type Subscription interface {
	// Add listens to channel: what is published after Add returned arrives.
	Add(channel string) error
	// Remove stops listening to channel. At most the one message that is being delivered may still arrive.
	Remove(channel string) error
	// Close stops listening altogether, in the same way. Closing again does nothing.
	Close() error
}
