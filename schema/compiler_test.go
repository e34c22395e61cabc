package schema_test

import (
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/schema"
	"github.com/go-playground/validator/v10"
)

// Each mistake names the Go path and says what to do.
func TestInputErrors(t *testing.T) {
	type sub struct {
		C chan int
	}
	type outer struct {
		Subs []map[string]sub
	}
	for _, c := range []struct {
		typ  reflect.Type
		want string
	}{
		{nil, "no type"},
		{reflect.TypeFor[int](), "use a struct"}, {reflect.TypeFor[[]string](), "use a struct"}, {reflect.TypeFor[any](), "use a struct"}, {reflect.TypeFor[time.Time](), "use a struct"},
		{reflect.TypeFor[pair](), "use a struct"}, {reflect.TypeFor[json.RawMessage](), "use a struct"},
		{reflect.TypeFor[outer](), "outer.Subs[][].C: a chan int has no JSON form"},
		{field[func()](``), ".V: a func() has no JSON form"}, {field[complex128](``), "complex128 has no JSON form"},
		{field[io.Reader](``), "JSON cannot choose a type for the interface io.Reader; use"},
		{field[map[float64]int](``), "a map with float64 for keys"}, {field[map[[2]int]int](``), "for keys"},
		{field[int](`default:"x"`), `default: "x" is not JSON`}, {field[bool](`default:"1"`), "neither true nor false"}, {field[int](`default:"1.5"`), "an integer"},
		{field[int](`default:"5" validate:"lte=3"`), "does not satisfy"}, {field[string](`default:"" validate:"min=3"`), "at least 3 characters"}, {field[[]int](`default:"[0]" validate:"dive,gte=1"`), "does not satisfy"},
		{field[int](`example:"x"`), `example: "x" is not JSON`}, {field[time.Duration](`default:"x"`), "a duration"},
		{field[int](`validate:"gte=x"`), `"x" is not a whole number`}, {field[uint](`validate:"gte=-1"`), "from 0 up"}, {field[float64](`validate:"gte=x"`), "not a number"}, {field[string](`validate:"min=x"`), "not a whole number"},
		{field[time.Duration](`validate:"min=x"`), "not a duration"}, {field[bool](`validate:"gte=1"`), "eq and ne"}, {field[time.Time](`validate:"gt=x"`), "compare with now"},
		{field[float64](`validate:"oneof=1 2"`), "oneof works on strings and whole numbers"}, {field[int](`validate:"oneof=a b"`), "not a whole number"}, {field[string](`validate:"oneof="`), "lists no values"},
		{field[int](`validate:"email"`), "it is about text"}, {field[bool](`validate:"uuid"`), "it is about text"}, {field[[][]int](`validate:"unique"`), "cannot be compared"}, {field[[]any](`validate:"unique"`), "cannot be compared"},
		{field[int](`validate:"dive,gte=1"`), "dive needs a slice"}, {field[[]int](`validate:"dive,keys,gte=1,endkeys"`), "keys needs a map"}, {field[[]int](`validate:"dive,dive"`), "dive needs a slice"},
		{field[map[string]int](`validate:"dive,keys,min=1"`), "keys without endkeys"}, {field[map[string]int](`validate:"keys,min=1,endkeys"`), "right behind dive"}, {field[string](`validate:"min=1,,max=2"`), "empty tag"},
		{field[string](`validate:"nosuchtag"`), "nosuchtag"}, {field[[]string](`validate:"dive,nosuchtag"`), "nosuchtag"}, {field[int](`validate:"url"`), "it is about text"},
	} {
		_, err := schema.Of(c.typ)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v\nwant %s", c.typ, err, c.want)
		}
	}
}

func TestAFailedPlanDoesNotSpoilTheNext(t *testing.T) {
	type bad struct {
		A inner
		B string `validate:"nosuchtag"`
	}
	type good struct {
		A inner `json:"a"`
	}
	c := schema.New()
	for range 2 {
		if _, err := c.Input(reflect.TypeFor[bad]()); err == nil {
			t.Fatal("an unknown tag was taken")
		}
	}
	p, err := c.Input(reflect.TypeFor[good]())
	if err != nil {
		t.Fatal(err)
	}
	var v good
	if ps := p.Bind([]byte(`{"a":{"x":0}}`), &v); ps != nil {
		t.Error(schema.Explain(ps))
	}
}

func TestPlansAreMadeOnce(t *testing.T) {
	c := schema.New()
	in1, _ := c.Input(reflect.TypeFor[inner]())
	in2, _ := c.Input(reflect.TypeFor[inner]())
	out, _ := c.Output(reflect.TypeFor[inner]())
	if in1 != in2 || in1 == out {
		t.Error("want one plan for each type and direction")
	}
}

type signup struct {
	Kind     string `json:"kind" validate:"required,oneof=card cash"`
	Card     string `json:"card_number" validate:"required_if=Kind card,omitempty,len=4"`
	Password string `json:"password" validate:"required,min=3"`
	Confirm  string `json:"confirm" validate:"eqfield=Password"`
	Phone    string `json:"phone" validate:"required_without=Mail"`
	Mail     string `json:"mail" validate:"omitempty,email"`
}

// Tags about other fields run on absent fields too, and the schema is silent about them.
func TestCrossFieldTags(t *testing.T) {
	p := planOf[signup](t)
	s := independent(t, p.JSON())
	for args, want := range map[string]string{
		`{"kind":"cash","password":"abc","confirm":"abc","mail":"a@b.co"}`:                       "",
		`{"kind":"card","card_number":"1234","password":"abc","confirm":"abc","phone":"1"}`:      "",
		`{"kind":"card","password":"abc","confirm":"abc","phone":"1"}`:                           `card_number: expected a value, which is required if kind is card, got ""`,
		`{"kind":"cash","password":"abc","phone":"1"}`:                                           `confirm: expected the same as password, got ""`,
		`{"kind":"cash","password":"abc","confirm":"abd","phone":"1"}`:                           `confirm: expected the same as password, got "abd"`,
		`{"kind":"cash","password":"abc","confirm":"abc"}`:                                       `phone: expected a value, which is required without mail, got ""`,
		`{"kind":"card","card_number":"12345","password":"abc","confirm":"abc","mail":"a@b.co"}`: `card_number: expected exactly 4 characters, got "12345"`,
	} {
		var v signup
		if got := schema.Explain(p.Bind([]byte(args), &v)); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", args, got, want)
		}
		if want == "" && !valid(t, s, []byte(args)) {
			t.Errorf("the schema refuses %s", args)
		}
	}
}

// What looks across fields inside a struct that is not there has nothing to say; inside one that is there, it has.
func TestCrossFieldTagsInsideAbsentStructs(t *testing.T) {
	type contact struct {
		Phone string `json:"phone" validate:"required_without=Mail"`
		Mail  string `json:"mail"`
	}
	type in struct {
		Contact  contact   `json:"contact"`
		Pointer  *contact  `json:"pointer"`
		Contacts []contact `json:"contacts"`
	}
	p := planOf[in](t)
	for args, want := range map[string]string{
		`{}`:                                 "",
		`{"pointer":null}`:                   "",
		`{"contact":{}}`:                     "contact.phone",
		`{"pointer":{}}`:                     "pointer.phone",
		`{"contacts":[{"mail":"x"},{}]}`:     "contacts[1].phone",
		`{"contact":{"phone":"1"}}`:          "",
		`{"contact":{"mail":"","phone":""}}`: "contact.phone",
	} {
		var v in
		ps := p.Bind([]byte(args), &v)
		if got := strings.Join(paths(ps), " "); got != want {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
}

func paths(ps []schema.Problem) (out []string) {
	for _, p := range ps {
		out = append(out, p.Path)
	}
	return out
}

type booking struct {
	From  int    `json:"from" validate:"required"`
	To    int    `json:"to" validate:"required"`
	Plate string `json:"plate" validate:"plate"`
	Owner string `json:"owner" validate:"username"`
}

func TestUsersValidator(t *testing.T) {
	v := validator.New()
	if err := v.RegisterValidation("plate", func(fl validator.FieldLevel) bool { return strings.HasPrefix(fl.Field().String(), "N-") }); err != nil {
		t.Fatal(err)
	}
	v.RegisterStructValidation(func(sl validator.StructLevel) {
		if b := sl.Current().Interface().(booking); b.To < b.From {
			sl.ReportError(b.To, "To", "To", "after", "")
		}
	}, booking{})
	p, err := schema.New(schema.Config{Validator: v, Aliases: map[string]string{"username": "min=3,alphanum"}}).Input(reflect.TypeFor[booking]())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(p.JSON()), `"owner":{"type":"string","pattern":"^[a-zA-Z0-9]+$","minLength":3}`) {
		t.Errorf("the alias is not in the schema: %s", p.JSON())
	}
	for args, want := range map[string]string{
		`{"from":0,"to":0}`:                  "",
		`{"from":1,"to":2,"plate":""}`:       `plate: expected a value that satisfies plate, got ""`,
		`{"from":2,"to":1}`:                  "to: expected a value that satisfies after, got 1",
		`{"from":1,"to":2,"plate":"X"}`:      `plate: expected a value that satisfies plate, got "X"`,
		`{"from":1,"to":2,"plate":"N-1"}`:    "",
		`{"from":1,"to":2,"owner":"a!cdef"}`: `owner: expected ASCII letters and digits only, got "a!cdef"`,
	} {
		var b booking
		if got := schema.Explain(p.Bind([]byte(args), &b)); got != want {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
}

func TestRequiredMeansPresent(t *testing.T) {
	type in struct {
		N int       `json:"n" validate:"required"`
		F float64   `json:"f" validate:"required,lte=5"`
		B bool      `json:"b" validate:"required"`
		T time.Time `json:"t" validate:"required"`
		P *int      `json:"p" validate:"required"`
		A any       `json:"a" validate:"required"`
		S inner     `json:"s" validate:"required"`
	}
	p := planOf[in](t)
	var v in
	if ps := p.Bind([]byte(`{"n":0,"f":0,"b":false,"t":"0001-01-01T00:00:00Z","p":0,"a":null,"s":{"x":0}}`), &v); ps != nil {
		t.Error(schema.Explain(ps))
	}
	if got := strings.Join(paths(p.Bind(nil, &v)), " "); got != "n f b t p a s" {
		t.Error(got)
	}
	if got := strings.Join(paths(p.Bind([]byte(`{"n":0,"f":0,"b":false,"t":"0001-01-01T00:00:00Z","p":null,"a":1,"s":{"x":0}}`), &v)), " "); got != "p" {
		t.Error(got)
	}
}

func TestTimeTags(t *testing.T) {
	type in struct {
		Past   time.Time     `json:"past" validate:"lt"`
		Future time.Time     `json:"future" validate:"gt"`
		Wait   time.Duration `json:"wait" validate:"min=1s,max=1h"`
	}
	p := planOf[in](t)
	for args, want := range map[string]string{
		`{}`:                                "",
		`{"past":"2000-01-01T00:00:00Z"}`:   "",
		`{"past":"2999-01-01T00:00:00Z"}`:   `past: expected less than now, got "2999-01-01T00:00:00Z"`,
		`{"future":"0001-01-01T00:00:00Z"}`: `future: expected more than now, or the property left out, got "0001-01-01T00:00:00Z"`,
		`{"wait":"1m"}`:                     "",
		`{"wait":"0s"}`:                     `wait: expected at least 1s, or the property left out, got "0s"`,
		`{"wait":"2h"}`:                     `wait: expected at most 1h, got 2h0m0s`,
	} {
		var v in
		if got := schema.Explain(p.Bind([]byte(args), &v)); got != want {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
}

// One Compiler serves goroutines that make plans and goroutines that use them.
func TestConcurrentUse(t *testing.T) {
	c := schema.New()
	types := []reflect.Type{
		reflect.TypeFor[inner](), reflect.TypeFor[signup](), reflect.TypeFor[benchOrder](), reflect.TypeFor[everything](), reflect.TypeFor[promotions](), reflect.TypeFor[list](),
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 60 {
				typ := types[(i+j)%len(types)]
				p, err := c.Input(typ)
				if err != nil {
					t.Error(err)
					return
				}
				p.Bind([]byte(`{"x":1,"name":"n","kind":"card","id":1,"any":[1]}`), reflect.New(typ).Interface())
				o, err := c.Output(typ)
				if err != nil {
					t.Error(err)
					return
				}
				o.Check(reflect.New(typ).Interface())
			}
		})
	}
	wg.Wait()
}

func TestProblemText(t *testing.T) {
	for _, c := range []struct {
		p    schema.Problem
		want string
	}{
		{schema.Problem{Want: "an object", Got: "[]"}, "expected an object, got []"},
		{schema.Problem{Path: "a[1].b", Want: "one of", Got: `"x"`, Allowed: []string{"y", "z"}}, `a[1].b: expected one of (y, z), got "x"`},
		{schema.Problem{Path: "a", Want: "less"}, "a: expected less"},
	} {
		if got := c.p.String(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := schema.Explain(nil); got != "" {
		t.Errorf("%q", got)
	}
	many := schema.Problem{Want: "one of", Allowed: make([]string, 100)}.String()
	if !strings.HasSuffix(many, ", …)") || strings.Count(many, ",") != 40 {
		t.Errorf("%q", many)
	}
}

func TestGotIsShortened(t *testing.T) {
	type in struct {
		N int `json:"n"`
	}
	p := planOf[in](t)
	var v in
	ps := p.Bind([]byte(`{"n":"`+strings.Repeat("é", 500)+`","`+strings.Repeat("k", 500)+`":1}`), &v)
	for _, q := range ps {
		if len(q.Got) > 80 || len(q.Path) > 80 {
			t.Errorf("%d bytes of %q at %q", len(q.Got), q.Got, q.Path)
		}
	}
	if len(ps) != 2 || !strings.HasSuffix(ps[0].Got, "é…") {
		t.Errorf("%q", schema.Explain(ps))
	}
}
