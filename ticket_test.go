package fastmcp_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

func TestTickets(t *testing.T) {
	ann, bob := &auth.Principal{Issuer: "i", Subject: "ann"}, &auth.Principal{Issuer: "i", Subject: "bob"}
	renewed := &auth.Principal{Issuer: "i", Subject: "ann", Scopes: []string{"more"}, ExpiresAt: time.Now().Add(time.Hour)}
	keys := [][]byte{[]byte(strings.Repeat("k1", 20))}
	app, _ := newApp(t, fastmcp.Config{Keys: keys})
	other, _ := newApp(t, fastmcp.Config{Keys: keys})
	stranger, _ := newApp(t, fastmcp.Config{})
	ticket, err := app.Ticket(ann, []byte("order 7"))
	if err != nil || !regexp.MustCompile(`^[A-Za-z0-9_-]{20,}$`).MatchString(ticket) || strings.Contains(ticket, "order") {
		t.Fatal(ticket, err)
	}
	for name, c := range map[string]struct {
		app  *fastmcp.App
		p    *auth.Principal
		text string
		err  error
	}{
		"its own": {app, ann, ticket, nil}, "again": {app, ann, ticket, nil}, "renewed": {app, renewed, ticket, nil}, "another node": {other, ann, ticket, nil},
		"another's": {app, bob, ticket, fastmcp.ErrTicket}, "nobody": {app, nil, ticket, fastmcp.ErrTicket}, "other keys": {stranger, ann, ticket, fastmcp.ErrTicket},
		"tampered": {app, ann, ticket[:30] + "A" + ticket[31:], fastmcp.ErrTicket}, "cut off": {app, ann, ticket[:len(ticket)-1], fastmcp.ErrTicket},
		"none": {app, ann, "", fastmcp.ErrTicket}, "long": {app, ann, strings.Repeat("A", 1<<20), fastmcp.ErrTicket},
	} {
		data, err := c.app.Redeem(c.text, c.p)
		if !errors.Is(err, c.err) || c.err == nil && string(data) != "order 7" || c.err != nil && data != nil {
			t.Errorf("%s: %q %v", name, data, err)
		}
	}
	nobody, err := app.Ticket(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Redeem(nobody, nil); err != nil {
		t.Error(err)
	}
	if _, err := app.Redeem(nobody, ann); !errors.Is(err, fastmcp.ErrTicket) {
		t.Errorf("an anonymous ticket is somebody's: %v", err)
	}
	if _, err := app.Ticket(ann, make([]byte, fastmcp.MaxTicketData)); err != nil {
		t.Error(err)
	}
	if _, err := app.Ticket(ann, make([]byte, fastmcp.MaxTicketData+1)); err == nil || !strings.Contains(err.Error(), "2048 bytes at most") {
		t.Error(err)
	}
}

func TestTicketsExpire(t *testing.T) {
	ann := &auth.Principal{Subject: "ann"}
	app, _ := newApp(t, fastmcp.Config{AskTTL: time.Millisecond})
	ticket, err := app.Ticket(ann, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "it expires", func() bool { _, err := app.Redeem(ticket, ann); return errors.Is(err, fastmcp.ErrTicketExpired) })
	if _, err := app.Redeem(ticket, &auth.Principal{Subject: "bob"}); !errors.Is(err, fastmcp.ErrTicket) || errors.Is(err, fastmcp.ErrTicketExpired) {
		t.Errorf("another learns that it was one: %v", err)
	}
}

// TestTicketIsNoState hands the state of a question to Redeem: what is sealed for one purpose is good for no other.
func TestTicketIsNoState(t *testing.T) {
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		ticket, err := c.Ticket([]byte("mine"))
		if err != nil {
			return nil, err
		}
		_, err = fastmcp.ElicitURL(c, "u", "Pay", "https://x.example/"+ticket)
		return "", err
	})
	q := s.round(nil, "t", `{}`, allCapabilities, "").inputs(t)
	if _, err := s.app.Redeem(q.State, nil); !errors.Is(err, fastmcp.ErrTicket) {
		t.Error(err)
	}
	_, ticket, _ := strings.Cut(string(q.Requests["u"].Params), "https://x.example/")
	ticket, _, _ = strings.Cut(ticket, `"`)
	if data, err := s.app.Redeem(ticket, nil); err != nil || string(data) != "mine" {
		t.Errorf("%q %v", data, err)
	}
	a := s.round(nil, "t", `{}`, allCapabilities, `"requestState":"`+ticket+`"`)
	if e := a.message(t).Error; e == nil || e.Code != -32602 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
