package schema

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

// judge is the validator of one Compiler, with rules of this package's making in place of the tags.
//
// The validator is safe for concurrent use only as long as nobody registers anything; plans are made at any time. So
// making one takes the lock, and every run shares it.
type judge struct {
	mu       sync.RWMutex
	v        *validator.Validate
	aliases  map[string]string
	given    bool // by the user, who may have registered checks of whole structs
	prepared map[reflect.Type]bool
}

// prepare tells the validator of the structs in the plan and finds out what it makes of zero values. Tags that it does
// not know, or that could only fail with a panic, are errors.
func (j *judge) prepare(b *builder) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var fresh []*node
	for _, n := range b.order {
		if n.state != visited || !n.checked || j.prepared[n.typ] {
			continue
		}
		fresh = append(fresh, n)
		j.v.RegisterStructValidationMapRules(rulesOf(n), reflect.New(n.typ).Interface())
	}
	for _, n := range fresh {
		if err := j.meet(n.typ); err != nil {
			return err
		}
		j.prepared[n.typ] = true
	}
	for _, n := range b.order {
		if n.state != visited {
			continue
		}
		for _, f := range n.fields {
			if err := j.prepareField(f); err != nil {
				return fmt.Errorf("%s.%s: validate %w", n.typ, f.goName, err)
			}
		}
	}
	return nil
}

// rulesOf writes a rule for every field that n's type itself declares.
func rulesOf(n *node) map[string]string {
	rules := map[string]string{}
	for i := range n.typ.NumField() {
		f := n.typ.Field(i)
		base := f.Type
		if base.Kind() == reflect.Pointer {
			base = base.Elem()
		}
		rules[f.Name] = "-" // not in JSON: the client cannot send it, and the schema does not say it
		if flattened(f, base) && f.Tag.Get("validate") != "-" {
			rules[f.Name] = ""
		}
	}
	for _, f := range n.fields {
		if len(f.index) == 1 {
			rules[f.goName] = ruleOf(f.node, f.tags)
		}
	}
	return rules
}

// meet makes the validator read and keep the rules of t, while nobody else uses it.
func (j *judge) meet(t reflect.Type) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if text := fmt.Sprint(p); strings.Contains(text, "alidation") || strings.Contains(text, "tag") {
				err = fmt.Errorf("%s: %s; correct the tag or register it with the Config's Validator", t, text)
			}
			// Anything else comes from a check of the user's own that does not like an empty struct; it will not get one.
		}
	}()
	_ = j.v.StructFiltered(reflect.New(t).Interface(), func([]byte) bool { return true })
	return nil
}

// prepareField tries every tag once, so that those that panic do so now.
func (j *judge) prepareField(f *field) error {
	if err := j.try(f.node, f.tags); err != nil {
		return err
	}
	own := ownText(f.tags)
	if f.node.shape == shapeArray {
		// An array of zeros is a zero value, so its items are judged here as well.
		own = elementRule(f.node, f.tags.own())
	}
	if own == "" || !scalarZero(f.node.shape) {
		return nil
	}
	f.zeroProblem = j.zeroProblem(f.node.typ, own)
	return nil
}

// zeroProblem says what the validator has against t's zero value, nil when nothing.
func (j *judge) zeroProblem(t reflect.Type, rule string) (p *Problem) {
	defer func() {
		if recover() != nil {
			p = nil // a check of the user's own that only works inside its struct
		}
	}()
	var found validator.ValidationErrors
	if err := j.v.Var(reflect.Zero(t).Interface(), rule); errors.As(err, &found) && len(found) > 0 {
		first := problemOf(found[0], nil)
		return &first
	}
	return nil
}

// scalarZero tells that the zero value of such a type is an ordinary value, which a client may send.
func scalarZero(s shape) bool {
	switch s {
	case shapeString, shapeBool, shapeInt, shapeUint, shapeFloat, shapeTime, shapeDuration, shapeArray, shapeText, shapeQuoted:
		return true
	}
	return false
}

// own is the tagset without what looks beyond the value.
func (ts *tagset) own() *tagset {
	own := &tagset{dive: ts.dive, keys: ts.keys, elem: ts.elem}
	for _, t := range ts.tags {
		if t.own {
			own.tags = append(own.tags, t)
		}
	}
	return own
}

func ownText(ts *tagset) string {
	var own []string
	for _, t := range ts.own().tags {
		own = append(own, t.text)
	}
	return strings.Join(own, ",")
}

// try runs the validator's own tags on zero values, all the way down.
func (j *judge) try(n *node, ts *tagset) error {
	n = n.base()
	for _, t := range ts.tags {
		if t.own {
			if err := j.tryOne(n.typ, t.text); err != nil {
				return err
			}
		}
	}
	if ts.keys != nil {
		if err := j.try(n.key, ts.keys); err != nil {
			return err
		}
	}
	if ts.elem != nil {
		return j.try(n.elem, ts.elem)
	}
	return nil
}

func (j *judge) tryOne(t reflect.Type, text string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("tag %q does not work on a %s: %v", text, t, p)
		}
	}()
	if t.Kind() != reflect.Interface {
		_ = j.v.Var(reflect.Zero(t).Interface(), text)
	}
	return nil
}

// run asks the validator about root, a struct, or a map or slice under rule.
func (j *judge) run(root reflect.Value, rule string) validator.ValidationErrors {
	j.mu.RLock()
	defer j.mu.RUnlock()
	var err error
	switch {
	case root.Kind() != reflect.Struct:
		err = j.v.Var(root.Interface(), rule)
	case root.CanAddr():
		err = j.v.Struct(root.Addr().Interface())
	default:
		err = j.v.Struct(root.Interface())
	}
	if err == nil {
		return nil
	}
	var found validator.ValidationErrors
	errors.As(err, &found)
	return found
}

// asks tells that tags leave something for the validator to do; presence and emptiness are done elsewhere.
func (ts *tagset) asks() bool {
	return len(ts.tags) > 0 || len(ts.early) > 0 || ts.keys.asksInside() || ts.elem.asksInside()
}

func (ts *tagset) asksInside() bool {
	return ts != nil && (ts.required || ts.asks())
}
