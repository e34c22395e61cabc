package concurrency_test

import (
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/middleware/concurrency"
)

// Each caller has four calls at once, and eight that wait for up to two seconds. The tool render runs once at a time, whoever
// calls; those who find it busy are told, in words for the model.
func ExampleNew() {
	app := fastmcp.New()
	app.Use(concurrency.New(concurrency.Config{Max: 4, MaxWaiting: 8, Wait: 2 * time.Second}))
	app.AddTool(fastmcp.Tool{
		Name:    "render",
		Use:     []fastmcp.Handler{concurrency.New(concurrency.Config{Max: 1, MaxWaiting: -1, Key: concurrency.ByTool})},
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "an image", nil }),
	})
}
