// Url is a server that sends its user to a page in the middle of a tool, for what must not pass through the client: here a
// payment. The ticket in the address makes sure that who opens the page is who was asked.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"strings"
	"sync"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/basicauth"
)

// The client shows a token, the browser a password: here in the source, in your server where secrets belong. Both name the same
// principal, which is who a ticket is for.
var (
	tokens    = map[string]auth.Principal{"sue-0123456789abcdef": {Subject: "sue"}, "joe-0123456789abcdef": {Subject: "joe"}}
	passwords = map[string]string{"sue": "sue-secret", "joe": "joe-secret"}
)

type shop struct {
	app  *fastmcp.App
	base string
	paid sync.Map // by buyer
}

// buy runs again when the user agrees to open the page, in 2026-07-28; before, it waits for that. That they agreed does not
// mean that they paid: the shop knows that by itself.
func (s *shop) buy(c *fastmcp.Context) (string, error) {
	ticket, err := c.Ticket([]byte(c.Session().ID() + " " + c.ElicitationID("pay")))
	if err != nil {
		return "", err
	}
	switch action, err := fastmcp.ElicitURL(c, "pay", "Pay for a seat", s.base+"/pay/"+ticket); {
	case err != nil:
		return "", err
	case action != fastmcp.Accepted:
		return "no seat", nil
	}
	if _, paid := s.paid.Load(c.Principal().Subject); !paid {
		return "", fastmcp.Errorf("the seat is not paid for yet: call buy again when it is")
	}
	return "a seat for " + c.Principal().Subject, nil
}

// pay is the page. Somebody who was sent the address is refused, so that nobody pays for another.
func (s *shop) pay(c *fiber.Ctx) error {
	user := c.Locals("username").(string)
	data, err := s.app.Redeem(c.Params("ticket"), &auth.Principal{Subject: user})
	switch {
	case errors.Is(err, fastmcp.ErrTicketExpired):
		return fiber.NewError(fiber.StatusGone, "This address is too old: ask for a new one.")
	case err != nil:
		return fiber.NewError(fiber.StatusForbidden, "This address is not yours.")
	}
	s.paid.Store(user, true)
	session, id, _ := strings.Cut(string(data), " ")
	if open := s.app.Session(session); open != nil {
		_ = open.ElicitationComplete(id) // tells a client of 2025-11-25 that it may call again; others have no id
	}
	return c.SendString("paid by " + user)
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}

	app := fastmcp.New(fastmcp.Config{Name: "url", Version: "1.0.0", Auth: auth.New(auth.Config{Verifiers: []auth.Verifier{auth.Tokens(tokens)}})})
	s := &shop{app: app, base: "http://" + ln.Addr().String()}
	app.AddTool(fastmcp.Tool{Name: "buy", Description: "Buy a seat", Handler: fastmcp.Get(s.buy)})
	app.Fiber().Use("/pay", basicauth.New(basicauth.Config{Users: passwords})) // the browser asks its user by itself
	app.AddRoute(fiber.MethodGet, "/pay/:ticket", s.pay, fastmcp.RouteConfig{Public: true})

	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
