package fastmcp_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

func TestInfo(t *testing.T) {
	secret := bytes.Repeat([]byte("s3cret"), 6)
	app := fastmcp.New(fastmcp.Config{
		Name: "calculator", Version: "1.2.3", Title: "Calculator", Keys: [][]byte{secret, bytes.Repeat([]byte("S3cret"), 6)}, Hosts: []string{"a.example", "b.example"},
		Storage: &mapped{values: map[string][]byte{}}, Lenient: true,
		HTTP: fastmcp.HTTPConfig{Path: "/x", MaxBody: 1 << 10, ReadTimeout: 3 * time.Second}, On: fastmcp.Events{Connect: func(*fastmcp.Session) {}},
	})
	nobody := auth.RequireScopes("nobody")
	text := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", nil })
	app.AddTool(addTool)
	app.AddTool(fastmcp.Tool{Name: "hidden", CanAccess: nobody, Task: fastmcp.TaskOptional, Handler: text})
	app.AddResource(fastmcp.Resource{URI: "x://r", Name: "r", CanAccess: nobody, Handler: text})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{URI: "x://{id}", Name: "t", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct {
		ID string `json:"id"`
	}) (string, error) {
		return in.ID, nil
	})})
	app.AddPrompt(fastmcp.Prompt{Name: "p", Handler: text})
	app.Use(func(c *fastmcp.Context) error { return c.Next() })
	if err := app.SetToolEnabled("add", false); err != nil {
		t.Fatal(err)
	}
	i := app.Info()
	for what, c := range map[string][2][]string{
		"tools": {i.Tools, {"add", "hidden"}}, "off": {i.Off, {"add"}}, "resources": {i.Resources, {"x://r"}}, "templates": {i.Templates, {"x://{id}"}},
		"prompts": {i.Prompts, {"p"}}, "methods": {i.Methods, nil}, "endpoints": {i.Endpoints, {"/x", "/sse", "/messages"}},
		"revisions":    {i.Revisions, {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"}},
		"capabilities": {i.Capabilities, {"completions", "logging", "prompts", "resources", "tools", "tasks"}},
		"extensions":   {i.Extensions, {fastmcp.ExtensionTasks}}, "chain": {i.Chain, app.Chain()},
	} {
		if !slices.Equal(c[0], c[1]) {
			t.Errorf("%s: %q, want %q", what, c[0], c[1])
		}
	}
	settings := map[string]string{}
	for _, s := range i.Settings {
		settings[s.Name] = s.Value
	}
	want := map[string]string{
		"Title": "Calculator", "Storage": "*fastmcp_test.mapped", "Keys": "2, newest first", "On.Connect": "set", "Lenient": "true",
		"Hosts": "a.example, b.example", "HTTP.Path": "/x", "HTTP.MaxBody": "1024", "HTTP.ReadTimeout": "3s",
	}
	if fmt.Sprint(settings) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", settings, want)
	}
	printed := i.String()
	for _, line := range []string{"calculator 1.2.3\n", "tools        2: add, hidden\n", "off          add\n", "setting      HTTP.MaxBody = 1024\n", "storage      storage, kept in this process: Atomic, Log, Bus, Index\n"} {
		if !strings.Contains(printed, line) {
			t.Errorf("no %q in\n%s", line, printed)
		}
	}
	if strings.Contains(printed, "s3cret") {
		t.Error("it tells a key")
	}
}

// An App that has nothing has little to tell.
func TestInfoOfNothing(t *testing.T) {
	i := fastmcp.New(fastmcp.Config{Stateless: true}).Info()
	if len(i.Settings) != 1 || i.Settings[0] != (fastmcp.Setting{Name: "Stateless", Value: "true"}) || !slices.Equal(i.Endpoints, []string{"/mcp"}) || i.Storage.Mode != "memory" {
		t.Errorf("%+v", i)
	}
	if s := i.String(); strings.Contains(s, "tools   ") || !strings.Contains(s, "storage      memory\n") {
		t.Error(s)
	}
}
