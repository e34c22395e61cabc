// Lenient is a server for models that write "10" where a number belongs, or an object as a string. Arguments that leave one
// reading are repaired, counted and logged; all others are errors, as they are without Lenient.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"

	"github.com/fastmcp-go/fastmcp"
)

type address struct {
	Street string `json:"street" validate:"required"`
	Zip    string `json:"zip" validate:"required"` // strings are never touched: "01067" keeps its zero
}

type orderInput struct {
	Cups     int      `json:"cups" validate:"required,gte=1,lte=10"`
	Sugar    bool     `json:"sugar"`
	Toppings []string `json:"toppings" validate:"max=3"`
	To       address  `json:"to" validate:"required"`
}

// order gets what fits its struct, whoever wrote it.
func order(_ *fastmcp.Context, in orderInput) (orderInput, error) { return in, nil }

type repairsOutput struct {
	Repairs int64 `json:"repairs"`
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	flag.Parse()

	app := fastmcp.New(fastmcp.Config{Name: "lenient", Version: "1.0.0", Lenient: true})
	app.AddTool(fastmcp.Tool{Name: "order", Description: "Order tea", Handler: fastmcp.Typed(order)})
	// A number that grows says that a description, or a model, should be better.
	app.AddTool(fastmcp.Tool{
		Name: "repairs", Description: "How many arguments were repaired",
		Handler: fastmcp.Get(func(*fastmcp.Context) (repairsOutput, error) { return repairsOutput{app.Repairs()}, nil }),
	})

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}
