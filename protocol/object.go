package protocol

import (
	"encoding/json"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// object writes the members of a JSON object one after the other.
type object struct {
	dst   []byte
	first bool
	err   error
}

func begin(dst []byte) object { return object{dst: append(dst, '{'), first: true} }

func (o *object) key(name string) {
	if !o.first {
		o.dst = append(o.dst, ',')
	}
	o.first = false
	o.dst = append(scan.AppendString(o.dst, name), ':')
}

func (o *object) string(name, v string) {
	if v != "" {
		o.key(name)
		o.dst = scan.AppendString(o.dst, v)
	}
}

func (o *object) raw(name string, v []byte) {
	if len(v) > 0 {
		o.key(name)
		o.dst = append(o.dst, v...)
	}
}

// value writes what encoding/json makes of v, and keeps the first error.
func (o *object) value(name string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		if o.err == nil {
			o.err = err
		}
		return
	}
	o.raw(name, b)
}

func (o *object) end() ([]byte, error) { return append(o.dst, '}'), o.err }
