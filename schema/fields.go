package schema

import (
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// member is a struct field that JSON sees, after embedded structs are flattened.
type member struct {
	name      string // in JSON
	goName    string
	index     []int // for reflect's FieldByIndex
	field     reflect.StructField
	tagged    bool // named by its json tag
	omitEmpty bool
	omitZero  bool
	quoted    bool // the string option
	behindPtr bool // an embedded pointer leads here, so it may not be there at all
	unchecked bool // an embedded struct with validate:"-" leads here
}

// jsonTag is what a json tag says.
type jsonTag struct {
	name      string
	skip      bool
	omitEmpty bool
	omitZero  bool
	quoted    bool
}

func readJSONTag(f reflect.StructField) jsonTag {
	text := f.Tag.Get("json")
	if text == "-" {
		return jsonTag{skip: true}
	}
	name, options, _ := strings.Cut(text, ",")
	t := jsonTag{}
	if validName(name) {
		t.name = name
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			t.omitEmpty = true
		case "omitzero":
			t.omitZero = true
		case "string":
			t.quoted = quotable(f.Type)
		}
	}
	return t
}

// validName is encoding/json's rule: a name it does not like is ignored, and the field's own name is used.
func validName(s string) bool {
	if s == "" {
		return false
	}
	for _, c := range s {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return true
}

// quotable tells that the json option "string" has a meaning for t.
func quotable(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return true
	}
	return false
}

// embedded is a struct whose fields are taken as if they were the outer one's.
type embedded struct {
	typ       reflect.Type
	index     []int
	behindPtr bool
	unchecked bool
}

// members lists the fields of struct type t as encoding/json sees them, in the order of the type's text. Of fields with
// the same name the least nested wins, then the one that a tag names; if that does not decide, none is taken.
func members(t reflect.Type) []member {
	var all []member
	level := []embedded{{typ: t}}
	visited := map[reflect.Type]bool{}
	for len(level) > 0 {
		var next []embedded
		count := map[reflect.Type]int{}
		for _, e := range level {
			count[e.typ]++
		}
		for _, e := range level {
			if visited[e.typ] {
				continue
			}
			visited[e.typ] = true
			found, inner := ownMembers(e)
			all = append(all, found...)
			if count[e.typ] > 1 {
				// The same struct embedded twice at one depth: its names conflict with themselves and vanish.
				all = append(all, found...)
			}
			next = append(next, inner...)
		}
		level = next
	}
	kept := dominant(all)
	slices.SortFunc(kept, func(a, b member) int { return slices.Compare(a.index, b.index) })
	return kept
}

// ownMembers lists the fields that e itself declares, and the structs it embeds.
func ownMembers(e embedded) (found []member, inner []embedded) {
	for i := range e.typ.NumField() {
		f := e.typ.Field(i)
		base := f.Type
		if base.Kind() == reflect.Pointer {
			base = base.Elem()
		}
		if f.Anonymous {
			if !f.IsExported() && base.Kind() != reflect.Struct {
				continue
			}
		} else if !f.IsExported() {
			continue
		}
		tag := readJSONTag(f)
		if tag.skip {
			continue
		}
		index := append(slices.Clone(e.index), i)
		if flattened(f, base) {
			inner = append(inner, embedded{
				typ: base, index: index,
				behindPtr: e.behindPtr || f.Type.Kind() == reflect.Pointer,
				unchecked: e.unchecked || f.Tag.Get("validate") == "-",
			})
			continue
		}
		name := tag.name
		if name == "" {
			name = f.Name
		}
		found = append(found, member{
			name: name, goName: f.Name, index: index, field: f, tagged: tag.name != "",
			omitEmpty: tag.omitEmpty, omitZero: tag.omitZero, quoted: tag.quoted,
			behindPtr: e.behindPtr, unchecked: e.unchecked,
		})
	}
	return found, inner
}

// dominant keeps one member a name, by encoding/json's rule.
func dominant(all []member) []member {
	byName := map[string][]member{}
	for _, m := range all {
		byName[m.name] = append(byName[m.name], m)
	}
	var kept []member
	for _, group := range byName {
		slices.SortStableFunc(group, func(a, b member) int {
			if d := len(a.index) - len(b.index); d != 0 {
				return d
			}
			switch {
			case a.tagged && !b.tagged:
				return -1
			case b.tagged && !a.tagged:
				return 1
			}
			return 0
		})
		first := group[0]
		if len(group) > 1 && len(group[1].index) == len(first.index) && group[1].tagged == first.tagged {
			continue
		}
		kept = append(kept, first)
	}
	return kept
}
