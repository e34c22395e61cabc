package schema_test

import (
	"fmt"
	"reflect"

	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/schema"
)

func ExampleCompiler_Form() {
	type Order struct {
		Color string `json:"color" validate:"required,oneof=red green" titles:"Red|Green" title:"Colour"`
		Count int    `json:"count" validate:"gte=1,lte=9" default:"1"`
		Mail  string `json:"mail" validate:"omitempty,email"`
	}
	form, err := schema.New().Form(reflect.TypeFor[Order]())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(form.JSON(protocol.V20250618)))
	fmt.Println(string(form.JSON(protocol.V20251125)))

	var order Order
	fmt.Println(form.Bind([]byte(`{"color":"red","_note":"ignored"}`), &order), order)
	fmt.Println(schema.Explain(form.Bind([]byte(`{"color":"blue","mail":"me"}`), &order)))
	// Output:
	// {"type":"object","properties":{"color":{"type":"string","title":"Colour","enum":["red","green"],"enumNames":["Red","Green"]},"count":{"type":"integer","minimum":1,"maximum":9},"mail":{"type":"string","format":"email"}},"required":["color"]}
	// {"type":"object","properties":{"color":{"type":"string","title":"Colour","oneOf":[{"const":"red","title":"Red"},{"const":"green","title":"Green"}]},"count":{"type":"integer","minimum":1,"maximum":9,"default":1},"mail":{"type":"string","format":"email"}},"required":["color"]}
	// [] {red 1 }
	// color: expected one of (red, green), got "blue"
	// mail: expected an email address, got "me"
}

func ExampleFormPlan_Supports() {
	type Pizza struct {
		Toppings []string `json:"toppings" validate:"required,min=1,dive,oneof=ham olives"`
	}
	form, _ := schema.New().Form(reflect.TypeFor[Pizza]())
	fmt.Println(form.Supports(protocol.V20250618))
	fmt.Println(form.Supports(protocol.V20260728))
	// Output:
	// schema: the client's revision of the protocol has no choice of several, and the form requires toppings; make it optional
	// <nil>
}
