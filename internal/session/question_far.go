package session

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// A question of a shared session is in the store before the client gets it, with the name of the node that waits. The
// node that the answer comes to puts it there in one step, once, and wakes the other.

// questionLasts is how long a question, and its answer, are kept for who waits: longer than anybody does.
const questionLasts = 2 * time.Hour

// storedAnswer is what has become of a question.
type storedAnswer struct {
	Result json.RawMessage `json:"result,omitempty"`
	Err    json.RawMessage `json:"error,omitempty"`
}

// waits is what is kept of a question that is not answered.
func waits(node string) []byte { return []byte("?" + node) }

func (r *Record) askFar(id string) error {
	c := r.hub.cluster
	if c == nil {
		return nil
	}
	ctx, cancel := c.ctx()
	defer cancel()
	return c.failed(c.b.KV.Set(ctx, questionKey(r.ID, id), waits(c.node), questionLasts))
}

// unaskFar forgets a question. Who has asked it need not wait for that.
func (r *Record) unaskFar(id string) {
	c := r.hub.cluster
	if c == nil {
		return
	}
	go func() {
		ctx, cancel := c.ctx()
		defer cancel()
		_ = c.b.KV.Delete(ctx, questionKey(r.ID, id)) // it expires
	}()
}

// questionNode is the node that waits for the answer to a question.
func questionNode(id string) (node string, ok bool) {
	rest, ok := strings.CutPrefix(id, "s-")
	node, _, found := strings.Cut(rest, "-")
	return node, ok && found && node != ""
}

// answerFar puts the answer where the node that waits finds it.
func (r *Record) answerFar(id string, a Answer) (bool, error) {
	c := r.hub.cluster
	node, ok := questionNode(id)
	if c == nil || !ok || node == c.node {
		return false, nil
	}
	text, err := json.Marshal(storedAnswer{a.Result, a.Err})
	if err != nil {
		return false, nil // it is JSON
	}
	ctx, cancel := c.ctx()
	defer cancel()
	done, err := c.b.Atomic.CAS(ctx, questionKey(r.ID, id), waits(node), text, questionLasts)
	if err != nil {
		return false, c.failed(err)
	}
	// The node is told in any case: that a client has answered, though nobody waits, is a sign of life (a ping's).
	c.tell(nodeChannel(node), message{Kind: toldAnswer, Session: r.ID, Text: id})
	return done, nil
}

// collect fetches the answer to a question that waits here, if it has come.
func (r *Record) collect(id string) {
	c := r.hub.cluster
	ctx, cancel := c.ctx()
	defer cancel()
	text, err := c.b.KV.Get(ctx, questionKey(r.ID, id))
	if err != nil || text == nil || bytes.HasPrefix(text, []byte("?")) {
		return // the next beat looks again
	}
	var a storedAnswer
	if json.Unmarshal(text, &a) == nil {
		r.answer(id, Answer{Result: a.Result, Err: a.Err})
	}
}

// maxToken bounds the tokens that other nodes are told, in bytes: those that they have given out are shorter.
const maxToken = 128

// progressFar tells the node that waits that the client is at work.
func (r *Record) progressFar(token string) {
	c := r.hub.cluster
	if node, ok := questionNode(token); c != nil && ok && node != c.node && len(token) <= maxToken {
		c.tell(nodeChannel(node), message{Kind: toldProgress, Session: r.ID, Text: token})
	}
}

// waiting are the questions that wait here.
func (r *Record) waiting() (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.questions {
		ids = append(ids, id)
	}
	return ids
}
