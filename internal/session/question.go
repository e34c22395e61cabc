package session

import "strconv"

// Answer is what a client has answered to a request of the server's, as raw JSON: a result or an error.
type Answer struct{ Result, Err []byte }

// Ask notes that the client is being asked something: under the id, which no other request of the session has, its
// answer is to come on the channel, once. It returns ErrEnded, and ErrTooMany when CallsPerSession questions wait; else
// Unask ends it.
func (r *Record) Ask() (id string, answer <-chan Answer, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended:
		return "", nil, ErrEnded
	case len(r.questions) >= r.hub.c.CallsPerSession:
		return "", nil, ErrTooMany
	}
	if r.questions == nil {
		r.questions = map[string]chan Answer{}
	}
	r.asked++
	id = "s-" + strconv.FormatInt(r.asked, 10)
	c := make(chan Answer, 1) // so that who brings the answer does not wait for who wants it
	r.questions[id] = c
	return id, c, nil
}

// Answered brings the answer to a question, and tells whether somebody waits for it. The answer is kept.
func (r *Record) Answered(id string, a Answer) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.questions[id]
	if ok {
		delete(r.questions, id) // the second answer comes too late
		c <- a
	}
	return ok
}

// Unask notes that nobody waits for the answer any more.
func (r *Record) Unask(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.questions, id)
}
