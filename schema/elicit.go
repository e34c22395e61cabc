package schema

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/fastmcp-go/fastmcp/protocol"
)

// FormPlan is what is known of a type that a person fills in (elicitation in form mode): the form that each revision can
// show, and how to bind the answer. It is safe for concurrent use.
type FormPlan struct {
	plan  *Plan
	early []byte // for the first revision with forms; nil when it cannot ask what has to be asked
	full  []byte // for those after it
	// beyond names the fields that only the later revisions can show and that have to be there.
	beyond []string
}

// Form returns the plan of a form: t is a struct, or a pointer to one, of strings, numbers and booleans, with `oneof` for
// a choice among strings and a []string with `dive,oneof=…` for a choice of several. The tag `titles:"Red|Green"` gives
// the choices names to show, in the order of `oneof`; `title`, `description` and `default` are as everywhere. Anything
// that a form cannot ask is an error that names the Go path and the cure.
//
// Of the other tags the form shows what the protocol has words for: min, max, len and their like, and the formats email,
// uri, date and date-time. All of them hold when the answer is bound.
func (c *Compiler) Form(t reflect.Type) (*FormPlan, error) {
	p, err := c.Input(t)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.forms[t]; f != nil {
		return f, nil
	}
	if p.base.shape != shapeStruct {
		return nil, fmt.Errorf("schema: %s: a form asks for known fields; use a struct", t)
	}
	f, err := formOf(p)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	c.forms[t] = f
	return f, nil
}

func formOf(p *Plan) (*FormPlan, error) {
	var asked []*question
	for _, fd := range p.base.fields {
		q, err := ask(fd)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", p.base.typ, fd.goName, err)
		}
		asked = append(asked, q)
	}
	root, open := *p.base, *p
	root.open, open.base = true, &root
	f := &FormPlan{plan: &open, full: sheet(asked, fullForms)}
	for _, q := range asked {
		if q.several && q.required {
			f.beyond = append(f.beyond, q.name)
		}
	}
	if f.beyond == nil {
		f.early = sheet(asked, earlyForms)
	}
	return f, nil
}

// dialect is how a revision writes forms.
type dialect uint8

const (
	noForms    dialect = iota
	earlyForms         // 2025-06-18: one choice, in enum and enumNames; defaults for booleans only
	fullForms          // since 2025-11-25 (SEP-1034, SEP-1330): defaults, oneOf with const and title, choices of several
)

// dialectOf asks for what came with the same revisions, because the protocol has no question for forms: elicitation came
// with structured content, and the present form of it with icons.
func dialectOf(r protocol.Revision) dialect {
	switch {
	case r.HasIcons():
		return fullForms
	case r.HasStructuredContent():
		return earlyForms
	}
	return noForms
}

// JSON returns the form as a client of revision r knows it, the requestedSchema of its elicitation/create. It holds only
// what the protocol lists, so it may ask for less than Bind does. For 2025-06-18 a choice of several is left out. It is nil
// when r cannot show the form: see [FormPlan.Supports]. The caller may keep and change the bytes.
func (f *FormPlan) JSON(r protocol.Revision) []byte {
	switch dialectOf(r) {
	case fullForms:
		return bytes.Clone(f.full)
	case earlyForms:
		return bytes.Clone(f.early)
	}
	return nil
}

// Supports tells why revision r cannot show the form, nil when it can: revisions before 2025-06-18 have no forms, and that
// one has no choice of several, which matters if the answer must hold one.
func (f *FormPlan) Supports(r protocol.Revision) error {
	switch dialectOf(r) {
	case fullForms:
		return nil
	case noForms:
		return errors.New("schema: the client's revision of the protocol has no forms")
	}
	if f.beyond != nil {
		return fmt.Errorf("schema: the client's revision of the protocol has no choice of several, and the form requires %s; make it optional",
			strings.Join(f.beyond, ", "))
	}
	return nil
}

// Bind reads answer, the content of an accepted elicitation, into dst as [Plan.Bind] does, with all that the tags ask, the
// form having said only part of it. Properties that the form does not ask for are ignored.
func (f *FormPlan) Bind(answer []byte, dst any) []Problem { return f.plan.Bind(answer, dst) }
