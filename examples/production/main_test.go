package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

func TestProduction(t *testing.T) {
	p := program.Start(t, "-limit", "60-M")
	for _, want := range []string{"fiber cors.", "\nfiber securityheaders.", "\nmcp logger.", "\nmcp metrics.", "\nmcp ratelimit.", "\nmcp responselimit.", "\nmcp cache."} {
		if !strings.Contains(p.Printed(), want) {
			t.Errorf("the chain is\n%s\nwant %s", p.Printed(), want)
		}
	}
	sue := client.Connect(t, p.URL, client.Config{Revision: client.Newest, Token: "sue-0123456789abcdef"})
	joe := client.Connect(t, p.URL, client.Config{Revision: client.Older, Token: "joe-0123456789abcdef"})
	tea := map[string]any{"name": "tea"}
	first := joe.Tool("price", tea)
	if got := joe.Tool("price", tea); got != first || !strings.HasPrefix(first, "tea costs 3, as of ") {
		t.Errorf("%s, and then %s", first, got)
	}
	if got := sue.Tool("price", tea); got == first {
		t.Errorf("sue was given what was found for joe: %s", got)
	}
	if got := joe.Tool("change", nil); !strings.Contains(got, "nknown tool") {
		t.Errorf("joe calls change: %s", got)
	}
	if sue.Tool("change", nil); joe.Tool("price", tea) == first {
		t.Error("what was forgotten is still given")
	}
	if got := joe.Tool("export", nil); !strings.Contains(got, "result://") || len(got) > 4096 {
		t.Errorf("export is %.500s", got)
	}
	p.Readme(`tea costs 3`)

	root := strings.TrimSuffix(p.URL, "/mcp")
	for _, c := range []struct {
		path, token, want string
		status            int
	}{
		{"/health", "", "", 200}, {"/ready", "", "ready", 200}, {"/metrics", "", "", 401}, {"/metrics", "joe-0123456789abcdef", `mcp_requests_total{method="tools/call",name="price"`, 200},
	} {
		req, err := http.NewRequest(http.MethodGet, root+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://app.example.com")
		if c.token != "" {
			req.Header.Set("Authorization", "Bearer "+c.token)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != c.status || !strings.Contains(string(b), c.want) {
			t.Errorf("%s: %d %.300s, %v", c.path, res.StatusCode, b, err)
		}
		if h := res.Header; h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Access-Control-Allow-Origin") != "https://app.example.com" {
			t.Errorf("%s: %v", c.path, h)
		}
	}
	limited := ""
	for range 60 { // the rest of the minute's
		limited = joe.Tool("price", tea)
	}
	if !strings.HasPrefix(limited, "error: ") {
		t.Errorf("beyond the limit joe is answered %s", limited)
	}
	if !strings.Contains(p.Printed(), `"name":"price"`) || strings.Contains(p.Printed(), "0123456789abcdef") {
		t.Errorf("the log is\n%.2000s", p.Printed())
	}
	p.Stop()
}
