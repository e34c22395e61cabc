package stdio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// errGone is what a stream says whose client is not there any more, or does not want to hear of the call.
var errGone = errors.New("stdio: the client is gone")

// keptBuffer is how large a buffer is kept for the next message, in bytes.
const keptBuffer = 64 << 10

// writer writes messages, each as one line in one Write.
type writer struct {
	// broken is closed when a Write has failed; err tells why, from then on.
	broken chan struct{}
	err    error
	over   atomic.Bool

	mu  sync.Mutex
	out io.Writer
	buf []byte
}

func newWriter(out io.Writer) *writer { return &writer{out: out, broken: make(chan struct{})} }

// write writes a message, unless muted, which may be nil, is true by the time its turn comes. It blocks for as long as
// the client does not read: that is the backpressure of a pipe.
func (w *writer) write(message []byte, muted *atomic.Bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over.Load() || muted != nil && muted.Load() {
		return errGone
	}
	// The message may be shared with others, or be written anew: it is not changed, and not kept.
	w.buf = append(append(w.buf[:0], message...), '\n')
	flatten(w.buf[:len(w.buf)-1])
	err := w.send()
	if cap(w.buf) > keptBuffer {
		w.buf = nil
	}
	if err != nil {
		w.over.Store(true)
		w.err = err
		close(w.broken)
	}
	return err
}

// send contains what a Writer may panic with: it is a user's, and called from goroutines that nobody else watches.
func (w *writer) send() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the writer panicked: %v", v)
		}
	}()
	n, err := w.out.Write(w.buf)
	if err == nil && n < len(w.buf) {
		err = io.ErrShortWrite
	}
	return err
}

// close lets nothing be written any more. It does not wait for a Write that blocks.
func (w *writer) close() { w.over.Store(true) }

// flatten makes one line of a JSON text. Within its strings newlines are escaped, so that all others are white space.
func flatten(text []byte) {
	for _, c := range []byte{'\n', '\r'} {
		rest := text
		for i := bytes.IndexByte(rest, c); i >= 0; i = bytes.IndexByte(rest, c) {
			rest[i] = ' '
			rest = rest[i+1:]
		}
	}
}
