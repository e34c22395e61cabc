package apps_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/apps"
	"github.com/fastmcp-go/fastmcp/auth"
)

const (
	modern = "2026-07-28"
	legacy = "2025-11-25"
	html   = "<!DOCTYPE html><title>chart</title>"
	shows  = `"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["text/html;profile=mcp-app"]}}`
)

func newApp() *fastmcp.App {
	return fastmcp.New(fastmcp.Config{Name: "t", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

// client speaks a revision and has capabilities, which are what is between the braces.
type client struct {
	t                           *testing.T
	app                         *fastmcp.App
	revision, can, session, who string
}

// connect opens a session where the revision has them, and gives what the server says of itself.
func connect(t *testing.T, app *fastmcp.App, revision, can string) (*client, string) {
	t.Helper()
	c := &client{t: t, app: app, revision: revision, can: can}
	if revision == modern {
		return c, c.call("server/discover", "", "")
	}
	return c, c.call("initialize", "", `"protocolVersion":"`+revision+`","capabilities":{`+can+`},"clientInfo":{"name":"t","version":"1"}`)
}

// call gives the whole answer.
func (c *client) call(method, name, params string) string {
	c.t.Helper()
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}, "X-Role": {c.who}}
	if c.revision == modern {
		header.Set("Mcp-Method", method)
		if name != "" {
			header.Set("Mcp-Name", name)
		}
		meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"` + modern + `","io.modelcontextprotocol/clientCapabilities":{` + c.can + `}}`
		params = strings.TrimSuffix(meta+","+params, ",")
	}
	if c.revision == modern || c.session != "" {
		header.Set("Mcp-Protocol-Version", c.revision)
	}
	if c.session != "" {
		header.Set("Mcp-Session-Id", c.session)
	}
	req := httptest.NewRequestWithContext(c.t.Context(), http.MethodPost, "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":{`+params+`}}`))
	req.Header = header
	res, err := c.app.Test(req, 20_000)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if id := res.Header.Get("Mcp-Session-Id"); id != "" {
		c.session = id
	}
	return string(body)
}

func (c *client) read(uri string) string {
	c.t.Helper()
	return c.call("resources/read", uri, `"uri":"`+uri+`"`)
}

func wants(t *testing.T, body string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

var forecast = fastmcp.Get(func(c *fastmcp.Context) (string, error) { return fmt.Sprint("views: ", apps.Supported(c)), nil })

func TestBothEras(t *testing.T) {
	app, border := newApp(), false
	own := map[string]any{"com.example/k": 1}
	ui := apps.Add(app, apps.View{
		URI: "ui://weather/chart", Name: "chart", Title: "Chart", Description: "Temperatures", HTML: html,
		CSP: apps.CSP{
			Connect: []string{"https://api.example.com", "wss://live.example.com:8443"}, Resource: []string{"https://*.example.com"},
			Frame: []string{"https://frame.example.com"}, BaseURI: []string{"http://localhost:3000"},
		},
		Permissions: apps.Permissions{Camera: true, Microphone: true, Geolocation: true, ClipboardWrite: true},
		Domain:      "weather.example.com", PrefersBorder: &border, Listed: true, Cache: fastmcp.CacheHint{TTL: time.Minute, Public: true},
	})
	ui.AddView(apps.View{URI: "ui://weather/map", FS: fstest.MapFS{"map.html": {Data: []byte("\ufeff\n" + html)}}, File: "map.html"})
	app.AddTool(ui.Link(fastmcp.Tool{Name: "forecast", Meta: own, Handler: forecast}, "ui://weather/chart"))
	app.AddTool(ui.Link(fastmcp.Tool{Name: "refresh", Handler: forecast}, "ui://weather/map", apps.App))
	app.AddTool(apps.AppOnly(fastmcp.Tool{Name: "save", Handler: forecast}))
	if len(own) != 1 {
		t.Errorf("the tool's own Meta was changed: %v", own)
	}
	for _, revision := range []string{"2024-11-05", "2025-06-18", legacy, modern} {
		t.Run(revision, func(t *testing.T) {
			c, told := connect(t, app, revision, shows)
			wants(t, told, `"extensions":{"io.modelcontextprotocol/ui":{}}`)
			tools := c.call("tools/list", "", "")
			hasMeta := revision >= "2025-06-18"
			if hasMeta {
				wants(t, tools, `"_meta":{"com.example/k":1,"ui":{"resourceUri":"ui://weather/chart","visibility":["model","app"]},"ui/resourceUri":"ui://weather/chart"}`,
					`"_meta":{"ui":{"resourceUri":"ui://weather/map","visibility":["app"]},"ui/resourceUri":"ui://weather/map"}`, `"_meta":{"ui":{"visibility":["app"]}}`)
			}
			list := c.call("resources/list", "", "")
			wants(t, list, `"uri":"ui://weather/chart"`, `"mimeType":"text/html;profile=mcp-app"`)
			if strings.Contains(list, "ui://weather/map") {
				t.Errorf("it is not to be listed: %s", list)
			}
			page := c.read("ui://weather/chart")
			wants(t, page, `"uri":"ui://weather/chart","mimeType":"text/html;profile=mcp-app","text":"<!DOCTYPE html>`)
			if hasMeta {
				wants(t, page, `"_meta":{"ui":{"csp":{"baseUriDomains":["http://localhost:3000"],"connectDomains":["https://api.example.com","wss://live.example.com:8443"],`+
					`"frameDomains":["https://frame.example.com"],"resourceDomains":["https://*.example.com"]},"domain":"weather.example.com",`+
					`"permissions":{"camera":{},"clipboardWrite":{},"geolocation":{},"microphone":{}},"prefersBorder":false}}`)
			}
			if revision == modern {
				wants(t, page, `"ttlMs":60000,"cacheScope":"public"`)
			}
			if page = c.read("ui://weather/map"); strings.Contains(page, `"ui":`) || !strings.Contains(page, "DOCTYPE") {
				t.Errorf("%s", page)
			}
		})
	}
}

func TestSupported(t *testing.T) {
	app := newApp()
	app.AddTool(apps.Add(app, apps.View{URI: "ui://a/b", HTML: html}).Link(fastmcp.Tool{Name: "forecast", Handler: forecast}, "ui://a/b"))
	for can, want := range map[string]bool{
		shows: true, "": false,
		`"extensions":{"io.modelcontextprotocol/ui":{}}`:                                                        false,
		`"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["text/html"]}}`:                               false,
		`"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":"text/html;profile=mcp-app"}}`:                 false,
		`"extensions":{"io.modelcontextprotocol/ux":{"mimeTypes":["text/html;profile=mcp-app"]}}`:               false,
		`"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["x","text/html;profile=mcp-app"],"later":1}}`: true,
	} {
		for _, revision := range []string{legacy, modern} {
			c, _ := connect(t, app, revision, can)
			wants(t, c.call("tools/call", "forecast", `"name":"forecast","arguments":{}`), fmt.Sprintf(`"views: %v"`, want))
		}
	}
}

func TestGuardHidesAView(t *testing.T) {
	app := newApp()
	apps.Add(app, apps.View{URI: "ui://a/b", HTML: html, Listed: true, CanAccess: func(ctx context.Context, _ *auth.Access) auth.Decision {
		c, _ := fastmcp.From(ctx)
		return auth.Decision{Allowed: c.Header("X-Role") == "staff"}
	}})
	for _, revision := range []string{legacy, modern} {
		c, _ := connect(t, app, revision, shows)
		if list, page := c.call("resources/list", "", ""), c.read("ui://a/b"); strings.Contains(list, "ui://a/b") || !strings.Contains(page, "Resource not found") {
			t.Errorf("%s: %s\n%s", revision, list, page)
		}
		c.who = "staff"
		wants(t, c.read("ui://a/b"), "DOCTYPE")
	}
}

func TestMistakesInViews(t *testing.T) {
	page := func(n int) string { return html + strings.Repeat(" ", n-len(html)) }
	files := fstest.MapFS{"a.html": {Data: []byte(page(100))}}
	for words, v := range map[string]apps.View{
		"write it as in ui://weather/chart":         {HTML: html},
		`"http://a/b": its URI is none of a view`:   {URI: "http://a/b", HTML: html},
		`"UI://a/b": its URI is none of a view`:     {URI: "UI://a/b", HTML: html},
		`"ui:///b": its URI is none of a view`:      {URI: "ui:///b", HTML: html},
		`"ui://a/b#c": its URI is none of a view`:   {URI: "ui://a/b#c", HTML: html},
		"begin it with <!doctype html>":             {URI: "ui://a/b"},
		"is no HTML5 document":                      {URI: "ui://a/b", HTML: "view.html"},
		"its HTML is not UTF-8":                     {URI: "ui://a/b", HTML: html + "\xff"},
		"both HTML and a file":                      {URI: "ui://a/b", HTML: html, FS: files, File: "a.html"},
		"FS and File belong together":               {URI: "ui://a/b", FS: files},
		"FS and File belong together: set both":     {URI: "ui://a/b", File: "a.html"},
		"file does not exist":                       {URI: "ui://a/b", FS: files, File: "b.html"},
		"longer than 99 bytes":                      {URI: "ui://a/b", FS: files, File: "a.html", MaxBytes: 99},
		"longer than 4194304 bytes":                 {URI: "ui://a/b", HTML: page(4<<20 + 1)},
		`CSP.Connect has "https://a.b/c"`:           {URI: "ui://a/b", HTML: html, CSP: apps.CSP{Connect: []string{"https://a.b/c"}}},
		`CSP.Resource has "a.b"`:                    {URI: "ui://a/b", HTML: html, CSP: apps.CSP{Resource: []string{"a.b"}}},
		`CSP.Frame has "https://a.b; script-src *"`: {URI: "ui://a/b", HTML: html, CSP: apps.CSP{Frame: []string{"https://a.b; script-src *"}}},
		`CSP.BaseURI has "*"`:                       {URI: "ui://a/b", HTML: html, CSP: apps.CSP{BaseURI: []string{"*"}}},
		`Domain "a b" is not visible ASCII`:         {URI: "ui://a/b", HTML: html, Domain: "a b"},
		"Cache.TTL is negative":                     {URI: "ui://a/b", HTML: html, Cache: fastmcp.CacheHint{TTL: -1}},
		`a resource "ui://taken/b" already`:         {URI: "ui://taken/b", HTML: html},
	} {
		ui := apps.Add(newApp(), apps.View{URI: "ui://taken/b", HTML: html})
		if err := ui.TryAddView(v); err == nil || !strings.HasPrefix(err.Error(), "apps: ") || !strings.Contains(err.Error(), words) {
			t.Errorf("got %v, want %q", err, words)
		}
	}
	ui := apps.Add(newApp())
	ui.AddView(apps.View{URI: "ui://a/b", FS: files, File: "a.html", MaxBytes: 100})
	ui.AddView(apps.View{URI: "ui://a/c", HTML: page(4 << 20)})
}

func TestMistakesInTools(t *testing.T) {
	app := newApp()
	ui := apps.Add(app, apps.View{URI: "ui://a/b", HTML: html})
	tool := fastmcp.Tool{Name: "forecast", Handler: forecast}
	for words, f := range map[string]func(){
		`the tool "forecast": there is no view "ui://a/c": add it first`: func() { ui.Link(tool, "ui://a/c") },
		`has _meta.ui already: link it once`:                             func() { ui.Link(apps.AppOnly(tool), "ui://a/b") },
		`"forecast" has _meta.ui already`:                                func() { ui.Link(ui.Link(tool, "ui://a/b"), "ui://a/b") },
		`the visibility "user": name apps.Model, apps.App or both`:       func() { ui.Link(tool, "ui://a/b", "user") },
		`the visibility "app": name`:                                     func() { ui.Link(tool, "ui://a/b", apps.App, apps.App) },
		"call its AddView":                                               func() { apps.Add(app) },
		`the view "x": its URI`:                                          func() { ui.AddView(apps.View{URI: "x"}) },
	} {
		func() {
			defer func() {
				if v := recover(); v == nil || !strings.HasPrefix(fmt.Sprint(v), "apps: ") || !strings.Contains(fmt.Sprint(v), words) {
					t.Errorf("got %v, want %q", v, words)
				}
			}()
			f()
		}()
	}
	if b, err := json.Marshal(tool.Meta); err != nil || !bytes.Equal(b, []byte("null")) {
		t.Errorf("the tool was changed: %s %v", b, err)
	}
}
