package main

import (
	"encoding/json"

	"github.com/fastmcp-go/fastmcp"
)

// composed is a schema that uses what struct tags cannot say.
const composed = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "$defs": {"address": {"$anchor": "addressDef", "type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
  "properties": {
    "name": {"type": "string"},
    "address": {"$ref": "#/$defs/address"},
    "contactMethod": {"type": "string", "enum": ["phone", "email"]},
    "phone": {"type": "string"},
    "email": {"type": "string"}
  },
  "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
  "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
  "then": {"required": ["phone"]},
  "else": {"required": ["email"]},
  "additionalProperties": false
}`

// mirrored has arguments that headers repeat.
const mirrored = `{
  "type": "object",
  "properties": {
    "region": {"type": "string", "x-mcp-header": "Region"},
    "level": {"type": "integer", "x-mcp-header": "Level"}
  },
  "additionalProperties": false
}`

// addSchemas adds tools with hand-written schemas.
func addSchemas(app *fastmcp.App) {
	echo := func(_ *fastmcp.Context, args json.RawMessage) (any, error) { return string(args), nil }
	app.AddTool(fastmcp.Tool{Name: "json_schema_2020_12_tool", Description: "Has a schema of many keywords", Handler: fastmcp.Raw(composed, echo)})
	app.AddTool(fastmcp.Tool{Name: "test_x_mcp_header", Description: "Has arguments that headers repeat", Handler: fastmcp.Raw(mirrored, echo)})
}
