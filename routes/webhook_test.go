package routes_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/routes"
	"github.com/gofiber/fiber/v2"
)

// Those of the senders' documentation.
const (
	githubSecret  = "It's a Secret to Everybody"
	githubBody    = "Hello, World!"
	githubSigned  = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	standardKey   = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	standardID    = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	standardTime  = 1614265330
	standardBody  = `{"test": 2432232314}`
	standardSign  = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	stripeSecret  = "whsec_0123456789abcdef0123456789abcdef"
	anotherSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

func mac(key, text string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

func signGitHub(secret, body string) []string {
	return []string{"X-Hub-Signature-256", "sha256=" + hex.EncodeToString(mac(secret, body))}
}

func signStripe(secret string, at int64, body string) []string {
	return []string{"Stripe-Signature", fmt.Sprintf("t=%d,v1=%x,v0=00", at, mac(secret, fmt.Sprintf("%d.%s", at, body)))}
}

func signStandard(secret, id string, at int64, body string) []string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		panic(err)
	}
	sum := mac(string(key), fmt.Sprintf("%s.%d.%s", id, at, body))
	return []string{"Webhook-Id", id, "Webhook-Timestamp", fmt.Sprint(at), "Webhook-Signature", "v1," + base64.StdEncoding.EncodeToString(sum)}
}

// hook is a webhook that a test sends to.
type hook struct {
	t       *testing.T
	app     *fastmcp.App
	got     []string
	handler fiber.Handler // nil: 204
}

func (h *hook) handle(c *fiber.Ctx) error {
	h.got = append(h.got, string(c.Body()))
	if h.handler != nil {
		return h.handler(c)
	}
	return c.SendStatus(204)
}

// send posts a body, and gives the status; the body of an error must be in the form of all.
func (h *hook) send(body string, header ...string) int {
	h.t.Helper()
	req := httptest.NewRequest("POST", "/hook", strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	res, err := h.app.Test(req, 20_000)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if res.StatusCode >= 400 && (res.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(string(b), `{"jsonrpc":"2.0","error":{"code":-32`)) {
		h.t.Errorf("%d %v %s", res.StatusCode, res.Header, b)
	}
	if res.StatusCode == 401 && !strings.Contains(string(b), `"The signature is wrong or too old"`) {
		h.t.Errorf("401 tells more: %s", b)
	}
	if (res.StatusCode == 409 || res.StatusCode == 503) && res.Header.Get("Retry-After") == "" {
		h.t.Errorf("%d does not say when to try again", res.StatusCode)
	}
	return res.StatusCode
}

// newHook serves a webhook. Without remembering it is what GitHub, Stripe and StandardWebhooks make.
func newHook(t *testing.T, remembers bool, config fastmcp.Config, c routes.WebhookConfig) *hook {
	t.Helper()
	config.Log = slog.New(slog.DiscardHandler)
	h := &hook{t: t, app: fastmcp.New(config)}
	c.Handler = h.handle
	app := h.app
	if !remembers {
		app = nil
	}
	h.app.AddRoute(fiber.MethodPost, "/hook", routes.Webhook(app, c), fastmcp.RouteConfig{Public: true})
	return h
}

func TestGitHub(t *testing.T) {
	h := &hook{t: t, app: fastmcp.New()}
	h.app.AddRoute(fiber.MethodPost, "/hook", routes.GitHub(githubSecret, h.handle))
	if code := h.send(githubBody, "X-Hub-Signature-256", githubSigned); code != 204 || len(h.got) != 1 || h.got[0] != githubBody {
		t.Errorf("%d %q", code, h.got)
	}
	for name, c := range map[string]struct {
		body, header string
		code         int
	}{
		"no header":         {githubBody, "", 400},
		"another body":      {githubBody + " ", githubSigned, 401},
		"no body":           {"", githubSigned, 401},
		"no prefix":         {githubBody, githubSigned[7:], 401},
		"SHA-1":             {githubBody, "sha1=" + githubSigned[7:], 401},
		"cut off":           {githubBody, githubSigned[:len(githubSigned)-2], 401},
		"nothing":           {githubBody, "sha256=", 401},
		"no hex":            {githubBody, "sha256=" + strings.Repeat("z", 64), 401},
		"a byte":            {githubBody, githubSigned[:len(githubSigned)-1] + "8", 401},
		"of another secret": {githubBody, signGitHub("another", githubBody)[1], 401},
		"of no secret":      {githubBody, signGitHub("", githubBody)[1], 401},
	} {
		if code := h.send(c.body, "X-Hub-Signature-256", c.header); code != c.code || len(h.got) != 1 {
			t.Errorf("%s: %d %q, want %d", name, code, h.got, c.code)
		}
	}
}

func TestStripe(t *testing.T) {
	now := time.Now().Unix()
	h := &hook{t: t, app: fastmcp.New()}
	h.app.AddRoute(fiber.MethodPost, "/hook", routes.Stripe(stripeSecret, h.handle))
	const body = `{"id":"evt_1","type":"charge.succeeded"}`
	good := signStripe(stripeSecret, now, body)[1]
	v1 := good[strings.Index(good, "v1="):strings.Index(good, ",v0")]
	if code := h.send(body, "Stripe-Signature", good); code != 204 {
		t.Errorf("%d", code)
	}
	if code := h.send(body, "Stripe-Signature", fmt.Sprintf("t=%d, v1=%064x, %s", now, 0, v1)); code != 204 { // while a secret is replaced
		t.Errorf("two signatures: %d", code)
	}
	for name, c := range map[string]struct {
		header string
		code   int
	}{
		"no header":       {"", 400},
		"another time":    {fmt.Sprintf("t=%d,%s", now+1, v1), 401},
		"no time":         {v1, 401},
		"no signature":    {fmt.Sprintf("t=%d", now), 401},
		"an old scheme":   {fmt.Sprintf("t=%d,v0=%s", now, v1[3:]), 401},
		"nonsense":        {"secret", 401},
		"another secret":  {signStripe("other", now, body)[1], 401},
		"too old":         {signStripe(stripeSecret, now-3600, body)[1], 401},
		"from the future": {signStripe(stripeSecret, now+3600, body)[1], 401},
		"behind many":     {fmt.Sprintf("t=%d,%s%s", now, strings.Repeat(fmt.Sprintf("v1=%064x,", 0), 16), v1), 401},
	} {
		if code := h.send(body, "Stripe-Signature", c.header); code != c.code || len(h.got) != 2 {
			t.Errorf("%s: %d %q, want %d", name, code, h.got, c.code)
		}
	}
}

func TestStandardWebhooks(t *testing.T) {
	at := time.Unix(standardTime, 0)
	for _, secret := range []string{standardKey, "whsec_" + standardKey} {
		h := newHook(t, false, fastmcp.Config{}, routes.WebhookConfig{
			Scheme: routes.SchemeStandard, Secrets: []string{secret}, Now: func() time.Time { return at },
		})
		all := []string{"webhook-id", standardID, "webhook-timestamp", fmt.Sprint(standardTime), "webhook-signature", standardSign}
		if code := h.send(standardBody, all...); code != 204 {
			t.Errorf("the vector: %d", code)
		}
		with := func(i int, value string) []string {
			some := append([]string(nil), all...)
			some[i] = value
			return some
		}
		for name, c := range map[string]struct {
			header []string
			code   int
		}{
			"several":          {with(5, "v1,"+base64.StdEncoding.EncodeToString(make([]byte, 32))+" v1a,AAAA "+standardSign), 204},
			"no id":            {all[2:], 400},
			"no time":          {append(all[:2:2], all[4:]...), 400},
			"no signature":     {all[:4], 400},
			"another id":       {with(1, standardID+"x"), 401},
			"another time":     {with(3, fmt.Sprint(standardTime+1)), 401},
			"time in words":    {with(3, "now"), 401},
			"a time too large": {with(3, "99999999999999999999"), 401},
			"another version":  {with(5, strings.Replace(standardSign, "v1,", "v2,", 1)), 401},
			"no version":       {with(5, standardSign[3:]), 401},
			"no base64":        {with(5, "v1,!!!"), 401},
			"another secret":   {signStandard(anotherSecret, standardID, standardTime, standardBody), 401},
		} {
			if code := h.send(standardBody, c.header...); code != c.code {
				t.Errorf("%s: %d, want %d", name, code, c.code)
			}
		}
	}
	h := &hook{t: t, app: fastmcp.New()}
	h.app.AddRoute(fiber.MethodPost, "/hook", routes.StandardWebhooks(anotherSecret, h.handle))
	if code := h.send("{}", signStandard(anotherSecret, "msg_1", time.Now().Unix(), "{}")...); code != 204 {
		t.Errorf("by this machine's clock: %d", code)
	}
}

// A time counts up to the tolerance, before and after.
func TestWebhookTolerance(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, scheme := range []routes.Scheme{routes.SchemeStripe, routes.SchemeStandard} {
		for _, tolerance := range []time.Duration{0, time.Minute} {
			h := newHook(t, false, fastmcp.Config{}, routes.WebhookConfig{
				Scheme: scheme, Secrets: []string{anotherSecret}, Tolerance: tolerance, Now: func() time.Time { return now },
			})
			most := int64(300)
			if tolerance > 0 {
				most = int64(tolerance.Seconds())
			}
			for off, want := range map[int64]int{0: 204, most: 204, -most: 204, most + 1: 401, -most - 1: 401} {
				header := signStandard(anotherSecret, "msg_1", now.Unix()+off, "{}")
				if scheme == routes.SchemeStripe {
					header = signStripe(anotherSecret, now.Unix()+off, "{}")
				}
				if code := h.send("{}", header...); code != want {
					t.Errorf("%s, %v: %d s off: %d, want %d", scheme, tolerance, off, code, want)
				}
			}
		}
	}
}

// While a secret is replaced both are good, and then one.
func TestWebhookSecrets(t *testing.T) {
	both := newHook(t, false, fastmcp.Config{}, routes.WebhookConfig{Scheme: routes.SchemeGitHub, Secrets: []string{"new", "old"}})
	one := newHook(t, false, fastmcp.Config{}, routes.WebhookConfig{Scheme: routes.SchemeGitHub, Secrets: []string{"new"}})
	for secret, want := range map[string][2]int{"new": {204, 204}, "old": {204, 401}, "other": {401, 401}} {
		if got := [2]int{both.send("{}", signGitHub(secret, "{}")...), one.send("{}", signGitHub(secret, "{}")...)}; got != want {
			t.Errorf("%s: %v, want %v", secret, got, want)
		}
	}
}

// What is signed is what was sent, not what it unpacks to.
func TestWebhookBody(t *testing.T) {
	h := newHook(t, false, fastmcp.Config{}, routes.WebhookConfig{Scheme: routes.SchemeGitHub, Secrets: []string{"s"}})
	if code := h.send("{}", append(signGitHub("s", "{}"), "Content-Encoding", "gzip")...); code != 415 {
		t.Errorf("packed: %d", code)
	}
	if code := h.send("\x00\xff", signGitHub("s", "\x00\xff")...); code != 204 {
		t.Errorf("any bytes: %d", code)
	}
}

func TestWebhookMistakes(t *testing.T) {
	handler := func(*fiber.Ctx) error { return nil }
	for name, c := range map[string]struct {
		make func()
		cure string
	}{
		"no secret":  {func() { routes.GitHub("", handler) }, "anybody could sign"},
		"spaces":     {func() { routes.Stripe(" \n", handler) }, "anybody could sign"},
		"no secrets": {func() { routes.Webhook(nil, routes.WebhookConfig{Scheme: routes.SchemeGitHub, Handler: handler}) }, "no Secrets"},
		"no base64":  {func() { routes.StandardWebhooks("whsec_!hushhush!", handler) }, "no base64"},
		"short":      {func() { routes.StandardWebhooks("whsec_aHVzaGh1c2g=", handler) }, "24 to 64 bytes"},
		"no handler": {func() { routes.GitHub("hushhush", nil) }, "no Handler"},
		"no scheme":  {func() { routes.Webhook(nil, routes.WebhookConfig{Secrets: []string{"hushhush"}, Handler: handler}) }, "SchemeGitHub"},
		"forgets": {func() {
			routes.Webhook(nil, routes.WebhookConfig{Scheme: routes.SchemeStripe, Secrets: []string{"hushhush"}, Handler: handler, Remember: time.Minute})
		}, "10m0s"},
		"no time": {func() {
			routes.Webhook(nil, routes.WebhookConfig{Scheme: routes.SchemeStripe, Secrets: []string{"hushhush"}, Handler: handler, Tolerance: -1})
		}, "negative"},
		"one of them": {func() {
			routes.Webhook(nil, routes.WebhookConfig{Scheme: routes.SchemeGitHub, Secrets: []string{"hushhush", ""}, Handler: handler})
		}, "secret 2"},
	} {
		func() {
			defer func() {
				v, _ := recover().(string)
				if !strings.HasPrefix(v, "routes: Webhook: ") || !strings.Contains(v, c.cure) || strings.Contains(v, "hush") {
					t.Errorf("%s: %q", name, v)
				}
			}()
			c.make()
		}()
	}
}
