package schema

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

type plainInner struct {
	Deep string `json:"deep,omitempty" validate:"min=1,max=3"`
	N    uint8  `json:"n" validate:"lt=200"`
}

type plainEmbedded struct {
	Flat int16 `json:"flat" validate:"gt=-3,lt=0x10"`
}

type plainFields struct {
	A    float64        `json:"a" validate:"required,gte=-1.5,lte=1e3"`
	I    int            `json:"i" validate:"gte=-5,ne=7"`
	U    uint64         `json:"u" validate:"max=18446744073709551615,min=1"`
	S    string         `json:"s" validate:"required,max=4"`
	T    string         `json:"t" validate:"len=2"`
	Pick string         `json:"pick" validate:"omitempty,oneof=red 'dark green' blue"`
	L    []string       `json:"l" validate:"max=2"`
	M    map[string]int `json:"m" validate:"min=1"`
	Free *string        `json:"free"`
	In   plainInner     `json:"in"`
	plainEmbedded
}

// What the conditions let pass, the validator lets pass: over random values, many of them at the edges.
func TestPlainAgreesWithTheValidator(t *testing.T) {
	p := mustPlan(t, reflect.TypeFor[plainFields]())
	if !p.isPlain || len(p.plain) != 16 {
		t.Fatalf("%v, %d conditions", p.isPlain, len(p.plain))
	}
	texts := []string{"", "a", "ab", "abc", "abcd", "abcde", "éé", "🙂", "🙂🙂🙂🙂🙂", "red", "dark green", "dark", "blue"}
	numbers := []float64{0, 1, -1, 2, -2, -3, 7, 15, 16, 199, 200, 255, 1000, 1000.0000001, -1.5, -1.50001, -5, -6}
	rnd := rand.New(rand.NewPCG(1, 2))
	number := func() float64 { return numbers[rnd.IntN(len(numbers))] }
	text := func() string { return texts[rnd.IntN(len(texts))] }
	passed := 0
	for range 300_000 {
		v := plainFields{
			A: number(), I: int(number()), U: uint64(max(number(), 0)), S: text(), T: text(), Pick: text(),
			In: plainInner{Deep: text(), N: uint8(max(min(number(), 255), 0))}, plainEmbedded: plainEmbedded{Flat: int16(number())},
		}
		for range rnd.IntN(4) {
			v.L = append(v.L, text())
		}
		if rnd.IntN(2) == 0 {
			v.M = map[string]int{"x": 1}
		}
		if rnd.IntN(20) > 0 { // so that some pass
			v.S, v.T, v.Pick, v.In.Deep, v.M, v.I = "a", "ab", "blue", "x", map[string]int{"y": 2}, 3
		}
		rv := reflect.ValueOf(&v).Elem()
		if !p.plain.hold(rv) {
			continue
		}
		passed++
		if found := p.judge.run(rv, p.rule); len(found) > 0 {
			t.Fatalf("%+v passes, and the validator says %v", v, found)
		}
	}
	if passed < 1000 {
		t.Errorf("only %d values passed", passed)
	}
}

func mustPlan(t testing.TB, typ reflect.Type) *Plan {
	t.Helper()
	p, err := Of(typ)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Whatever is not understood is the validator's: tags of other kinds, and types that it goes into by itself.
func TestPlainLeavesTheRest(t *testing.T) {
	type inside struct {
		V string `json:"v" validate:"email"`
	}
	for name, typ := range map[string]reflect.Type{
		"a format":        reflect.TypeFor[inside](),
		"inside a struct": reflect.TypeFor[struct{ In inside }](),
		"behind a pointer": reflect.TypeFor[struct {
			In *plainInner
		}](),
		"a pointer with a tag": reflect.TypeFor[struct {
			P *int `validate:"gte=1"`
		}](),
		"another field": reflect.TypeFor[struct {
			A string `validate:"eqfield=B"`
			B string
		}](),
		"one of two": reflect.TypeFor[struct {
			A string `validate:"len=2|len=4"`
		}](),
		"elements": reflect.TypeFor[struct {
			A []string `validate:"dive,min=2"`
		}](),
		"structs in a slice": reflect.TypeFor[struct{ A []inside }](),
		"float32": reflect.TypeFor[struct {
			A float32 `validate:"lte=0.1"`
		}](),
		"any": reflect.TypeFor[struct {
			A any    `validate:"required"`
			B string `validate:"email"`
		}](),
	} {
		if p := mustPlan(t, typ); p.isPlain {
			t.Errorf("%s is taken for plain", name)
		}
	}
}

// A value that does not hold is explained by the validator, in the same words as ever.
func TestPlainExplains(t *testing.T) {
	p := mustPlan(t, reflect.TypeFor[plainFields]())
	good := map[string]any{"a": 1, "i": 1, "u": 1, "s": "x", "t": "ab", "m": map[string]int{"a": 1}, "in": map[string]any{"n": 1}, "flat": 1, "l": []string{}}
	for name, bad := range map[string]any{"a": 1001, "i": 7, "s": "abcde", "t": "a", "pick": "dark", "flat": 16, "l": []int{}} {
		args := map[string]any{}
		for k, v := range good {
			args[k] = v
		}
		args[name] = bad
		if name == "l" {
			args[name] = []string{"a", "b", "c"}
		}
		text, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		var v plainFields
		problems := p.Bind(text, &v)
		if len(problems) != 1 || problems[0].Path != name && !strings.HasSuffix(problems[0].Path, name) {
			t.Errorf("%s: %+v", name, problems)
		}
	}
	text, _ := json.Marshal(good)
	if problems := p.Bind(text, new(plainFields)); problems != nil {
		t.Errorf("%+v", problems)
	}
}

type plainBounded struct {
	A float64 `json:"a" validate:"required"`
	B float64 `json:"b" validate:"required,lte=1e9"`
}

func BenchmarkPlain(b *testing.B) {
	p := mustPlan(b, reflect.TypeFor[plainBounded]())
	v := reflect.ValueOf(&plainBounded{1, 2}).Elem()
	b.Run("conditions", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !p.plain.hold(v) {
				b.Fatal("no")
			}
		}
	})
	b.Run("validator", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if p.judge.run(v, p.rule) != nil {
				b.Fatal("no")
			}
		}
	})
}
