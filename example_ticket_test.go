package fastmcp_test

import (
	"encoding/json"
	"fmt"
	"log"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
)

// Only who was asked may open the address: the ticket in it is sealed for the caller of the tool, and the route that
// redeems it knows who comes by other means, here the bearer token. Somebody who was sent the address is refused, so that
// nobody pays, or consents, for another.
func ExampleContext_Ticket() {
	app := fastmcp.New(fastmcp.Config{Auth: auth.New(auth.Config{
		Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{
			"sue-0123456789abcdef": {Subject: "sue"},
			"joe-0123456789abcdef": {Subject: "joe"},
		})},
	})})
	app.AddTool(fastmcp.Tool{
		Name: "buy", Description: "Buy a ticket",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			// What the route needs to know: what for, and whom to tell when it is done.
			ticket, err := c.Ticket([]byte("seat 12 " + c.Session().ID() + " " + c.ElicitationID("pay")))
			if err != nil {
				return "", err
			}
			action, err := fastmcp.ElicitURL(c, "pay", "Pay for seat 12", "https://shop.example/pay/"+ticket)
			if err != nil {
				return "", err
			}
			return action.String(), nil
		}),
	})
	app.AddRoute(fiber.MethodGet, "/pay/:ticket", func(c *fiber.Ctx) error {
		data, err := app.Redeem(c.Params("ticket"), fastmcp.PrincipalOf(c))
		if err != nil {
			return fiber.NewError(fiber.StatusForbidden, "This address is not yours, or too old: ask for a new one.")
		}
		what, whom, _ := strings.Cut(string(data), " 12 ")
		session, id, _ := strings.Cut(whom, " ")
		if s := app.Session(session); s != nil { // none in 2026-07-28, whose clients come back by themselves
			_ = s.ElicitationComplete(id) // a client of another revision has no id, and is not told
		}
		return c.SendString("paid: " + what + " 12")
	})

	d := startDemo(app)
	defer d.stop()
	sue, joe := d.as("sue-0123456789abcdef"), d.as("joe-0123456789abcdef")
	address := sue.askedToOpen("buy")
	fmt.Println(joe.get(address))
	fmt.Println(sue.get(address))
	fmt.Println(sue.get(address[:len(address)-1]))
	// Output:
	// 403 {"jsonrpc":"2.0","error":{"code":-32000,"message":"This address is not yours, or too old: ask for a new one."}}
	// 200 paid: seat 12
	// 403 {"jsonrpc":"2.0","error":{"code":-32000,"message":"This address is not yours, or too old: ask for a new one."}}
}

// askedToOpen calls a tool in 2026-07-28 and gives the path of the address that its user is asked to open.
func (d *demo) askedToOpen(tool string) string {
	_, body := d.do(d.request("POST", map[string]string{"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool},
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+tool+`","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",`+
			`"io.modelcontextprotocol/clientCapabilities":{"elicitation":{"url":{}}}}}}`))
	var reply struct {
		Result struct {
			Requests map[string]struct{ Params struct{ URL string } } `json:"inputRequests"`
		}
	}
	decode(body, &reply)
	return strings.TrimPrefix(reply.Result.Requests["pay"].Params.URL, "https://shop.example")
}

// decode reads what the server has sent.
func decode(data string, v any) {
	if err := json.Unmarshal([]byte(data), v); err != nil {
		log.Panicf("%v: %s", err, data)
	}
}
