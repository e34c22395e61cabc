package main

import (
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

func TestSkills(t *testing.T) {
	p := program.Start(t)
	p.Want(p.Call("server/discover", "", ""), `"extensions":{"io.modelcontextprotocol/skills":{"directoryRead":true}}`)
	list := p.Call("skills/list", "", "")
	for _, want := range []string{`"uri":"skill://git-workflow/SKILL.md"`, `"uri":"skill://git-workflow/references/messages.md","digest":"sha256:`, `"name":"meeting-notes"`} {
		p.Want(list, want)
	}
	p.Want(p.Call("skills/get", "", `,"uri":"skill://meeting-notes/SKILL.md"`), `"description":"Turn a transcript into notes. Use it after a meeting."`)
	p.Want(p.Call("resources/directory/read", "", `,"uri":"skill://git-workflow"`), `"uri":"skill://git-workflow/references","name":"references","mimeType":"inode/directory"`)
	p.Want(p.Call("resources/read", "skill://git-workflow/references/messages.md", `,"uri":"skill://git-workflow/references/messages.md"`), `# Messages`)
	p.Readme(`"uri":"skill://git-workflow/SKILL.md"`)
	p.Stop()
}
