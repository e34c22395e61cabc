package schema_test

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/fastmcp-go/fastmcp/schema"
	"github.com/go-playground/validator/v10"
)

type AddInput struct {
	A float64 `json:"a" validate:"required" description:"first addend"`
	B float64 `json:"b" validate:"required,lte=1000" description:"second addend"`
}

func ExampleOf() {
	plan, err := schema.Of(reflect.TypeFor[AddInput]())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(plan.JSON()))
	// Output:
	// {"type":"object","properties":{"a":{"type":"number","description":"first addend"},"b":{"type":"number","description":"second addend","maximum":1000}},"required":["a","b"],"additionalProperties":false}
}

func ExamplePlan_Bind() {
	plan, _ := schema.Of(reflect.TypeFor[AddInput]())
	var in AddInput
	fmt.Println(plan.Bind([]byte(`{"a":0,"b":5}`), &in), in)
	fmt.Println(schema.Explain(plan.Bind([]byte(`{"A":"1","b":5000}`), &in)))
	// Output:
	// [] {0 5}
	// A: expected a known property; did you mean "a"? (a, b), got "A"
	// a: expected a number, which is required, got nothing
	// b: expected at most 1000, got 5000
}

func ExamplePlan_Check() {
	type Forecast struct {
		City    string  `json:"city" validate:"required"`
		Celsius float64 `json:"celsius" validate:"gte=-90,lte=60"`
	}
	plan, _ := schema.New().Output(reflect.TypeFor[Forecast]())
	fmt.Println(schema.Explain(plan.Check(Forecast{City: "Oslo", Celsius: 451})))
	// Output:
	// celsius: expected at most 60, got 451
}

func ExamplePlan_Field() {
	type Input struct {
		Unit string `json:"unit" validate:"required,oneof=c f" description:"of the result" complete:"units"`
	}
	plan, _ := schema.Of(reflect.TypeFor[Input]())
	unit, ok := plan.Field("unit")
	fmt.Println(ok, unit.Required, unit.Enum, unit.Description, unit.Tag.Get("complete"))
	// Output:
	// true true [c f] of the result units
}

func ExampleNew() {
	v := validator.New()
	_ = v.RegisterValidation("plate", func(fl validator.FieldLevel) bool { return strings.HasPrefix(fl.Field().String(), "N-") })
	type Car struct {
		Plate string `json:"plate" validate:"required,omitempty,plate"`
	}
	plan, err := schema.New(schema.Config{Validator: v}).Input(reflect.TypeFor[Car]())
	if err != nil {
		fmt.Println(err)
		return
	}
	var car Car
	fmt.Println(schema.Explain(plan.Bind([]byte(`{"plate":"X-1"}`), &car)))
	// Output:
	// plate: expected a value that satisfies plate, got "X-1"
}

func ExampleCompile() {
	document, err := schema.Compile([]byte(`{
		"type": "object",
		"properties": {"to": {"type": "string", "format": "email"}, "cc": {"type": "array", "items": {"type": "string"}}},
		"required": ["to"]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(schema.Explain(document.Check([]byte(`{"cc":["a",1]}`))))
	// Output:
	// to: expected a value, which is required, got nothing
	// cc[1]: expected the type string, got 1
}

func ExampleExplain() {
	fmt.Println(schema.Explain([]schema.Problem{
		{Path: "items[2].name", Want: "at most 20 characters", Got: `"a very long name indeed"`},
		{Path: "unit", Want: "one of", Got: `"k"`, Allowed: []string{"c", "f"}},
	}))
	// Output:
	// items[2].name: expected at most 20 characters, got "a very long name indeed"
	// unit: expected one of (c, f), got "k"
}
