package stdio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// errStopped is how reading ends when somebody ends its goroutine.
var errStopped = errors.New("stdio: reading: its goroutine was ended, by runtime.Goexit in a hook")

// errInternal is what a client is told of a mistake of ours.
var errInternal = protocol.Errorf(protocol.CodeInternal, "Internal error")

// server is a Serve.
type server struct {
	engine rpc.Engine
	config Config
	out    *writer
	queue  *queue

	// work ends when calls are to stop by force, and input, which is a part of it, with the input.
	work, input     context.Context
	stop, endsInput func()

	// mu guards session: who reads opens it, who ends the server ends it. over tells that the latter has happened.
	mu      sync.Mutex
	session session
	over    bool
}

// Serve reads messages from in, has the engine do what they want, and writes the answers to out, until in ends, ctx ends,
// or out cannot be written to any more. Nothing but messages is written to out.
//
// When in or ctx ends no new work is begun. Requests that have been read are answered, if that takes no longer than
// Config.Drain; those of 2026-07-28 are cancelled at once, because that is what going away means there. Then the session
// ends, and with it its calls. A ctx that ends in the meantime ends the waiting. When out cannot be written to, there is
// nobody to wait for.
//
// It returns nil when in or ctx has ended, and else what went wrong with in or out. It does not close them. A Read that
// blocks cannot be taken back: a goroutine is left in it when ctx or out was what ended Serve, until it returns. What is
// read then is not looked at.
//
// The engine is left running. Serve may be called with another pair of streams meanwhile.
func Serve(ctx context.Context, engine rpc.Engine, in io.Reader, out io.Writer, config Config) error {
	config = config.withDefaults()
	s := &server{engine: engine, config: config, out: newWriter(out), queue: newQueue(config.MaxConcurrent, config.MaxWaiting)}
	// Values of ctx are for calls; its end is not theirs, because they may take Drain to end.
	s.work, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.input, s.endsInput = context.WithCancel(s.work)
	read := make(chan error, 1)
	go func() {
		err := errStopped
		defer func() { read <- err }() // deferred, because a hook that initialize calls can end the goroutine
		err = s.read(in)
	}()
	var err error
	select {
	case err = <-read:
		s.drain(ctx.Done())
	case <-ctx.Done():
		s.drain(nil)
	case <-s.out.broken:
	}
	return s.end(err)
}

// drain lets what has been read come to its end, for a while.
func (s *server) drain(hurry <-chan struct{}) {
	s.endsInput()
	s.queue.close()
	timer := time.NewTimer(max(s.config.Drain, 0))
	defer timer.Stop()
	select {
	case <-s.queue.idle:
	case <-timer.C:
	case <-hurry:
	case <-s.out.broken:
	}
}

// end ends what is left, and says why.
func (s *server) end(err error) error {
	s.endsInput()
	s.queue.close()
	s.queue.drop()
	s.mu.Lock()
	s.over = true
	last := s.session
	s.session = session{}
	s.mu.Unlock()
	s.leave(last)
	s.stop()
	timer := time.NewTimer(max(s.config.Unwind, 0))
	defer timer.Stop()
	select {
	case <-s.queue.idle:
	case <-timer.C:
		s.config.Log.Warn("stdio: calls that were cancelled have not returned", "waited", s.config.Unwind)
	}
	s.out.close()
	select {
	case <-s.out.broken:
		return fmt.Errorf("stdio: writing: %w", s.out.err)
	default:
		return err
	}
}

// read reads to the end.
func (s *server) read(in io.Reader) (err error) {
	defer func() {
		if v := recover(); v != nil { // the reader is a user's
			err = fmt.Errorf("stdio: reading: the reader panicked: %v", v)
		}
	}()
	lines := newLines(in, s.config.MaxMessage)
	for {
		line, err := lines.next()
		switch {
		case s.input.Err() != nil:
			return nil // it is over, for another reason
		case err == nil:
			s.line(line)
		case errors.Is(err, errTooLong):
			s.refuse(nil, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: the message is longer than %d bytes", s.config.MaxMessage))
		case errors.Is(err, io.EOF), errors.Is(err, os.ErrClosed), errors.Is(err, io.ErrClosedPipe):
			return nil
		default:
			return fmt.Errorf("stdio: reading: %w", err)
		}
	}
}

// line takes one line. A bug of ours in it, or of a hook that it calls, must not end the process.
func (s *server) line(line []byte) {
	var id []byte
	defer func() {
		if v := recover(); v != nil {
			s.config.Log.Error("stdio: a message failed", "error", v, "stack", string(debug.Stack()))
			s.refuse(id, errInternal)
		}
	}()
	i := scan.Space(line, 0)
	switch {
	case i == len(line):
		return // a line of white space is no message
	case line[i] == '[':
		s.array(line)
		return
	}
	e, err := protocol.Scan(line)
	if err != nil {
		s.malformed(&e, err)
		return
	}
	id = e.ID
	s.message(&e)
}

// contain keeps what a hook panics with from ending the process.
func (s *server) contain(what string, f func()) {
	defer func() {
		if v := recover(); v != nil {
			s.config.Log.Error("stdio: "+what+" failed", "error", v, "stack", string(debug.Stack()))
		}
	}()
	f()
}

// malformed answers what could not be read as a message, unless it is plain that it wants no answer: a notification, or
// an answer itself, whose id is one of ours and would be taken for one of the client's.
func (s *server) malformed(e *protocol.Envelope, err *protocol.Error) {
	if e.IsNotification() || e.Result != nil || e.Err != nil {
		s.config.Log.Warn("stdio: a message that wants no answer is malformed", "error", err)
		return
	}
	s.refuse(e.ID, err)
}

// refuse answers with an error. id is nil where it is not known.
func (s *server) refuse(id []byte, err *protocol.Error) {
	_ = s.out.write(protocol.AppendError(nil, id, err), nil) // a client that is gone ends the server, which sees it by itself
}
