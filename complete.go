package fastmcp

import (
	"encoding/json"
	"sort"
	"strings"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/schema"
)

// maxCompletions is how many values an answer has (schema: CompleteResult).
const maxCompletions = 100

// Completer offers values for an argument of a prompt, or a variable of a resource template.
type Completer func(c *Context, q Completion) (Values, error)

// Completion is what values are wanted for.
type Completion struct {
	// Prefix is what the user has typed.
	Prefix string
	// Args are the arguments that are known already; before 2025-06-18 none are told.
	Args map[string]string
}

// Values are what is offered, best first.
type Values struct {
	// Values are those to choose from. Those after the first hundred are not sent.
	Values []string
	// Total is how many there are in all; 0 is not said. HasMore says that there are more.
	Total   int
	HasMore bool
}

// completion is a request for values that has been read.
type completion struct {
	plan     *schema.Plan
	complete map[string]Completer
	argument string
	query    Completion
}

// prepareComplete finds what is to be completed and asks its guards.
func prepareComplete(j *job) *rpc.Refusal {
	c := j.context.call
	ref, argument := scan.Find(c.Params, "ref"), scan.Find(c.Params, "argument", "name")
	value := scan.Find(c.Params, "argument", "value")
	if len(argument) == 0 || argument[0] != '"' || len(value) == 0 || value[0] != '"' {
		return rpc.Refuse(rpc.Failed, invalidParams("argument must have a name and a value, both strings"))
	}
	e := j.catalog.referred(ref)
	unknown := func() *rpc.Refusal {
		return rpc.Refuse(rpc.Failed, invalidParams("ref names nothing that can be completed"))
	}
	if e == nil {
		return unknown()
	}
	if r := j.guard(e, auth.OpComplete, e.key, unknown); r != nil {
		return r
	}
	q := &completion{argument: protocol.String(argument), query: Completion{Prefix: protocol.String(value)}}
	if e.prompt != nil {
		q.plan, q.complete = e.prompt.plan, e.prompt.def.Complete
	} else {
		q.plan, q.complete = e.resource.plan, e.resource.complete
	}
	if _, ok := q.plan.Field(q.argument); !ok {
		return rpc.Refuse(rpc.Failed, invalidParams("there is no argument %q", q.argument))
	}
	if known := scan.Find(c.Params, "context", "arguments"); known != nil {
		if json.Unmarshal(known, &q.query.Args) != nil {
			return rpc.Refuse(rpc.Failed, invalidParams("context.arguments must be an object of strings"))
		}
	}
	j.context.completion, j.context.name = q, e.key
	return nil
}

// referred finds what a reference names.
func (c *catalog) referred(ref []byte) *entry {
	switch protocol.String(scan.Find(ref, "type")) {
	case "ref/prompt":
		return c.prompts.byKey[protocol.String(scan.Find(ref, "name"))]
	case "ref/resource":
		return c.templates.byKey[protocol.String(scan.Find(ref, "uri"))]
	}
	return nil
}

// complete is the last link of a completion's chain.
func complete(c *Context) error {
	q := c.completion
	values, err := q.values(c)
	if err != nil {
		return err
	}
	total := len(values.Values)
	if total > maxCompletions {
		values.Values, values.HasMore = values.Values[:maxCompletions], true
		values.Total = max(values.Total, total)
	}
	if values.Values == nil {
		values.Values = []string{}
	}
	b, err := marshal(struct {
		Values  []string `json:"values"`
		Total   int      `json:"total,omitempty"`
		HasMore bool     `json:"hasMore,omitempty"`
	}{values.Values, values.Total, values.HasMore})
	if err != nil {
		return err
	}
	c.SetResult(members(append([]byte(`"completion":`), b...)))
	return nil
}

// values asks the completer, or offers what the field's oneof has.
func (q *completion) values(c *Context) (Values, error) {
	if f := q.complete[q.argument]; f != nil {
		return f(c, q.query)
	}
	info, _ := q.plan.Field(q.argument)
	return Values{Values: fuzzy(info.Enum, q.query.Prefix)}, nil
}

// fuzzy are the values that have the letters of what was typed, in that order: those that begin with it first, then those
// that contain it, then the others.
func fuzzy(all []string, typed string) []string {
	typed = strings.ToLower(typed)
	rank := func(s string) int {
		s = strings.ToLower(s)
		switch {
		case strings.HasPrefix(s, typed):
			return 0
		case strings.Contains(s, typed):
			return 1
		case hasLetters(s, typed):
			return 2
		}
		return 3
	}
	var found []string
	for _, s := range all {
		if rank(s) < 3 {
			found = append(found, s)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return rank(found[i]) < rank(found[j]) })
	return found
}

func hasLetters(s, letters string) bool {
	for _, r := range letters {
		i := strings.IndexRune(s, r)
		if i < 0 {
			return false
		}
		s = s[i+len(string(r)):]
	}
	return true
}
