package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// deliver sends a delivery, and gives the status and the body of the answer.
func deliver(t *testing.T, p *program.Program, sender, body string, header map[string]string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimSuffix(p.URL, "/mcp")+"/webhook/"+sender, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	status, answer := program.Send(t, req)
	return strings.TrimSpace(fmt.Sprint(status, " ", answer))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func github(secret, body string) map[string]string {
	return map[string]string{"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac([]byte(secret), body))}
}

func TestWebhooks(t *testing.T) {
	t.Setenv("GITHUB_SECRET_OLD", "an older secret")
	p := program.Start(t)
	p.Readme("handled")
	now := time.Now().Unix()
	const event = `{"id":"evt_1"}`
	stripe := map[string]string{"Stripe-Signature": fmt.Sprintf("t=%d,v1=%x", now, mac([]byte(stripeSecret), fmt.Sprintf("%d.%s", now, event)))}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(standardSecret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	standard := map[string]string{
		"Webhook-Id": "msg_1", "Webhook-Timestamp": fmt.Sprint(now),
		"Webhook-Signature": "v1," + base64.StdEncoding.EncodeToString(mac(key, fmt.Sprintf("msg_1.%d.{}", now))),
	}
	for _, want := range []struct {
		sender, body string
		header       map[string]string
		answer       string
	}{
		{"github", "Hello, World!", github(githubSecret, "Hello, World!"), "200 OK"}, // the README's again
		{"github", "{}", github("an older secret", "{}"), "200 handled"},
		{"github", "{}", github("another secret", "{}"), "401 "},
		{"stripe", event, stripe, "200 handled"},
		{"stripe", event, stripe, "200 OK"},
		{"standard", "{}", standard, "200 handled"},
		{"standard", "[]", standard, "401 "},
		{"standard", "{}", nil, "400 "},
	} {
		if got := deliver(t, p, want.sender, want.body, want.header); !strings.HasPrefix(got, want.answer) {
			t.Errorf("%s %s: %s, want %s", want.sender, want.body, got, want.answer)
		}
	}
	c := client.Connect(t, p.URL, client.Config{Revision: client.Newest})
	r, err := c.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "inbox://deliveries"})
	const all = `["github: Hello, World!","github: {}","stripe: {\"id\":\"evt_1\"}","standard: {}"]`
	if err != nil || r.Contents[0].Text != all {
		t.Errorf("%+v, %v, want %s", r, err, all)
	}
	p.Stop()
}
