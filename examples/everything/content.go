package main

import (
	"encoding/base64"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
)

// A red pixel, and a tenth of a millisecond of silence.
var (
	png = decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==")
	wav = decode("UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==")
)

func decode(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// addContent adds a tool for each kind of content.
func addContent(app *fastmcp.App) {
	app.AddTool(fastmcp.Tool{
		Name: "test_simple_text", Description: "Answers with text",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
			return "This is a simple text response for testing.", nil
		}),
	})
	app.AddTool(fastmcp.Tool{
		Name: "test_image_content", Description: "Answers with an image",
		Handler: fastmcp.Get(func(*fastmcp.Context) (content.ImageBlock, error) { return content.Image(png), nil }),
	})
	app.AddTool(fastmcp.Tool{
		Name: "test_audio_content", Description: "Answers with audio",
		Handler: fastmcp.Get(func(*fastmcp.Context) (content.AudioBlock, error) { return content.Audio(wav), nil }),
	})
	app.AddTool(fastmcp.Tool{
		Name: "test_embedded_resource", Description: "Answers with a resource",
		Handler: fastmcp.Get(func(*fastmcp.Context) (content.ResourceBlock, error) {
			return content.Resource("test://embedded-resource", "text/plain", "This is an embedded resource content."), nil
		}),
	})
	app.AddTool(fastmcp.Tool{
		Name: "test_multiple_content_types", Description: "Answers with text, an image and a resource",
		Handler: fastmcp.Get(func(*fastmcp.Context) ([]content.Block, error) {
			return []content.Block{
				content.Text("Multiple content types test:"), content.Image(png),
				content.Resource("test://mixed-content-resource", "application/json", `{"test":"data","value":123}`),
			}, nil
		}),
	})
	app.AddTool(fastmcp.Tool{
		Name: "test_error_handling", Description: "Answers with an error",
		Handler: fastmcp.Do(func(*fastmcp.Context, struct{}) error {
			return fastmcp.Errorf("This tool intentionally returns an error for testing")
		}),
	})
}
