package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/fastmcp-go/fastmcp"
)

// The forms of the tools that ask for one.
type (
	account struct {
		Username string `json:"username" validate:"required" description:"User's response"`
		Email    string `json:"email" validate:"required" description:"User's email address"`
	}
	withDefaults struct {
		Name     string  `json:"name" description:"User name" default:"John Doe"`
		Age      int     `json:"age" description:"User age" default:"30"`
		Score    float64 `json:"score" description:"User score" default:"95.5"`
		Status   string  `json:"status" description:"User status" validate:"omitempty,oneof=active inactive pending" default:"active"`
		Verified bool    `json:"verified" description:"Verification status" default:"true"`
	}
	name struct {
		Name string `json:"name" validate:"required"`
	}
	color struct {
		Color string `json:"color" validate:"required"`
	}
	confirm struct {
		OK bool `json:"ok" validate:"required"`
	}
)

// choices are the five ways to write a choice (SEP-1330). A form that is made of a struct writes each in one way, so that
// this one is written by hand.
const choices = `{
  "type": "object",
  "properties": {
    "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
    "titledSingle": {"type": "string", "oneOf": [
      {"const": "value1", "title": "First Option"}, {"const": "value2", "title": "Second Option"}, {"const": "value3", "title": "Third Option"}]},
    "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]},
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
    "titledMulti": {"type": "array", "items": {"anyOf": [
      {"const": "value1", "title": "First Choice"}, {"const": "value2", "title": "Second Choice"}, {"const": "value3", "title": "Third Choice"}]}}
  },
  "required": []
}`

// asks adds a tool that asks for a form and tells what came of it.
func asks[Form any](app *fastmcp.App, tool, description, message string) {
	app.AddTool(fastmcp.Tool{
		Name: tool, Description: description,
		Handler: fastmcp.Ask("answer", message, func(_ *fastmcp.Context, _ struct{}, form Form, a fastmcp.Action) (string, error) {
			return told(a, form)
		}),
	})
}

func told(a fastmcp.Action, form any) (string, error) {
	content, err := json.Marshal(form)
	if err != nil || a != fastmcp.Accepted {
		content = []byte("{}")
	}
	return fmt.Sprintf("User response: %s, content: %s", a, content), err
}

// addAsking adds tools that ask the client, in every revision that has the question.
func addAsking(app *fastmcp.App) {
	app.AddTool(fastmcp.Tool{
		Name: "test_sampling", Description: "Asks the client's model",
		Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
			Prompt string `json:"prompt" validate:"required" description:"What to ask"`
		}) (string, error) {
			r, err := c.Sample("sample", fastmcp.SampleRequest{Prompt: in.Prompt, MaxTokens: 100})
			if err != nil {
				return "", err
			}
			return "LLM response: " + r.Text(), nil
		}),
	})
	app.AddTool(fastmcp.Tool{
		Name: "test_elicitation", Description: "Asks the client's user",
		Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
			Message string `json:"message" validate:"required" description:"What to ask"`
		}) (string, error) {
			var form account
			a, err := fastmcp.Elicit(c, "account", in.Message, &form)
			if err != nil {
				return "", err
			}
			return told(a, form)
		}),
	})
	asks[withDefaults](app, "test_elicitation_sep1034_defaults", "Asks with a form that has defaults", "Please review and update the form fields with defaults")
	app.AddTool(fastmcp.Tool{
		Name: "test_elicitation_sep1330_enums", Description: "Asks with a form that has choices",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			a, content, err := fastmcp.ElicitRaw(c, "choices", "Please select options from the enum fields", choices)
			if err != nil {
				return "", err
			}
			return told(a, content)
		}),
	})
	asks[name](app, "test_streaming_elicitation", "Asks, and sends no request on its stream where that is not done", "What is your name?")
	app.AddTool(fastmcp.Tool{
		Name: "test_missing_capability", Description: "Needs a client that samples",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			if _, err := c.Sample("sample", fastmcp.SampleRequest{Prompt: "Hello", MaxTokens: 10}); err != nil {
				return "", err
			}
			return "The client samples", nil
		}),
	})
	app.AddTool(fastmcp.Tool{
		Name: "test_logging_tool", Description: "Logs, for clients that want logs",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			c.ClientLog().Info("Logging tool called")
			return "Logged", nil
		}),
	})
	addRounds(app)
}

// addRounds adds the tools whose results ask (SEP-2322).
func addRounds(app *fastmcp.App) {
	add := func(name, description string, fn func(c *fastmcp.Context) (string, error)) {
		app.AddTool(fastmcp.Tool{Name: "test_input_required_result_" + name, Description: description, Handler: fastmcp.Get(fn)})
	}
	confirmed := func(c *fastmcp.Context) (string, error) {
		var form confirm
		if a, err := fastmcp.Elicit(c, "confirm", "Please confirm", &form); err != nil || a != fastmcp.Accepted {
			return "not confirmed", err
		}
		return "state-ok", nil
	}
	add("elicitation", "Asks the user for a name", func(c *fastmcp.Context) (string, error) { return greet(c) })
	add("sampling", "Asks the model for a capital", capital)
	add("list_roots", "Asks the client for its roots", roots)
	add("request_state", "Asks, and remembers by a state", confirmed)
	add("tampered_state", "Asks, and takes no other state than its own", confirmed)
	add("multiple_inputs", "Asks three things at once", func(c *fastmcp.Context) (string, error) {
		hello, err1 := greet(c)
		r, err2 := c.Sample("greeting", fastmcp.SampleRequest{Prompt: "Generate a greeting", MaxTokens: 50})
		places, err3 := c.Roots("client_roots")
		if err := errors.Join(err1, err2, err3); err != nil {
			return "", err
		}
		return fmt.Sprintf("%s %s (%d roots)", hello, r.Text(), len(places)), nil
	})
	add("multi_round", "Asks twice", func(c *fastmcp.Context) (string, error) {
		var n name
		if a, err := fastmcp.Elicit(c, "step1", "Step 1: What is your name?", &n); err != nil || a != fastmcp.Accepted {
			return "No name was given", err
		}
		var k color
		if a, err := fastmcp.Elicit(c, "step2", "Step 2: What is your favorite color?", &k); err != nil || a != fastmcp.Accepted {
			return "No color was given", err
		}
		return fmt.Sprintf("%s likes %s", n.Name, k.Color), nil
	})
	app.AddPrompt(fastmcp.Prompt{
		Name: "test_input_required_result_prompt", Description: "A prompt that asks for its context",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			var form struct {
				Context string `json:"context" validate:"required"`
			}
			if a, err := fastmcp.Elicit(c, "user_context", "What context should the prompt use?", &form); err != nil || a != fastmcp.Accepted {
				return "There is no context.", err
			}
			return "Use this context: " + form.Context, nil
		}),
	})
	add("capabilities", "Asks what the client can be asked", func(c *fastmcp.Context) (string, error) {
		_, err1 := capital(c)
		_, err2 := greet(c)
		if err := errors.Join(err1, err2); err != nil && !errors.Is(err, fastmcp.ErrUnsupported) {
			return "", err
		}
		return "The client was asked what it can be asked", nil
	})
}

func greet(c *fastmcp.Context) (string, error) {
	var form name
	a, err := fastmcp.Elicit(c, "user_name", "What is your name?", &form)
	if err != nil {
		return "", err
	}
	if a != fastmcp.Accepted {
		return "Hello, whoever you are!", nil
	}
	return fmt.Sprintf("Hello, %s!", form.Name), nil
}

func capital(c *fastmcp.Context) (string, error) {
	r, err := c.Sample("capital_question", fastmcp.SampleRequest{Prompt: "What is the capital of France?", MaxTokens: 100})
	if err != nil {
		return "", err
	}
	return "The model says: " + r.Text(), nil
}

func roots(c *fastmcp.Context) (string, error) {
	all, err := c.Roots("client_roots")
	if err != nil {
		return "", err
	}
	var text []string
	for _, root := range all {
		text = append(text, fmt.Sprintf("%s (%s)", root.Name, root.URI))
	}
	return "Roots: " + strings.Join(text, ", "), nil
}
