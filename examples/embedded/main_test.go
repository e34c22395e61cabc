package main

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

// The line of examples/README.md does what it says, from where a reader is.
func TestReadme(t *testing.T) {
	rows, err := program.Rows("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", rows["embedded"])
	cmd.Dir = "../.."
	if out, err := cmd.Output(); err != nil || string(out) != `{"fahrenheit":212}`+"\n" {
		t.Errorf("%s: %s, %v", rows["embedded"], out, err)
	}
}

func TestEmbedded(t *testing.T) {
	app := newApp()
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Shutdown(context.Background()) }()
	out, err := fastmcp.CallToolAs[convertOutput](t.Context(), app, nil, "convert", convertInput{Celsius: 100})
	if err != nil || out.Fahrenheit != 212 {
		t.Errorf("%+v, %v", out, err)
	}
	ann := &auth.Principal{Issuer: "local", Subject: "ann"}
	for tool, says := range map[string]string{
		"calibrate": "calibrate needs [instrument:write]",
		"none":      "there is no none: there are [convert calibrate]",
		"convert":   "do not fit the tool's schema",
	} {
		if err := call(app, ann, tool, map[string]any{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", tool, err, says)
		}
	}
	ann.Scopes = []string{"instrument:write"}
	if err := call(app, ann, "calibrate", nil); err != nil {
		t.Error(err)
	}
	if _, err := app.CallTool(t.Context(), ann, "convert", convertInput{Celsius: -300}); !errors.As(err, new(*fastmcp.CallError)) {
		t.Error(err)
	}
}
