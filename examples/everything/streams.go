package main

import (
	"time"

	"github.com/fastmcp-go/fastmcp"
)

const pause = 50 * time.Millisecond

// sleep waits, unless the client cancels.
func sleep(c *fastmcp.Context, d time.Duration) error {
	select {
	case <-c.Done():
		return c.Err()
	case <-time.After(d):
		return nil
	}
}

// addStreams adds tools that say something before they answer.
func addStreams(app *fastmcp.App) {
	app.AddTool(fastmcp.Tool{
		Name: "test_tool_with_logging", Description: "Sends three log messages, then answers",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			for _, text := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
				c.ClientLog().Info(text)
				if err := sleep(c, pause); err != nil {
					return "", err
				}
			}
			return "Logged three messages", nil
		}),
	})
	app.AddTool(fastmcp.Tool{
		Name: "test_tool_with_progress", Description: "Reports progress three times, then answers",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			for _, done := range []float64{0, 50, 100} {
				if err := c.Progress(done, 100); err != nil {
					return "", err
				}
				if err := sleep(c, pause); err != nil {
					return "", err
				}
			}
			return "Reported progress", nil
		}),
	})
	app.AddTool(fastmcp.Tool{
		Name: "test_reconnection", Description: "Closes its connection, then answers to who comes back",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			if err := c.Suspend(10 * time.Millisecond); err != nil {
				c.Log().Debug("the client cannot come back", "error", err)
			}
			if err := sleep(c, 2*pause); err != nil {
				return "", err
			}
			return "Reconnection test completed successfully", nil
		}),
	})
}
