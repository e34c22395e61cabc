package schema_test

import (
	"reflect"
	"testing"

	"github.com/fastmcp-go/fastmcp/schema"
)

type benchAdd struct {
	A float64 `json:"a" validate:"required"`
	B float64 `json:"b" validate:"required"`
}

type benchAddress struct {
	City string `json:"city" validate:"required,min=2"`
}

type benchOrder struct {
	Name  string       `json:"name" validate:"required,min=1,max=20" description:"the name"`
	Unit  string       `json:"unit,omitempty" validate:"omitempty,oneof=c f" default:"c"`
	Age   int          `json:"age" validate:"gte=0,lte=130"`
	Email string       `json:"email,omitempty" validate:"omitempty,email"`
	Tags  []string     `json:"tags,omitempty" validate:"max=5,unique,dive,min=2"`
	Addr  benchAddress `json:"addr"`
}

var (
	benchAddArgs   = []byte(`{"a":1.5,"b":2}`)
	benchOrderArgs = []byte(`{"name":"bob","unit":"c","age":30,"email":"a@b.co","tags":["aa","bb"],"addr":{"city":"Oslo"}}`)
)

func planOf[T any](t testing.TB) *schema.Plan {
	t.Helper()
	p, err := schema.Of(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The budget of a call with nothing for the validator to do: the destination, and nothing else.
func TestBindAllocs(t *testing.T) {
	add := planOf[benchAdd](t)
	if n := testing.AllocsPerRun(100, func() {
		var in benchAdd
		if ps := add.Bind(benchAddArgs, &in); ps != nil {
			t.Fatal(schema.Explain(ps))
		}
	}); n > 2 {
		t.Errorf("two required numbers: %v allocations, and 2 are allowed", n)
	}
	order := planOf[benchOrder](t)
	if n := testing.AllocsPerRun(100, func() {
		var in benchOrder
		if ps := order.Bind(benchOrderArgs, &in); ps != nil {
			t.Fatal(schema.Explain(ps))
		}
	}); n > 30 {
		t.Errorf("six validated fields: %v allocations, and 30 are allowed", n)
	}
}

func BenchmarkBindNumbers(b *testing.B) {
	p := planOf[benchAdd](b)
	b.ReportAllocs()
	for b.Loop() {
		var in benchAdd
		p.Bind(benchAddArgs, &in)
	}
}

func BenchmarkBindOrder(b *testing.B) {
	p := planOf[benchOrder](b)
	b.ReportAllocs()
	for b.Loop() {
		var in benchOrder
		p.Bind(benchOrderArgs, &in)
	}
}

func BenchmarkBindProblems(b *testing.B) {
	p := planOf[benchOrder](b)
	args := []byte(`{"name":"","unit":"k","age":200,"tags":["a"],"addr":{}}`)
	b.ReportAllocs()
	for b.Loop() {
		var in benchOrder
		p.Bind(args, &in)
	}
}

func BenchmarkCheckOutput(b *testing.B) {
	p, err := schema.New().Output(reflect.TypeFor[benchOrder]())
	if err != nil {
		b.Fatal(err)
	}
	out := benchOrder{Name: "bob", Unit: "c", Age: 30, Tags: []string{"aa"}, Addr: benchAddress{City: "Oslo"}}
	b.ReportAllocs()
	for b.Loop() {
		p.Check(&out)
	}
}

func BenchmarkCheckDocument(b *testing.B) {
	d, err := schema.Compile(planOf[benchOrder](b).JSON())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		d.Check(benchOrderArgs)
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := schema.Of(reflect.TypeFor[benchOrder]()); err != nil {
			b.Fatal(err)
		}
	}
}
