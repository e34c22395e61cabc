package fastmcptest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// updateVariable is the environment variable by which files are written.
const updateVariable = "FASTMCP_UPDATE"

// Snapshot compares the App's tools, as a client is told of them, with those in a file: names, titles, descriptions,
// schemas, annotations and all else, sorted by name, as indented JSON. Where they differ the test fails, and names what
// a client would notice: what breaks its calls first. So a change of a struct that changes a tool does not go by unseen.
//
// With the environment variable FASTMCP_UPDATE=1 the file is written instead; it belongs to the repository:
//
//	FASTMCP_UPDATE=1 go test -run TestTools .
//
// The path is relative to the package, as testdata/tools.json. It serves the App as New does, and so for this test alone: a
// test that has a Client uses Client.Snapshot. The Config says which caller's tools they are, and in which revision.
func Snapshot(t testing.TB, app *fastmcp.App, path string, config ...Config) {
	t.Helper()
	New(t, app, config...).Snapshot(path)
}

// Snapshot is the function of that name, for the App and the Config of the client.
func (c *Client) Snapshot(path string) {
	t := c.t
	t.Helper()
	tools, err := c.describe(t.Context())
	if err != nil {
		t.Fatalf("fastmcptest: listing the tools: %v", err)
	}
	update, err := updating()
	if err != nil {
		t.Fatal(err)
	}
	if update {
		if err := write(path, tools); err != nil {
			t.Fatalf("fastmcptest: writing the snapshot: %v", err)
		}
		t.Logf("fastmcptest: %s is written: %d tools", path, len(tools))
		return
	}
	how := fmt.Sprintf("%s=1 go test -run '%s' .", updateVariable, pattern(t.Name()))
	golden, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Fatalf("fastmcptest: there is no %s. To make it, and then commit it:\n\t%s", path, how)
	} else if err != nil {
		t.Fatalf("fastmcptest: reading the snapshot: %v", err)
	}
	var before []tool
	if err := decode(golden, &before); err != nil {
		t.Fatalf("fastmcptest: %s is no list of tools: %v. To make it anew:\n\t%s", path, err, how)
	}
	if changes := compare(before, tools); len(changes) > 0 {
		t.Errorf("fastmcptest: the tools are not those of %s any more. What clients would notice:\n%s\nIf that is meant, write it anew and commit it:\n\t%s",
			path, strings.Join(changes, "\n"), how)
	}
}

// tool is a tool as it is told to clients.
type tool map[string]any

func (t tool) name() string {
	name, _ := t["name"].(string)
	return name
}

// describe lists the tools as they come over the wire, sorted by name: the SDK's types leave out what they do not know.
func (c *Client) describe(ctx context.Context) (all []tool, err error) {
	fresh := c.Connect(c.t, c.config) // the SDK's client may keep lists, and one that is kept is not on the wire
	for cursor := ""; ; {
		meta, token := fresh.meta()
		page, err := fresh.session.ListTools(ctx, &mcp.ListToolsParams{Meta: meta, Cursor: cursor})
		if err != nil {
			return nil, explained(err)
		}
		var raw struct {
			Tools []tool `json:"tools"`
		}
		if err := decode(fresh.record.result(token), &raw); err != nil {
			return nil, err
		}
		all = append(all, raw.Tools...)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b tool) int { return strings.Compare(a.name(), b.name()) })
	return all, nil
}

// decode keeps numbers as they are written.
func decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return fmt.Errorf("there is more behind it")
	}
	return nil
}

func updating() (bool, error) {
	value := os.Getenv(updateVariable)
	if value == "" {
		return false, nil
	}
	update, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("fastmcptest: %s is %q: set it to 1 to write snapshots, or not at all", updateVariable, value)
	}
	return update, nil
}

// write makes the file: keys are sorted, as encoding/json does, and < is not escaped, for people who read it.
func write(path string, tools []tool) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if tools == nil {
		tools = []tool{}
	}
	if err := e.Encode(tools); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// pattern is what go test -run takes for one test.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
