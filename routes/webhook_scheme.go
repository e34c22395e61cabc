package routes

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Scheme is how the sender of a webhook signs.
type Scheme string

// The schemes.
const (
	// SchemeGitHub is GitHub's: X-Hub-Signature-256 is the HMAC-SHA256 of the body.
	SchemeGitHub Scheme = "github"
	// SchemeStripe is Stripe's: Stripe-Signature has a time and HMACs of it and the body.
	SchemeStripe Scheme = "stripe"
	// SchemeStandard is that of the Standard Webhooks specification, with symmetric keys (v1).
	SchemeStandard Scheme = "standard"
)

// scheme is what tells one sender from another.
type scheme struct {
	// key is what a secret stands for.
	key func(secret string) ([]byte, error)
	// check checks a request, and gives what its delivery is told apart by, which is signed. The error is one of those below.
	check func(w *webhook, c *fiber.Ctx, body []byte) (delivery string, err error)
}

var schemes = map[Scheme]scheme{
	SchemeGitHub:   {plainKey, checkGitHub},
	SchemeStripe:   {plainKey, checkStripe},
	SchemeStandard: {standardKey, checkStandard},
}

// errUnsigned is all that a caller learns whose signature does not do: which of its parts is wrong would help to find a right
// one.
var errUnsigned = fiber.NewError(fiber.StatusUnauthorized, "The signature is wrong or too old")

func missing(header string) error {
	return fiber.NewError(fiber.StatusBadRequest, "The header "+header+" is missing")
}

// plainKey is a secret that is the key.
func plainKey(secret string) ([]byte, error) {
	if strings.TrimSpace(secret) == "" {
		return nil, errors.New("it is empty, so that anybody could sign: is the variable set that it comes from?")
	}
	return []byte(secret), nil
}

// standardKey is a secret of Standard Webhooks: 24 to 64 bytes in base64, which may begin with "whsec_".
func standardKey(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(secret), "whsec_"))
	if err != nil {
		return nil, errors.New(`it is no base64, with or without "whsec_" before it: take it as the sender shows it`)
	}
	if len(key) < 24 || len(key) > 64 {
		return nil, errors.New("it has not 24 to 64 bytes, as the specification says: take it as the sender shows it")
	}
	return key, nil
}

// mostSignatures bounds how many signatures of one request are looked at: senders have one, or two while they change keys.
const mostSignatures = 16

// signed tells that one of the signatures is that of one of the keys. All are compared, so that the time says nothing.
func (w *webhook) signed(signatures [][]byte, parts ...[]byte) bool {
	good := false
	for _, key := range w.keys {
		mac := hmac.New(sha256.New, key)
		for _, part := range parts {
			mac.Write(part)
		}
		sum := mac.Sum(nil)
		for _, signature := range signatures[:min(len(signatures), mostSignatures)] {
			good = hmac.Equal(signature, sum) || good
		}
	}
	return good
}

// timely tells that a time in seconds since 1970 is near enough.
func (w *webhook) timely(seconds string) bool {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n < 0 || n > 1<<40 {
		return false
	}
	return w.config.Now().Sub(time.Unix(n, 0)).Abs() <= w.config.Tolerance
}

func checkGitHub(w *webhook, c *fiber.Ctx, body []byte) (string, error) {
	const header = "X-Hub-Signature-256"
	value := c.Get(header)
	if value == "" {
		return "", missing(header)
	}
	text, ok := strings.CutPrefix(value, "sha256=")
	signature, err := hex.DecodeString(text)
	if !ok || err != nil || !w.signed([][]byte{signature}, body) {
		return "", errUnsigned
	}
	return digest(body), nil
}

func checkStripe(w *webhook, c *fiber.Ctx, body []byte) (string, error) {
	const header = "Stripe-Signature"
	value := c.Get(header)
	if value == "" {
		return "", missing(header)
	}
	at := ""
	var signatures [][]byte
	for pair := range strings.SplitSeq(value, ",") {
		switch name, text, _ := strings.Cut(strings.TrimSpace(pair), "="); name {
		case "t":
			at = text
		case "v1":
			if signature, err := hex.DecodeString(text); err == nil {
				signatures = append(signatures, signature)
			}
		}
	}
	if !w.signed(signatures, []byte(at), []byte("."), body) || !w.timely(at) {
		return "", errUnsigned
	}
	// A try that comes again has the same event under another time.
	var event struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(body, &event) == nil && event.ID != "" {
		return event.ID, nil
	}
	return digest(body), nil
}

func checkStandard(w *webhook, c *fiber.Ctx, body []byte) (string, error) {
	const idHeader, timeHeader, signatureHeader = "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"
	id, at, value := c.Get(idHeader), c.Get(timeHeader), c.Get(signatureHeader)
	for _, h := range [...]struct{ name, value string }{{idHeader, id}, {timeHeader, at}, {signatureHeader, value}} {
		if h.value == "" {
			return "", missing(h.name)
		}
	}
	var signatures [][]byte
	for _, text := range strings.Fields(value) {
		if text, ok := strings.CutPrefix(text, "v1,"); ok {
			if signature, err := base64.StdEncoding.DecodeString(text); err == nil {
				signatures = append(signatures, signature)
			}
		}
	}
	if !w.signed(signatures, []byte(id), []byte("."), []byte(at), []byte("."), body) || !w.timely(at) {
		return "", errUnsigned
	}
	return id, nil
}

// digest stands for a body.
func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
