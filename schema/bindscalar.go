package schema

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// scalar reads a value that is neither an object nor an array.
func (b *binder) scalar(n *node, i int, v reflect.Value) int {
	end := b.skip(i)
	text := b.in[i:end]
	switch n.shape {
	case shapeBool:
		if text[0] != 't' && text[0] != 'f' {
			return b.mismatch(n, i)
		}
		v.SetBool(text[0] == 't')
	case shapeInt, shapeUint, shapeFloat, shapeNumber, shapeBigInt:
		if text[0] != '-' && (text[0] < '0' || text[0] > '9') {
			return b.mismatch(n, i)
		}
		b.number(n, text, v)
	default:
		if text[0] != '"' {
			return b.mismatch(n, i)
		}
		b.text(n, text, v)
	}
	return end
}

// number reads a JSON number.
func (b *binder) number(n *node, text []byte, v reflect.Value) {
	whole, fits := true, true
	switch n.shape {
	case shapeInt:
		var x int64
		x, whole, fits = parseInt(text, n.bits)
		v.SetInt(x)
	case shapeUint:
		var x uint64
		x, whole, fits = parseUint(text, n.bits)
		v.SetUint(x)
	case shapeFloat:
		x, err := strconv.ParseFloat(string(text), n.bits)
		fits = err == nil
		v.SetFloat(x)
	case shapeNumber:
		v.SetString(string(text))
	case shapeBigInt:
		var digits []byte
		if digits, whole = integerText(text, maxBigDigits); digits != nil {
			v.Addr().Interface().(*big.Int).SetString(string(digits), 10)
		}
		fits = digits != nil
	}
	switch {
	case !whole:
		b.report(n.want(), shorten(string(text)), nil)
	case !fits:
		v.SetZero()
		b.report(n.want()+rangeOf(n), shorten(string(text)), nil)
	}
}

// rangeOf says what fits into n, for those who ask too much.
func rangeOf(n *node) string {
	switch n.shape {
	case shapeInt:
		low, high := int64(-1)<<(n.bits-1), int64(1)<<(n.bits-1)-1
		return " from " + strconv.FormatInt(low, 10) + " to " + strconv.FormatInt(high, 10)
	case shapeUint:
		return " from 0 to " + strconv.FormatUint(1<<n.bits-1, 10)
	case shapeBigInt:
		return " of at most " + strconv.Itoa(maxBigDigits) + " digits"
	}
	return " of " + strconv.Itoa(n.bits) + " bits"
}

// text reads a JSON string.
func (b *binder) text(n *node, quoted []byte, v reflect.Value) {
	text := b.name(quoted)
	var err error
	switch n.shape {
	case shapeString:
		v.SetString(string(text))
	case shapeTime:
		err = timeText(text, v.Addr().Interface().(*time.Time))
	case shapeDuration:
		var d time.Duration
		d, err = time.ParseDuration(string(text))
		v.SetInt(int64(d))
	case shapeBytes:
		err = bytesText(text, v)
	case shapeText:
		err = v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(string(text)))
	case shapeQuoted:
		b.quoted(n, append([]byte(nil), text...), string(quoted), v)
	}
	if err != nil {
		want := n.want()
		if n.shape == shapeText {
			want += " that can be read (" + shorten(err.Error()) + ")"
		}
		b.report(want, shorten(string(quoted)), nil)
	}
}

// errNotRFC3339 is for what time.Parse lets pass and RFC 3339 does not.
var errNotRFC3339 = errors.New("not in the form of RFC 3339")

// timeText reads a date-time. Go's parser also takes one digit for the hour, a comma before the fraction and offsets of
// 24 hours; the schema's date-time does not.
func timeText(text []byte, t *time.Time) error {
	if err := t.UnmarshalText(text); err != nil {
		return err
	}
	const fraction, offset = len("2006-01-02T15:04:05"), len("Z07:00") - 1
	hour := text[len("2006-01-02T"):]
	if len(text) <= fraction || hour[1] == ':' || text[fraction] == ',' {
		return errNotRFC3339
	}
	if end := len(text); text[end-1] != 'Z' && (string(text[end-offset:end-offset+2]) > "23" || string(text[end-2:]) > "59") {
		return errNotRFC3339
	}
	return nil
}

func bytesText(text []byte, v reflect.Value) error {
	if i := strings.IndexAny(string(text), "\r\n"); i >= 0 {
		return base64.CorruptInputError(i) // the decoder would skip it
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(out, text)
	v.SetBytes(out[:n])
	return err
}

// quoted reads a scalar that stands in a string, as the json option "string" asks.
func (b *binder) quoted(n *node, inner []byte, got string, v reflect.Value) {
	if !plainScalar(n.elem, inner) {
		b.report(n.want(), shorten(got), nil)
		return
	}
	in, scratch := b.in, b.scratch
	b.in, b.scratch = inner, nil
	before := len(b.problems)
	if n.elem.shape == shapeDuration {
		b.number(&node{shape: shapeInt, typ: n.typ, bits: 64}, inner, v)
	} else {
		b.scalar(n.elem, 0, v)
	}
	b.in, b.scratch = in, scratch
	if len(b.problems) > before {
		b.problems = b.problems[:before]
		b.report(n.want(), shorten(got), nil)
	}
}

// plainScalar tells that text is a JSON value without white space around it, and an integer in digits where one is asked
// for: what the pattern in the schema says.
func plainScalar(n *node, text []byte) bool {
	if len(text) == 0 || text[0] <= ' ' || text[len(text)-1] <= ' ' || scan.Document(text) != nil {
		return false
	}
	switch n.shape {
	case shapeInt, shapeUint, shapeDuration:
		end, integer, err := scan.Number(text, 0)
		return err == nil && integer && end == len(text) && (n.shape != shapeUint || text[0] != '-')
	}
	return true
}

// free reads a value of any form: any, json.RawMessage and types that read themselves.
func (b *binder) free(n *node, i int, v reflect.Value) int {
	end := b.skip(i)
	before := len(b.problems)
	b.duplicates(i)
	if len(b.problems) > before {
		return end
	}
	switch n.shape {
	case shapeRaw:
		v.SetBytes(append([]byte(nil), b.in[i:end]...))
	case shapeAny:
		if x, _ := b.anything(i); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	default:
		err := v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(append([]byte(nil), b.in[i:end]...))
		if err != nil {
			b.report("a value that can be read ("+shorten(err.Error())+")", shorten(string(b.in[i:end])), nil)
		}
	}
	return end
}

// anything reads a value as encoding/json reads it into an any, and returns the index after it. The text holds no
// duplicate names.
func (b *binder) anything(i int) (any, int) {
	switch c := b.in[i]; c {
	case 'n':
		return nil, i + len("null")
	case 't':
		return true, i + len("true")
	case 'f':
		return false, i + len("false")
	case '"':
		end := b.skip(i)
		return string(b.name(b.in[i:end])), end
	case '[':
		return b.list(i)
	case '{':
		return b.dictionary(i)
	}
	end := b.skip(i)
	x, err := strconv.ParseFloat(string(b.in[i:end]), 64)
	if err != nil {
		b.report("a number of 64 bits", shorten(string(b.in[i:end])), nil)
	}
	return x, end
}

func (b *binder) list(i int) (any, int) {
	out := []any{}
	i = scan.Space(b.in, i+1)
	if b.in[i] == ']' {
		return out, i + 1
	}
	for {
		b.push(step{index: len(out), item: true})
		x, end := b.anything(i)
		b.pop()
		out = append(out, x)
		i = scan.Space(b.in, end)
		if b.in[i] == ']' {
			return out, i + 1
		}
		i = scan.Space(b.in, i+1)
	}
}

func (b *binder) dictionary(i int) (any, int) {
	out := map[string]any{}
	i = scan.Space(b.in, i+1)
	if b.in[i] == '}' {
		return out, i + 1
	}
	for more := true; more; {
		quoted, at, _ := scan.Key(b.in, i)
		name := string(b.name(quoted))
		b.push(step{name: name})
		x, end := b.anything(at)
		b.pop()
		out[name] = x
		i, more, _ = scan.Next(b.in, end)
	}
	return out, i
}

// mapKey reads a property's name into a map's key.
func (b *binder) mapKey(n *node, name string, v reflect.Value) bool {
	switch n.shape {
	case shapeString:
		v.SetString(name)
		return true
	case shapeText:
		err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(name))
		if err != nil {
			b.report("a name that can be read ("+shorten(err.Error())+")", quote(shorten(name)), nil)
		}
		return err == nil
	case shapeInt:
		x, err := strconv.ParseInt(name, 10, n.bits)
		if err == nil && strconv.FormatInt(x, 10) == name {
			v.SetInt(x)
			return true
		}
	case shapeUint:
		x, err := strconv.ParseUint(name, 10, n.bits)
		if err == nil && strconv.FormatUint(x, 10) == name {
			v.SetUint(x)
			return true
		}
	}
	b.report("a name that is an integer"+rangeOf(n), quote(shorten(name)), nil)
	return false
}
