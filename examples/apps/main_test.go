package main

import (
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

func TestApps(t *testing.T) {
	p := program.Start(t)
	p.Want(p.Call("tools/list", "", ""), `"ui":{"resourceUri":"ui://dice/roll","visibility":["model","app"]},"ui/resourceUri":"ui://dice/roll"`)
	p.Want(p.Call("resources/list", "", ""), `"resources":[]`)
	view := p.Call("resources/read", "ui://dice/roll", `,"uri":"ui://dice/roll"`)
	for _, want := range []string{`"mimeType":"text/html;profile=mcp-app"`, `"text":"<!doctype html>`, `'tools/call', { name: 'roll'`, `"ui":{"prefersBorder":true}`} {
		p.Want(view, want)
	}
	p.Want(p.Tool("roll", `{"sides":2}`), `"sides":2,"shown":false}`)
	p.Want(p.Tool("roll", `{"sides":1}`), `"isError":true`)
	p.Want(p.Call("server/discover", "", ""), `"extensions":{"io.modelcontextprotocol/ui":{}}`)
	p.Readme(`"text":"<!doctype html>`)
	p.Stop()
}
