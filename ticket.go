package fastmcp

import (
	"errors"
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/seal"
)

// ticketPurpose is what tickets are sealed for: no state of a question is one.
const ticketPurpose = "ticket"

// MaxTicketData is how many bytes a ticket may hold, so that it fits in an address: some 2,800 characters.
const MaxTicketData = 2 << 10

var (
	// ErrTicket is what App.Redeem says of what is no ticket, or not one of this principal's: the two are not told apart.
	ErrTicket = errors.New("fastmcp: this is not a ticket of this caller's")
	// ErrTicketExpired is what App.Redeem says of a ticket of this principal's that is older than Config.AskTTL.
	ErrTicketExpired = errors.New("fastmcp: the ticket has expired")
)

// Ticket is App.Ticket for who is calling.
func (c *Context) Ticket(data []byte) (string, error) {
	return c.engine.app.Ticket(c.Principal(), data)
}

// Ticket seals data, at most MaxTicketData bytes, for an address that a user is asked to open (ElicitURL, RequireURL): only
// Redeem opens it, only for the same principal, and for Config.AskTTL. It is of letters, digits, - and _, and shows nothing
// of what it holds: which request it belongs to, the session and Context.ElicitationID.
//
// This is what the protocol asks for where it says that the server must make sure that who opens the address is who was
// asked (MCP, elicitation, URL mode: phishing): an address that a user has been talked into opening for somebody else is
// refused. It needs a route that knows its caller by other means than the address: PrincipalOf, or a login of its own that
// gives the same Principal.
//
// A ticket of an anonymous caller, p nil, proves less: that this server has made it, for a caller without a name, not
// long ago. Whoever has the address is taken for who was asked. It is not bound to the session either, because a browser
// has none to show. That is enough on one's own machine, and nowhere else.
//
// It can be redeemed more than once: what must happen once needs a store. Nodes that redeem each other's need the same
// Config.Keys.
func (a *App) Ticket(p *auth.Principal, data []byte) (string, error) {
	if len(data) > MaxTicketData {
		return "", fmt.Errorf("fastmcp: a ticket holds %d bytes at most, and not %d", MaxTicketData, len(data))
	}
	ticket, err := a.engine().keys.Seal(ticketPurpose, ticketBinding(p), time.Now().Add(a.config.AskTTL), data)
	if err != nil {
		return "", fmt.Errorf("fastmcp: the ticket: %w", err)
	}
	return ticket, nil
}

// Redeem opens a ticket for who has come with it; nil is anonymous. The error is ErrTicket or ErrTicketExpired, by errors.Is.
func (a *App) Redeem(ticket string, p *auth.Principal) ([]byte, error) {
	data, err := a.engine().keys.Open(ticketPurpose, ticketBinding(p), time.Now(), ticket)
	switch {
	case errors.Is(err, seal.ErrExpired):
		return nil, ErrTicketExpired
	case err != nil:
		return nil, ErrTicket
	}
	return data, nil
}

// ticketBinding is who a ticket belongs to. An anonymous caller's is nobody else's, either: no principal has this key.
func ticketBinding(p *auth.Principal) []byte { return seal.Bind([]byte(p.Key())) }
