package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// open opens an address as a browser does, with the password of a user.
func open(t *testing.T, address, user string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		req.SetBasicAuth(user, user+"-secret")
	}
	status, answer := program.Send(t, req)
	return fmt.Sprint(status, " ", answer)
}

func TestURL(t *testing.T) {
	p := program.Start(t)
	for revision, user := range map[string]string{client.Older: "sue", client.Newest: "joe"} {
		t.Run(revision, func(t *testing.T) { buys(t, p.URL, revision, user) })
	}
	p.Readme(`/pay/`)
	p.Stop()
}

// buys has a user agree to open the address, and do so only later.
func buys(t *testing.T, url, revision, user string) {
	asked, pays, done := "", false, make(chan string, 1)
	c := client.Connect(t, url, client.Config{Revision: revision, Token: user + "-0123456789abcdef", Options: mcp.ClientOptions{
		Capabilities: &mcp.ClientCapabilities{Elicitation: &mcp.ElicitationCapabilities{URL: &mcp.URLElicitationCapabilities{}}},
		ElicitationHandler: func(_ context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			asked = r.Params.URL
			if pays {
				if got := open(t, asked, user); got != "200 paid by "+user {
					t.Errorf("the payment: %s", got)
				}
			}
			return &mcp.ElicitResult{Action: "accept"}, nil
		},
		ElicitationCompleteHandler: func(_ context.Context, r *mcp.ElicitationCompleteNotificationRequest) { done <- r.Params.ElicitationID },
	}})

	if got := c.Tool("buy", nil); !strings.HasPrefix(got, "error: the seat is not paid for yet") {
		t.Errorf("who has agreed only: %s", got)
	}
	other := map[string]string{"sue": "joe", "joe": "sue"}[user]
	for who, want := range map[string]string{other: "403 ", "": "401 "} {
		if got := open(t, asked, who); !strings.HasPrefix(got, want) {
			t.Errorf("%q opens the address of %s: %s", who, user, got)
		}
	}
	if got := open(t, asked[:len(asked)-4], user); !strings.HasPrefix(got, "403 ") {
		t.Errorf("half a ticket: %s", got)
	}
	pays = true
	if got := c.Tool("buy", nil); got != "a seat for "+user {
		t.Errorf("who has paid: %s", got)
	}
	if revision == client.Newest {
		return // whose clients come back by themselves
	}
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Error("the client was not told that the payment is done")
	}
}
