//go:build !race

package cors_test

import (
	"testing"

	"github.com/fastmcp-go/fastmcp/middleware/cors"
	"github.com/gofiber/fiber/v2"
)

// What it adds to a request is headers.
func TestAllocations(t *testing.T) {
	cost := func(use fiber.Handler, origin string) float64 {
		f := fiber.New()
		if use != nil {
			f.Use(use)
		}
		f.Get("/", func(*fiber.Ctx) error { return nil })
		handler, ctx := f.Handler(), request(origin)
		return testing.AllocsPerRun(200, func() { ctx.Response.Reset(); handler(ctx) })
	}
	for origin, budget := range map[string]float64{"": 1, friend: 3} {
		if n := cost(cors.New(cors.Config{Origins: []string{friend}}), origin) - cost(nil, origin); n > budget {
			t.Errorf("Origin %q: %v allocations more, the budget is %v", origin, n, budget)
		} else {
			t.Logf("Origin %q: %v allocations more", origin, n)
		}
	}
}
