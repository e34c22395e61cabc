package fastmcp_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"

	"github.com/fastmcp-go/fastmcp"
)

func ExampleApp_OnStart() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator"})
	app.OnStart(func(context.Context) error { fmt.Println("connect"); return nil })
	app.OnShutdown(func(context.Context) error { fmt.Println("disconnect"); return nil })
	app.OnListen(func(info fastmcp.ListenInfo) { fmt.Println("listening on", info.URL) })

	fmt.Println(app.Start(), app.Shutdown(context.Background())) // or Listen
	// Output:
	// connect
	// disconnect
	// <nil> <nil>
}

func ExampleApp_CallTool() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator", Log: slog.New(slog.DiscardHandler)})
	app.AddTool(fastmcp.Tool{Name: "add", Handler: fastmcp.Typed(add)})

	r, err := app.CallTool(context.Background(), nil, "add", addInput{A: 1, B: 2})
	fmt.Println(r.Text(), err)

	_, err = app.CallTool(context.Background(), nil, "subtract", nil)
	if failed := (*fastmcp.CallError)(nil); errors.As(err, &failed) {
		fmt.Println(failed.Code)
	}
	// Output:
	// {"sum":3} <nil>
	// unknown tool
}

func ExampleCallToolAs() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator"})
	app.AddTool(fastmcp.Tool{Name: "add", Handler: fastmcp.Typed(add)})

	out, err := fastmcp.CallToolAs[addOutput](context.Background(), app, nil, "add", addInput{A: 1, B: 2})
	fmt.Println(out.Sum, err)
	// Output: 3 <nil>
}

func ExampleApp_Stats() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator"})
	app.AddTool(fastmcp.Tool{Name: "add", Handler: fastmcp.Typed(add)})
	_, _ = app.CallTool(context.Background(), nil, "add", addInput{A: 1, B: 2})

	s := app.Stats()
	fmt.Println(s.Calls, s.Errors, s.Sessions, s.Storage.Mode)
	// Output: 1 0 0 memory
}

func ExampleApp_Info() {
	app := fastmcp.New(fastmcp.Config{Name: "calculator", Version: "1.0.0", HTTP: fastmcp.HTTPConfig{Path: "/math"}})
	app.AddTool(fastmcp.Tool{Name: "add", Handler: fastmcp.Typed(add)})

	fmt.Print(app.Info())
	// Output:
	// calculator 1.0.0
	//   revisions    2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28
	//   endpoints    /math, /sse, /messages
	//   capabilities completions, logging, prompts, resources, tools
	//   tools        1: add
	//   storage      memory
	//   setting      HTTP.Path = /math
}

// Code, environment, command line: the later says what the App is.
func ExampleFromEnv() {
	config, err := fastmcp.FromEnv(fastmcp.Config{Name: "calculator", HTTP: fastmcp.HTTPConfig{Path: "/math"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	flags := flag.NewFlagSet("calculator", flag.ContinueOnError)
	fastmcp.Flags(flags, &config)
	err = flags.Parse([]string{"-max-body", "1MiB"})
	fmt.Println(config.HTTP.Path, config.HTTP.MaxBody, err)
	// Output: /math 1048576 <nil>
}
