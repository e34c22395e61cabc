// Embedded uses an App's tools from within the process: a program of another kind, here one on the command line, has them with their
// schemas, guards, limits and events, and serves nobody.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

type convertInput struct {
	Celsius float64 `json:"celsius" validate:"required,gte=-273.15" description:"degrees Celsius"`
}

type convertOutput struct {
	Fahrenheit float64 `json:"fahrenheit"`
}

func newApp() *fastmcp.App {
	app := fastmcp.New(fastmcp.Config{Name: "thermometer", Version: "1.0.0"})
	app.AddTool(fastmcp.Tool{
		Name: "convert", Description: "Convert a temperature",
		Handler: fastmcp.Typed(func(c *fastmcp.Context, in convertInput) (convertOutput, error) {
			return convertOutput{in.Celsius*9/5 + 32}, nil
		}),
	})
	app.AddTool(fastmcp.Tool{
		Name: "calibrate", Description: "Set the instrument back", CanAccess: auth.Discoverable(auth.RequireScopes("instrument:write")),
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "calibrated", nil }),
	})
	return app
}

func main() {
	tool := flag.String("tool", "convert", "which tool to call")
	args := flag.String("args", `{"celsius":37}`, "its arguments, as JSON")
	flag.Parse()
	app := newApp()
	if err := app.Start(); err != nil {
		log.Fatal(err)
	}
	defer func() { _ = app.Shutdown(context.Background()) }()
	if err := call(app, &auth.Principal{Issuer: "local", Subject: os.Getenv("USER")}, *tool, json.RawMessage(*args)); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// call calls a tool, and prints what it comes to.
func call(app *fastmcp.App, who *auth.Principal, tool string, args any) error {
	r, err := app.CallTool(context.Background(), who, tool, args)
	if failed := (*fastmcp.CallError)(nil); errors.As(err, &failed) {
		switch failed.Code {
		case fastmcp.CallForbidden:
			return fmt.Errorf("%s needs %v", tool, failed.Scopes)
		case fastmcp.CallUnknown:
			return fmt.Errorf("there is no %s: there are %v", tool, app.Info().Tools)
		}
		return errors.New(failed.Message)
	}
	fmt.Println(r.Text())
	return nil
}
