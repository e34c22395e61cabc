package main

import "github.com/fastmcp-go/fastmcp"

type numberInput struct {
	N     int `json:"n" validate:"gte=1" description:"the number to send"`
	Count int `json:"count,omitempty" validate:"gte=0,lte=10000" description:"how many numbers, from n on; 0 is one"`
}

type number struct {
	N int `json:"n"`
}

// addNumber adds a tool that sends numbers on the session's own stream, which a GET reads: on whatever node that is.
func addNumber(app *fastmcp.App) {
	app.AddTool(fastmcp.Tool{
		Name: "send_number", Description: "Sends numbers on the session's own stream, and answers when they are kept for the client.",
		Handler: fastmcp.Do(func(c *fastmcp.Context, in numberInput) error {
			for i := range max(in.Count, 1) {
				if err := c.Session().Notify("notifications/example/number", number{in.N + i}); err != nil {
					return err
				}
			}
			return nil
		}),
	})
}
