package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/tenant"
)

// admin asks the admin API, as the operator unless another token is given.
func admin(t *testing.T, p *program.Program, method, path, body, token string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(p.URL, "/mcp")+"/admin/tenants"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	return program.Send(t, req)
}

func TestTenants(t *testing.T) {
	p := program.Start(t)
	for _, revision := range []string{client.Older, client.Newest} {
		for token, want := range map[string]string{acme: "ACME has the plan pro", startup: "Startup has the plan basic"} {
			c := client.Connect(t, p.URL, client.Config{Revision: revision, Token: token})
			if got := c.Tool("company", nil); got != want {
				t.Errorf("%s: %q, want %q", revision, got, want)
			}
			if got := c.Tool("analytics", nil); strings.HasPrefix(got, "error: ") == (token == acme) {
				t.Errorf("%s: %s: %q", revision, want, got)
			}
		}
	}
	// A customer comes, is upgraded, and goes.
	status, body := admin(t, p, "POST", "", `{"plan":"basic","name":"Late Ltd."}`, operator)
	var added struct {
		Token string
		Info  tenant.Info
	}
	if err := json.Unmarshal([]byte(body), &added); err != nil || status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	late := client.Connect(t, p.URL, client.Config{Revision: client.Older, Token: added.Token})
	for i := range 3 {
		if got := late.Tool("visit", nil); got != fmt.Sprint(i+1) {
			t.Errorf("visit %d: %s", i+1, got)
		}
	}
	if status, body := admin(t, p, "PUT", "/"+added.Info.ID, `{"plan":"pro"}`, operator); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got := late.Tool("analytics", nil)
		if got == "figures of Late Ltd." {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(got)
		}
	}
	if got := late.Tool("visit", nil); got != "4" {
		t.Errorf("its visits are gone: %s", got)
	}
	if status, body := admin(t, p, "DELETE", "/"+added.Info.ID, "", operator); status != 204 {
		t.Fatalf("%d %s", status, body)
	}
	if got := late.Tool("company", nil); !strings.HasPrefix(got, "error: ") {
		t.Errorf("it is served yet: %s", got)
	}
	for _, token := range []string{acme, "nobody-0123456789abcdef"} {
		if status, body := admin(t, p, "GET", "", "", token); status == 200 {
			t.Errorf("%s may look: %s", token, body)
		}
	}
	p.Readme("ACME has the plan pro")
	p.Stop()
	if out := p.Printed(); strings.Contains(out, acme) || strings.Contains(out, added.Token) || !strings.Contains(out, "company succeeded") {
		t.Errorf("printed:\n%s", out)
	}
}

// Processes on one Redis have the same customers, counts, limits and changes.
func TestTenantsOnRedis(t *testing.T) {
	t.Setenv("FASTMCP_KEY", "a secret of this test")
	url := redistest.Start(t).URL()
	a, b := program.Start(t, "-redis", url), program.Start(t, "-redis", url)
	hammer(t, a, b, program.Start(t, "-redis", url))
	status, body := admin(t, a, "POST", "", `{"plan":"basic","name":"Shared"}`, operator)
	var added struct {
		Token string
		Info  tenant.Info
	}
	if err := json.Unmarshal([]byte(body), &added); err != nil || status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	there, here := client.Connect(t, b.URL, client.Config{Token: added.Token}), client.Connect(t, a.URL, client.Config{Token: added.Token})
	if got := there.Tool("visit", nil) + here.Tool("visit", nil) + there.Tool("visit", nil); got != "123" {
		t.Errorf("visits: %s", got)
	}
	if status, body := admin(t, b, "DELETE", "/"+added.Info.ID, "", operator); status != 204 {
		t.Fatalf("%d %s", status, body)
	}
	for deadline := time.Now().Add(30 * time.Second); !strings.HasPrefix(here.Tool("company", nil), "error: "); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the other process serves it yet")
		}
	}
	a.Stop()
	b.Stop()
}

// hammer has a customer of the basic plan make more requests at once than its 60 a minute, by all processes.
func hammer(t *testing.T, all ...*program.Program) {
	t.Helper()
	const each = 50
	begun := time.Now()
	statuses := make(chan int, each*len(all))
	for _, p := range all {
		go func() {
			for range each {
				statuses <- visit(t, p)
			}
		}()
	}
	passed, refused := 0, 0
	for range each * len(all) {
		switch status := <-statuses; status {
		case http.StatusOK:
			passed++
		case http.StatusTooManyRequests:
			refused++
		default:
			t.Errorf("status %d", status)
		}
	}
	if most := 60 * (1 + int(time.Since(begun)/time.Minute)); passed < 60 || passed > most || passed+refused != each*len(all) {
		t.Errorf("%d requests have passed and %d were refused in %s", passed, refused, time.Since(begun))
	}
}

// visit is the status of a call.
func visit(t *testing.T, p *program.Program) int {
	const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"visit","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0
	}
	for name, value := range map[string]string{
		"Authorization": "Bearer " + startup, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "visit",
	} {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}
