package schema_test

import (
	"fmt"
	"reflect"

	"github.com/fastmcp-go/fastmcp/schema"
)

func ExamplePlan_BindLenient() {
	type Search struct {
		Text  string   `json:"text" validate:"required"`
		Limit int      `json:"limit" validate:"gte=1,lte=50" default:"10"`
		Years []int    `json:"years"`
		Price *float64 `json:"price" validate:"omitempty,gt=0"`
	}
	plan, _ := schema.Of(reflect.TypeFor[Search]())
	var in Search
	repairs, problems := plan.BindLenient([]byte(`{"text":"42","limit":"20","years":"[2024,2025]"}`), &in)
	for _, r := range repairs {
		fmt.Println(r.Path, r.From, "->", r.To)
	}
	fmt.Println(problems, in.Text, in.Limit, in.Years)

	_, problems = plan.BindLenient([]byte(`{"text":"42","limit":"99"}`), &in)
	fmt.Println(schema.Explain(problems))
	// Output:
	// limit "20" -> 20
	// years "[2024,2025]" -> [2024,2025]
	// [] 42 20 [2024 2025]
	// limit: expected at most 50, got 99
}

func ExampleDocument_Repair() {
	document, _ := schema.Compile([]byte(`{
		"type": "object",
		"properties": {"on": {"type": "boolean"}, "label": {"type": "string"}, "level": {"type": ["integer", "string"]}}
	}`))
	fixed, repairs := document.Repair([]byte(`{"on":"true","label":"7","level":"7"}`))
	fmt.Println(string(fixed), repairs)
	fmt.Println(document.Check(fixed) == nil)
	// Output:
	// {"on":true,"label":"7","level":"7"} [{on "true" true}]
	// true
}
