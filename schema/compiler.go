package schema

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/go-playground/validator/v10"
)

// Config is what a Compiler may be given.
type Config struct {
	// Validator brings custom validations, checks of whole structs and type functions, all registered before New is
	// called. It belongs to the Compiler from then on: the Compiler gives it rules for the structs it meets, so it must
	// not have validated any of them before, and nothing else may use it. Its tag name must be the default, "validate".
	// Default: validator.New(validator.WithRequiredStructEnabled()).
	Validator *validator.Validate

	// Aliases names combinations of tags, as validator.RegisterAlias does, in a way that the schema can see through:
	// {"username": "min=3,max=20,alphanum"}. An alias that is only registered with the Validator works, but the schema
	// is silent about it, as about a custom validation. Default: none.
	Aliases map[string]string
}

// Compiler makes plans, each type's once, and holds what they share: a validator of its own. Make one for each App. It is
// safe for concurrent use.
type Compiler struct {
	judge judge

	mu    sync.Mutex
	plans map[planKey]*Plan
	forms map[reflect.Type]*FormPlan
}

type planKey struct {
	typ    reflect.Type
	output bool
}

// New returns a Compiler. Of several configs the first counts.
func New(config ...Config) *Compiler {
	var cfg Config
	if len(config) > 0 {
		cfg = config[0]
	}
	c := &Compiler{plans: map[planKey]*Plan{}, forms: map[reflect.Type]*FormPlan{}}
	c.judge.v, c.judge.given, c.judge.aliases = cfg.Validator, cfg.Validator != nil, cfg.Aliases
	if c.judge.v == nil {
		c.judge.v = validator.New(validator.WithRequiredStructEnabled())
	}
	for name, tags := range cfg.Aliases {
		c.judge.v.RegisterAlias(name, tags)
	}
	c.judge.prepared = map[reflect.Type]bool{}
	return c
}

// Input returns the plan of arguments that a client sends. t is a struct, a map, or a pointer to one; anything else, and
// anything in it that JSON cannot express, is an error that names the Go path and the cure.
func (c *Compiler) Input(t reflect.Type) (*Plan, error) { return c.plan(t, false) }

// Output returns the plan of what a handler returns, of any type that encoding/json can write: its schema says how the
// JSON looks, and its Check whether a value keeps to it.
func (c *Compiler) Output(t reflect.Type) (*Plan, error) { return c.plan(t, true) }

// Of returns the plan of arguments of type t, made by a Compiler of its own. See [Compiler.Input].
func Of(t reflect.Type) (*Plan, error) { return New().Input(t) }

func (c *Compiler) plan(t reflect.Type, output bool) (*Plan, error) {
	if t == nil {
		return nil, fmt.Errorf("schema: no type; use a struct")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := planKey{t, output}
	if p := c.plans[key]; p != nil {
		return p, nil
	}
	p, err := c.compile(t, output)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	c.plans[key] = p
	return p, nil
}

func (c *Compiler) compile(t reflect.Type, output bool) (*Plan, error) {
	b := &builder{output: output, aliases: c.judge.aliases, structs: map[structKey]*node{}}
	root, err := b.build(t, t.String(), true)
	if err != nil {
		return nil, err
	}
	base := root.base()
	if !output && base.shape != shapeStruct && base.shape != shapeMap {
		return nil, fmt.Errorf("%s: arguments are a JSON object; use a struct with a field for each argument, or a map", t)
	}
	if err := placeHeaders(base); err != nil {
		return nil, err
	}
	if err := c.judge.prepare(b); err != nil {
		return nil, err
	}
	p := &Plan{typ: t, root: root, base: base, output: output, judge: &c.judge}
	survey(b.order)
	if !output {
		if err := c.judge.checkDefaults(b); err != nil {
			return nil, err
		}
	}
	if p.text, err = describe(root, output); err != nil {
		return nil, err
	}
	p.rule = belowRule(base, &tagset{})
	p.judged = judged(b) || c.judge.given && len(b.order) > 0
	p.judged = p.judged && (base.shape == shapeStruct || p.rule != "")
	if p.judged && !c.judge.given {
		p.plain, p.isPlain = plainOf(base)
	}
	return p, nil
}

// judged tells that some tag in the plan needs the validator.
func judged(b *builder) bool {
	for _, n := range b.order {
		for _, f := range n.fields {
			if n.checked && f.tags.asks() {
				return true
			}
		}
	}
	return false
}

// survey finds out what the binder and the checker ask of structs: whether {} is valid, whether there are defaults
// inside, whether zero values are refused inside.
func survey(structs []*node) {
	for changed := true; changed; {
		changed = false
		for _, n := range structs {
			was := [...]bool{n.shut, n.defaults, n.zeros}
			for _, f := range n.fields {
				n.shut = n.shut || f.required
				n.defaults = n.defaults || f.fallback != nil ||
					f.node.shape == shapeStruct && !f.node.shut && f.node.defaults
				n.zeros = n.zeros || f.notNull || f.notEmpty || f.zeroProblem != nil || n.recursive || f.node.zerosInside()
			}
			changed = changed || was != [...]bool{n.shut, n.defaults, n.zeros}
		}
	}
}

// zerosInside tells that there are structs in n with values whose zero is refused.
func (n *node) zerosInside() bool {
	for n.container() || n.shape == shapePointer {
		n = n.elem
	}
	return n.shape == shapeStruct && n.zeros
}

// checkDefaults binds every default, so that one that breaks its own field's rules is found before any client is.
func (j *judge) checkDefaults(b *builder) error {
	j.mu.RLock()
	defer j.mu.RUnlock()
	for _, n := range b.order {
		for _, f := range n.fields {
			if f.fallback == nil {
				continue
			}
			if err := j.checkDefault(f); err != nil {
				return fmt.Errorf("%s.%s: default: %w", n.typ, f.goName, err)
			}
		}
	}
	return nil
}

func (j *judge) checkDefault(f *field) error {
	bind := binder{in: f.fallback}
	v := reflect.New(f.node.typ).Elem()
	bind.value(f.node, 0, v)
	if len(bind.problems) > 0 {
		return fmt.Errorf("%s", Explain(bind.problems))
	}
	if f.zeroProblem != nil && v.IsZero() {
		return fmt.Errorf("%s", f.zeroProblem)
	}
	if rule := elementRule(f.node, f.tags.own()); rule != "" {
		if err := j.v.Var(v.Interface(), rule); err != nil {
			return fmt.Errorf("%s does not satisfy the field's own tags", f.fallback)
		}
	}
	return nil
}
