package routes

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
	"github.com/gofiber/fiber/v2"
)

// webhook is what Webhook makes.
type webhook struct {
	config WebhookConfig
	keys   [][]byte
	check  func(w *webhook, c *fiber.Ctx, body []byte) (delivery string, err error)
	store  func() *store.Backend // nil: nothing is remembered
}

// handled is what is kept of a delivery whose handler has succeeded; before, it is the name of who handles it.
const handled = "handled"

// afterwards bounds what is done in the store when the handler has ended: its request may have, too.
const afterwards = 5 * time.Second

func (w *webhook) serve(c *fiber.Ctx) error {
	// As it was sent: c.Body would unpack it, and it is what is there that is signed.
	delivery, err := w.check(w, c, c.Request().Body())
	if err != nil {
		return err
	}
	if w.store == nil {
		return w.config.Handler(c)
	}
	// Ids are the sender's, of any length and in any characters.
	key := fmt.Sprintf("webhook:%s:%s", w.config.Scheme, digest([]byte(c.Route().Path+" "+delivery)))
	return w.once(c, w.store(), key)
}

// once runs the handler, unless it has run.
func (w *webhook) once(c *fiber.Ctx, s *store.Backend, key string) error {
	mine := []byte(rand.Text())
	first, err := s.Atomic.SetNX(c.UserContext(), key, mine, w.config.Lease)
	if err != nil {
		return later(c, fiber.StatusServiceUnavailable, "Deliveries cannot be told apart at the moment")
	}
	if !first {
		return w.again(c, s, key)
	}
	succeeded := false
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.UserContext()), afterwards)
		defer cancel()
		// What cannot be kept, or forgotten, is decided by the lease. It may have been lost, and be another's now.
		if succeeded {
			if kept, err := s.Atomic.CAS(ctx, key, mine, []byte(handled), w.config.Remember); !kept && err == nil {
				_, _ = s.Atomic.SetNX(ctx, key, []byte(handled), w.config.Remember) // it took longer than the lease, and nobody else has it
			}
		} else {
			_, _ = s.Atomic.CAS(ctx, key, mine, nil, 0)
		}
	}()
	err = w.config.Handler(c)
	succeeded = err == nil && c.Response().StatusCode() < fiber.StatusBadRequest
	return err
}

// again answers a delivery that is known.
func (w *webhook) again(c *fiber.Ctx, s *store.Backend, key string) error {
	state, err := s.KV.Get(c.UserContext(), key)
	switch {
	case err != nil:
		return later(c, fiber.StatusServiceUnavailable, "Deliveries cannot be told apart at the moment")
	case string(state) == handled:
		return c.SendStatus(fiber.StatusOK)
	}
	return later(c, fiber.StatusConflict, "The delivery is being handled")
}

// later asks the sender to try again.
func later(c *fiber.Ctx, status int, text string) error {
	c.Set(fiber.HeaderRetryAfter, "10")
	return fiber.NewError(status, text)
}
