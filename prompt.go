package fastmcp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/schema"
)

// Prompt is a text for a model that a person can choose, with arguments.
type Prompt struct {
	// Name is 1 to 128 letters, digits and _ - . / and is unique in its App.
	Name string
	// Title is for people, Description says what the prompt is for.
	Title, Description string
	Icons              []protocol.Icon
	// Meta is the prompt's _meta in lists.
	Meta map[string]any
	// CanAccess decides who may use it. For others it is neither in lists nor there, unless the guard challenges.
	CanAccess auth.Guard
	// Use are the prompt's own links of the chain.
	Use []Handler
	// Complete offers values for arguments. One whose field has oneof offers those without it.
	Complete map[string]Completer
	// Handler takes a struct, whose fields are the arguments; clients send text, which becomes numbers and booleans where
	// the fields are; an optional one of these that is "" is absent. It returns a string, a content.Block, a content.Message, slices of these, or a *PromptResult.
	Handler Func
}

// PromptResult is a prompt's whole answer.
type PromptResult struct {
	Description string
	Messages    []content.Message
}

// prompt is a Prompt that has been compiled.
type prompt struct {
	def   Prompt
	group *Group
	wire  protocol.Prompt
	plan  *schema.Plan
	bind  binder
}

// AddPrompt adds a prompt. A mistake in it panics, with the name and the cure. While the App serves, clients that may
// see it are told that the list has changed.
func (a *App) AddPrompt(p Prompt) { must(a.TryAddPrompt(p)) }

// TryAddPrompt is AddPrompt for names that are made while the App serves: a mistake is its error.
func (a *App) TryAddPrompt(p Prompt) error { return a.addPrompt(p, nil) }

// AddPrompt adds a prompt to the group; see App.AddPrompt.
func (g *Group) AddPrompt(p Prompt) { must(g.app.addPrompt(p, g)) }

func (a *App) addPrompt(def Prompt, g *Group) error {
	p := &prompt{def: def, group: g}
	p.def.Name = g.name(def.Name)
	if err := a.compilePrompt(p); err != nil {
		return fmt.Errorf("fastmcp: the prompt %q: %w", p.def.Name, err)
	}
	var err error
	a.change(func() {
		if !a.prompts.add(p.def.Name, p) {
			err = fmt.Errorf("fastmcp: there is a prompt %q already: remove it first, or give this one another name", p.def.Name)
		}
	})
	if err == nil {
		a.promptChanged(p)
	}
	return err
}

// promptChanged tells those who may see a prompt that it has come or gone.
func (a *App) promptChanged(p *prompt) {
	a.engine().changed.list(changedPrompts, a.guarded(auth.KindPrompt, p.def.Name, p.group, p.def.CanAccess))
}

// RemovePrompt removes a prompt and tells whether it was there. Clients that could see it are told that the list has
// changed.
func (a *App) RemovePrompt(name string) (found bool) {
	var p *prompt
	a.change(func() { p, found = a.prompts.remove(name) })
	if found {
		a.promptChanged(p)
	}
	return found
}

func (a *App) compilePrompt(p *prompt) error {
	f := &p.def.Handler
	if err := checkName(p.def.Name); err != nil {
		return err
	}
	if f.call == nil || f.in == nil {
		return fmt.Errorf("it has no Handler: make one with fastmcp.Get or Typed")
	}
	if err := f.checked(a); err != nil {
		return err
	}
	plan, err := a.schemas.Input(f.in)
	if err != nil {
		return err
	}
	p.plan = plan
	p.bind = func(c *Context, dst any) error {
		if _, problems := plan.BindLenient(filledIn(plan, c.call.Args), dst); len(problems) > 0 {
			return invalidParams("%s", schema.Explain(problems))
		}
		return nil
	}
	p.wire = protocol.Prompt{Name: p.def.Name, Title: p.def.Title, Description: p.def.Description, Icons: p.def.Icons, Meta: p.def.Meta}
	for _, name := range plan.Fields() {
		info, _ := plan.Field(name)
		p.wire.Arguments = append(p.wire.Arguments, protocol.PromptArgument{Name: name, Title: info.Title, Description: info.Description, Required: info.Required})
	}
	for name := range p.def.Complete {
		if _, ok := plan.Field(name); !ok {
			return fmt.Errorf("it completes %q, which is no argument of it", name)
		}
	}
	_, err = protocol.AppendPrompt(nil, &p.wire, protocol.Latest)
	return err
}

// filledIn are the arguments without those that a person has left empty in a client's form. An empty text is a value of a
// text only; of anything else it says that there is none.
func filledIn(plan *schema.Plan, args []byte) []byte {
	if !bytes.Contains(args, []byte(`""`)) {
		return args
	}
	filled, err := scan.Without(args, func(name string, value []byte) bool {
		info, ok := plan.Field(name)
		return ok && string(value) == `""` && !info.Required && !isText(info.Type)
	})
	if err != nil {
		return args // the binder tells what is wrong with them
	}
	return filled
}

// isText tells that the values of a type are texts in JSON.
func isText(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.String || t.Kind() == reflect.Interface
}

func (a *App) entryOfPrompt(p *prompt) *entry {
	e := a.entry(auth.KindPrompt, p.def.Name, p.group, p.def.CanAccess, p.def.Use, getPrompt)
	wire := p.wire
	wire.Meta = withTags(p.def.Meta, p.group.tags())
	e.prompt, e.append = p, func(dst []byte, r protocol.Revision) ([]byte, error) { return protocol.AppendPrompt(dst, &wire, r) }
	return e
}

// preparePrompt finds the prompt and asks its guards.
func preparePrompt(j *job) *rpc.Refusal {
	c := j.context.call
	noArguments(c)
	switch {
	case c.Name == nil || c.Name[0] != '"':
		return rpc.Refuse(rpc.Failed, invalidParams("name must be a string"))
	case c.Args != nil && c.Args[0] != '{':
		return rpc.Refuse(rpc.Failed, invalidParams("arguments must be an object"))
	}
	unknown := func() *rpc.Refusal {
		return rpc.Refuse(rpc.Failed, invalidParams("unknown prompt %q", protocol.String(c.Name)))
	}
	e := j.catalog.prompts.find(c.Name)
	if e == nil {
		return unknown()
	}
	if r := j.guard(e, auth.OpGet, e.key, unknown); r != nil {
		return r
	}
	j.context.chain, j.context.prompt, j.context.name = e.chain, e.prompt, e.key
	return nil
}

// getPrompt is the last link of a prompt's chain: the function itself.
func getPrompt(c *Context) error {
	v, err := c.prompt.def.Handler.call(c, c.prompt.bind)
	if err != nil {
		return err
	}
	c.result = v
	return nil
}

// encodePrompt makes a result of what a prompt's chain has left.
func (c *Context) encodePrompt() (members, error) {
	var r *PromptResult
	switch v := c.result.(type) {
	case members:
		return v, nil
	case *PromptResult:
		r = v
	case PromptResult:
		r = &v
	default:
		messages, err := messagesOf(v)
		if err != nil {
			return nil, err
		}
		r = &PromptResult{Messages: messages}
	}
	if r == nil {
		r = &PromptResult{}
	}
	b := make([]byte, 0, 512)
	if description := r.Description; description != "" || c.prompt.def.Description != "" {
		if description == "" {
			description = c.prompt.def.Description
		}
		b = append(scan.AppendString(append(b, `"description":`...), description), ',')
	}
	return members(content.AppendMessages(append(b, `"messages":`...), r.Messages, c.call.Revision)), nil
}

// messagesOf makes messages of what a prompt's function has returned: what says no role is the user's.
func messagesOf(v any) ([]content.Message, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []content.Message{content.User(content.Text(v))}, nil
	case content.Message:
		return []content.Message{v}, nil
	case []content.Message:
		return v, nil
	case content.Block:
		return []content.Message{content.User(v)}, nil
	case json.RawMessage:
		return nil, fmt.Errorf("fastmcp: a prompt does not return JSON")
	}
	if blocks, ok := blocksOf(v); ok {
		messages := make([]content.Message, len(blocks))
		for i, b := range blocks {
			messages[i] = content.User(b)
		}
		return messages, nil
	}
	return nil, fmt.Errorf("fastmcp: a prompt returns text, blocks or messages, not %T", v)
}
