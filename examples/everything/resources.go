package main

import (
	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
)

type templateInput struct {
	ID string `json:"id" validate:"required" description:"which"`
}

type templateOutput struct {
	ID           string `json:"id"`
	TemplateTest bool   `json:"templateTest"`
	Data         string `json:"data"`
}

// addResources adds something of each kind to read.
func addResources(app *fastmcp.App) {
	app.AddResource(fastmcp.Resource{
		URI: "test://static-text", Name: "Static text", Description: "A text that never changes", MimeType: "text/plain",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "This is the content of the static text resource.", nil }),
	})
	app.AddResource(fastmcp.Resource{
		URI: "test://static-binary", Name: "Static binary", Description: "An image that never changes", MimeType: "image/png",
		Handler: fastmcp.Get(func(*fastmcp.Context) (content.ImageBlock, error) { return content.Image(png), nil }),
	})
	app.AddResource(fastmcp.Resource{
		URI: "test://watched-resource", Name: "Watched resource", Description: "A text to subscribe to", MimeType: "text/plain",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "Watch me.", nil }),
	})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{
		URI: "test://template/{id}/data", Name: "Template", Description: "Data by id", MimeType: "application/json",
		Handler: fastmcp.Typed(func(_ *fastmcp.Context, in templateInput) (templateOutput, error) {
			return templateOutput{ID: in.ID, TemplateTest: true, Data: "Data for ID: " + in.ID}, nil
		}),
	})
}
