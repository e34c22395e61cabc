package routes

import (
	"context"
	"errors"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
)

// ReadyConfig is how Ready finds out, and what it answers. What its zero value means stands beside each field.
type ReadyConfig struct {
	// Timeout is how long the store may take to answer. Keep it below what the probe waits. Default: 500 ms.
	Timeout time.Duration
	// Status and Body are the answer when the node is ready; Body is JSON. Defaults: 200 and {"status":"ready"}.
	Status int
	Body   string
	// Unready is the status when it is not. Default: 503.
	Unready int
	// Draining and NoStore are the bodies that say why, JSON. Defaults: {"status":"draining"} and
	// {"status":"store unreachable"}.
	Draining, NoStore string
}

// ReadyConfigDefault is what Ready does by itself.
var ReadyConfigDefault = ReadyConfig{
	Timeout: 500 * time.Millisecond, Status: fiber.StatusOK, Body: `{"status":"` + stateReady + `"}`,
	Unready: fiber.StatusServiceUnavailable, Draining: `{"status":"` + stateDraining + `"}`, NoStore: `{"status":"` + stateNoStore + `"}`,
}

// What a node is.
const (
	stateReady    = "ready"
	stateDraining = "draining"
	stateNoStore  = "store unreachable"
)

// Ready answers whether work should be sent to this node: 200 and {"status":"ready"}, or 503 and {"status":"draining"}
// once it is about to stop (fastmcp.App.Drain), or 503 and {"status":"store unreachable"} while its store does not answer
// within ReadyConfig.Timeout. It does not depend on who is connected, and says nothing that may not be public: why the
// store cannot be reached is told by fastmcp.App.Ready.
func Ready(app *fastmcp.App, config ...ReadyConfig) fiber.Handler {
	c := ReadyConfigDefault
	if len(config) > 0 {
		fallback(&c.Timeout, config[0].Timeout)
		fallback(&c.Status, config[0].Status)
		fallback(&c.Body, config[0].Body)
		fallback(&c.Unready, config[0].Unready)
		fallback(&c.Draining, config[0].Draining)
		fallback(&c.NoStore, config[0].NoStore)
	}
	return func(ctx *fiber.Ctx) error {
		switch stateOf(ctx.UserContext(), app, c.Timeout) {
		case stateReady:
			return answer(ctx, c.Status, c.Body)
		case stateDraining:
			return answer(ctx, c.Unready, c.Draining)
		}
		return answer(ctx, c.Unready, c.NoStore)
	}
}

// stateOf asks what a node is; the store may take that long to answer.
func stateOf(ctx context.Context, app *fastmcp.App, timeout time.Duration) string {
	bound, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	switch err := app.Ready(bound); {
	case err == nil:
		return stateReady
	case errors.Is(err, fastmcp.ErrDraining):
		return stateDraining
	}
	return stateNoStore
}
