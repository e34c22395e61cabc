package routes

import "github.com/gofiber/fiber/v2"

// Ping answers "pong", as text, and looks at nothing: it tells a person, or a balancer that knows no JSON, that there is
// somebody.
func Ping() fiber.Handler {
	return func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.SendString("pong")
	}
}
