package fastmcptest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
	"github.com/fastmcp-go/fastmcp/protocol"
)

func TestToolsAreThoseOfTheSnapshot(t *testing.T) {
	fastmcptest.Snapshot(t, newApp(), "testdata/tools.json")
}

// A snapshot is one of a caller and a revision, and whoever keeps lists sees those of today all the same.
func TestSnapshotOfACaller(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "tools.json")
	app := func(extra bool) *fastmcp.App {
		app := newApp(fastmcp.Config{PageSize: 3, Auth: auth.New(auth.Config{Optional: true, Verifiers: []auth.Verifier{
			auth.Tokens(map[string]auth.Principal{"alice-token-0123456789": {Subject: "alice"}}),
		}})})
		app.AddTool(fastmcp.Tool{Name: "hidden", CanAccess: auth.RequireAuth(), Handler: fastmcp.Get(order)})
		if extra {
			app.AddTool(fastmcp.Tool{Name: "extra", Handler: fastmcp.Get(order)})
		}
		return app
	}
	t.Setenv("FASTMCP_UPDATE", "true")
	try("TestA", func(t testing.TB) { fastmcptest.Snapshot(t, app(false), path) }).passes(t, path+" is written: 7 tools")
	t.Setenv("FASTMCP_UPDATE", "0")
	try("TestA", func(t testing.TB) { fastmcptest.Snapshot(t, app(false), path) }).passes(t)
	try("TestA", func(t testing.TB) {
		c := fastmcptest.New(t, app(true), fastmcptest.Config{Token: "alice-token-0123456789"})
		if _, err := c.Tools(t.Context()); err != nil {
			t.Error(err)
		}
		c.Snapshot(path)
	}).fails(t, "extra: the tool is new", "hidden: the tool is new")
	try("TestA", func(t testing.TB) {
		fastmcptest.Snapshot(t, app(false), path, fastmcptest.Config{Revision: "2025-03-26"})
	}).fails(t, "add: outputSchema is gone")
}

func TestSnapshotFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	snapshot := func(path string) *trial {
		return try("TestTools/of (all)", func(t testing.TB) { fastmcptest.Snapshot(t, newApp(), path) })
	}
	command := `FASTMCP_UPDATE=1 go test -run '^TestTools$/^of \(all\)$' .`
	missing := filepath.Join(dir, "missing.json")
	snapshot(missing).fails(t, "there is no "+missing, "commit it", command)
	if _, err := os.Stat(missing); err == nil {
		t.Error("it was made")
	}
	snapshot(file("text", "tools")).fails(t, "is no list of tools", command)
	snapshot(file("object", `{"tools":[]}`)).fails(t, "is no list of tools", command)
	snapshot(file("two", `[] []`)).fails(t, "there is more behind it", command)
	snapshot(file("empty", `[]`)).fails(t, "add: the tool is new", "What clients would notice", command)
	snapshot(dir).fails(t, "reading the snapshot")
	t.Setenv("FASTMCP_UPDATE", "please")
	snapshot(file("any", `[]`)).fails(t, `FASTMCP_UPDATE is "please": set it to 1`)
	t.Setenv("FASTMCP_UPDATE", "1")
	snapshot(dir).fails(t, "writing the snapshot")
	snapshot(filepath.Join(dir, "text", "tools.json")).fails(t, "writing the snapshot")
	written := filepath.Join(dir, "tools.json")
	snapshot(written).passes(t, "is written")
	got, err := os.ReadFile(written)
	want, errWant := os.ReadFile("testdata/tools.json")
	if err != nil || errWant != nil || string(got) != string(want) {
		t.Errorf("%v %v %s", err, errWant, got)
	}
}

// The report says what became of whom, what breaks clients first.
func TestSnapshotTellsWhatChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tools.json")
	type before struct {
		Name  string   `json:"name" validate:"required,max=20" description:"who <it> is"`
		Size  string   `json:"size" validate:"required,oneof=small large"`
		Count int      `json:"count" validate:"min=1,max=9"`
		Gone  string   `json:"gone"`
		Tags  []string `json:"tags"`
		At    struct {
			Street string `json:"street"`
		} `json:"at"`
	}
	type after struct {
		Name  string `json:"name" validate:"max=10" description:"who it is"`
		Size  string `json:"size" validate:"required,oneof=small huge"`
		Count int    `json:"count" validate:"min=1,max=12"`
		Tags  []int  `json:"tags"`
		At    struct {
			Street string `json:"street" validate:"required"`
		} `json:"at"`
		New  string `json:"new" validate:"required"`
		Free string `json:"free"`
	}
	type outBefore struct {
		Sum  int    `json:"sum"`
		Unit string `json:"unit"`
	}
	type outAfter struct {
		Sum string `json:"sum"`
	}
	app := fastmcp.New(fastmcp.Config{Log: quiet()})
	app.AddTool(fastmcp.Tool{Name: "do", Description: "Do it", Annotations: &protocol.ToolAnnotations{Title: "Do"}, Handler: fastmcp.Typed(func(_ *fastmcp.Context, _ before) (outBefore, error) {
		return outBefore{}, nil
	})})
	app.AddTool(fastmcp.Tool{Name: "old", Handler: fastmcp.Get(order)})
	app.AddTool(fastmcp.Tool{Name: "same", Handler: fastmcp.Get(order)})
	t.Setenv("FASTMCP_UPDATE", "1")
	try("TestA", func(t testing.TB) { fastmcptest.Snapshot(t, app, path) }).passes(t)
	t.Setenv("FASTMCP_UPDATE", "")

	app = fastmcp.New(fastmcp.Config{Log: quiet()})
	app.AddTool(fastmcp.Tool{Name: "same", Handler: fastmcp.Get(order)})
	app.AddTool(fastmcp.Tool{Name: "do", Description: "Do <it> well", Handler: fastmcp.Typed(func(_ *fastmcp.Context, _ after) (outAfter, error) {
		return outAfter{}, nil
	})})
	trial := try("TestA", func(t testing.TB) { fastmcptest.Snapshot(t, app, path) })
	for _, line := range []string{
		`  breaks  do: argument "at.street" is now required`,
		`  breaks  do: argument "gone" is gone`,
		`  breaks  do: argument "name": maxLength: was 20, is 10`,
		`  differs do: argument "name" is not required any more`,
		`  differs do: argument "name": description: was "who <it> is", is "who it is"`,
		`  breaks  do: argument "new" is new, and required`,
		`  differs do: argument "free" is new`,
		`  breaks  do: argument "size": the value "large" is gone`,
		`  differs do: argument "size": the value "huge" is new`,
		`  differs do: argument "count": maximum: was 9, is 12`,
		`  breaks  do: argument "tags[]": type: was "string", is "integer"`,
		`  breaks  do: result field "sum": type: was "integer", is "string"`,
		`  breaks  do: result field "unit" is gone`,
		`  differs do: description: was "Do it", is "Do <it> well"`,
		`  differs do: annotations.title is gone: was "Do"`,
		`  breaks  old: the tool is gone`,
	} {
		trial.fails(t, line)
	}
	lines := strings.Split(trial.text(), "\n")
	breaks := true
	for _, line := range lines[1:] {
		if strings.HasPrefix(line, "  breaks") && !breaks {
			t.Errorf("what breaks does not come first: %s", trial.text())
		}
		breaks = breaks && strings.HasPrefix(line, "  breaks")
		if strings.Contains(line, "same") {
			t.Errorf("what is the same has changed: %s", line)
		}
	}
}
