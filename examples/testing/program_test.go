package main

import (
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

// TestProgram is not for you to copy: it runs the example as all others are.
func TestProgram(t *testing.T) {
	p := program.Start(t)
	if got := client.Connect(t, p.URL, client.Config{Revision: client.Older}).Tool("add", nil); got != `{"total":1}` {
		t.Error(got)
	}
	p.Stop()
}
