package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

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
