package fastmcptest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// patience bounds what is waited for when a context has no deadline.
const patience = 10 * time.Second

// bounded is ctx with a deadline.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, patience)
}

// Notes are the params of all notifications of a method that have come so far, as JSON, in the order in which they came;
// nil stands for one without params. What a call has sent on its own stream is there when the call has returned; for
// what comes on others, such as notifications/tools/list_changed, use WaitNote.
func (c *Client) Notes(method string) [][]byte { return c.record.all(method) }

// WaitNote waits for a notification of a method, and gives its params as JSON: the first one that has come since the
// client was made, then with each further call the next. It fails the test when ctx ends before; one without a deadline
// ends after 10 s. Call it on the test's own goroutine.
//
// In 2026-07-28 there are no notifications outside of requests but those that were subscribed to: changed lists, for which
// New sees, and the resources of Subscribe.
func (c *Client) WaitNote(ctx context.Context, method string) []byte {
	c.t.Helper()
	ctx, cancel := bounded(ctx)
	defer cancel()
	params, err := c.record.next(ctx, method)
	if err != nil {
		came := strings.Join(c.record.methods(), ", ")
		if came == "" {
			came = "nothing"
		}
		c.t.Fatalf("fastmcptest: no %s came (%v). What came: %s. %s", method, err, came, hintFor(method))
	}
	return params
}

// hintFor says what a notification needs.
func hintFor(method string) string {
	switch method {
	case "notifications/message":
		return "Context.ClientLog sends them, from Config.Level on: set it, to \"debug\" for all."
	case "notifications/progress":
		return "Context.Progress and Context.Stream send them, for calls that Client.Call, Read or Prompt has made."
	case "notifications/resources/updated":
		return "App.ResourceUpdated sends them, to those who have called Client.Subscribe for that URI."
	}
	return "Has the App sent it, to this client, in this revision?"
}

// Subscribe asks to be told when a resource changes, with notifications/resources/updated; in all revisions it returns
// when that is agreed. A URI that is subscribed to already is left as it is.
func (c *Client) Subscribe(ctx context.Context, uri string) error {
	c.subscribing.Lock()
	defer c.subscribing.Unlock()
	if slices.Contains(c.subscribed, uri) {
		return nil
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	before := len(c.record.all(acknowledged))
	if err := c.session.Subscribe(ctx, &mcp.SubscribeParams{URI: uri}); err != nil {
		return explained(err)
	}
	if c.config.stateless() {
		if err := c.acknowledged(ctx, before, uri); err != nil {
			_ = c.session.Unsubscribe(ctx, &mcp.UnsubscribeParams{URI: uri})
			return err
		}
	}
	c.subscribed = append(c.subscribed, uri)
	return nil
}

// Unsubscribe takes a Subscribe back.
func (c *Client) Unsubscribe(ctx context.Context, uri string) error {
	c.subscribing.Lock()
	defer c.subscribing.Unlock()
	c.subscribed = slices.DeleteFunc(c.subscribed, func(s string) bool { return s == uri })
	return explained(c.session.Unsubscribe(ctx, &mcp.UnsubscribeParams{URI: uri}))
}

// acknowledged is what begins each stream of 2026-07-28 that was subscribed to (SEP-2575).
const acknowledged = "notifications/subscriptions/acknowledged"

// listening waits for the acknowledgement of a subscriptions/listen that the SDK's client has sent: it does not wait
// itself, and what changes before would be missed. before is how many there were.
func (c *Client) listening(ctx context.Context, before int) (ack []byte, err error) {
	refused := false
	err = c.record.wait(ctx, func() bool {
		if all := c.record.of(acknowledged); len(all) > before {
			ack = all[before]
			return true
		}
		refused = c.record.refused
		return refused
	})
	if err == nil && refused {
		err = fmt.Errorf("fastmcptest: the App has refused %s", protocol.MethodListen)
	}
	return ack, err
}

func (c *Client) acknowledged(ctx context.Context, before int, uri string) error {
	ack, err := c.listening(ctx, before)
	if err != nil {
		return err
	}
	var granted struct {
		Notifications struct {
			ResourceSubscriptions []string `json:"resourceSubscriptions"`
		} `json:"notifications"`
	}
	if err := json.Unmarshal(ack, &granted); err != nil {
		return fmt.Errorf("fastmcptest: %s: %w", acknowledged, err)
	}
	if !slices.Contains(granted.Notifications.ResourceSubscriptions, uri) {
		return fmt.Errorf("fastmcptest: %s cannot be subscribed to: this caller has no such resource", uri)
	}
	return nil
}
