package tracing_test

import (
	"io"
	"os"
	"testing"

	"github.com/fastmcp-go/fastmcp/middleware/tracing"
)

// Over standard input and output the transport is a pipe, and nobody has an address.
func TestStdio(t *testing.T) {
	r := newRecorder()
	app := newApp(tracing.New(tracing.Config{TracerProvider: r.provider}))
	in, say, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	hear, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin, stdout := os.Stdin, os.Stdout
	os.Stdin, os.Stdout = in, out
	defer func() { os.Stdin, os.Stdout = stdin, stdout }()
	done := make(chan error, 1)
	go func() { done <- app.ServeStdio(t.Context()) }()
	if _, err := io.WriteString(say, `{"jsonrpc":"2.0","id":"call-7","method":"tools/call","params":{"name":"fine","arguments":{},"_meta":{"traceparent":"`+metaParent+`",`+
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`+"\n"); err != nil {
		t.Fatal(err)
	}
	s := r.span(t, "tools/call fine")
	s.has(t, map[string]any{
		"network.transport": "pipe", "network.protocol.name": nil, "network.protocol.version": nil, "client.address": nil, "jsonrpc.request.id": "call-7", "mcp.session.id": nil,
	})
	if s.Parent.SpanID().String() != metaSpan {
		t.Errorf("%v", s.Parent)
	}
	_ = say.Close() // the end of its input is the client's goodbye
	if err := <-done; err != nil {
		t.Error(err)
	}
	_ = out.Close()
	if answer, err := io.ReadAll(hear); err != nil || len(answer) == 0 {
		t.Errorf("%s, %v", answer, err)
	}
}
