package program

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// row is a row of the table in examples/README.md: a folder, what it shows, and a line for a shell.
var row = regexp.MustCompile("(?m)^\\| \\[([a-z]+)\\]\\(([a-z]+)/main\\.go\\) \\| .+ \\| `([^`]+)` \\|$")

// Rows are the lines of examples/README.md that a reader is told to try, by folder. path is where it is.
func Rows(path string) (map[string]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(string(b), -1) {
		if m[1] != m[2] || rows[m[1]] != "" {
			return nil, fmt.Errorf("the row of %s leads to %s, or is there twice", m[1], m[2])
		}
		rows[m[1]] = m[3]
	}
	return rows, nil
}

// Readme pastes the line of examples/README.md for the folder of the test into a shell, with the address of the program in
// place of its own, and fails the test unless the answer has want in it. It needs bash and curl.
func (p *Program) Readme(want string) {
	p.t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		p.t.Fatal(err)
	}
	rows, err := Rows(filepath.Join("..", "README.md"))
	if err != nil {
		p.t.Fatal(err)
	}
	line := rows[filepath.Base(dir)]
	if line == "" {
		p.t.Errorf("examples/README.md has no row for %s", filepath.Base(dir))
		return
	}
	at, err := url.Parse(p.URL)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", ". ../try.sh\n"+strings.ReplaceAll(line, "127.0.0.1:8080", at.Host))
	cmd.Env = append(os.Environ(), "MCP="+p.URL)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
		p.t.Errorf("%s\n%v\n%s\nwant %s in it", line, err, out, want)
	}
}
