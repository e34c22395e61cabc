package schema_test

import (
	"fmt"
	"reflect"

	"github.com/fastmcp-go/fastmcp/schema"
)

// A proxy in front of the server can route by the header, because the server checks it against the argument.
func ExampleOf_header() {
	type Query struct {
		Region string `json:"region" validate:"required" header:"Region"`
		SQL    string `json:"sql" validate:"required"`
	}
	plan, _ := schema.Of(reflect.TypeFor[Query]())
	fmt.Println(string(plan.JSON()))

	type Wrong struct {
		Score float64 `json:"score" header:"Score"`
	}
	_, err := schema.Of(reflect.TypeFor[Wrong]())
	fmt.Println(err)
	// Output:
	// {"type":"object","properties":{"region":{"type":"string","minLength":1,"x-mcp-header":"Region"},"sql":{"type":"string","minLength":1}},"required":["region","sql"],"additionalProperties":false}
	// schema: schema_test.Wrong.Score: header "Score": only a string, an integer or a boolean fits into a header, and this is a float64; take the tag out, or change the type
}
