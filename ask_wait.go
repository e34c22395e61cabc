package fastmcp

import (
	"errors"
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

var (
	// ErrNoAnswer is what errors.Is finds when a client with a session has let Config.AskTimeout, or Config.AskLimit, go
	// by. It has been told that the question needs no answer any more.
	ErrNoAnswer = errors.New("fastmcp: the client did not answer in time")
	// ErrSessionEnded is what asking says when the session has ended, before the question or after it.
	ErrSessionEnded = errors.New("fastmcp: the session has ended")
)

// errInterrupted is what await says when who waits is to wait no more.
var errInterrupted = errors.New("fastmcp: nobody waits for the answer")

// request is the question as a request to a client with a session. Its id is the token of its progress, too, so that a
// client which takes its time can say that it is at work (MCP, progress: either side may ask for it).
func (q *question) request(id string) []byte {
	quoted := scan.AppendString(nil, id)
	b := append(append([]byte(`{"jsonrpc":"2.0","id":`), quoted...), `,"method":"`...)
	b = append(append(b, q.method...), `","params":{`...)
	if len(q.params) > len("{}") {
		b = append(append(b, q.params[1:len(q.params)-1]...), q.extra...)
		b = append(b, ',')
	}
	b = append(append(b, `"_meta":{"progressToken":`...), quoted...)
	return append(b, "}}}"...)
}

// withdrawn is the notification that a question needs no answer any more (MCP, cancellation).
func withdrawn(id, reason string) []byte {
	note, _ := notification(protocol.NoteCancelled, map[string]string{"requestId": id, "reason": reason}) // strings always marshal
	return note
}

// await waits for the answer to a question that has been sent: for Config.AskTimeout since then, or since the client
// has last told of its progress, and for Config.AskLimit in all. It is errInterrupted once until or stopping is closed.
func (e *engine) await(q *question, asked *session.Question, until, stopping <-chan struct{}) ([]byte, error) {
	limit := time.NewTimer(e.config.AskLimit)
	defer limit.Stop()
	patience := time.NewTimer(e.config.AskTimeout)
	defer patience.Stop()
	for {
		select {
		case a, ok := <-asked.Answer:
			return answerOfClient(a, ok)
		case <-asked.Progress:
			patience.Reset(e.config.AskTimeout)
		case <-patience.C:
			return nil, noAnswer("The client did not answer the question %q within %s.", q.key, e.config.AskTimeout)
		case <-limit.C:
			return nil, noAnswer("The client did not answer the question %q within %s, which is the longest that it may take.", q.key, e.config.AskLimit)
		case <-until:
			return nil, errInterrupted
		case <-stopping:
			return nil, errInterrupted
		}
	}
}

// answerOfClient is what has come of a question: the answer, or why there is none. ok is false when the session has ended.
func answerOfClient(a session.Answer, ok bool) ([]byte, error) {
	switch {
	case !ok:
		return nil, ErrSessionEnded
	case a.Err != nil:
		return nil, clientError(a.Err)
	}
	return a.Result, nil
}

func noAnswer(format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...), cause: ErrNoAnswer}
}

// unasked says why a client is not asked, when the session does not let it be.
func unasked(err error) error {
	switch {
	case errors.Is(err, session.ErrEnded):
		return ErrSessionEnded
	case errors.Is(err, session.ErrTooMany):
		return &Error{Message: "Too many questions are waiting for the client's answer. Try again in a moment.", cause: err}
	}
	return err
}
