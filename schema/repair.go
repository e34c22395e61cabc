package schema

import (
	"bytes"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxRefs is how many references are followed from one place. A document has no endless ones; a longer chain is left
// alone.
const maxRefs = 16

// Repair reads an instance that [Document.Check] refuses as [Plan.BindLenient] does: strings that hold a number, a boolean,
// an object or an array, where the schema has exactly one type and it is that, lose their quotes, and null for a property
// that is not required is left out. It follows properties, additionalProperties, items, prefixItems and $ref; what stands
// under allOf, anyOf, if and the like is no single reading, and is left alone.
//
// fixed is instance itself when there is nothing to repair. It has not been checked: Check says whether it is good.
func (d *Document) Repair(instance []byte) (fixed []byte, repairs []Repair) {
	if d.Check(instance) == nil {
		return instance, nil
	}
	if fixed, repairs = mend(instance, documentPlace{d.compiled}); repairs == nil {
		return instance, nil
	}
	return fixed, repairs
}

// documentPlace is a place in a hand-written schema.
type documentPlace struct{ s *jsonschema.Schema }

// only gives the one type that may stand here, "" when there are several or none is named. A schema that is a $ref has
// the type of what it refers to.
func (p documentPlace) only() string {
	s := p.s
	for range maxRefs {
		if s.Types != nil && !s.Types.IsEmpty() {
			if types := s.Types.ToStrings(); len(types) == 1 {
				return types[0]
			}
			return ""
		}
		if s.Ref == nil {
			return ""
		}
		s = s.Ref
	}
	return ""
}

func (p documentPlace) reading() reading {
	switch p.only() {
	case "integer", "number":
		return readNumber
	case "boolean":
		return readBoolean
	case "array":
		return readArray
	case "object":
		return readObject
	}
	return readNothing
}

func (p documentPlace) takes(number []byte) bool {
	b := binder{in: number}
	b.hugeNumbers() // Check would refuse it
	if b.problems != nil {
		return false
	}
	if p.only() == "number" {
		return true
	}
	text, whole := integerText(bytes.Clone(number), maxBigDigits)
	return whole && text != nil
}

func (p documentPlace) property(name []byte) (inner place, mayGo bool) {
	named, required := false, false
	s := p.s
	for range maxRefs {
		required = required || slices.Contains(s.Required, string(name))
		named = named || s.Properties[string(name)] != nil
		if inner == nil {
			inner = ownProperty(s, string(name))
		}
		if s.Ref == nil {
			break
		}
		s = s.Ref
	}
	return inner, named && !required
}

// ownProperty is what s itself says of a property. Where patterns of names are in play too, additionalProperties says
// nothing for certain.
func ownProperty(s *jsonschema.Schema, name string) place {
	if inner := s.Properties[name]; inner != nil {
		return documentPlace{inner}
	}
	if inner, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && len(s.PatternProperties) == 0 {
		return documentPlace{inner}
	}
	return nil
}

func (p documentPlace) item(index int) place {
	s := p.s
	for range maxRefs {
		if inner := ownItem(s, index); inner != nil {
			return documentPlace{inner}
		}
		if s.Ref == nil {
			break
		}
		s = s.Ref
	}
	return nil
}

// ownItem is what s itself says of an item, in the words of 2020-12 or of the drafts before.
func ownItem(s *jsonschema.Schema, index int) *jsonschema.Schema {
	if index < len(s.PrefixItems) {
		return s.PrefixItems[index]
	}
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		return items
	case []*jsonschema.Schema:
		if index < len(items) {
			return items[index]
		}
		return nil
	}
	return s.Items2020
}
