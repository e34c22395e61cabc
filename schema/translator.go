package schema

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// maxBranches is how many branches of a choice are spelled out.
const maxBranches = 4

// translator turns a validation error, a tree, into problems, a list.
type translator struct {
	in   []byte // the instance
	root any    // the same, decoded
	out  []Problem
}

func (t *translator) problems(e *jsonschema.ValidationError) {
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf:
		t.choice(e)
		return
	case *kind.OneOf:
		if k.Subschemas == nil {
			t.choice(e)
			return
		}
	case *kind.PropertyNames:
		t.add(e, "a property name that is allowed", quote(shorten(k.Property)), nil)
		return
	case *kind.Required:
		for _, name := range k.Missing {
			t.addAt(append(t.steps(e), step{name: name}), "a value, which is required", "nothing", nil)
		}
		return
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			t.addAt(append(t.steps(e), step{name: name}), "a known property", quote(shorten(name)), nil)
		}
		return
	}
	if len(e.Causes) > 0 && limitWords(e.ErrorKind) == "" {
		for _, c := range e.Causes {
			t.problems(c)
		}
		return
	}
	want, allowed := wantOfKind(e.ErrorKind)
	t.add(e, want, t.got(e), allowed)
}

// choice says that no branch of an anyOf or oneOf fits. Where each has one thing to say of the same place, as with types
// and constants, it is said in one sentence.
func (t *translator) choice(e *jsonschema.ValidationError) {
	var branches [][]Problem
	for _, c := range e.Causes {
		branch := translator{in: t.in, root: t.root}
		branch.problems(c)
		branches = append(branches, branch.out)
	}
	if p, ok := merge(branches); ok {
		t.push(p)
		return
	}
	// A branch that at least has the right type is what was meant.
	path := pathText(t.steps(e))
	var meant [][]Problem
	for _, b := range branches {
		if !slices.ContainsFunc(b, func(p Problem) bool { return p.Path == path && isType(p.Want) }) {
			meant = append(meant, b)
		}
	}
	if len(meant) == 1 {
		for _, p := range meant[0] {
			t.push(p)
		}
		return
	}
	if len(meant) == 0 {
		meant = branches
	}
	var says []string
	for i, b := range meant {
		if i == maxBranches {
			says = append(says, "…")
			break
		}
		says = append(says, fmt.Sprintf("(%d) %s", i+1, strings.ReplaceAll(Explain(b), "\n", "; ")))
	}
	t.add(e, "one of several forms, and none fits: "+strings.Join(says, " "), t.got(e), nil)
}

// merge joins branches of one problem each, all at one place.
func merge(branches [][]Problem) (Problem, bool) {
	var wants, allowed []string
	for _, b := range branches {
		if len(b) != 1 || b[0].Path != branches[0][0].Path {
			return Problem{}, false
		}
		if !slices.Contains(wants, b[0].Want) {
			wants = append(wants, b[0].Want)
		}
		allowed = append(allowed, b[0].Allowed...)
	}
	if len(wants) == 0 {
		return Problem{}, false
	}
	// "one of" goes last, next to the values that it lists; several types are one phrase.
	slices.SortStableFunc(wants, func(a, b string) int { return listing(a) - listing(b) })
	p := branches[0][0]
	p.Want, p.Allowed = strings.ReplaceAll(strings.Join(wants, " or "), " or the type ", " or "), allowed
	return p, true
}

func listing(want string) int {
	if want == "one of" || want == "exactly" {
		return 1
	}
	return 0
}

func (t *translator) push(p Problem) {
	same := func(q Problem) bool { return q.Path == p.Path && q.Want == p.Want }
	if len(t.out) < MaxProblems && !slices.ContainsFunc(t.out, same) {
		t.out = append(t.out, p)
	}
}

func (t *translator) add(e *jsonschema.ValidationError, want, got string, allowed []string) {
	t.addAt(t.steps(e), want, got, allowed)
}

func (t *translator) addAt(steps []step, want, got string, allowed []string) {
	t.push(Problem{Path: pathText(steps), Want: want, Got: got, Allowed: allowed})
}

// steps is where e is, in the instance. The validator gives indices as text.
func (t *translator) steps(e *jsonschema.ValidationError) []step {
	var steps []step
	at := t.root
	for _, token := range e.InstanceLocation {
		s := step{name: token}
		switch v := at.(type) {
		case []any:
			if i, err := strconv.Atoi(token); err == nil && i < len(v) {
				s, at = step{index: i, item: true}, v[i]
			}
		case map[string]any:
			at = v[token]
		}
		steps = append(steps, s)
	}
	return steps
}

// got shows the text that e is about.
func (t *translator) got(e *jsonschema.ValidationError) string {
	b := binder{in: t.in}
	if len(t.in) == 0 {
		return ""
	}
	i := b.seek(t.steps(e))
	if i < 0 {
		return "nothing"
	}
	return shorten(string(t.in[i:b.skip(i)]))
}

func isType(want string) bool { return strings.HasPrefix(want, "the type ") }

// wantOfKind says what a keyword asked for.
func wantOfKind(k jsonschema.ErrorKind) (want string, allowed []string) {
	switch k := k.(type) {
	case *kind.Type:
		return "the type " + strings.Join(k.Want, " or "), nil
	case *kind.Enum:
		return "one of", literals(k.Want)
	case *kind.Const:
		return "exactly", literals([]any{k.Want})
	case *kind.Format:
		return "text in the format " + k.Want, nil
	case *kind.Pattern:
		return "text that matches " + shorten(k.Want), nil
	case *kind.Not:
		return "something that the schema does not rule out", nil
	case *kind.FalseSchema:
		return "nothing here", nil
	case *kind.OneOf:
		return fmt.Sprintf("exactly one form to fit, and forms %d and %d both do", k.Subschemas[0]+1, k.Subschemas[1]+1), nil
	case *kind.UniqueItems:
		return fmt.Sprintf("items that are all different, and items %d and %d are equal", k.Duplicates[0], k.Duplicates[1]), nil
	case *kind.DependentRequired:
		return "also " + strings.Join(k.Missing, ", ") + ", because " + k.Prop + " is there", nil
	case *kind.Dependency:
		return "also " + strings.Join(k.Missing, ", ") + ", because " + k.Prop + " is there", nil
	case *kind.RefCycle:
		return "a schema whose references come to an end", nil
	case *kind.AdditionalItems:
		return fmt.Sprintf("%d items fewer", k.Count), nil
	case *kind.ContentEncoding:
		return "text encoded as " + k.Want, nil
	case *kind.ContentMediaType:
		return "content of type " + k.Want, nil
	}
	if s := limitWords(k); s != "" {
		return s, nil
	}
	return "what " + strings.Join(k.KeywordPath(), "/") + " asks for", nil
}

// limitWords says keywords that compare.
func limitWords(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.MinProperties:
		return "at least " + plural(int64(k.Want), "property")
	case *kind.MaxProperties:
		return "at most " + plural(int64(k.Want), "property")
	case *kind.MinItems:
		return "at least " + plural(int64(k.Want), "item")
	case *kind.MaxItems:
		return "at most " + plural(int64(k.Want), "item")
	case *kind.MinLength:
		return "at least " + plural(int64(k.Want), "character")
	case *kind.MaxLength:
		return "at most " + plural(int64(k.Want), "character")
	case *kind.Minimum:
		return "at least " + ratText(k.Want)
	case *kind.Maximum:
		return "at most " + ratText(k.Want)
	case *kind.ExclusiveMinimum:
		return "more than " + ratText(k.Want)
	case *kind.ExclusiveMaximum:
		return "less than " + ratText(k.Want)
	case *kind.MultipleOf:
		return "a multiple of " + ratText(k.Want)
	case *kind.Contains:
		return "an item of the kind that must be among them"
	case *kind.MinContains:
		return fmt.Sprintf("at least %d items of the kind that must be among them", k.Want)
	case *kind.MaxContains:
		return fmt.Sprintf("at most %d items of the kind that may be among them", k.Want)
	}
	return ""
}

func ratText(r *big.Rat) string {
	if r.IsInt() {
		return shorten(r.Num().String())
	}
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// literals writes allowed values: text as it stands, anything else as JSON.
func literals(values []any) []string {
	var out []string
	for _, v := range values {
		if s, ok := v.(string); ok && s != "" {
			out = append(out, shorten(s))
			continue
		}
		if text, err := json.Marshal(v); err == nil {
			out = append(out, shorten(string(text)))
		}
	}
	return out
}
