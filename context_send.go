package fastmcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// ErrEnded is what the methods of a Context that send say once the request has been answered.
var ErrEnded = errors.New("fastmcp: the request has been answered")

// progress is what a request has told of its progress.
type progress struct {
	mu    sync.Mutex
	begun bool
	last  float64
	note  []byte
	// streamed are the blocks that were sent before the result.
	streamed []content.Block
}

// Progress tells the client how far the request is: done of total, where total 0 is unknown, with a message where the
// revision has one. done must grow from call to call; what does not grow is not sent. Nothing is sent to a client that
// did not ask. An error means that the client is gone, or that the request has been answered.
func (c *Context) Progress(done, total float64, message ...string) error {
	if math.IsNaN(done) || math.IsInf(done, 0) || math.IsNaN(total) || math.IsInf(total, 0) {
		return fmt.Errorf("fastmcp: progress of %v of %v is no number", done, total)
	}
	p := &c.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun && done <= p.last {
		return c.alive()
	}
	text := ""
	if len(message) > 0 {
		text = message[0]
	}
	return c.sendProgress(done, total, text)
}

// sendProgress is called with progress locked.
func (c *Context) sendProgress(done, total float64, text string) error {
	c.job.told.Store(true)
	if t := c.job.task; t != nil {
		t.say(text)
	}
	token := c.call.Meta.ProgressToken
	if token == nil {
		return c.alive()
	}
	p := &c.progress
	p.begun, p.last = true, done
	b := append(p.note[:0], `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":`...)
	b = append(append(b, token...), `,"progress":`...)
	b = appendFloat(b, done)
	if total > 0 {
		b = appendFloat(append(b, `,"total":`...), total)
	}
	if text != "" && c.call.Revision.HasProgressMessage() {
		b = scan.AppendString(append(b, `,"message":`...), text)
	}
	p.note = append(b, "}}"...)
	return c.send(p.note)
}

// appendFloat writes a number as JSON has it. A float that is an integer is written as one.
func appendFloat(dst []byte, f float64) []byte {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.AppendInt(dst, int64(f), 10)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}

// Stream sends parts of the result before the rest of it is known: as progress, with the text of a text block as its
// message, when the client asked for progress; and as notifications/tool/streamContent when Config.StreamContent is
// set. All blocks are also in the result, before what the function returns, so that a client that reads neither misses
// nothing.
func (c *Context) Stream(blocks ...content.Block) error {
	p := &c.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, block := range blocks {
		p.streamed = append(p.streamed, block)
		if c.engine.config.StreamContent {
			if err := c.sendContent(block); err != nil {
				return err
			}
		}
		text := ""
		if t, ok := block.(content.TextBlock); ok {
			text = t.Text
		}
		if err := c.sendProgress(p.last+1, 0, text); err != nil {
			return err
		}
	}
	return c.alive()
}

func (c *Context) sendContent(block content.Block) error {
	b := append(c.progress.note[:0], `{"jsonrpc":"2.0","method":"`+protocol.NoteStreamContent+`","params":{"requestId":`...)
	b = append(append(b, c.call.ID...), `,"content":`...)
	b = content.Append(b, block, c.call.Revision)
	c.progress.note = append(b, "}}"...)
	return c.send(c.progress.note)
}

// Notify sends a notification that belongs to this request, on its stream. params is marshalled by encoding/json; nil
// is none. The revisions name the methods that clients know; others are ignored by most.
func (c *Context) Notify(method string, params any) error {
	note, err := notification(method, params)
	if err != nil {
		return err
	}
	return c.send(note)
}

// notification writes a notification. JSON-RPC keeps names that begin with rpc. for itself (JSON-RPC 2.0, section 4).
func notification(method string, params any) ([]byte, error) {
	if method == "" || strings.HasPrefix(method, "rpc.") {
		return nil, fmt.Errorf("fastmcp: a notification cannot be named %q: begin it with notifications/", method)
	}
	b := scan.AppendString([]byte(`{"jsonrpc":"2.0","method":`), method)
	if params != nil {
		p, err := json.Marshal(params)
		if err != nil {
			return nil, fmt.Errorf("fastmcp: the parameters of %s: %w", method, err)
		}
		if len(p) == 0 || p[0] != '{' {
			return nil, fmt.Errorf("fastmcp: the parameters of %s are not a JSON object", method)
		}
		b = append(append(b, `,"params":`...), p...)
	}
	return append(b, '}'), nil
}

// Suspend ends the connection that the answer would go out on, but not the request: a client of a revision with
// sessions is told to come back in retry, and then gets what it has missed, and the result. It is for long work that
// should not hold a connection (SEP-1699). Where clients cannot come back it is an error, and nothing happens.
func (c *Context) Suspend(retry time.Duration) error {
	if c.stream == nil || !c.call.Revision.HasPriming() || c.job.log() == nil {
		return errors.New("fastmcp: this client cannot come back for an answer")
	}
	return c.stream.Suspend(retry)
}

// takeStreamed are the blocks that were sent before the result.
func (c *Context) takeStreamed() []content.Block {
	c.progress.mu.Lock()
	defer c.progress.mu.Unlock()
	return slices.Clip(c.progress.streamed) // a function that was abandoned may still stream
}
