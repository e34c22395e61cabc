package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const token = "sue-0123456789abcdef"

// ask is the status and the body of a route.
func ask(t *testing.T, p *program.Program, method, path, body string, header map[string]string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(p.URL, "/mcp")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	status, answer := program.Send(t, req)
	return strings.TrimSpace(fmt.Sprint(status, " ", answer))
}

func signature(body string) map[string]string {
	mac := hmac.New(sha256.New, []byte("hook-secret"))
	mac.Write([]byte(body))
	return map[string]string{"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil))}
}

func TestRoutes(t *testing.T) {
	t.Setenv("WEBHOOK_SECRET", "hook-secret")
	p := program.Start(t)
	const body = `{"ref":"refs/heads/main","pusher":{"name":"joe"}}`
	for _, want := range []struct {
		method, path, body string
		header             map[string]string
		answer             string
	}{
		{"GET", "/health", "", nil, `200 {"status":"ok"}`},
		{"HEAD", "/ready", "", nil, "200"},
		{"GET", "/ready", "", nil, `200 {"status":"ready"}`},
		{"GET", "/status", "", nil, "401 "},
		{"GET", "/status", "", map[string]string{"Authorization": "Bearer " + token}, `200 {"status":"ready","node":{"uptimeSeconds":`},
		{"GET", "/assets/site.css", "", nil, "200 h1 { color: teal }"},
		{"GET", "/assets/../main.go", "", nil, "404 "},
		{"GET", "/whoami", "", nil, "401 "},
		{"GET", "/whoami", "", map[string]string{"Authorization": "Bearer " + token}, "200 sue"},
		{"POST", "/webhook/github", body, nil, "400 "},
		{"POST", "/webhook/github", body, signature(body + " "), "401 "},
		{"POST", "/webhook/github", "[]", signature("[]"), "400 "},
	} {
		if got := ask(t, p, want.method, want.path, want.body, want.header); !strings.HasPrefix(got, want.answer) {
			t.Errorf("%s %s %v: %s, want %s", want.method, want.path, want.header, got, want.answer)
		}
	}
	for _, revision := range []string{client.Older, client.Newest} {
		t.Run(revision, func(t *testing.T) { hears(t, p, revision) })
	}
	p.Readme(`sue`)
	p.Stop()
}

// hears has a client hear of a push that GitHub tells the webhook.
func hears(t *testing.T, p *program.Program, revision string) {
	updated := make(chan string, 1)
	c := client.Connect(t, p.URL, client.Config{Revision: revision, Token: token, Options: mcp.ClientOptions{
		ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) { updated <- r.Params.URI },
	}})
	const uri = "repo://last-push"
	if err := c.Subscribe(t.Context(), &mcp.SubscribeParams{URI: uri}); err != nil {
		t.Fatal(err)
	}
	body := `{"ref":"refs/heads/` + revision + `","pusher":{"name":"joe"}}`
	deadline := time.After(30 * time.Second)
	for told := false; !told; {
		if got := ask(t, p, "POST", "/webhook/github", body, signature(body)); got != "204" {
			t.Fatal(got)
		}
		select {
		case <-updated:
			told = true
		case <-time.After(200 * time.Millisecond): // the SDK does not wait until a subscription of 2026-07-28 is acknowledged
		case <-deadline:
			t.Fatal("nothing is told")
		}
	}
	r, err := c.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
	if err != nil || r.Contents[0].Text != body {
		t.Errorf("%+v, %v, want %s", r, err, body)
	}
}

// With a listener of its own the status page asks nobody, and nobody else finds it.
func TestAdmin(t *testing.T) {
	at, err := net.Listen("tcp", "127.0.0.1:0") // a port that is free
	if err != nil {
		t.Fatal(err)
	}
	admin := at.Addr().String()
	_ = at.Close()
	p := program.Start(t, "-admin", admin)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+admin+"/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, p, "GET", "/ready", "", nil); !strings.HasPrefix(got, "200 ") {
		t.Error(got)
	}
	if status, body := program.Send(t, req); status != 200 || !strings.Contains(body, `"sessions":0`) {
		t.Errorf("%d %s", status, body)
	}
	if got := ask(t, p, "GET", "/status", "", nil); !strings.HasPrefix(got, "404 ") {
		t.Error(got)
	}
	p.Stop()
}
