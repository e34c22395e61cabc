package apps_test

import (
	"encoding/json"
	"fmt"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/apps"
)

// A tool whose results a host may show as a page, and one that only the page calls.
func ExampleAdd() {
	type Forecast struct {
		City    string `json:"city"`
		Celsius int    `json:"celsius"`
	}
	now := fastmcp.Get(func(*fastmcp.Context) (Forecast, error) { return Forecast{City: "Lima", Celsius: 19}, nil })

	app := fastmcp.New(fastmcp.Config{Name: "weather"})
	ui := apps.Add(app, apps.View{
		URI:  "ui://weather/chart",
		HTML: "<!doctype html><title>Weather</title><script>/* ... */</script>",
		CSP:  apps.CSP{Connect: []string{"https://tiles.example.com"}},
	})
	forecast := ui.Link(fastmcp.Tool{Name: "forecast", Description: "The weather now", Handler: now}, "ui://weather/chart")
	app.AddTool(forecast)
	app.AddTool(apps.AppOnly(fastmcp.Tool{Name: "refresh", Description: "The same again", Handler: now}))

	meta, _ := json.Marshal(forecast.Meta)
	fmt.Println(string(meta))
	// Output: {"ui":{"resourceUri":"ui://weather/chart","visibility":["model","app"]},"ui/resourceUri":"ui://weather/chart"}
}

// A handler may save itself what only a view can use. What it says in text is the same for all.
func ExampleSupported() {
	type Picture struct {
		Words  string `json:"words"`
		Pixels []byte `json:"pixels,omitempty"`
	}
	_ = fastmcp.Get(func(c *fastmcp.Context) (Picture, error) {
		p := Picture{Words: "A cat on a mat"}
		if apps.Supported(c) {
			p.Pixels = []byte{1, 2, 3}
		}
		return p, nil
	})
}
