package main

import (
	"fmt"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
)

type argumentsInput struct {
	Arg1 string `json:"arg1" validate:"required" description:"first argument"`
	Arg2 string `json:"arg2" validate:"required" description:"second argument"`
}

type resourceInput struct {
	ResourceURI string `json:"resourceUri" validate:"required" description:"which resource to embed"`
}

// addPrompts adds a prompt for each kind of message.
func addPrompts(app *fastmcp.App) {
	app.AddPrompt(fastmcp.Prompt{
		Name: "test_simple_prompt", Description: "A prompt without arguments",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "This is a simple prompt for testing.", nil }),
	})
	app.AddPrompt(fastmcp.Prompt{
		Name: "test_prompt_with_arguments", Description: "A prompt with two arguments",
		Handler: fastmcp.Typed(func(_ *fastmcp.Context, in argumentsInput) (string, error) {
			return fmt.Sprintf("Prompt with arguments: arg1='%s', arg2='%s'", in.Arg1, in.Arg2), nil
		}),
		Complete: map[string]fastmcp.Completer{"arg1": completeTest},
	})
	app.AddPrompt(fastmcp.Prompt{
		Name: "test_prompt_with_embedded_resource", Description: "A prompt with a resource in it",
		Handler: fastmcp.Typed(func(_ *fastmcp.Context, in resourceInput) ([]content.Message, error) {
			return []content.Message{
				content.User(content.Resource(in.ResourceURI, "text/plain", "Embedded resource content for testing.")),
				content.User(content.Text("Please process the embedded resource above.")),
			}, nil
		}),
	})
	app.AddPrompt(fastmcp.Prompt{
		Name: "test_prompt_with_image", Description: "A prompt with an image in it",
		Handler: fastmcp.Get(func(*fastmcp.Context) ([]content.Block, error) {
			return []content.Block{content.Image(png), content.Text("Please analyze the image above.")}, nil
		}),
	})
}

// completeTest offers the words that begin with what was typed.
func completeTest(_ *fastmcp.Context, q fastmcp.Completion) (fastmcp.Values, error) {
	var v fastmcp.Values
	for _, word := range []string{"test1", "test2", "other"} {
		if strings.HasPrefix(word, q.Prefix) {
			v.Values = append(v.Values, word)
		}
	}
	return v, nil
}
