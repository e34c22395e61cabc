package skills_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/skills"
)

func TestReload(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a/SKILL.md", md("a"), "a/x.txt", "one", "b/SKILL.md", md("b"))
	app, set := newApp(t, skills.Config{Dir: dir})
	entries := func() []entry {
		var list listing
		call(t, app, modern, "", "skills/list", "").into(t, &list)
		return list.Skills
	}
	before := entries()

	// A mistake changes nothing.
	write(t, dir, "a/x.txt", "two", "c/SKILL.md", "# c")
	if err := set.Reload(); err == nil || !strings.Contains(err.Error(), "c/SKILL.md: it does not begin with YAML") {
		t.Errorf("%v", err)
	}
	if got := read(t, app, modern, "skill://a/x.txt"); string(got) != "one" {
		t.Errorf("%q", got)
	}
	checkEntry(t, app, modern, before[0], 2)

	// Neither does a URI that is somebody else's.
	app.AddResource(fastmcp.Resource{URI: "skill://c/SKILL.md", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "mine", nil })})
	write(t, dir, "c/SKILL.md", md("c"))
	if err := set.Reload(); err == nil || !strings.Contains(err.Error(), `"skill://c/SKILL.md" already`) {
		t.Errorf("%v", err)
	}
	if got := read(t, app, modern, "skill://a/x.txt"); string(got) != "one" {
		t.Errorf("%q", got)
	}
	if now := entries(); len(now) != 2 {
		t.Errorf("%+v", now)
	}
	app.RemoveResource("skill://c/SKILL.md")

	// What has changed, come and gone is all there at once.
	write(t, dir, "a/SKILL.md", md("a", "license: MIT"), "a/y.txt", "new", "b/SKILL.md", "no skill any more")
	if err := set.Reload(); err == nil {
		t.Error("b is no skill any more")
	}
	write(t, dir, "b/SKILL.md", md("b"))
	if err := set.Reload(); err != nil {
		t.Fatal(err)
	}
	now := entries()
	if len(now) != 3 {
		t.Fatalf("%+v", now)
	}
	checkEntry(t, app, modern, now[0], 3)
	checkEntry(t, app, modern, now[2], 1)
	var list listing
	call(t, app, modern, "", "resources/list", "").into(t, &list)
	if got := list.uris(); !slices.Equal(got, []string{"skill://a/SKILL.md", "skill://b/SKILL.md", "skill://c/SKILL.md"}) {
		t.Errorf("%v", got)
	}
}

// TestReloadMovesTheGuard has a skill that comes from another source the next time, with the same bytes.
func TestReloadMovesTheGuard(t *testing.T) {
	open, closed := files("a/SKILL.md", md("a"), "a/x.txt", "x"), files()
	app, set := newApp(t, skills.Config{FS: open, Sources: []skills.Source{
		{FS: closed, CanAccess: func(context.Context, *auth.Access) auth.Decision { return auth.Deny() }},
	}})
	read(t, app, modern, "skill://a/x.txt")
	for name, file := range open {
		closed[name] = file
		delete(open, name)
	}
	if err := set.Reload(); err != nil {
		t.Fatal(err)
	}
	for method, u := range map[string]string{"skills/get": "skill://a/SKILL.md", "resources/read": "skill://a/x.txt", "resources/directory/read": "skill://a"} {
		if a := call(t, app, modern, "", method, uri(u)); a.Error == nil || a.Error.Code != -32602 {
			t.Errorf("%s: %s", method, a.Result)
		}
	}
}

// TestReloadWhileServing reads while others reload: nothing is ever missing.
func TestReloadWhileServing(t *testing.T) {
	m := files("a/SKILL.md", md("a"), "a/x.txt", "x")
	app, set := newApp(t, skills.Config{FS: m})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for method, u := range map[string]string{"resources/read": "skill://a/SKILL.md", "skills/get": "skill://a/SKILL.md", "resources/directory/read": "skill://a"} {
				if a := call(t, app, modern, "", method, uri(u)); a.Error != nil {
					t.Errorf("%s: %+v", method, a.Error)
					return
				}
			}
		}
	})
	for i := range 50 {
		m["a/SKILL.md"].Data = []byte(md("a", "version: "+strings.Repeat("1", i+1)))
		if err := set.Reload(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
}

// TestReloadIsTold listens for what Reload announces.
func TestReloadIsTold(t *testing.T) {
	m := files("a/SKILL.md", md("a"), "a/x.txt", "one")
	app := fastmcp.New(fastmcp.Config{Name: "t", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	set := skills.Add(app, skills.Config{FS: m})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Listener(ln) }()
	defer func() {
		if err := app.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+ln.Addr().String()+"/mcp", strings.NewReader(
		`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}},`+
			`"notifications":{"resourcesListChanged":true,"resourceSubscriptions":["skill://a/x.txt"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}, "Mcp-Protocol-Version": {modern}, "Mcp-Method": {"subscriptions/listen"}}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	events := bufio.NewScanner(res.Body)
	next := func(words ...string) {
		t.Helper()
		for events.Scan() {
			if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(events.Text(), w) }) {
				return
			}
		}
		t.Errorf("the stream has ended without %q: %v", words, events.Err())
	}
	next("acknowledged")
	m["a/x.txt"].Data = []byte("two")
	if err := set.Reload(); err != nil {
		t.Fatal(err)
	}
	next(`"notifications/resources/updated"`)
	m["a/SKILL.md"].Data = []byte(md("a", "license: MIT"))
	if err := set.Reload(); err != nil {
		t.Fatal(err)
	}
	next(`"notifications/resources/list_changed"`)
	cancel()
}
