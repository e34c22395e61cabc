package routes

import (
	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
)

// HealthConfig is what Health answers with. What its zero value means stands beside each field.
type HealthConfig struct {
	// Status is the status. Default: 200.
	Status int
	// Body is the body, JSON. Default: {"status":"ok"}.
	Body string
}

// HealthConfigDefault is what Health does by itself.
var HealthConfigDefault = HealthConfig{Status: fiber.StatusOK, Body: `{"status":"ok"}`}

// Health answers that the process serves: 200 and {"status":"ok"}, also while it is drained, and whatever has become of
// its store. A probe that starts the process again when there is no answer (Kubernetes: livenessProbe) asks here, because
// no restart of a node brings a store back.
func Health(_ *fastmcp.App, config ...HealthConfig) fiber.Handler {
	c := HealthConfigDefault
	if len(config) > 0 {
		fallback(&c.Status, config[0].Status)
		fallback(&c.Body, config[0].Body)
	}
	return func(ctx *fiber.Ctx) error { return answer(ctx, c.Status, c.Body) }
}

// fallback has a field keep its default unless there is something to set it to.
func fallback[T comparable](field *T, value T) {
	var zero T
	if value != zero {
		*field = value
	}
}

// answer answers with JSON that nobody keeps.
func answer(ctx *fiber.Ctx, status int, body string) error {
	ctx.Set(fiber.HeaderCacheControl, "no-store")
	ctx.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return ctx.Status(status).SendString(body)
}
