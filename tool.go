package fastmcp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/schema"
)

// Tool is something that a model can call.
type Tool struct {
	// Name is 1 to 128 letters, digits and _ - . / and is unique in its App. Many clients take no more than 64.
	Name string
	// Title is for people, Description for the model: when to use the tool, and what it gives.
	Title, Description string
	Icons              []protocol.Icon
	Annotations        *protocol.ToolAnnotations
	// Meta is the tool's _meta in lists.
	Meta map[string]any
	// OutputSchema is a hand-written schema of the structured result, in place of the one that Handler's result type
	// gives. It has the bounds of Raw's.
	OutputSchema json.RawMessage
	// CanAccess decides who may call the tool. For others it is neither in lists nor there to be called, unless the
	// guard answers with a challenge.
	CanAccess auth.Guard
	// Use are the tool's own links of the chain, after those of the App and of its groups.
	Use []Handler
	// Timeout cancels the Context of a call and then waits for the function to return. Default: none.
	Timeout time.Duration
	// Abandon answers at the Timeout at once and lets the function end alone.
	Abandon bool
	// MaxConcurrent bounds how many calls run at once. Default: no bound.
	MaxConcurrent int
	// MaxWaiting bounds how many calls wait until they may run, each for the Timeout or else 30 s at most; others are
	// told to try again. Default: sixteen times MaxConcurrent; negative: none.
	MaxWaiting int
	// Task is whether calls are answered at once and finished later. Default: never.
	Task TaskMode
	// TaskResumable has a task of the tool run again on another node, from its beginning, when the node that runs it has died
	// or is shut down; see TaskConfig.Lease. The function gets the same arguments, and the task keeps its id; what the client
	// has answered in it is not asked again, and what Once has noted does not happen again. The caller is the same
	// Principal, the session the same if it is open still; the request's headers, address and Locals are gone. A node that was
	// taken for dead may be running it still, for a while: what it writes is refused, but not the effects that it has.
	//
	// The caller is kept with the task, sealed by Config.Keys, until the task is over. Guards and middleware see the call again.
	// A task is not run again, and fails, when the credentials have expired, when a guard refuses, or when the requestState that it
	// began with has (Config.AskTTL); nor when the Principal has Claims that JSON does not give back as they were.
	// Default: off, such a task fails: whether it has had its effects cannot be known.
	TaskResumable bool
	// Handler is the function: Typed, Do, Get or Raw makes it.
	Handler Func
}

// tool is a Tool that has been compiled.
type tool struct {
	def     Tool
	group   *Group
	wire    protocol.Tool
	bind    binder
	mirrors []mirror
	slots   *slots

	out    *schema.Plan
	outDoc func() (*schema.Document, error)
}

// hasOutput tells that the tool promises a structured result.
func (t *tool) hasOutput() bool { return t.outDoc != nil }

// compile makes all that calls need, so that a call derives nothing from types. Its errors name the tool and the cure.
func (a *App) compile(def Tool, g *Group) (*tool, error) {
	t := &tool{def: def, group: g}
	if g != nil {
		t.def.Name = g.name(def.Name)
	}
	if err := checkName(t.def.Name); err != nil {
		return nil, fmt.Errorf("fastmcp: the tool %q: %w", t.def.Name, err)
	}
	if def.Handler.call == nil {
		return nil, fmt.Errorf("fastmcp: the tool %q has no Handler: make one with fastmcp.Typed, Do, Get or Raw", t.def.Name)
	}
	if err := def.Handler.checked(a); err != nil {
		return nil, fmt.Errorf("fastmcp: the tool %q: %w", t.def.Name, err)
	}
	if slices.ContainsFunc(def.Use, func(h Handler) bool { return h == nil }) {
		return nil, fmt.Errorf("fastmcp: the tool %q: Use has a nil Handler: leave it out", t.def.Name)
	}
	t.wire = protocol.Tool{
		Name: t.def.Name, Title: def.Title, Description: def.Description, Icons: def.Icons,
		Annotations: def.Annotations, Meta: def.Meta, TaskSupport: def.Task.support(),
	}
	for _, step := range []func(*tool) error{a.compileInput, a.compileOutput, compileMirrors, checkWire} {
		if err := step(t); err != nil {
			return nil, fmt.Errorf("fastmcp: the tool %q: %w", t.def.Name, err)
		}
	}
	if def.MaxConcurrent > 0 {
		t.slots = newSlots(def.MaxConcurrent, cmp.Or(def.MaxWaiting, 16*def.MaxConcurrent))
	}
	return t, nil
}

func checkName(name string) error {
	if name == "" {
		return errors.New("it has no Name")
	}
	if len(name) > 128 {
		return errors.New("its name is not 1 to 128 characters long")
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' && r != '.' && r != '/' {
			return fmt.Errorf("its name has a %q: use letters, digits, _ - . and /", r)
		}
	}
	return nil
}

func (a *App) compileInput(t *tool) error {
	f := &t.def.Handler
	if f.schema != nil {
		doc, err := schema.Compile(f.schema)
		if err != nil {
			return err
		}
		t.wire.InputSchema = doc.JSON()
		var root struct {
			Type any `json:"type"`
		}
		if json.Unmarshal(t.wire.InputSchema, &root) != nil || root.Type != "object" {
			return fmt.Errorf(`the root of the schema of its arguments must say "type": "object"`)
		}
		t.bind = func(c *Context, dst any) error {
			args := c.call.Args
			if args == nil {
				args = []byte("{}")
			}
			problems := doc.Check(args)
			if len(problems) > 0 && c.engine.config.Lenient {
				var repairs []schema.Repair
				if args, repairs = doc.Repair(args); len(repairs) > 0 {
					problems = doc.Check(args)
					c.repaired(repairs, problems)
				}
			}
			*dst.(*json.RawMessage) = args
			return invalid(problems)
		}
		return nil
	}
	plan, err := a.schemas.Input(f.in)
	if err != nil {
		return err
	}
	t.wire.InputSchema = plan.JSON()
	t.bind = func(c *Context, dst any) error {
		if !c.engine.config.Lenient {
			return invalid(plan.Bind(c.call.Args, dst))
		}
		repairs, problems := plan.BindLenient(c.call.Args, dst)
		c.repaired(repairs, problems)
		return invalid(problems)
	}
	return nil
}

// repaired counts and logs arguments that were not of the schema's types and have been made so. What they were is the
// client's, and not for the log.
func (c *Context) repaired(repairs []schema.Repair, problems []schema.Problem) {
	if len(repairs) == 0 || len(problems) > 0 {
		return
	}
	c.engine.countRepairs(int64(len(repairs)))
	paths := make([]string, len(repairs))
	for i, r := range repairs {
		paths[i] = r.Path
	}
	c.Log().Info("arguments repaired", "arguments", paths)
}

// invalid tells a model what is wrong with its arguments.
func invalid(problems []schema.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &Error{Message: "The arguments do not fit the tool's schema. " + schema.Explain(problems), arguments: true}
}

func (a *App) compileOutput(t *tool) error {
	f := &t.def.Handler
	switch {
	case len(t.def.OutputSchema) > 0:
		doc, err := schema.Compile(t.def.OutputSchema)
		if err != nil {
			return fmt.Errorf("its OutputSchema: %w", err)
		}
		t.wire.OutputSchema = doc.JSON()
		t.outDoc = func() (*schema.Document, error) { return doc, nil }
	case f.out != nil:
		plan, err := a.schemas.Output(f.out)
		if err != nil {
			return fmt.Errorf("its result: %w", err)
		}
		t.wire.OutputSchema, t.out = withoutNull(plan.JSON()), plan
		t.outDoc = sync.OnceValues(func() (*schema.Document, error) { return schema.Compile(t.wire.OutputSchema) })
	}
	return nil
}

// withoutNull is the schema of a map or a slice that is never null at its root: see notNull. Revisions before 2026-07-28
// have only schemas of objects.
func withoutNull(schema []byte) []byte {
	for _, kind := range []string{"object", "array"} {
		if rest, ok := bytes.CutPrefix(schema, []byte(`{"type":["`+kind+`","null"]`)); ok {
			return append([]byte(`{"type":"`+kind+`"`), rest...)
		}
	}
	return schema
}

// checkWire finds out now whether the tool can be listed.
func checkWire(t *tool) error {
	_, err := protocol.AppendTool(nil, &t.wire, protocol.Latest)
	return err
}

// tagsKey is where a tool's tags are in its _meta.
const tagsKey = "io.github.fastmcp-go/tags"

func withTags(meta map[string]any, tags []string) map[string]any {
	if len(tags) == 0 {
		return meta
	}
	meta = maps.Clone(meta)
	if meta == nil {
		meta = make(map[string]any)
	}
	meta[tagsKey] = tags
	return meta
}

// answer makes an answer of what the function, or a middleware, has returned, and makes sure that it may be sent. What
// marshals and checks it may be a user's, and panic.
func (t *tool) answer(v any) (a answer, err error) {
	defer func() {
		if v := recover(); v != nil {
			a, err = answer{}, &fault{value: v, stack: debug.Stack()}
		}
	}()
	if a, err = answerOf(v); err != nil {
		return answer{}, err
	}
	return a, t.checkOutput(v, a)
}

// checkOutput makes sure that a result is what the tool's schema promises. v is what the function returned, a what
// became of it. What does not conform must not be sent.
func (t *tool) checkOutput(v any, a answer) error {
	if !t.hasOutput() || a.isError {
		return nil
	}
	if a.structured == nil {
		return fmt.Errorf("fastmcp: the tool %q promises a structured result and returned none", t.def.Name)
	}
	var problems []schema.Problem
	if t.out != nil && reflect.TypeOf(v) == t.def.Handler.out {
		problems = t.out.Check(v)
	} else {
		doc, err := t.outDoc()
		if err != nil {
			return err
		}
		problems = doc.Check(a.structured)
	}
	if len(problems) > 0 {
		return fmt.Errorf("fastmcp: the result of the tool %q does not fit its schema: %s", t.def.Name, schema.Explain(problems))
	}
	return nil
}
