package schema_test

//lint:file-ignore SA5008,U1000 odd tags and fields that nobody uses are what is tested

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/fastmcp-go/fastmcp/schema"
)

type base struct {
	ID   int `json:"id" validate:"required"`
	Name string
}

type Exported struct {
	E int `json:"e" validate:"lte=5"`
	F int `json:"f"`
}

type other struct {
	Name  string
	Other int `json:"other"`
}

type tagged struct {
	X int `json:"Name2"`
}

type untagged struct {
	Name2 int
}

type hidden int

type promotions struct {
	base
	*Exported
	Deep struct {
		Exported
	}
}

type conflicts struct {
	base
	other
	tagged
	untagged
	hidden
	Skipped string `json:"-"`
	Dash    string `json:"-,"`
	Bad     string `json:"b\"ad"`
	private string
	Named   base `json:"named"`
}

type shadows struct {
	base
	ID string `json:"id"`
}

type selfish struct {
	*Exported
	E string `json:"e"`
}

// The names and their order are encoding/json's, whatever is embedded in what.
func TestPromotionIsEncodingJSONs(t *testing.T) {
	for _, v := range []any{promotions{Exported: &Exported{}}, conflicts{private: "x"}, shadows{}, selfish{Exported: &Exported{}}} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		p, err := schema.Of(reflect.TypeOf(v))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.Fields(), names(t, text); !reflect.DeepEqual(got, want) {
			t.Errorf("%T: %v, want %v", v, got, want)
		}
	}
}

// names lists the keys of an object in order.
func names(t *testing.T, text []byte) (out []string) {
	t.Helper()
	depth, key := 0, true
	var last string
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '{', '[':
			depth++
			key = depth == 1
		case '}', ']':
			depth--
		case ',':
			key = depth == 1
		case '"':
			end := i + 1
			for text[end] != '"' || text[end-1] == '\\' {
				end++
			}
			last = string(text[i+1 : end])
			i = end
		case ':':
			if key && depth == 1 {
				out = append(out, last)
				key = false
			}
		}
	}
	return out
}

func TestBindPromoted(t *testing.T) {
	p := planOf[promotions](t)
	var v promotions
	if ps := p.Bind([]byte(`{"id":0,"Deep":{"e":1}}`), &v); ps != nil || v.Exported != nil || v.Deep.E != 1 {
		t.Errorf("%+v %q", v, schema.Explain(ps))
	}
	if ps := p.Bind([]byte(`{"id":1,"e":2,"Name":"n"}`), &v); ps != nil || v.Exported.E != 2 || v.Name != "n" {
		t.Errorf("%+v %q", v, schema.Explain(ps))
	}
	ps := p.Bind([]byte(`{"e":6,"Deep":{"e":7}}`), &v)
	if got, want := schema.Explain(ps), "id: expected an integer, which is required, got nothing\ne: expected at most 5, got 6\nDeep.e: expected at most 5, got 7"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	s := planOf[shadows](t)
	var w shadows
	if ps := s.Bind([]byte(`{"id":"x"}`), &w); ps != nil || w.ID != "x" || w.base.ID != 0 {
		t.Errorf("%+v %q", w, schema.Explain(ps))
	}
}

type pointerToPrivate struct{ *base }

func TestUnexportedEmbeddedPointer(t *testing.T) {
	if _, err := schema.Of(reflect.TypeFor[pointerToPrivate]()); err == nil {
		t.Error("nothing can fill a nil pointer to an unexported struct")
	}
	if _, err := schema.New().Output(reflect.TypeFor[pointerToPrivate]()); err != nil {
		t.Error(err)
	}
}
