package session_test

import (
	"context"
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// printer is a connection that prints.
type printer struct{ done chan struct{} }

func (p *printer) Send(batch ...rpc.Message) error {
	for _, m := range batch {
		fmt.Println(m.ID, string(m.Data))
	}
	return nil
}
func (p *printer) Close(time.Duration) { close(p.done) }

// A call's answer is read by a client that lost its connection while the call ran.
func Example() {
	ctx := context.Background()
	hub := session.New(session.Config{})
	defer hub.Close()

	sue := &auth.Principal{Subject: "sue"}
	created, _ := hub.Create(ctx, session.Opening{Principal: sue, Revision: protocol.V20251125})

	s, _ := created.OpenStream(nil)
	_, _ = s.Append([]byte(`"half"`))
	s.Finish([]byte(`"done"`), nil)

	r, _ := hub.Get(created.ID, sue.Key())
	s, after, _ := r.Stream("1.1") // Last-Event-ID
	p := &printer{done: make(chan struct{})}
	_, _ = s.AttachAt(p, after, sue.ExpiresAt)
	<-p.done
	// Output: 1.2 "done"
}

func ExampleState() {
	ctx := context.Background()
	hub := session.New(session.Config{})
	defer hub.Close()
	r, _ := hub.Create(ctx, session.Opening{})
	for range 3 {
		_ = r.State().Update(ctx, "visits", func(old []byte) ([]byte, error) { return append(old, '|'), nil })
	}
	visits, _, _ := r.State().Get(ctx, "visits")
	fmt.Println(string(visits))
	// Output: |||
}
