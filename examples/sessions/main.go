// Sessions is a server with reminders. The session of a client keeps what its requests leave for each other, and the server
// begins by itself: when the time has come it has the client's model put the reminder into words, and tells the client.
// In 2026-07-28 there are no sessions; the tools say so.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

type remindInput struct {
	About string `json:"about" validate:"required,max=200" description:"what to be reminded of"`
	InMS  int    `json:"in_ms" validate:"gte=0,lte=3600000" default:"5000" description:"in how many milliseconds"`
}

// remind leaves the reminder in the session, and answers at once.
func remind(c *fastmcp.Context, in remindInput) (string, error) {
	s := c.Session()
	var all []string
	err := s.Update(c, "reminders", func(old []byte) ([]byte, error) { // of two requests at once neither is lost
		all = nil
		if old != nil {
			if err := json.Unmarshal(old, &all); err != nil {
				return nil, err
			}
		}
		all = append(all, in.About)
		return json.Marshal(all)
	})
	if errors.Is(err, fastmcp.ErrNoSession) {
		return "", fastmcp.Errorf("your client has no session, so nothing can be kept for it, and nobody could be told")
	} else if err != nil {
		return "", err
	}
	time.AfterFunc(time.Duration(in.InMS)*time.Millisecond, func() { ring(s, in.About) })
	return fmt.Sprintf("reminder %d is set", len(all)), nil
}

// ring runs outside of any request, so it asks the session, and not a Context.
func ring(s *fastmcp.Session, about string) {
	text := "Remember: " + about
	r, err := s.Sample(context.Background(), fastmcp.SampleRequest{Prompt: "Remind the user kindly, in one sentence, of this: " + about, MaxTokens: 60})
	switch {
	case err == nil:
		text = r.Text()
	case errors.Is(err, fastmcp.ErrSessionEnded):
		return
	case !errors.Is(err, fastmcp.ErrUnsupported) && !errors.Is(err, fastmcp.ErrNoStream): // those do without
		slog.Warn("sampling", "error", err)
	}
	// Clients show log messages; those of a method of your own are for clients of your own.
	if err := s.Notify("notifications/message", map[string]any{"level": "notice", "logger": "reminders", "data": text}); err != nil {
		slog.Warn("notifying", "error", err)
	}
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{
		Name: "reminders", Version: "1.0.0",
		Sessions: fastmcp.SessionConfig{TTL: 24 * time.Hour}, // without use
		On: fastmcp.Events{ // who has a session's id can use it: keep it out of logs
			Connect:    func(s *fastmcp.Session) { slog.Info("came", "client", s.Client().Name, "revision", s.Revision()) },
			Reachable:  func(s *fastmcp.Session) { slog.Info("can be told", "client", s.Client().Name) },
			Disconnect: func(s *fastmcp.Session) { slog.Info("went", "client", s.Client().Name) },
		},
	})
	app.AddTool(fastmcp.Tool{Name: "remind", Description: "Set a reminder", Handler: fastmcp.Typed(remind)})

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
