package fastmcp_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/fastmcp-go/fastmcp"
)

// A file is read at each request. Its type is that of its name, or of its bytes.
func ExampleFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			log.Panic(err)
		}
	}
	write("motd", "Welcome.")
	write("logo", "\x89PNG\r\n\x1a\n")

	app := fastmcp.New()
	app.AddResource(fastmcp.Resource{URI: "file:///etc/motd", Handler: fastmcp.File(filepath.Join(dir, "motd"))})
	app.AddResource(fastmcp.Resource{URI: "logo://small", Handler: fastmcp.File(filepath.Join(dir, "logo"), fastmcp.FileConfig{MaxBytes: 64 << 10})})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.read("file:///etc/motd"))
	write("motd", "Maintenance at noon.")
	fmt.Println(d.read("file:///etc/motd"))
	fmt.Println(d.read("logo://small"))
	// Output:
	// [{"uri":"file:///etc/motd","mimeType":"text/plain","text":"Welcome."}]
	// [{"uri":"file:///etc/motd","mimeType":"text/plain","text":"Maintenance at noon."}]
	// [{"uri":"logo://small","mimeType":"image/png","blob":"iVBORw0KGgo="}]
}

// A file system, such as an embed.FS, is a family of resources. With List clients are told what there is.
func ExampleApp_AddFiles() {
	fsys := fstest.MapFS{ // or //go:embed docs
		"intro.md":       {Data: []byte("# Welcome")},
		"guide/setup.md": {Data: []byte("# Setup")},
		".git/config":    {Data: []byte("secret")},
	}
	app := fastmcp.New()
	app.AddFiles(fastmcp.Files{URI: "docs://", FS: fsys, Name: "docs", Description: "The manual", List: true, Match: []string{"*.md"}})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.ask("resources/list", "", "", "resources"))
	fmt.Println(d.read("docs://guide/setup.md"))
	fmt.Println(d.read("docs://guide/"))
	fmt.Println(d.read("docs://.git/config"))
	fmt.Println(d.read("docs://../../etc/passwd"))
	fmt.Println(d.ask("completion/complete", "", `,"ref":{"type":"ref/resource","uri":"docs://{+path}"},"argument":{"name":"path","value":"set"}`, "completion"))
	// Output:
	// [{"uri":"docs://","name":"docs","description":"The manual","mimeType":"application/json"},{"uri":"docs://guide/setup.md","name":"guide/setup.md","mimeType":"text/markdown","size":7},{"uri":"docs://intro.md","name":"intro.md","mimeType":"text/markdown","size":9}]
	// [{"uri":"docs://guide/setup.md","mimeType":"text/markdown","text":"# Setup"}]
	// [{"uri":"docs://guide/","mimeType":"application/json","text":"{\"entries\":[{\"uri\":\"docs://guide/setup.md\",\"name\":\"setup.md\",\"mimeType\":\"text/markdown\",\"size\":7}]}"}]
	// -32602 Resource not found
	// -32602 Resource not found
	// {"values":["guide/setup.md"]}
}

// Lists are looked through again when they are older than MaxAge; RefreshFiles does so now, and tells clients.
func ExampleApp_RefreshFiles() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	app := fastmcp.New()
	app.AddFiles(fastmcp.Files{URI: "docs://", Dir: dir, List: true})

	d := startDemo(app)
	defer d.stop()
	s := d.session("2025-11-25")
	if err := os.WriteFile(filepath.Join(dir, "new.md"), []byte("# News"), 0o600); err != nil {
		log.Panic(err)
	}
	if err := app.RefreshFiles(); err != nil {
		log.Panic(err)
	}
	fmt.Println(s.news(1)[0].summary())
	fmt.Println(d.read("docs://new.md"))
	// Output:
	// notifications/resources/list_changed
	// [{"uri":"docs://new.md","mimeType":"text/markdown","text":"# News"}]
}
