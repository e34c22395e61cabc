package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

func read(p *program.Program, uri string) []string {
	return p.Call("resources/read", uri, `,"uri":"`+uri+`"`)
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("march.csv", "day,sales\n1,20\n")
	write("draft.md", "secret")
	write("motd", "Welcome.")
	p := program.Start(t, "-dir", dir, "-motd", filepath.Join(dir, "motd"))

	list := p.Call("resources/list", "", "")
	for _, uri := range []string{"docs://", "docs://guide/setup.md", "docs://intro.md", "reports://", "reports://march.csv", "file:///etc/motd"} {
		p.Want(list, `"uri":"`+uri+`"`)
	}
	p.Want(read(p, "docs://guide/setup.md"), `There is nothing to set up.`)
	p.Want(read(p, "docs://"), `docs://guide/`)
	for _, uri := range []string{"docs://../main.go", "docs://nosuch", "reports://draft.md", "reports://motd", "reports://../../etc/passwd"} {
		p.Want(read(p, uri), `"code":-32602,"message":"Resource not found"`)
	}
	p.Want(read(p, "reports://march.csv"), `"mimeType":"text/csv","text":"day,sales\n1,20\n"`)
	write("march.csv", "day,sales\n1,21\n")
	p.Want(read(p, "reports://march.csv"), `1,21`)
	p.Want(read(p, "file:///etc/motd"), `"mimeType":"text/plain","text":"Welcome."`)
	p.Want(p.Call("completion/complete", "", `,"ref":{"type":"ref/resource","uri":"docs://{+path}"},"argument":{"name":"path","value":"intro"}`), `"values":["intro.md"]`)
	for _, other := range []string{"draft.md", "reports://motd"} {
		if strings.Contains(list[0], other) {
			t.Errorf("%s is listed: %s", other, list[0])
		}
	}
	p.Readme(`There is nothing to set up.`)
	p.Stop()
}
