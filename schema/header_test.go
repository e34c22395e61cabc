package schema_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/schema"
)

type routed struct {
	Region string `json:"region" header:"Region" validate:"required"`
	Shard  *int   `json:"shard" header:"Shard" validate:"omitempty,gte=1"`
	Target struct {
		Dry bool `json:"dry" header:"Dry-Run"`
	} `json:"target"`
	Owner *struct {
		ID uint `json:"id" header:"x!#$%&'*+-.^_|~9"`
	} `json:"owner"`
	Free string `json:"free"`
	owned
}

type owned struct {
	Team *string `json:"team" header:"Team" default:"core"`
}

// The keyword stands where the protocol looks for it, beside a type that is one and none other.
func TestHeaderInSchema(t *testing.T) {
	p := planOf[routed](t)
	var s struct {
		Properties map[string]map[string]any
	}
	if err := json.Unmarshal(p.JSON(), &s); err != nil {
		t.Fatal(err)
	}
	inner := func(of, name string) map[string]any {
		return s.Properties[of]["properties"].(map[string]any)[name].(map[string]any)
	}
	for _, c := range []struct {
		property     map[string]any
		header, kind string
	}{
		{s.Properties["region"], "Region", "string"},
		{s.Properties["shard"], "Shard", "integer"},
		{s.Properties["team"], "Team", "string"},
		{inner("target", "dry"), "Dry-Run", "boolean"},
		{inner("owner", "id"), "x!#$%&'*+-.^_|~9", "integer"},
	} {
		if c.property["x-mcp-header"] != c.header || c.property["type"] != c.kind {
			t.Errorf("%v, want %s and %s", c.property, c.header, c.kind)
		}
	}
	if _, ok := s.Properties["free"]["x-mcp-header"]; ok || strings.Count(string(p.JSON()), "x-mcp-header") != 5 {
		t.Errorf("%s", p.JSON())
	}
}

// A property with a header has one type, so null is out, and the binder says the same as the schema.
func TestHeaderAndNull(t *testing.T) {
	p := planOf[routed](t)
	s := independent(t, p.JSON())
	for args, good := range map[string]bool{
		`{"region":"a"}`:              true,
		`{"region":"a","shard":1}`:    true,
		`{"region":"a","shard":null}`: false,
		`{"region":"a","team":null}`:  false,
		`{"region":"a","owner":null}`: true,
		`{"region":null}`:             false,
	} {
		var v routed
		problems := p.Bind([]byte(args), &v)
		if (problems == nil) != good || valid(t, s, []byte(args)) != good {
			t.Errorf("%s: schema %v, Bind %q, want %v", args, valid(t, s, []byte(args)), schema.Explain(problems), good)
		}
	}
	var v routed
	if repairs, problems := p.BindLenient([]byte(`{"region":"a","shard":null}`), &v); problems != nil || len(repairs) != 1 || v.Shard != nil {
		t.Error(repairs, problems)
	}
}

type loop struct {
	Name string `json:"name" header:"Name"`
	Next *loop  `json:"next"`
}

type loopA struct {
	B *loopB `json:"b"`
}

type loopB struct {
	A *loopA `json:"a"`
	C struct {
		Name string `json:"name" header:"Name"`
	} `json:"c"`
}

type headed struct {
	V string `json:"v" header:"V"`
}

func TestHeaderMistakes(t *testing.T) {
	for want, typ := range map[string]reflect.Type{
		`.V: header "" is not a token of RFC 9110; use letters`: reflect.TypeFor[struct {
			V string `header:""`
		}](),
		`.V: header "a b" is not a token`: reflect.TypeFor[struct {
			V string `header:"a b"`
		}](),
		`.V: header "é" is not a token`: reflect.TypeFor[struct {
			V string `header:"é"`
		}](),
		`.V: header "A:" is not a token`: reflect.TypeFor[struct {
			V string `header:"A:"`
		}](),
		`.F: header "F": only a string, an integer or a boolean`: reflect.TypeFor[struct {
			F float64 `header:"F"`
		}](),
		`.N: header "N": only a string, an integer or a boolean`: reflect.TypeFor[struct {
			N json.Number `header:"N"`
		}](),
		`.L: header "L": only a string, an integer or a boolean`: reflect.TypeFor[struct {
			L []string `header:"L"`
		}](),
		`.M: header "M": only a string, an integer or a boolean`: reflect.TypeFor[struct {
			M map[string]string `header:"M"`
		}](),
		`.A: header "A": only a string, an integer or a boolean`: reflect.TypeFor[struct {
			A any `header:"A"`
		}](),
		`.S: header "S": only a string, an integer or a boolean`: reflect.TypeFor[struct {
			S struct{} `header:"S"`
		}](),
		`.P: header "P": only a string, an integer or a boolean`: reflect.TypeFor[struct {
			P *float32 `header:"P"`
		}](),
		`.L[].V: header "V" stands in a list or a map`:                            reflect.TypeFor[struct{ L []headed }](),
		`.L[][].V: header "V" stands in a list or a map`:                          reflect.TypeFor[struct{ L []*[]headed }](),
		`.X[].V: header "V" stands in a list or a map`:                            reflect.TypeFor[struct{ X [2]headed }](),
		`.M[].V: header "V" stands in a list or a map`:                            reflect.TypeFor[struct{ M *map[string]headed }](),
		`map[string]schema_test.headed[].V: header "V" stands in a list or a map`: reflect.TypeFor[map[string]headed](),
		`.B.V: header "V" is that of `:                                            reflect.TypeFor[struct{ A, B headed }](),
		`.B: header "region" is that of `: reflect.TypeFor[struct {
			A string `header:"Region"`
			B string `header:"region"`
		}](),
		`schema_test.loop.Name: header "Name" stands in a type that`:                 reflect.TypeFor[loop](),
		`schema_test.loopA.B.C.Name: header "Name" stands in a type that`:            reflect.TypeFor[loopA](),
		`.L.Name: header "Name" stands in a type that contains itself`:               reflect.TypeFor[struct{ L loop }](),
		`.O.L[].V: header "V" stands in a list or a map, where it would have no one`: reflect.TypeFor[struct{ O struct{ L []headed } }](),
	} {
		_, err := schema.Of(typ)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "schema: ") {
			t.Errorf("%v: %v\nwant %s", typ, err, want)
		}
	}
}

// A struct that is used wherever it likes has no header below, and what a handler returns has none at all.
func TestHeaderElsewhere(t *testing.T) {
	if _, err := schema.Of(reflect.TypeFor[struct {
		R    routed
		L, M []struct{ V string }
		T    *fuzzedTree
	}]()); err != nil {
		t.Error(err)
	}
	p, err := schema.New().Output(reflect.TypeFor[[]loop]())
	if err != nil || strings.Contains(string(p.JSON()), "x-mcp-header") {
		t.Error(err)
	}
}
