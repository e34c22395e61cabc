package examples_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

// notRun are the rows whose lines are run by no call of Program.Readme: TestReadmeStdio, a test of embedded's own, and go test
// itself, do that.
var notRun = []string{"embedded", "stdio", "testing"}

// TestReadmeHasEveryExample compares the table with the folders, each of which has a test, which runs its line.
func TestReadmeHasEveryExample(t *testing.T) {
	rows, err := program.Rows("README.md")
	if err != nil {
		t.Fatal(err)
	}
	mains, err := filepath.Glob("*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, path := range mains {
		folder := filepath.Dir(path)
		folders = append(folders, folder)
		test, err := os.ReadFile(filepath.Join(folder, "main_test.go"))
		if runs := strings.Contains(string(test), "p.Readme("); err != nil || runs == slices.Contains(notRun, folder) {
			t.Errorf("%s: the test runs the line of README.md: %v, %v", folder, runs, err)
		}
	}
	if named := slices.Sorted(maps.Keys(rows)); len(folders) == 0 || !slices.Equal(named, folders) {
		t.Errorf("README.md has rows for\n%s\nand the folders are\n%s", strings.Join(named, " "), strings.Join(folders, " "))
	}
}

// TestReadmeStdio runs the line of the one that does not listen, from where a reader does.
func TestReadmeStdio(t *testing.T) {
	rows, err := program.Rows("README.md")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", rows["stdio"])
	cmd.Dir = ".."
	if out, err := cmd.Output(); err != nil || string(out) != `{"jsonrpc":"2.0","id":1,"result":{}}`+"\n" {
		t.Errorf("%s: %s, %v", rows["stdio"], out, err)
	}
}
