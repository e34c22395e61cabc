package fastmcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/schema"
)

// Action is what a user has done with a question.
type Action uint8

const (
	// Accepted: the user has answered.
	Accepted Action = iota
	// Declined: the user does not want to.
	Declined
	// Cancelled: the user has put the question away, without an answer to it.
	Cancelled
)

// String is the action as the protocol writes it.
func (a Action) String() string {
	switch a {
	case Accepted:
		return "accept"
	case Declined:
		return "decline"
	case Cancelled:
		return "cancel"
	}
	return "unknown"
}

// Elicit asks the client's user to fill in a form: T is a struct of strings, numbers, booleans and choices, whose tags
// say what each field is, as those of a tool's arguments do. When the Action is Accepted, form holds the answer, and
// all that the tags ask holds; otherwise it is left alone. A form may be nil, or have no fields, to ask for a yes.
//
// The key names the question within the request. In the revisions with sessions the handler waits for the answer, at
// most Config.AskTimeout and no longer than a tool's Timeout. In 2026-07-28 it does not: Elicit returns an error, which
// the handler returns, and when the client comes back with the answer the handler runs again from its beginning and
// Elicit returns it. What a handler does before its questions it does several times, so it should have no effect, or be
// wrapped in Once. To ask several questions at once, ask them all before looking at their errors (errors.Join).
//
// An answer that does not fit is asked for again in 2026-07-28, and is an error that the model reads before.
func Elicit[T any](c *Context, key, message string, form *T) (Action, error) {
	q, action, err := newForm(key, message, form, c.asker())
	if err != nil {
		return Cancelled, err
	}
	err = c.ask(q)
	return *action, err
}

// newForm makes the question. The action, and what form points at, are there when it has been answered.
func newForm[T any](key, message string, form *T, to asker) (q *question, action *Action, err error) {
	plan, err := to.engine.app.schemas.Form(reflect.TypeFor[T]())
	if err != nil {
		return nil, nil, fmt.Errorf("fastmcp: the form %q: %w", key, err)
	}
	if err := plan.Supports(to.revision); err != nil {
		return nil, nil, &UnsupportedError{Method: protocol.MethodElicit, Reason: err.Error()}
	}
	action = new(Action)
	*action = Cancelled
	q = formQuestion(to, key, message, plan.JSON(to.revision))
	q.read = func(answer []byte) error {
		a, err := readAction(key, answer)
		if err != nil {
			return err
		}
		if a == Accepted {
			var filled T
			if err := unfit(key, plan.Bind(readContent(answer), &filled)); err != nil {
				return err
			}
			if form != nil {
				*form = filled
			}
		}
		*action = a
		return nil
	}
	return q, action, nil
}

// ElicitRaw is Elicit with a hand-written form, for what no struct says. The schema is sent as it is, to every revision
// that has forms: a flat object of what the protocol lists (PrimitiveSchemaDefinition). It has the bounds of Raw's, and
// the answer is checked against it.
func ElicitRaw[S ~string | ~[]byte](c *Context, key, message string, form S) (Action, json.RawMessage, error) {
	doc, err := schema.Compile([]byte(form))
	if err != nil {
		return Cancelled, nil, fmt.Errorf("fastmcp: the form %q: %w", key, err)
	}
	if !c.call.Revision.HasElicitation() {
		return Cancelled, nil, &UnsupportedError{Method: protocol.MethodElicit, Reason: "its revision of the protocol has no forms"}
	}
	action, answered := Cancelled, json.RawMessage(nil)
	q := formQuestion(c.asker(), key, message, doc.JSON())
	q.read = func(answer []byte) error {
		a, err := readAction(key, answer)
		if err != nil {
			return err
		}
		if a == Accepted {
			filled := readContent(answer)
			if err := unfit(key, doc.Check(filled)); err != nil {
				return err
			}
			answered = filled
		}
		action = a
		return nil
	}
	err = c.ask(q)
	return action, answered, err
}

// Ask makes a Func of a function with a question that it always has. The question is asked first, and the function runs
// once, with the answer: nothing in it happens twice, in any revision. It may ask more by itself, with Elicit's rules. A
// Form that cannot be a form is found when the tool is added, as a mistake in In is.
func Ask[In, Form, Out any](key, message string, fn func(c *Context, in In, form Form, a Action) (Out, error)) Func {
	f := Typed(func(c *Context, in In) (out Out, err error) {
		var form Form
		a, err := Elicit(c, key, message, &form)
		if err != nil {
			return out, err
		}
		if err := c.reach(); err != nil {
			return out, err
		}
		return fn(c, in, form, a)
	})
	f.late = true
	f.check = func(a *App) error {
		if key == "" {
			return errors.New("the question of its Ask has no key: give it one, such as \"confirm\"")
		}
		if _, err := a.schemas.Form(reflect.TypeFor[Form]()); err != nil {
			return fmt.Errorf("the form of the question %q: %w", key, err)
		}
		return nil
	}
	return f
}

// formQuestion is a question with a form.
func formQuestion(to asker, key, message string, form []byte) *question {
	b := []byte{'{'}
	if to.revision.HasURLElicitation() { // before, there was but one mode
		b = append(b, `"mode":"form",`...)
	}
	b = scan.AppendString(append(b, `"message":`...), message)
	b = append(append(append(b, `,"requestedSchema":`...), form...), '}')
	return &question{
		key: key, method: protocol.MethodElicit, params: b,
		able: to.can.ElicitForm, needs: `{"elicitation":{"form":{}}}`,
	}
}

func readAction(key string, answer []byte) (Action, error) {
	switch protocol.String(scan.Find(answer, "action")) {
	case "accept":
		return Accepted, nil
	case "decline":
		return Declined, nil
	case "cancel":
		return Cancelled, nil
	}
	return Cancelled, Errorf("The answer to the question %q has no action that is accept, decline or cancel.", key)
}

// readContent is what a form was filled in with. An empty one may be left out.
func readContent(answer []byte) []byte {
	if content := scan.Find(answer, "content"); content != nil && string(content) != "null" {
		return content
	}
	return []byte("{}")
}

// unfit tells a model what is wrong with an answer.
func unfit(key string, problems []schema.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &Error{Message: fmt.Sprintf("The answer to the question %q does not fit its form. %s", key, schema.Explain(problems))}
}
