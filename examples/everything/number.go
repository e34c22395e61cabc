package main

import "github.com/fastmcp-go/fastmcp"

type numberInput struct {
	N int `json:"n" validate:"gte=1" description:"the number to send"`
}

// addNumber adds a tool that sends a number on the session's own stream, which a GET reads: on whatever node that is.
func addNumber(app *fastmcp.App) {
	app.AddTool(fastmcp.Tool{
		Name: "send_number", Description: "Sends a number on the session's own stream, and answers when it is kept for the client.",
		Handler: fastmcp.Do(func(c *fastmcp.Context, in numberInput) error {
			return c.Session().Notify("notifications/example/number", in)
		}),
	})
}
