package schema

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// locate turns the validator's way to a value, in Go's names ("Order.Items[2].Name"), into JSON's. It follows the
// values, because a map's key may hold any character. parent is the struct that the last field is in.
func locate(namespace string, root reflect.Value) (steps []step, parent reflect.Type) {
	if name := root.Type().Name(); root.Kind() == reflect.Struct && name != "" {
		namespace = strings.TrimPrefix(namespace, name+".")
	}
	l := locator{}
	l.walk(namespace, root)
	return l.steps, l.parent
}

type locator struct {
	steps  []step
	parent reflect.Type
}

func (l *locator) walk(rest string, v reflect.Value) {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		v = v.Elem()
	}
	if rest == "" {
		return
	}
	if v.IsValid() {
		switch {
		case rest[0] == '[' && v.Kind() == reflect.Map:
			l.key(rest, v)
			return
		case rest[0] == '[' && (v.Kind() == reflect.Slice || v.Kind() == reflect.Array):
			l.item(rest, v)
			return
		case v.Kind() == reflect.Struct:
			l.field(strings.TrimPrefix(rest, "."), v)
			return
		}
	}
	l.steps = append(l.steps, step{name: strings.TrimPrefix(rest, ".")})
}

func (l *locator) field(rest string, v reflect.Value) {
	end := strings.IndexAny(rest, ".[")
	if end < 0 {
		end = len(rest)
	}
	l.parent = v.Type()
	f, ok := v.Type().FieldByName(rest[:end])
	if !ok || len(f.Index) != 1 {
		l.steps = append(l.steps, step{name: rest}) // a name that a check of the user's own made up
		return
	}
	base := f.Type
	if base.Kind() == reflect.Pointer {
		base = base.Elem()
	}
	if !flattened(f, base) {
		name := readJSONTag(f).name
		if name == "" {
			name = f.Name
		}
		l.steps = append(l.steps, step{name: name})
	}
	l.walk(rest[end:], v.FieldByIndex(f.Index))
}

func (l *locator) item(rest string, v reflect.Value) {
	text, after, _ := strings.Cut(rest[1:], "]")
	i, err := strconv.Atoi(text)
	if err != nil || i >= v.Len() {
		l.steps = append(l.steps, step{name: text})
		return
	}
	l.steps = append(l.steps, step{index: i, item: true})
	l.walk(after, v.Index(i))
}

// key finds which key was meant: of those whose text fits, the longest.
func (l *locator) key(rest string, v reflect.Value) {
	best, found := "", reflect.Value{}
	for _, k := range v.MapKeys() {
		text := fmt.Sprintf("%v", k)
		after, ok := strings.CutPrefix(rest[1:], text+"]")
		if ok && (after == "" || after[0] == '.' || after[0] == '[') && (!found.IsValid() || len(text) > len(best)) {
			best, found = text, k
		}
	}
	if !found.IsValid() {
		l.steps = append(l.steps, step{name: strings.Trim(rest, "[]")})
		return
	}
	l.steps = append(l.steps, step{name: keyName(found)})
	l.walk(rest[1+len(best)+1:], v.MapIndex(found))
}

// keyName writes a map key as encoding/json does.
func keyName(k reflect.Value) string {
	if k.Kind() == reflect.String {
		return k.String()
	}
	if m, ok := k.Interface().(interface{ MarshalText() ([]byte, error) }); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	return fmt.Sprint(k.Interface())
}

// missing tells that args holds nothing, or null, where steps lead.
func missing(args []byte, steps []step) bool {
	b := binder{in: args}
	i := b.seek(steps)
	return i < 0 || args[i] == 'n'
}

// seek returns where the value is that steps lead to, or -1. The text is well formed.
func (b *binder) seek(steps []step) int {
	i := scan.Space(b.in, 0)
	for _, s := range steps {
		switch {
		case s.item && b.in[i] == '[':
			i = b.seekItem(i, s.index)
		case !s.item && b.in[i] == '{':
			i = b.seekName(i, s.name)
		default:
			return -1
		}
		if i < 0 {
			return -1
		}
	}
	return i
}

func (b *binder) seekItem(i, index int) int {
	i = scan.Space(b.in, i+1)
	for ; b.in[i] != ']'; index-- {
		if index == 0 {
			return i
		}
		if i = scan.Space(b.in, b.skip(i)); b.in[i] == ',' {
			i = scan.Space(b.in, i+1)
		}
	}
	return -1
}

func (b *binder) seekName(i int, name string) int {
	i = scan.Space(b.in, i+1)
	for more := b.in[i] != '}'; more; {
		quoted, at, err := scan.Key(b.in, i)
		if err != nil {
			return -1
		}
		if string(b.name(quoted)) == name {
			return at
		}
		i, more, _ = scan.Next(b.in, b.skip(at))
	}
	return -1
}
