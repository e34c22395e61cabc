package session

import "strconv"

// Answer is what a client has answered to a request of the server's, as raw JSON: a result or an error.
type Answer struct{ Result, Err []byte }

// Question is something that a client is being asked, until Unask.
type Question struct {
	// ID is the JSON-RPC id of the request, and the token of its progress. No other request of the session has it.
	ID string
	// Answer brings the answer, once. It is closed when the session ends before.
	Answer <-chan Answer
	// Progress has something whenever the client has told of progress since it was last received from.
	Progress <-chan struct{}

	answer   chan Answer
	progress chan struct{}
}

// Ask notes that the client is being asked something, before it is. It returns ErrEnded, ErrTooMany when CallsPerSession
// questions wait, and ErrUnavailable; else Unask ends it.
func (r *Record) Ask() (*Question, error) {
	q, err := r.ask()
	if err != nil {
		return nil, err
	}
	if err := r.askFar(q.ID); err != nil {
		r.Unask(q)
		return nil, err
	}
	return q, nil
}

func (r *Record) ask() (*Question, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended:
		return nil, ErrEnded
	case len(r.questions) >= r.hub.c.CallsPerSession:
		return nil, ErrTooMany
	}
	if r.questions == nil {
		r.questions = map[string]*Question{}
	}
	// Both have room for one, so that who brings something does not wait for who wants it.
	q := &Question{ID: r.nextID(), answer: make(chan Answer, 1), progress: make(chan struct{}, 1)}
	q.Answer, q.Progress = q.answer, q.progress
	r.questions[q.ID] = q
	return q, nil
}

// NextID is the id for a request to which nobody waits for an answer.
func (r *Record) NextID() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.nextID()
}

// nextID makes an id. r.mu is held.
func (r *Record) nextID() string {
	if c := r.hub.cluster; c != nil {
		return "s-" + c.node + "-" + strconv.FormatInt(c.made.Add(1), 10)
	}
	r.asked++
	return "s-" + strconv.FormatInt(r.asked, 10)
}

// Answered brings the answer to a question, and tells whether somebody waits for it, on whatever node. The answer is
// kept. An error is ErrUnavailable: then it may be brought again.
func (r *Record) Answered(id string, a Answer) (bool, error) {
	if r.answer(id, a) {
		return true, nil
	}
	return r.answerFar(id, a)
}

// answer brings an answer to who waits here.
func (r *Record) answer(id string, a Answer) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	q, ok := r.questions[id]
	if ok {
		delete(r.questions, id) // the second answer comes too late
		q.answer <- a
	}
	return ok
}

// Progressed notes that the client is busy with a question, and tells whether somebody waits here for its answer.
func (r *Record) Progressed(token string) bool {
	if r.progressHere(token) {
		return true
	}
	r.progressFar(token)
	return false
}

func (r *Record) progressHere(token string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	q, ok := r.questions[token]
	if ok {
		select {
		case q.progress <- struct{}{}:
		default: // who waits has not looked since the last time
		}
	}
	return ok
}

// Unask notes that nobody waits for the answer any more.
func (r *Record) Unask(q *Question) {
	r.mu.Lock()
	delete(r.questions, q.ID)
	r.mu.Unlock()
	r.unaskFar(q.ID)
}

// unaskAll tells all that wait that there will be no answer.
func (r *Record) unaskAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.questions {
		close(q.answer) // Answered does not find it any more
	}
	r.questions = nil
}
