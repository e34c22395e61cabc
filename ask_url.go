package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// ErrNotIssued is what Session.ElicitationComplete says of an id that the session was not given, or was told of already.
var ErrNotIssued = errors.New("fastmcp: the session was not asked to open anything under this id (only clients of 2025-11-25 are given ids)")

// URLRequest is an address that a client's user is asked to open.
type URLRequest struct {
	// ID is what Session.ElicitationComplete names it by, in 2025-11-25. Default: what Context.ElicitationID says.
	ID string
	// Message tells the user what it is for.
	Message string
	// URL is absolute. It should hold no secret and let nobody in by itself: see Context.Ticket.
	URL string
}

// ElicitURL asks the client's user to open an address, for what must not pass through the client: secrets, payments,
// another service's consent. Accepted means that the user agreed to open it, no more: what became of it the server
// learns by itself, and it must make sure that who opens the address is who was asked: Context.Ticket is for that. The
// key is as in Elicit. A client of 2025-11-25 gets Context.ElicitationID with it, and can be told that it is done
// (Session.ElicitationComplete).
func ElicitURL(c *Context, key, message, url string) (Action, error) {
	q, action, err := urlQuestion(key, URLRequest{ID: c.ElicitationID(key), Message: message, URL: url}, c.session, c.asker())
	if err != nil {
		return Cancelled, err
	}
	err = c.ask(q)
	return *action, err
}

// ElicitURL asks the client's user to open an address, outside a handler and under the conditions of Session.Sample.
func (s *Session) ElicitURL(ctx context.Context, r URLRequest) (Action, error) {
	if err := s.needsSession(protocol.MethodElicit); err != nil {
		return Cancelled, err
	}
	fallback(&r.ID, newID())
	q, action, err := urlQuestion(protocol.MethodElicit, r, s, s.asker())
	if err != nil {
		return Cancelled, err
	}
	if err := s.ask(ctx, q); err != nil {
		return Cancelled, err
	}
	return *action, nil
}

// urlQuestion makes the question, and notes its id. The action is there when it has been answered.
func urlQuestion(key string, r URLRequest, s *Session, to asker) (q *question, action *Action, err error) {
	if !to.revision.HasURLElicitation() {
		return nil, nil, &UnsupportedError{Method: protocol.MethodElicit, Reason: "its revision of the protocol has no addresses to open"}
	}
	if err := r.check(key); err != nil {
		return nil, nil, err
	}
	params := scan.AppendString([]byte(`{"mode":"url","message":`), r.Message)
	params = append(scan.AppendString(append(params, `,"url":`...), r.URL), '}')
	q = &question{key: key, method: protocol.MethodElicit, params: params, able: to.can.ElicitURL, needs: `{"elicitation":{"url":{}}}`}
	if to.revision.HasElicitationIDs() {
		q.extra = scan.AppendString([]byte(`,"elicitationId":`), r.ID)
		if err := s.issue(r.ID); err != nil {
			return nil, nil, err
		}
	}
	action = new(Action)
	*action = Cancelled
	q.read = func(answer []byte) (err error) {
		*action, err = readAction(key, answer)
		return err
	}
	return q, action, nil
}

// check makes sure that an address is one. It does not repeat it: it may hold a ticket.
func (r *URLRequest) check(key string) error {
	if u, err := url.Parse(r.URL); err != nil || !u.IsAbs() {
		return fmt.Errorf("fastmcp: the address of the question %q is not an absolute URL", key)
	}
	return nil
}

// elicitationKey is what the id of a question is stored under in its request.
type elicitationKey string

// ElicitationID is the id that ElicitURL and RequireURL give the client with the question of that key, in 2025-11-25; ""
// in other revisions. It is random, and the same for the whole of the request: a handler can leave it to whoever serves
// the address, in a ticket for example, which then tells the client that it is done.
func (c *Context) ElicitationID(key string) string {
	if !c.call.Revision.HasElicitationIDs() {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if id, ok := c.locals[elicitationKey(key)].(string); ok {
		return id
	}
	if c.locals == nil {
		c.locals = make(map[any]any)
	}
	id := newID()
	c.locals[elicitationKey(key)] = id
	return id
}

// RequireURL is the error of a handler that cannot go on before the user has been somewhere: a service's consent, a
// payment. The handler returns it, and the client calls again when that is done. The key is as in Elicit; further
// addresses have it with -2, -3 and so on.
//
// A client of 2025-11-25 that can open addresses gets error -32042, which lists them, and does what is to be done itself.
// One of 2026-07-28 is asked as by ElicitURL, and the handler runs again; if it then still needs to be somewhere, it
// returns RequireURL again, which now is an error for the model, with what the user has answered. For any other client it is an
// error for the model, with the addresses, to be passed on to the user.
func RequireURL(c *Context, key string, urls ...URLRequest) error {
	if len(urls) == 0 {
		return fmt.Errorf("fastmcp: RequireURL %q was given no address", key)
	}
	for i := range urls {
		if err := urls[i].check(urlKey(key, i)); err != nil {
			return err
		}
	}
	switch r := c.call.Revision; {
	case r.IsStateless():
		return askURLs(c, key, urls)
	case r.HasElicitationIDs() && c.job.record != nil && c.Can().ElicitURL:
		return c.requireURLs(key, urls)
	}
	var all []string
	for _, u := range urls {
		all = append(all, u.Message+" "+u.URL)
	}
	return Errorf("The user has to open an address in a browser first: %s . Call again when that is done.", strings.Join(all, " ; "))
}

// urlKey is the key of an address of RequireURL.
func urlKey(key string, i int) string {
	if i == 0 {
		return key
	}
	return fmt.Sprintf("%s-%d", key, i+1)
}

// requireURLs is the error of 2025-11-25.
func (c *Context) requireURLs(key string, urls []URLRequest) error {
	type elicitation struct {
		Mode    string `json:"mode"`
		ID      string `json:"elicitationId"`
		URL     string `json:"url"`
		Message string `json:"message"`
	}
	all := make([]elicitation, len(urls))
	for i, u := range urls {
		fallback(&u.ID, c.ElicitationID(urlKey(key, i)))
		if err := c.session.issue(u.ID); err != nil {
			return err
		}
		all[i] = elicitation{"url", u.ID, u.URL, u.Message}
	}
	return &protocol.Error{
		Code: protocol.CodeURLElicitationRequired, Message: "The user has to open an address first",
		Data: map[string]any{"elicitations": all},
	}
}

// askURLs is RequireURL in 2026-07-28, which has no such error.
func askURLs(c *Context, key string, urls []URLRequest) error {
	var failed error
	var refused, agreed []string
	for i, u := range urls { // all are asked at once
		a, err := ElicitURL(c, urlKey(key, i), u.Message, u.URL)
		switch failed = errors.Join(failed, err); {
		case err != nil:
		case a == Accepted:
			agreed = append(agreed, u.Message)
		default:
			refused = append(refused, u.Message)
		}
	}
	switch {
	case failed != nil:
		return failed
	case len(refused) > 0:
		return Errorf("The user does not want to open what this needs: %s", strings.Join(refused, "; "))
	}
	return Errorf("The user has agreed to open an address, but what is to be done there has not been done yet: %s . Call again when it has.", strings.Join(agreed, "; "))
}

// issue notes an id that the client is about to get.
func (s *Session) issue(id string) error {
	if s.record == nil {
		return nil
	}
	return s.record.Issue(id)
}

// ElicitationComplete tells a client of 2025-11-25 that what its user was to do at an address is done
// (notifications/elicitation/complete): it may call again. The id must be one that this session was given, by ElicitURL or
// RequireURL, and is good once; of the last 256 that is known. It is ErrNotIssued otherwise, so that whoever serves the address
// needs to check nothing but the ticket. In 2026-07-28 there is no such notification: the client calls again by itself.
func (s *Session) ElicitationComplete(id string) error {
	if s.record == nil || !s.record.Redeem(id) {
		return ErrNotIssued
	}
	return s.Notify(protocol.NoteElicitationComplete, map[string]string{"elicitationId": id})
}
