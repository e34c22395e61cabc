package main

import (
	"github.com/fastmcp-go/fastmcp"
)

// addChanges adds tools that change what is listed.
func addChanges(app *fastmcp.App) {
	none := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "here for a while", nil })
	app.AddTool(fastmcp.Tool{
		Name: "test_trigger_tool_change", Description: "Adds a tool, or removes it again",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
			if !app.RemoveTool("test_transient_tool") {
				return "added", app.TryAddTool(fastmcp.Tool{Name: "test_transient_tool", Description: "Comes and goes", Handler: none})
			}
			return "removed", nil
		}),
	})
	app.AddTool(fastmcp.Tool{
		Name: "test_trigger_prompt_change", Description: "Adds a prompt, or removes it again",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
			if !app.RemovePrompt("test_transient_prompt") {
				return "added", app.TryAddPrompt(fastmcp.Prompt{Name: "test_transient_prompt", Description: "Comes and goes", Handler: none})
			}
			return "removed", nil
		}),
	})
}
