package fastmcp_test

import (
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// cached is how long the answer of a request may be kept, and for whom.
func (d *demo) cached(method, name, params string) string {
	return d.ask(method, name, params, "ttlMs") + " ms, " + d.ask(method, name, params, "cacheScope")
}

// Lists may be kept for a while by clients of 2026-07-28. They are told at once when one changes, if they listen.
func ExampleCacheConfig() {
	app := fastmcp.New(fastmcp.Config{Cache: fastmcp.CacheConfig{Tools: time.Minute, Discover: time.Hour}})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.cached("server/discover", "", ""))
	fmt.Println(d.cached("tools/list", "", ""))
	fmt.Println(d.cached("prompts/list", "", ""))
	// Output:
	// 3600000 ms, "public"
	// 60000 ms, "public"
	// 0 ms, "public"
}

// What a read gives is stale at once and its reader's alone, unless the resource says otherwise.
func ExampleCacheHint() {
	app := fastmcp.New()
	app.AddResource(fastmcp.Resource{
		URI:     "manual://printer",
		Cache:   fastmcp.CacheHint{TTL: 24 * time.Hour, Public: true},
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "Press the button.", nil }),
	})
	app.AddResource(fastmcp.Resource{
		URI:     "inbox://unread",
		Handler: fastmcp.Get(func(*fastmcp.Context) (int, error) { return 3, nil }),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.cached("resources/read", "manual://printer", `,"uri":"manual://printer"`))
	fmt.Println(d.cached("resources/read", "inbox://unread", `,"uri":"inbox://unread"`))
	// Output:
	// 86400000 ms, "public"
	// 0 ms, "private"
}

// A handler that knows better says so for this one read.
func ExampleContext_SetCache() {
	type Day struct {
		Date string `json:"date"`
	}
	app := fastmcp.New()
	app.AddResourceTemplate(fastmcp.ResourceTemplate{
		URI: "rates://{date}",
		Handler: fastmcp.Typed(func(c *fastmcp.Context, day Day) (string, error) {
			if day.Date != "today" { // history does not change
				c.SetCache(fastmcp.CacheHint{TTL: 24 * time.Hour, Public: true})
			}
			return "1.08", nil
		}),
	})

	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.cached("resources/read", "rates://today", `,"uri":"rates://today"`))
	fmt.Println(d.cached("resources/read", "rates://2020-01-01", `,"uri":"rates://2020-01-01"`))
	// Output:
	// 0 ms, "private"
	// 86400000 ms, "public"
}
