package schema

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-playground/validator/v10"
)

// presence tells that nothing is where the steps lead: in the JSON that came, or in the JSON that a value will become.
type presence func(steps []step) (gone bool)

// verdicts turns what the validator found into problems. Those about places that are already reported are dropped, and
// so are those about what is not there.
func (j *judge) verdicts(found validator.ValidationErrors, root reflect.Value, before []Problem, gone presence) []Problem {
	out := before
	for _, e := range found {
		if len(out) >= MaxProblems {
			break
		}
		steps, parent := locate(e.StructNamespace(), root)
		path := pathText(steps)
		if reported(before, path) || j.moot(e, parent, steps, gone) {
			continue
		}
		p := problemOf(e, parent)
		p.Path = path
		out = append(out, p)
	}
	return out
}

// moot tells that e is about a value that is not there: inside a struct that is not, or of a field that is not, by a tag
// of the field's own that is only about its value.
func (j *judge) moot(e validator.FieldError, parent reflect.Type, steps []step, gone presence) bool {
	if len(steps) > 1 && gone(steps[:len(steps)-1]) {
		return true
	}
	if relational(e.Tag()) || parent == nil || len(steps) == 0 || !gone(steps) {
		return false
	}
	f, ok := parent.FieldByName(e.StructField())
	if !ok {
		return false
	}
	ts, err := parseTags(f.Tag.Get("validate"), j.aliases)
	return err == nil && slices.ContainsFunc(ts.early, func(text string) bool {
		name, _, _ := strings.Cut(text, "=")
		return name == e.Tag() || text == e.Tag()
	})
}

// relational tells that a tag, to go by its name, has something to say about a field that is not there.
func relational(name string) bool {
	return strings.HasPrefix(name, "required_") || strings.HasPrefix(name, "excluded_") || strings.HasSuffix(name, "field") ||
		strings.HasPrefix(name, "field") || name == "skip_unless"
}

func reported(ps []Problem, path string) bool {
	for _, p := range ps {
		if under(path, p.Path) {
			return true
		}
	}
	return false
}

// problemOf says in words what a failed tag asked for. parent is the struct that the field is in, nil when unknown.
func problemOf(e validator.FieldError, parent reflect.Type) Problem {
	v := reflect.ValueOf(e.Value())
	p := Problem{Got: gotText(v)}
	if alts := strings.Split(e.Tag(), "|"); len(alts) > 1 {
		for i, alt := range alts {
			name, param, _ := strings.Cut(alt, "=")
			if i > 0 {
				p.Want += " or "
			}
			want, allowed := wantText(name, param, v, parent)
			p.Want += want
			p.Allowed = append(p.Allowed, allowed...)
		}
		return p
	}
	p.Want, p.Allowed = wantText(e.Tag(), e.Param(), v, parent)
	return p
}

func wantText(name, param string, v reflect.Value, parent reflect.Type) (want string, allowed []string) {
	switch {
	case name == "required":
		return "a value that is not empty", nil
	case sizeTag(name):
		return sizeWords(name, param, v), nil
	case name == "oneof" || name == "oneofci":
		return "one of", oneofValues(param)
	case name == "noneof" || name == "noneofci":
		return "none of " + strings.Join(oneofValues(param), ", "), nil
	case name == "unique":
		return "items that are all different", nil
	case name == "isdefault":
		return "nothing, or the zero value", nil
	case name == "eq_ignore_case":
		return quote(param) + " in any case", nil
	case name == "ne_ignore_case":
		return "anything but " + quote(param), nil
	}
	if w := words(name, param); w != "" {
		return w, nil
	}
	return relationWords(name, param, parent), nil
}

// sizeWords says a comparison in the measure of the value's type.
func sizeWords(name, param string, v reflect.Value) string {
	unit := ""
	switch v.Kind() {
	case reflect.String:
		if name == "eq" || name == "ne" {
			param = quote(param)
		} else {
			unit = "character"
		}
	case reflect.Slice, reflect.Array:
		unit = "item"
		if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
			unit = "byte"
		}
	case reflect.Map:
		unit = "property"
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			param = "now"
		}
	}
	if n, err := strconv.ParseInt(param, 0, 64); unit != "" && err == nil {
		param = plural(n, unit)
	}
	switch name {
	case "min", "gte":
		return "at least " + param
	case "max", "lte":
		return "at most " + param
	case "gt":
		return "more than " + param
	case "lt":
		return "less than " + param
	case "ne":
		return "anything but " + param
	}
	return "exactly " + param
}

// relationWords says tags that look at other fields, and the user's own by their name.
func relationWords(name, param string, parent reflect.Type) string {
	other := jsonNames(param, parent)
	switch strings.Replace(name, "csfield", "field", 1) {
	case "eqfield":
		return "the same as " + other
	case "nefield":
		return "something else than " + other
	case "gtfield":
		return "more than " + other
	case "gtefield":
		return "at least " + other
	case "ltfield":
		return "less than " + other
	case "ltefield":
		return "at most " + other
	case "fieldcontains":
		return "text that contains " + other
	case "fieldexcludes":
		return "text without " + other
	case "required_if":
		return "a value, which is required if " + pairs(other)
	case "required_unless":
		return "a value, which is required unless " + pairs(other)
	case "required_with", "required_with_all":
		return "a value, which is required with " + other
	case "required_without", "required_without_all":
		return "a value, which is required without " + other
	case "excluded_if":
		return "nothing, because it must be left out if " + pairs(other)
	case "excluded_unless":
		return "nothing, because it must be left out unless " + pairs(other)
	case "excluded_with", "excluded_with_all":
		return "nothing, because it must be left out with " + other
	case "excluded_without", "excluded_without_all":
		return "nothing, because it must be left out without " + other
	}
	if param != "" {
		return "a value that satisfies " + name + "=" + param
	}
	return "a value that satisfies " + name
}

// pairs writes "kind card" as "kind is card".
func pairs(text string) string {
	words := strings.Fields(text)
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case i%2 == 1:
			b.WriteString(" is ")
		default:
			b.WriteString(" and ")
		}
		b.WriteString(w)
	}
	return b.String()
}

// jsonNames puts JSON's names for Go's in a parameter that lists fields of the struct parent.
func jsonNames(param string, parent reflect.Type) string {
	if parent == nil || parent.Kind() != reflect.Struct {
		return param
	}
	words := strings.Fields(param)
	for i, w := range words {
		if f, ok := parent.FieldByName(w); ok {
			if name := readJSONTag(f).name; name != "" {
				words[i] = name
			}
		}
	}
	return strings.Join(words, " ")
}

// gotText shows a value that was bound. Zero values of fields that were never sent are shown as they are.
func gotText(v reflect.Value) string {
	for v.IsValid() && v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "nothing"
		}
		v = v.Elem()
	}
	if !v.IsValid() {
		return "nothing"
	}
	switch v.Kind() {
	case reflect.String:
		return quote(shorten(v.String()))
	case reflect.Slice, reflect.Map:
		if v.IsNil() {
			return "nothing"
		}
		return sizeText(v)
	case reflect.Array:
		return sizeText(v)
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			return quote(t.Format(time.RFC3339Nano))
		}
		return "" // a whole struct says little
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
	}
	return shorten(fmt.Sprint(v.Interface()))
}

func sizeText(v reflect.Value) string {
	n := int64(v.Len())
	switch {
	case v.Kind() == reflect.Map:
		return plural(n, "property")
	case v.Type().Elem().Kind() == reflect.Uint8:
		return plural(n, "byte")
	}
	return plural(n, "item")
}
