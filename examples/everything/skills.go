package main

import (
	"embed"
	"io/fs"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/skills"
)

//go:embed skills
var skillFiles embed.FS

// addSkills adds two skills, one of them with a folder in it.
func addSkills(app *fastmcp.App) {
	folder, err := fs.Sub(skillFiles, "skills")
	if err != nil {
		panic(err)
	}
	skills.Add(app, skills.Config{FS: folder})
}
