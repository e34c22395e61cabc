// Fastmcp serves with this project, set up as a user would: typed handlers, the checks in struct tags, sessions and
// 2026-07-28 on one address. Only the bounds on sessions, streams and connections are raised, because all clients have one address.
package main

import (
	"strconv"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/bench/internal/contract"
)

const manySessions = 200_000

type addInput struct {
	A float64 `json:"a" validate:"required,gte=-1e9,lte=1e9" description:"first addend"`
	B float64 `json:"b" validate:"required,gte=-1e9,lte=1e9" description:"second addend"`
}

type echoInput struct {
	S string `json:"s" validate:"required,max=1048576" description:"what to say"`
}

type countInput struct {
	N int `json:"n" validate:"required,gte=1,lte=100000" description:"how often"`
}

type broadcastInput struct {
	Size int `json:"size" validate:"gte=0,lte=1048576" description:"bytes to send to each"`
}

type fillerInput struct {
	A float64 `json:"a" validate:"required" description:"first factor"`
	B float64 `json:"b" validate:"required" description:"second factor"`
}

type greetInput struct {
	Name string `json:"name" validate:"required,max=100" description:"whom to greet"`
}

func add(_ *fastmcp.Context, in addInput) (string, error) {
	return strconv.FormatFloat(in.A+in.B, 'f', -1, 64), nil
}

func echo(_ *fastmcp.Context, in echoInput) (string, error) { return in.S, nil }

func count(c *fastmcp.Context, in countInput) (string, error) {
	for i := range in.N {
		if err := c.Progress(float64(i+1), float64(in.N)); err != nil {
			return "", err
		}
	}
	return "done", nil
}

func multiply(_ *fastmcp.Context, in fillerInput) (string, error) {
	return strconv.FormatFloat(in.A*in.B, 'f', -1, 64), nil
}

func greet(_ *fastmcp.Context, in greetInput) (string, error) { return contract.Greeting(in.Name), nil }

func note(*fastmcp.Context) (string, error) { return contract.ResourceText, nil }

// logMessage is the params of notifications/message.
type logMessage struct {
	Level  string `json:"level"`
	Logger string `json:"logger"`
	Data   string `json:"data"`
}

func main() {
	env := contract.Load()
	app := fastmcp.New(fastmcp.Config{
		Name: "bench", Version: "1.0.0",
		Stateless: env.Mode == "stateless",
		Sessions:  fastmcp.SessionConfig{MaxPerIP: manySessions, MaxPerPrincipal: manySessions, Max: manySessions},
		HTTP:      fastmcp.HTTPConfig{MaxStreams: manySessions, MaxConns: -1},
	})
	broadcast := func(_ *fastmcp.Context, in broadcastInput) (string, error) {
		data := contract.BroadcastText
		if in.Size > 0 {
			data = strings.Repeat("x", in.Size)
		}
		return "sent", app.Broadcast("notifications/message", logMessage{"info", "bench", data})
	}
	app.AddTool(fastmcp.Tool{Name: "add", Description: "Adds two numbers.", Handler: fastmcp.Typed(add)})
	app.AddTool(fastmcp.Tool{Name: "echo", Description: "Returns its argument.", Handler: fastmcp.Typed(echo)})
	app.AddTool(fastmcp.Tool{Name: "count", Description: "Reports progress n times.", Handler: fastmcp.Typed(count)})
	app.AddTool(fastmcp.Tool{Name: "broadcast", Description: "Notifies every session.", Handler: fastmcp.Typed(broadcast)})
	for _, f := range contract.Fillers(env.Tools) {
		app.AddTool(fastmcp.Tool{Name: f.Name, Description: f.Description, Handler: fastmcp.Typed(multiply)})
	}
	app.AddPrompt(fastmcp.Prompt{Name: contract.PromptName, Description: "Greets somebody.", Handler: fastmcp.Typed(greet)})
	app.AddResource(fastmcp.Resource{URI: contract.ResourceURI, Name: "note", MimeType: "text/plain", Handler: fastmcp.Get(note)})
	if env.Cert != "" {
		contract.Exit(app.ListenTLS(env.Addr, env.Cert, env.Key))
	}
	contract.Exit(app.Listen(env.Addr))
}
