package skills_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/fstest"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/skills"
)

// A folder of skills is served from any fs.FS, such as an embed.FS.
func ExampleAdd() {
	folder := fstest.MapFS{
		"git-workflow/SKILL.md": {Data: []byte("---\nname: git-workflow\ndescription: How this team commits\n---\n\n# Git\n")},
	}
	app := fastmcp.New(fastmcp.Config{Name: "docs", Stateless: true})
	skills.Add(app, skills.Config{FS: folder, URI: "skill://acme"})

	req := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"skills/list","params":{}}`))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	req.Header.Set("MCP-Protocol-Version", "2025-11-25")
	res, err := app.Test(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(res.Body)
	fmt.Println(strings.ReplaceAll(string(body), ",\"", ",\n\""))
	// Output:
	// {"jsonrpc":"2.0",
	// "id":1,
	// "result":{"skills":[{"uri":"skill://acme/git-workflow/SKILL.md",
	// "frontmatter":{"name":"git-workflow",
	// "description":"How this team commits"},
	// "resources":[{"uri":"skill://acme/git-workflow/SKILL.md",
	// "digest":"sha256:35ccc8976c1542601d72ca55845d92e8983fdf391b65097f2834ab526a1f02fd",
	// "size":69}]}]}}
}

// Files are served as they were when they were read. Reload reads them again; a mistake leaves all as it was.
func ExampleSet_Reload() {
	folder := fstest.MapFS{"a/SKILL.md": {Data: []byte("---\nname: a\ndescription: What a is for\n---\n")}}
	set := skills.Add(fastmcp.New(), skills.Config{FS: folder})

	folder["a/SKILL.md"].Data = []byte("---\nname: b\ndescription: What b is for\n---\n")
	fmt.Println(set.Reload())
	// Output: skills: a/SKILL.md: the name "b" is not that of its folder, "a": make them the same
}
