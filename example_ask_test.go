package fastmcp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/fastmcp-go/fastmcp"
)

// confirm is a form with one box.
type confirm struct {
	Sure bool `json:"sure" title:"Really?" description:"There is no way back"`
}

// The backup is made once, though the handler runs again when the user has answered.
func ExampleElicit() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "drop", Description: "Drop a table",
		Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
			Table string `json:"table" validate:"required"`
		}) (string, error) {
			backup, err := fastmcp.Once(c, "backup", func() (string, error) {
				fmt.Println("making a backup")
				return "b1", nil
			})
			if err != nil {
				return "", err
			}
			var form confirm
			switch a, err := fastmcp.Elicit(c, "sure", "Drop "+in.Table+"?", &form); {
			case err != nil:
				return "", err
			case a != fastmcp.Accepted || !form.Sure:
				return "kept", nil
			}
			return "dropped, backup " + backup, nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.converse("drop", `{"table":"users"}`, `{"action":"accept","content":{"sure":true}}`))
	fmt.Println(d.converse("drop", `{"table":"users"}`, `{"action":"decline"}`))
	// Output:
	// making a backup
	// asked for "sure": Drop users?
	// dropped, backup b1
	// making a backup
	// asked for "sure": Drop users?
	// kept
}

// What is always asked is declared, and the function runs once.
func ExampleAsk() {
	type order struct {
		Size string `json:"size" validate:"required,oneof=small large"`
	}
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "coffee", Description: "Order a coffee",
		Handler: fastmcp.Ask("size", "How large?", func(_ *fastmcp.Context, _ struct{}, o order, a fastmcp.Action) (string, error) {
			if a != fastmcp.Accepted {
				return "no coffee", nil
			}
			return "a " + o.Size + " coffee", nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.converse("coffee", `{}`, `{"action":"accept","content":{"size":"large"}}`))
	// Output:
	// asked for "size": How large?
	// a large coffee
}

// A handler may do without what a client cannot be asked.
func ExampleContext_Sample() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "shorten", Description: "Shorten a text",
		Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
			Text string `json:"text" validate:"required"`
		}) (string, error) {
			r, err := c.Sample("short", fastmcp.SampleRequest{Prompt: "Shorten: " + in.Text, MaxTokens: 50})
			switch {
			case errors.Is(err, fastmcp.ErrUnsupported):
				return in.Text[:10] + "…", nil
			case err != nil:
				return "", err
			}
			return r.Text(), nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("shorten", `{"text":"a client that cannot sample"}`))
	// Output:
	// a client t…
}

// converse calls a tool in 2026-07-28 and answers everything that it asks the user with one answer.
func (d *demo) converse(tool, args, answer string) string {
	more := ""
	for {
		var r struct {
			Type     string `json:"resultType"`
			State    string `json:"requestState"`
			Requests map[string]struct {
				Params struct{ Message string }
			} `json:"inputRequests"`
			Content []struct{ Text string }
		}
		d.round(tool, args, more, &r)
		if r.Type != "input_required" {
			return r.Content[0].Text
		}
		var answers []string
		for key, q := range r.Requests {
			fmt.Printf("asked for %q: %s\n", key, q.Params.Message)
			answers = append(answers, fmt.Sprintf("%q:%s", key, answer))
		}
		more = fmt.Sprintf(`,"inputResponses":{%s},"requestState":%q`, strings.Join(answers, ","), r.State)
	}
}

// round is one request and its result.
func (d *demo) round(tool, args, more string, result any) {
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s,"_meta":{`+
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}%s}}`, tool, args, more)
	req, err := http.NewRequest(http.MethodPost, d.url+"/mcp", strings.NewReader(body))
	if err != nil {
		log.Panic(err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool,
	} {
		req.Header.Set(name, value)
	}
	res, err := d.client.Do(req)
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	reply := struct{ Result any }{result}
	if err != nil || json.Unmarshal(b, &reply) != nil {
		log.Panicf("%v: %s", err, b)
	}
}
