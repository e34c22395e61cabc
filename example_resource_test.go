package fastmcp_test

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
)

// ask makes a request and gives the member of its result, or the error.
func (d *demo) ask(method, name, params, member string) string {
	reply := d.rpc(method, name, params)
	last := reply[len(reply)-1]
	if last.Error != nil {
		return fmt.Sprint(last.Error.Code, " ", last.Error.Message)
	}
	var result map[string]json.RawMessage
	if err := json.Unmarshal(last.Result, &result); err != nil {
		log.Panic(err)
	}
	return string(result[member])
}

func (d *demo) read(uri string) string {
	return d.ask("resources/read", uri, fmt.Sprintf(`,"uri":%q`, uri), "contents")
}

func (d *demo) prompt(name, args string) string {
	return d.ask("prompts/get", name, fmt.Sprintf(`,"name":%q,"arguments":%s`, name, args), "messages")
}

// complete asks for values for an argument of a prompt.
func (d *demo) complete(prompt, argument, typed, known string) string {
	return d.ask("completion/complete", "", fmt.Sprintf(`,"ref":{"type":"ref/prompt","name":%q},"argument":{"name":%q,"value":%q},"context":{"arguments":%s}`,
		prompt, argument, typed, known), "completion")
}

// subscribe subscribes a session to a resource.
func (s *demoSession) subscribe(uri string) {
	s.do(s.request(http.MethodPost, s.header(nil), fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":%q}}`, uri)))
}

// A resource is text, bytes, or data that is sent as JSON.
func ExampleApp_AddResource() {
	app := fastmcp.New()
	app.AddResource(fastmcp.Resource{
		URI: "notes://today", Name: "Today's notes", MimeType: "text/markdown",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "# Buy milk", nil }),
	})
	app.AddResource(fastmcp.Resource{
		URI: "status://now", Name: "Status",
		Handler: fastmcp.Get(func(*fastmcp.Context) (map[string]int, error) { return map[string]int{"users": 3}, nil }),
	})
	app.AddResource(fastmcp.Resource{
		URI: "logo://small", Name: "Logo", MimeType: "image/png",
		Handler: fastmcp.Get(func(*fastmcp.Context) ([]byte, error) { return []byte("\x89PNG\r\n\x1a\n"), nil }),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.read("notes://today"))
	fmt.Println(d.read("status://now"))
	fmt.Println(d.read("logo://small"))
	fmt.Println(d.read("notes://tomorrow"))
	// Output:
	// [{"uri":"notes://today","mimeType":"text/markdown","text":"# Buy milk"}]
	// [{"uri":"status://now","mimeType":"application/json","text":"{\"users\":3}"}]
	// [{"uri":"logo://small","mimeType":"image/png","blob":"iVBORw0KGgo="}]
	// -32602 Resource not found
}

// The variables of a template are the fields of a struct, and are validated. Paths that climb are refused.
func ExampleApp_AddResourceTemplate() {
	type Place struct {
		Country string `json:"country" validate:"oneof=de fr"`
		City    string `json:"city"`
		Days    int    `json:"days" validate:"lte=14" default:"1"`
	}
	app := fastmcp.New()
	app.AddResourceTemplate(fastmcp.ResourceTemplate{
		URI: "weather://{country}/{city}{?days}", Name: "The weather in a city", MimeType: "text/plain",
		Handler: fastmcp.Typed(func(_ *fastmcp.Context, p Place) (string, error) {
			if p.City == "Atlantis" {
				return "", fastmcp.ErrNotFound
			}
			return fmt.Sprintf("days of sun: %d, in %s (%s)", p.Days, p.City, p.Country), nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.read("weather://de/Berlin"))
	fmt.Println(d.read("weather://fr/Paris?days=3"))
	fmt.Println(d.read("weather://fr/Atlantis"))
	fmt.Println(d.read("weather://de/Berlin?days=many"))
	fmt.Println(d.read("weather://de/.."))
	// Output:
	// [{"uri":"weather://de/Berlin","mimeType":"text/plain","text":"days of sun: 1, in Berlin (de)"}]
	// [{"uri":"weather://fr/Paris?days=3","mimeType":"text/plain","text":"days of sun: 3, in Paris (fr)"}]
	// -32602 Resource not found
	// -32602 Invalid params: days: expected an integer, got "many"
	// -32602 Invalid params: the value of city is refused: it has a ".." segment
}

// The fields of a struct are a prompt's arguments. Clients send text, which becomes numbers where the fields are.
func ExampleApp_AddPrompt() {
	type Input struct {
		Topic string `json:"topic" validate:"required" description:"what to write about"`
		Lines int    `json:"lines" validate:"lte=100" default:"4"`
	}
	app := fastmcp.New()
	app.AddPrompt(fastmcp.Prompt{
		Name: "poem", Description: "Write a poem",
		Handler: fastmcp.Typed(func(_ *fastmcp.Context, in Input) ([]content.Message, error) {
			return []content.Message{
				content.User(content.Text(fmt.Sprintf("Write %d lines about %s.", in.Lines, in.Topic))),
				content.Assistant(content.Text("Here they are:")),
			}, nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.ask("prompts/list", "", "", "prompts"))
	fmt.Println(d.prompt("poem", `{"topic":"rain","lines":"8"}`))
	fmt.Println(d.prompt("poem", `{}`))
	// Output:
	// [{"name":"poem","description":"Write a poem","arguments":[{"name":"topic","description":"what to write about","required":true},{"name":"lines"}]}]
	// [{"role":"user","content":{"type":"text","text":"Write 8 lines about rain."}},{"role":"assistant","content":{"type":"text","text":"Here they are:"}}]
	// -32602 Invalid params: topic: expected a string, which is required, got nothing
}

// A field with oneof is completed by itself, others by a function that knows what has been chosen already.
func ExampleCompleter() {
	type Input struct {
		Country string `json:"country" validate:"required,oneof=france germany greece"`
		City    string `json:"city" validate:"required"`
	}
	cities := map[string][]string{"france": {"Paris", "Pau"}, "germany": {"Berlin", "Potsdam"}}
	app := fastmcp.New()
	app.AddPrompt(fastmcp.Prompt{
		Name:    "trip",
		Handler: fastmcp.Typed(func(_ *fastmcp.Context, in Input) (string, error) { return "Plan a trip to " + in.City, nil }),
		Complete: map[string]fastmcp.Completer{"city": func(_ *fastmcp.Context, q fastmcp.Completion) (v fastmcp.Values, err error) {
			for _, city := range cities[q.Args["country"]] {
				if strings.HasPrefix(city, q.Prefix) {
					v.Values = append(v.Values, city)
				}
			}
			return v, nil
		}},
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.complete("trip", "country", "g", `{}`))
	fmt.Println(d.complete("trip", "city", "P", `{"country":"germany"}`))
	// Output:
	// {"values":["germany","greece"]}
	// {"values":["Potsdam"]}
}

// Embed puts a resource into a tool's result, if the caller may read it.
func ExampleContext_Embed() {
	app := fastmcp.New(fastmcp.Config{Auth: auth.New(auth.Config{
		Optional:  true,
		Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{"sue-0123456789abcdef": {Subject: "sue"}})},
	})})
	app.AddResource(fastmcp.Resource{
		URI: "report://q1", MimeType: "text/csv", CanAccess: auth.RequireAuth(),
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "month,sales\n1,20\n", nil }),
	})
	app.AddTool(fastmcp.Tool{Name: "report", Handler: fastmcp.Get(func(c *fastmcp.Context) ([]content.Block, error) {
		report, err := c.Embed("report://q1")
		return []content.Block{content.Text("Here it is."), report}, err
	})})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.as("sue-0123456789abcdef").call("report", `{}`))
	fmt.Println(d.call("report", `{}`))
	// Output:
	// Here it is.
	// [resource report://q1 text/csv]
	// 200: Resource not found
}

// ResourceUpdated tells those who have subscribed, and may still read the resource.
func ExampleApp_ResourceUpdated() {
	app := fastmcp.New()
	app.AddResource(fastmcp.Resource{
		URI:     "stock://acme",
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "17.50", nil }),
	})

	d := startDemo(app)
	defer d.stop()
	s := d.session("2025-11-25")
	s.subscribe("stock://acme")
	app.ResourceUpdated("stock://acme")
	fmt.Println(s.news(1)[0].summary())
	// Output: notifications/resources/updated {"uri":"stock://acme"}
}

// Resources and prompts come and go while the App serves. Clients with a session are told that a list has changed.
func ExampleApp_RemoveResource() {
	app := fastmcp.New()
	hello := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "hello", nil })
	app.AddResource(fastmcp.Resource{URI: "hello://world", Handler: hello})

	d := startDemo(app)
	defer d.stop()
	s := d.session("2025-11-25")
	fmt.Println(app.RemoveResource("hello://world"), app.RemoveResource("hello://world"), d.read("hello://world"))
	fmt.Println(s.news(1)[0].summary())
	// Output:
	// true false -32602 Resource not found
	// notifications/resources/list_changed
}

// A prompt that is removed is unknown from then on.
func ExampleApp_RemovePrompt() {
	app := fastmcp.New()
	hello := fastmcp.Get(func(*fastmcp.Context) (string, error) { return "hello", nil })
	app.AddPrompt(fastmcp.Prompt{Name: "hello", Handler: hello})

	d := startDemo(app)
	defer d.stop()
	s := d.session("2025-11-25")
	fmt.Println(app.RemovePrompt("hello"), app.RemovePrompt("hello"), d.prompt("hello", `{}`))
	fmt.Println(s.news(1)[0].summary())
	// Output:
	// true false -32602 Invalid params: unknown prompt "hello"
	// notifications/prompts/list_changed
}
