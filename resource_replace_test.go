package fastmcp_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/fastmcp-go/fastmcp"
)

func telling(text string) fastmcp.Func {
	return fastmcp.Get(func(*fastmcp.Context) (string, error) { return text, nil })
}

func TestUnlistedResource(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{PageSize: 1})
	app.AddResource(fastmcp.Resource{URI: "test://a", Handler: telling("a")})
	app.AddResource(fastmcp.Resource{URI: "test://hidden", Unlisted: true, Handler: telling("found")})
	app.AddResource(fastmcp.Resource{URI: "test://b", Handler: telling("b")})
	s := serve(t, app, l)
	for _, m := range []message{
		s.inquire("", "resources/list", "", "").message(t),
		s.inquire("", "resources/list", "", `"cursor":"cmVzb3VyY2VzOjE6dGVzdDovL2hpZGRlbg"`).message(t), // resources:1:test://hidden
		s.open("2025-11-25").send("resources/list", "").message(t),
	} {
		if m.Error != nil || strings.Contains(string(m.Result), "hidden") || !strings.Contains(string(m.Result), `"resources":[{"uri":"test://`) {
			t.Errorf("%s %+v", m.Result, m.Error)
		}
	}
	for _, m := range []message{
		s.inquire("", "resources/read", "test://hidden", `"uri":"test://hidden"`).message(t),
		s.open("2025-11-25").send("resources/read", `"uri":"test://hidden"`).message(t),
	} {
		if !strings.Contains(string(m.Result), "found") {
			t.Errorf("%s %+v", m.Result, m.Error)
		}
	}
	if !app.RemoveResource("test://hidden") {
		t.Error("it was not there to be removed")
	}
}

func TestReplaceResource(t *testing.T) {
	app, l := newApp(t, fastmcp.Config{})
	for _, name := range []string{"a", "b", "c"} {
		app.AddResource(fastmcp.Resource{URI: "test://" + name, Handler: telling("old")})
	}
	s := serve(t, app, l)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 50 {
			if m := s.inquire("", "resources/read", "test://b", `"uri":"test://b"`).message(t); m.Error != nil {
				t.Errorf("it was missing: %+v", m.Error)
			}
		}
	})
	for range 50 {
		if err := app.ReplaceResource(fastmcp.Resource{URI: "test://b", Description: "the new one", Handler: telling("new")}); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	if m := s.inquire("", "resources/read", "test://b", `"uri":"test://b"`).message(t); !strings.Contains(string(m.Result), `"text":"new"`) {
		t.Errorf("%s", m.Result)
	}
	list := string(s.inquire("", "resources/list", "", "").message(t).Result)
	if a, b, c := strings.Index(list, "test://a"), strings.Index(list, "the new one"), strings.Index(list, "test://c"); a < 0 || b < a || c < b {
		t.Errorf("%s", list)
	}
	for words, r := range map[string]fastmcp.Resource{
		`there is no resource "test://d" to replace: add it`: {URI: "test://d", Handler: telling("d")},
		`the resource "test://a" has no Handler`:             {URI: "test://a"},
	} {
		if err := app.ReplaceResource(r); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %s", err, words)
		}
	}
}
