package routes

import (
	"context"
	"errors"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
)

// ReadyConfig is how Ready finds out. What its zero value means stands beside each field.
type ReadyConfig struct {
	// Timeout is how long the store may take to answer. Keep it below what the probe waits. Default: 500 ms.
	Timeout time.Duration
}

// ReadyConfigDefault is what Ready does by itself.
var ReadyConfigDefault = ReadyConfig{Timeout: 500 * time.Millisecond}

// What Ready answers.
const (
	bodyReady    = `{"status":"ready"}`
	bodyDraining = `{"status":"draining"}`
	bodyStore    = `{"status":"store unreachable"}`
)

// Ready answers whether work should be sent to this node: 200 and {"status":"ready"}, or 503 and {"status":"draining"}
// once it is about to stop (fastmcp.App.Drain), or 503 and {"status":"store unreachable"} while its store does not answer
// within ReadyConfig.Timeout. It does not depend on who is connected, and says nothing that may not be public: why the
// store cannot be reached is told by fastmcp.App.Ready.
func Ready(app *fastmcp.App, config ...ReadyConfig) fiber.Handler {
	c := ReadyConfigDefault
	if len(config) > 0 {
		fallback(&c.Timeout, config[0].Timeout)
	}
	return func(ctx *fiber.Ctx) error {
		bound, cancel := context.WithTimeout(ctx.UserContext(), c.Timeout)
		defer cancel()
		switch err := app.Ready(bound); {
		case err == nil:
			return answer(ctx, fiber.StatusOK, bodyReady)
		case errors.Is(err, fastmcp.ErrDraining):
			return answer(ctx, fiber.StatusServiceUnavailable, bodyDraining)
		}
		return answer(ctx, fiber.StatusServiceUnavailable, bodyStore)
	}
}
