package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/schema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// independent compiles a schema with nothing of this package in between.
func independent(t testing.TB, text []byte) *jsonschema.Schema {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("plan.json", value); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("plan.json")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

func valid(t testing.TB, s *jsonschema.Schema, text []byte) bool {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s.Validate(value) == nil
}

// oneField makes struct{ V T `json:"v" validate:"tags"` }.
func oneField(t reflect.Type, tags string) reflect.Type {
	return reflect.StructOf([]reflect.StructField{{
		Name: "V", Type: t, Tag: reflect.StructTag(`json:"v" validate:` + strconv.Quote(tags)),
	}})
}

// anyValues are values of every kind, with the edges of the types and tags below among them.
func anyValues() []string {
	out := []string{
		"null", "true", "false", "0", "-0", "1.0", "1e1", "10e-1", "1.5", "-1.5", "2.9999", "3.0001", "1e2", "0.5e1",
		`""`, `" "`, `"a"`, `"ab"`, `"abc"`, `"abcd"`, `"abcde"`, `"é"`, `"日本語"`, `"🙂🙂🙂"`, `"a b"`, `"ABC"`, `"Abc"`, `"aBC"`,
		`"\ud800"`, `"\u0000"`, `"\n"`, `"abc\n"`, `"123"`, `"+1"`, `"-1.5"`, `"1."`, `"0x1F"`, `"xyz"`, `"#fff"`, `"#ffff"`, `"#fffff"`,
		`"true"`, `"false"`, `"T"`, `"yes"`, `"5"`, `"05"`, `"1.0"`, `"-"`, `"a.c"`, `"a1b2"`, `"ß"`, `"Ж"`, `"ж"`, `"+14155550123"`,
		`"+0123456789"`, `"a'b"`, `"a,b"`, `"a|b"`, `"example.com"`, `"-example.com"`, `"1.example.com"`, `"xn--a.b"`,
		`"2026-01-31"`, `"2026-02-30"`, `"d41d8cd98f00b204e9800998ecf8427e"`,
		"[]", "{}", `[1]`, `[1,2]`, `[1,2,3]`, `[1,2,3,4]`, `[1,1]`, `[0]`, `[0,0]`, `[1,1.0]`, `[null]`, `[null,null]`, `[1,null]`,
		`["a"]`, `["a","b"]`, `["a","a"]`, `["","a"]`, `["ab","abc"]`, `["abc","abcd","abcde"]`, `[[]]`, `[[1]]`, `[[1],[1]]`, `[[1,2],[3]]`,
		`{"a":1}`, `{"ab":1}`, `{"a":0}`, `{"abc":5,"abd":6}`, `{"a":"x"}`, `{"a":""}`, `{"1":1}`, `{"01":1}`, `{"-1":1}`, `{"":1}`,
		`{"a":1,"b":2,"c":3,"d":4}`, `{"a":[]}`, `{"a":[1,2,3]}`, `{"a":null}`, `[{"v":1}]`, `{"v":3}`, `[true]`,
	}
	for i := -12; i <= 12; i++ {
		out = append(out, strconv.Itoa(i))
	}
	for _, i := range []int{-129, -128, 127, 128, 255, 256, -32769, 32767, 65536, 2147483647, 2147483648, -2147483649, 4294967295, 4294967296} {
		out = append(out, strconv.Itoa(i))
	}
	for n := range 8 {
		out = append(out, `"`+strings.Repeat("é", n)+`"`, "["+strings.TrimSuffix(strings.Repeat("7,", n), ",")+"]")
		var items []string
		for i := range n {
			items = append(items, fmt.Sprintf(`"k%d":%d`, i, i))
		}
		out = append(out, "{"+strings.Join(items, ",")+"}")
	}
	return out
}

// randomValue makes a value of any kind from a small stock, so that it often hits what the tags speak of.
func randomValue(r *rand.Rand, deep int) any {
	k := r.IntN(9)
	if deep <= 0 {
		k = r.IntN(6)
	}
	switch k {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2, 3:
		return json.Number(strconv.Itoa(r.IntN(24) - 12))
	case 4:
		return json.Number(strconv.FormatFloat(float64(r.IntN(400)-200)/16, 'g', -1, 64))
	case 5:
		letters := []rune("abcABC019 .-_é日#xyz")
		s := make([]rune, r.IntN(8))
		for i := range s {
			s[i] = letters[r.IntN(len(letters))]
		}
		return string(s)
	case 6, 7:
		s := make([]any, r.IntN(6))
		for i := range s {
			s[i] = randomValue(r, deep-1)
		}
		return s
	}
	m := map[string]any{}
	for range r.IntN(6) {
		m[string(rune('a'+r.IntN(6)))] = randomValue(r, deep-1)
	}
	return m
}

var sizes = []string{
	"", "required", "omitempty", "min=3", "max=7", "gte=3", "lte=7", "gt=3", "lt=7", "len=5", "ne=5", "gte=3,lte=7", "required,min=3", "omitempty,min=3",
	"omitnil,max=3", "omitzero,gt=1", "required,max=4", "min=2,max=2", "len=3|len=5", "gt=5|lt=2", "required,ne=0", "min=0", "lt=1", "max=0", "len=0",
}

type agreement struct {
	typ  reflect.Type
	tags []string
}

func both[T any](more ...string) agreement {
	return agreement{reflect.TypeFor[T](), append(sizes, more...)}
}
func these[T any](tags ...string) agreement {
	return agreement{reflect.TypeFor[T](), tags}
}

// Every type with every tag whose meaning JSON Schema can say in full.
var agreements = []agreement{
	both[int]("oneof=1 3 5", "required,oneof=0 1", "eq=5", "gte=-3,lte=-1", "numeric", "ne=5,ne=6", "eq=5|eq=7"),
	both[int8]("oneof=1 3 5", "gte=-128", "lte=127"), both[int32]("eq=0"), both[int16](),
	both[uint]("oneof=1 3 5", "eq=5"), both[uint8]("lte=255"), both[uint32](), both[uint16](),
	both[float64]("eq=1.5", "gt=1.5,lt=2.5", "ne=1.5", "gte=-1e3"), both[float32]("gt=1.5", "lte=0.5"),
	both[*int]("required,gte=0", "eq=0"), both[*float64](),
	these[bool]("", "required", "omitempty", "eq=true", "eq=false", "ne=true", "boolean", "required,eq=false"), these[*bool]("", "required"),
	both[string]("oneof=abc abcd 'a b'", "required,oneof=a ab", "omitempty,oneof=a ab", "eq=abc", "ne=abc", "alpha", "alphanum", "numeric", "number",
		"hexadecimal", "hexcolor", "boolean", "e164", "startswith=ab", "endswith=c", "contains=b", "excludes=b", "startsnotwith=a", "endsnotwith=c",
		"startswith=a.", "contains=0x2C", "alpha|numeric", "alpha,min=2,startswith=a,endswith=c", "hostname", "hostname_rfc1123", "ascii",
		"alphaspace", "alphanumspace", "md5", "min=2,oneof=a abc", "omitempty,alpha", "eq=abc|startswith=x", "oneof='a b'|len=3", "datetime=2006-01-02", "printascii"),
	both[*string]("required,alpha", "oneof=a b"), both[**string](),
	both[[]int]("unique", "dive,gte=1", "required,dive,gt=1", "max=3,unique,dive,oneof=1 2", "dive,required", "omitempty,dive,omitempty,gte=3"),
	both[[]string]("unique", "dive,min=2", "dive,required", "dive,omitempty,min=2", "dive,oneof=a b ''", "min=1,dive,alpha"),
	both[[]float64]("unique"), both[[]bool]("unique"),
	both[[]*int]("dive,gte=1", "dive,required", "dive,required,gte=1", "unique"), both[[]*string]("dive,required"),
	both[[][]int]("dive,min=1", "dive,required", "dive,dive,gte=2", "dive,unique,dive,gte=1"),
	both[*[]int]("dive,gte=1"), both[[]any]("dive"), both[any](), both[json.RawMessage](),
	these[[2]int]("", "required", "dive,gte=1", "unique", "omitempty,dive,gte=1", "len=2"), these[[0]int]("", "required"), these[[3]string]("dive,required"),
	both[map[string]int]("dive,gte=1", "dive,keys,min=2,endkeys,gte=1", "dive,keys,required,endkeys", "dive,keys,alpha,endkeys,ne=5", "required,dive,required"),
	both[map[string]string]("dive,required", "dive,min=1"), both[map[string]*int]("dive,required", "dive,gte=1"),
	both[map[int]int]("dive,gte=1"), both[map[uint16]int](), both[map[string][]int]("dive,min=1", "dive,required", "dive,dive,gte=2"), both[map[string]any](),
	these[struct{}]("", "required"), these[*struct{}]("", "required"),
	these[struct {
		V int `json:"v" validate:"required,gte=2"`
	}]("", "required", "omitempty"),
	these[[]struct {
		V *int `json:"v" validate:"gte=2"`
	}]("", "required", "min=1,dive", "omitempty,dive,required"),
	these[map[string]*struct {
		V string `json:"v" validate:"min=2"`
	}]("", "dive,required"),
}

// What Bind takes and what the schema takes are the same, for every value of every kind.
func TestBindAndSchemaAgree(t *testing.T) {
	values := anyValues()
	r := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		text, err := json.Marshal(randomValue(r, 2))
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, string(text))
	}
	for _, a := range agreements {
		for _, tags := range a.tags {
			if !meaningful(a.typ, tags) {
				continue
			}
			t.Run(a.typ.String()+"/"+tags, func(t *testing.T) { agree(t, oneField(a.typ, tags), values) })
		}
	}
}

// meaningful leaves out tags that Input itself refuses or the validator has no meaning for.
func meaningful(t reflect.Type, tags string) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Interface && t != reflect.TypeFor[json.RawMessage]() {
		return true
	}
	return tags == "" || tags == "required" || tags == "omitempty"
}

func agree(t *testing.T, typ reflect.Type, values []string) {
	t.Helper()
	p, err := schema.Of(typ)
	if err != nil {
		t.Fatal(err)
	}
	s := independent(t, p.JSON())
	try := func(args string) {
		problems := p.Bind([]byte(args), reflect.New(typ).Interface())
		if ok := valid(t, s, []byte(args)); ok != (problems == nil) {
			t.Errorf("%s\nschema %s\nschema takes it: %v; Bind: %q", args, p.JSON(), ok, schema.Explain(problems))
		}
	}
	try(`{}`)
	try(`{"w":1}`)
	for _, v := range values {
		try(`{"v":` + v + `}`)
	}
}

// Formats are an approximation: whatever Bind takes, the schema takes. wide lists texts that are near the line.
func TestFormatsAreNotNarrower(t *testing.T) {
	wide := []string{
		"", "a@b.co", "a@b.co.", `"a b"@c.de`, "a..b@c.de", strings.Repeat("x", 65) + "@c.de", "me@" + strings.Repeat("abcdefghi.", 26) + "com", "用户@例子.广告",
		"Bob <a@b.co>", "a@[127.0.0.1]", "a@b", "@b.co", "a@b@c.de", "a\u00a0b@c.de",
		"http://a.b", "HTTP://A.B", "https://a/%zz", "http://a b/", "mailto:x@y.z", "file:///tmp/x", "file:///", "/relative", "*", "//host/x", "urn:isbn:1", "x:#f",
		"http://[::1]/", "http://[fe80::1%25en0]/", "http://[foo]/", "a:b", "http://", "1http://x", "http://x/#%zz", "\u212aelvin:x", "http://1::2/",
		"1.2.3.4", "01.2.3.4", "1.2.3", "::1", "::ffff:1.2.3.4", "fe80::1%eth0", "1.2.3.4.5", "::", "1:2:3:4:5:6:7:8", "0:0:0:0:0:ffff:1.2.3.4",
		"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6BA7B810-9DAD-41D1-80B4-00C04FD430C8", "6ba7b810-9dad-41d1-80b4-00c04fd430c8", "6ba7b810-9dad-31d1-00b4-00c04fd430c8",
		"6ba7b810-9dad-51d1-80b4-00c04fd430c8", "6ba7b810-9dad-71d1-80b4-00c04fd430c8", "{6ba7b810-9dad-41d1-80b4-00c04fd430c8}",
		"example.com", "a.b.", "1.com", "-a.com", strings.Repeat("abcdefghi.", 26) + "com", "localhost", "a_b.com", "xn--bcher-kva.example",
		"2026-01-31T12:00:00Z", "2026-01-31T1:00:00Z", "2026-01-31T12:00:00,5Z", "2026-01-31T12:00:00.123456789+23:59", "2026-01-31t12:00:00z", "2026-12-31T23:59:60Z",
		"2026-01-31T12:00:00+24:00", "2026-01-31", "2026-1-31", "0000-01-01", "10000-01-01", "2026-01-31T12:00:00-00:00",
		"abc", "ABC", "É", "é", "𝐀", "ǅ", "aB", "ﬁ", "1", "\n", "a\n", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ar\u212a3ndektsv4rrffq69g5fav", "507f1f77bcf86cd799439011",
		"1h30m", "-1.5h", "1.h", ".5s", "5", "0", "+0", "1h 2m", "1us", "1µs", "1μs", "9999999h", ".s", "",
	}
	tags := []string{
		"email", "url", "uri", "http_url", "https_url", "ip", "ipv4", "ipv6", "uuid", "uuid3", "uuid4", "uuid5", "uuid7", "uuid_rfc4122", "uuid3_rfc4122",
		"uuid4_rfc4122", "uuid5_rfc4122", "hostname", "hostname_rfc1123", "fqdn", "datetime=2006-01-02T15:04:05Z07:00", "datetime=2006-01-02", "lowercase", "uppercase",
		"ulid", "mongodb", "sha256", "sha512", "sha384", "base64", "semver", "jwt", "cidr", "mac", "latitude", "credit_card", "isbn", "timezone", "iscolor", "cron",
		"email|e164", "url|uuid", "ip|hostname", "datetime=15:04", "json", "country_code", "bcp47_language_tag", "oneofci=a b", "noneof=a b", "eq_ignore_case=abc", "isdefault",
	}
	for _, tag := range tags {
		t.Run(tag, func(t *testing.T) { notNarrower(t, oneField(reflect.TypeFor[string](), tag), wide) })
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[[]byte]()} {
		t.Run(typ.String(), func(t *testing.T) { notNarrower(t, oneField(typ, "required"), wide) })
	}
	t.Run("bytes", func(t *testing.T) { notNarrower(t, oneField(reflect.TypeFor[[]byte](), "min=2,max=4"), base64s()) })
}

func base64s() []string {
	var out []string
	for n := range 9 {
		text, _ := json.Marshal(make([]byte, n))
		out = append(out, strings.Trim(string(text), `"`))
	}
	return append(out, "AA", "AA=A", "AA==\n", "AB==")
}

func notNarrower(t *testing.T, typ reflect.Type, texts []string) {
	t.Helper()
	p, err := schema.Of(typ)
	if err != nil {
		t.Fatal(err)
	}
	s := independent(t, p.JSON())
	for _, text := range texts {
		quoted, _ := json.Marshal(text)
		args := []byte(`{"v":` + string(quoted) + `}`)
		if p.Bind(args, reflect.New(typ).Interface()) != nil {
			continue
		}
		if !valid(t, s, args) {
			t.Errorf("Bind takes %s and the schema does not: %s", args, p.JSON())
		}
	}
}
