package routes

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
)

// WebhookConfig is how Webhook checks what is sent to it. What its zero value means stands beside each field.
type WebhookConfig struct {
	// Scheme is who sends, and so what is signed how: SchemeGitHub, SchemeStripe or SchemeStandard. It is needed.
	Scheme Scheme
	// Secrets are what the sender signs with: any of them is good, so that one can be replaced by another while both are in
	// use. At least one is needed. Those of SchemeStandard are base64, with or without "whsec_" before it.
	Secrets []string
	// Handler gets what is signed rightly, for the first time. It is needed.
	Handler fiber.Handler
	// Tolerance is how far the time in a signature may be from this machine's, before or after. Default: 5 min. GitHub signs
	// no time.
	Tolerance time.Duration
	// Remember is how long a delivery is known: one that comes again within it is answered with 200 and not handled again.
	// Default: 24 h. GitHub signs no time, so that who has seen a delivery of its can repeat it after that; with the others
	// less than twice Tolerance would let them, and is an error.
	Remember time.Duration
	// Lease is how long Handler may take before the delivery counts as lost with the process that had it, so that the
	// sender's next try is handled. Default: 5 min.
	Lease time.Duration
	// Now tells the time. Default: time.Now.
	Now func() time.Time
}

// WebhookConfigDefault is what Webhook does by itself.
var WebhookConfigDefault = WebhookConfig{Tolerance: 5 * time.Minute, Remember: 24 * time.Hour, Lease: 5 * time.Minute, Now: time.Now}

// GitHub has handler get what GitHub has signed with secret (X-Hub-Signature-256), and nothing else: it is Webhook without an
// App, and so without a memory of what has come already. Make its route public: the signature takes the place of a token.
func GitHub(secret string, handler fiber.Handler) fiber.Handler {
	return Webhook(nil, WebhookConfig{Scheme: SchemeGitHub, Secrets: []string{secret}, Handler: handler})
}

// Stripe has handler get what Stripe has signed with the endpoint's secret (Stripe-Signature) within the last 5 minutes, and
// nothing else; see GitHub.
func Stripe(secret string, handler fiber.Handler) fiber.Handler {
	return Webhook(nil, WebhookConfig{Scheme: SchemeStripe, Secrets: []string{secret}, Handler: handler})
}

// StandardWebhooks has handler get what is signed with secret by the Standard Webhooks specification (webhook-id,
// webhook-timestamp, webhook-signature with v1), as Svix, OpenAI and others do it, within the last 5 minutes, and nothing
// else; see GitHub. The secret is base64, with or without "whsec_" before it.
func StandardWebhooks(secret string, handler fiber.Handler) fiber.Handler {
	return Webhook(nil, WebhookConfig{Scheme: SchemeStandard, Secrets: []string{secret}, Handler: handler})
}

// Webhook has a handler get what a sender has signed, once. It is compared in constant time, and what is wrong is not told in
// detail:
//   - 400: a header of the scheme is missing;
//   - 401: the signature is wrong, or its time too far away;
//   - 200, without the handler: the delivery has been handled already, which a sender that tries again has to know;
//   - 409, with Retry-After: it is being handled; whether that ends well is not known;
//   - 503, with Retry-After: the store, which remembers deliveries, cannot be reached.
//
// Deliveries are remembered in the App's store, by all nodes that share it, and told apart by what is signed: the id of
// SchemeStandard, the event's id of SchemeStripe, or else the whole body, since GitHub does not sign its X-GitHub-Delivery, so
// that who has seen a delivery could repeat it under another. One whose handler has failed, with an error, a panic or a status
// of 400 or above, is forgotten, so that the sender's next try is handled. A delivery may be handled twice when a process ends
// in between.
//
// app may be nil: nothing is remembered then. A mistake in the config panics.
func Webhook(app *fastmcp.App, config WebhookConfig) fiber.Handler {
	c := WebhookConfigDefault
	c.Scheme, c.Secrets, c.Handler = config.Scheme, slices.Clone(config.Secrets), config.Handler
	fallback(&c.Tolerance, config.Tolerance)
	fallback(&c.Remember, config.Remember)
	fallback(&c.Lease, config.Lease)
	if config.Now != nil {
		c.Now = config.Now
	}
	keys, err := c.keys()
	if err != nil {
		panic(fmt.Sprintf("routes: Webhook: %v", err))
	}
	w := &webhook{config: c, keys: keys, check: schemes[c.Scheme].check}
	if app != nil {
		w.store = app.Store
	}
	return w.serve
}

// keys are what the secrets stand for. An error never has one.
func (c *WebhookConfig) keys() (keys [][]byte, err error) {
	scheme, ok := schemes[c.Scheme]
	switch {
	case !ok:
		return nil, fmt.Errorf("there is no Scheme %q: use SchemeGitHub, SchemeStripe or SchemeStandard", c.Scheme)
	case c.Handler == nil:
		return nil, errors.New("there is no Handler: give it a func(*fiber.Ctx) error")
	case len(c.Secrets) == 0:
		return nil, errors.New("there are no Secrets: anybody could send; give it the one that you have told the sender")
	case c.Tolerance < 0 || c.Lease < 0:
		return nil, errors.New("a negative Tolerance or Lease lets nothing through: leave them out for their defaults")
	case c.Remember < 2*c.Tolerance:
		return nil, fmt.Errorf("deliveries are remembered for %s and could be repeated then: Remember has to be twice Tolerance at least, %s", c.Remember, 2*c.Tolerance)
	}
	for i, secret := range c.Secrets {
		key, err := scheme.key(secret)
		if err != nil {
			return nil, fmt.Errorf("secret %d: %w", i+1, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
