package fastmcptest_test

import (
	"errors"
	"io"
	"log/slog"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
)

type addInput struct {
	A float64 `json:"a" validate:"required" description:"first addend"`
	B float64 `json:"b" validate:"required" description:"second addend"`
}

type addOutput struct {
	Sum float64 `json:"sum"`
}

type bigNumber struct {
	N int64 `json:"n"`
}

// quiet is a log that nobody reads.
func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// newApp is an App with something of everything.
func newApp(config ...fastmcp.Config) *fastmcp.App {
	c := fastmcp.Config{}
	if len(config) > 0 {
		c = config[0]
	}
	if c.Log == nil {
		c.Log = quiet()
	}
	app := fastmcp.New(c)
	app.AddTool(fastmcp.Tool{Name: "add", Description: "Add two numbers", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in addInput) (addOutput, error) {
		return addOutput{in.A + in.B}, nil
	})})
	app.AddTool(fastmcp.Tool{Name: "big", Handler: fastmcp.Get(func(*fastmcp.Context) (bigNumber, error) { return bigNumber{1<<53 + 1}, nil })})
	app.AddTool(fastmcp.Tool{Name: "fail", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
		return "", fastmcp.Errorf("there is no milk")
	})})
	app.AddTool(fastmcp.Tool{Name: "order", Handler: fastmcp.Get(order)})
	app.AddTool(fastmcp.Tool{Name: "sign", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		r, err := c.Sample("poem", fastmcp.SampleRequest{Prompt: "A poem on tea"})
		if err != nil {
			return "", err
		}
		return r.Model + " wrote " + r.Text(), nil
	})})
	app.AddTool(fastmcp.Tool{Name: "roots", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		roots, err := c.Roots()
		var all []string
		for _, r := range roots {
			all = append(all, r.URI)
		}
		return strings.Join(all, " "), err
	})})
	app.AddTool(fastmcp.Tool{Name: "work", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		c.ClientLog().Debug("begun")
		err := errors.Join(c.Progress(1, 2, "half"), c.Stream(content.Text("a piece")), c.Notify("notifications/own", map[string]int{"n": 1}))
		c.ClientLog().Error("over")
		return "done", err
	})})
	app.AddResource(fastmcp.Resource{URI: "note://today", Name: "today", MimeType: "application/json", Handler: fastmcp.Get(func(*fastmcp.Context) (map[string]int, error) {
		return map[string]int{"milk": 2}, nil
	})})
	app.AddResource(fastmcp.Resource{URI: "note://blob", Name: "blob", Handler: fastmcp.Get(func(*fastmcp.Context) ([]byte, error) {
		return []byte{0, 1, 0xff}, nil
	})})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{
		URI: "city://{name}", Name: "city",
		Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct {
			Name string `json:"name"`
		}) (string, error) {
			return "about " + in.Name, nil
		}),
		Complete: map[string]fastmcp.Completer{"name": func(_ *fastmcp.Context, q fastmcp.Completion) (fastmcp.Values, error) {
			return fastmcp.Values{Values: []string{q.Prefix + "aris", q.Prefix + "orto"}, Total: 7, HasMore: true}, nil
		}},
	})
	app.AddPrompt(fastmcp.Prompt{Name: "greet", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in struct {
		Whom string `json:"whom" validate:"required,oneof=alice bob"`
	}) (string, error) {
		return "Greet " + in.Whom, nil
	})})
	return app
}

// order asks two questions, one after the other.
func order(c *fastmcp.Context) (string, error) {
	var size struct {
		Cups int `json:"cups" validate:"required,max=9"`
	}
	if action, err := fastmcp.Elicit(c, "size", "How many cups?", &size); err != nil || action != fastmcp.Accepted {
		return action.String(), err
	}
	var sugar struct {
		Sugar bool `json:"sugar"`
	}
	if _, err := fastmcp.Elicit(c, "sugar", "Sugar?", &sugar); err != nil {
		return "", err
	}
	return strings.Repeat("cup ", size.Cups) + map[bool]string{true: "sweet", false: "plain"}[sugar.Sugar], nil
}
