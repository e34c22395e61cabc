// Package schema turns Go types into JSON Schema (draft 2020-12) and JSON into Go values, from one [Plan] a type: what
// the schema says is what [Plan.Bind] takes.
//
// # Where constraints come from
//
// From `validate` tags (github.com/go-playground/validator/v10) alone. A tag that JSON Schema can say is in the schema;
// one that it cannot (eqfield, required_if, a custom validation) is enforced at run time only. In either case the
// validator judges the value.
//
// # What required and omitempty mean
//
// `required` means that the property is there. On numbers, booleans, times, structs, arrays and any, that is all it
// means: 0 and false pass. On strings, slices and maps it also means not empty (minLength, minItems or minProperties 1);
// on pointers, not null. A property with a `default` is never required.
//
// A property that is absent, or null under a pointer, is not validated, with or without `omitempty`; one that is there
// always is, zero or not: under `omitempty,min=3` an explicit "" is refused, because the schema says minLength 3. The
// exceptions look at other fields: required_*, excluded_*, and those with "field" at either end of the name run on
// absent fields too, unless `omitempty` comes before them. So do checks of whole structs.
//
// The tags of a struct hold wherever it appears: slices, arrays and maps of structs are gone into without a `dive`.
//
// # What is read strictly
//
// Unknown and repeated properties, names in the wrong case, text after the value, null where the schema has no null,
// fractions and overflow in integers, arrays of another length: each is a [Problem], and all are reported together.
//
// # What may be read leniently
//
// [Plan.BindLenient] and [Document.Repair] read what a model sends in the wrong kind, where the schema leaves one reading:
// "10" for a number, "[1,2]" for an array, null for what is optional. Nobody gets that who does not ask for it.
//
// # Headers
//
// `header:"Region"` has clients repeat the property in the HTTP header Mcp-Param-Region (SEP-2243). It goes on strings,
// integers and booleans, in the root and in structs in it, each name once; null is then no value of the property. What
// such a header says can be read by all that stands between client and server: no secrets.
//
// # Forms
//
// [Compiler.Form] makes of a flat struct what an elicitation asks a person for, as each revision of the protocol can show
// it, and binds the answer. `titles:"Red|Green"` names the values of `oneof`.
//
// # How types look in JSON
//
// A time.Time is a date-time string. A time.Duration is read as a string in Go's own syntax ("1h30m"), because a model
// that must count nanoseconds gets them wrong; in output it is the integer of nanoseconds that encoding/json writes.
// []byte is base64. any, json.RawMessage and types with an UnmarshalJSON of their own have the schema {}; types with an
// UnmarshalText are strings. A *big.Int is an integer. Types that contain themselves are put under $defs.
package schema
