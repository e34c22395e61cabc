// Stdio is a small MCP server that its client starts and speaks to over standard input and output. Build it, and give
// its path to the client as the command:
//
//	go build -o notes ./examples/stdio
//
// Standard output belongs to the protocol: what is for people goes to standard error.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// notebook keeps notes for as long as the process lives, which is as long as its client wants it.
type notebook struct {
	mu    sync.Mutex
	notes []string
}

type noteInput struct {
	Text string `json:"text" validate:"required,max=1000" description:"what to remember"`
}

type noteOutput struct {
	Number int `json:"number"`
}

func (n *notebook) write(c *fastmcp.Context, in noteInput) (noteOutput, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.notes = append(n.notes, in.Text)
	c.Log().Info("noted", "number", len(n.notes)) // to standard error, for the operator
	return noteOutput{Number: len(n.notes)}, nil
}

type readInput struct {
	Number int `json:"number" validate:"required,gte=1" description:"which note, from 1 on"`
}

func (n *notebook) read(_ *fastmcp.Context, in readInput) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if in.Number > len(n.notes) {
		return "", fastmcp.Errorf("there are %d notes", len(n.notes))
	}
	return n.notes[in.Number-1], nil
}

type reviewInput struct {
	PauseMS int `json:"pause_ms" validate:"gte=0,lte=60000" default:"100" description:"milliseconds to look at each note"`
}

// review looks at each note for a while. It tells how far it is, and stops when its client cancels.
func (n *notebook) review(c *fastmcp.Context, in reviewInput) (string, error) {
	n.mu.Lock()
	notes := n.notes[:len(n.notes):len(n.notes)]
	n.mu.Unlock()
	for i, text := range notes {
		if err := c.Progress(float64(i+1), float64(len(notes)), text); err != nil {
			return "", err
		}
		select {
		case <-c.Done():
			return "", c.Err()
		case <-time.After(time.Duration(in.PauseMS) * time.Millisecond):
		}
	}
	return fmt.Sprintf("%d notes reviewed", len(notes)), nil
}

func main() {
	app := fastmcp.New(fastmcp.Config{Name: "notes", Version: "1.0.0", Instructions: "Remembers notes until it is stopped."})
	n := &notebook{}
	app.AddTool(fastmcp.Tool{Name: "write_note", Description: "Remember a note", Handler: fastmcp.Typed(n.write)})
	app.AddTool(fastmcp.Tool{Name: "read_note", Description: "Read a note", Handler: fastmcp.Typed(n.read)})
	app.AddTool(fastmcp.Tool{Name: "review_notes", Description: "Look at every note, with progress", Handler: fastmcp.Typed(n.review)})
	if err := app.ServeStdio(context.Background()); err != nil {
		slog.Error("serving failed", "error", err)
		os.Exit(1)
	}
}
