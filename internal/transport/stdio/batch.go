package stdio

import (
	"sync"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// array takes an array of messages, which 2025-03-26 has and no other revision. Its requests run side by side, like all
// others; what they send before they are answered goes out by itself.
func (s *server) array(line []byte) {
	if err := scan.Document(line); err != nil {
		s.refuse(nil, protocol.Errorf(protocol.CodeParse, "Parse error: %s", err))
		return
	}
	messages, err := s.split(line)
	if err != nil {
		s.refuse(nil, err)
		return
	}
	b := &batch{s: s, left: 1} // one for who adds, so that it is not complete before all is added
	for _, raw := range messages {
		s.element(b, raw)
	}
	b.finish()
}

// split finds the messages of an array, when there may be one.
func (s *server) split(line []byte) ([][]byte, *protocol.Error) {
	r := s.current().revision
	if !r.HasBatches() {
		if r == 0 {
			return nil, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: no arrays of messages before initialize")
		}
		return nil, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: %s has no arrays of messages", r)
	}
	messages := scan.Elements(line, s.config.MaxBatch+1)
	switch {
	case len(messages) == 0:
		return nil, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: an array of no messages")
	case len(messages) > s.config.MaxBatch:
		return nil, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: more than %d messages in an array", s.config.MaxBatch)
	}
	return messages, nil
}

// element takes one message of an array.
func (s *server) element(b *batch, raw []byte) {
	e, err := protocol.Scan(raw)
	switch {
	case err != nil && (e.IsNotification() || e.Result != nil || e.Err != nil):
		s.malformed(&e, err)
	case err != nil:
		b.add()
		s.decline(&e, b, err)
	case !e.IsRequest():
		s.oneWay(&e)
	case e.Method == protocol.MethodInitialize:
		b.add()
		s.decline(&e, b, protocol.Errorf(protocol.CodeInvalidRequest, "Invalid request: initialize must come alone"))
	default:
		b.add()
		s.request(&e, b)
	}
}

// batch is the answer to an array: an array, written when the last of its requests has been answered.
type batch struct {
	s *server

	mu      sync.Mutex
	left    int // how many have not said what they have to say
	results []byte
}

func (b *batch) add() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left++
}

// result is what one request of the array has to say; nil is nothing.
func (b *batch) result(data []byte) {
	if data != nil {
		b.mu.Lock()
		if len(b.results) > 0 {
			b.results = append(b.results, ',')
		}
		b.results = append(b.results, data...)
		b.mu.Unlock()
	}
	b.finish()
}

// finish counts one off, and answers with the last. An array that wants no answer gets none.
func (b *batch) finish() {
	b.mu.Lock()
	b.left--
	complete := b.left == 0 && len(b.results) > 0
	b.mu.Unlock()
	if complete {
		_ = b.s.out.write(append(append([]byte{'['}, b.results...), ']'), nil) // the server sees by itself that a client is gone
	}
}
