package uritemplate

import (
	"fmt"
	"strings"
)

// node is a step of matching: a literal, a value, or parameters.
type node struct {
	text   string // of a literal
	params []spec // of parameters, in any order

	// Of a value, and of the parameters together:
	class class
	lead  byte   // the character that it begins with and that makes it optional; 0 when it is required
	next  int    // where to go on when it is absent
	seps  string // what divides a list, or parameters
	value spec
	owner string // the expression, for errors
}

func (n *node) literal() bool { return n.text != "" }

// compile makes nodes of the parts. What makes the template one that cannot be matched ends in t.refused.
func (t *Template) compile() {
	for _, p := range t.parts {
		if p.specs == nil {
			t.addLiteral(p.literal)
		} else {
			t.addExpression(p)
		}
	}
	t.mergeQueries()
	t.refused = t.checkNames()
	if t.refused == nil {
		t.refused = t.narrow()
	}
	t.straight = t.isStraight()
	for i := range t.nodes {
		n := &t.nodes[i]
		t.literals += len(n.text)
		if n.literal() {
			t.least += len(n.text)
		} else if n.lead == 0 {
			t.least++
		}
	}
	if len(t.nodes) > 0 {
		t.prefix, t.suffix = t.nodes[0].text, t.nodes[len(t.nodes)-1].text
	}
}

func (t *Template) addLiteral(text string) { t.nodes = append(t.nodes, node{text: text}) }

func (t *Template) addExpression(p part) {
	owner := p.describe()
	if strings.IndexByte(";?&", p.op) >= 0 {
		n := node{params: p.specs, class: query, lead: p.op, seps: "&", next: len(t.nodes) + 1, owner: owner}
		if p.op == ';' {
			n.class, n.seps = segment, ";"
		}
		t.nodes = append(t.nodes, n)
		return
	}
	for i, s := range p.specs {
		n := node{class: unreserved, value: s, owner: owner}
		switch p.op {
		case 0, '+':
			if i > 0 {
				t.addLiteral(",")
			}
			if p.op == '+' {
				n.class, n.seps = anything, ","
			} else if s.explode {
				n.class, n.seps = path, ",/"
			}
		case '#':
			n.class, n.seps, n.lead = anything, ",", '#'
			if i > 0 {
				n.lead = ','
			}
		default:
			n.seps, n.lead = string(p.op), p.op
			if s.explode {
				n.class = n.class.with(n.seps)
			}
		}
		// The one that is absent takes those behind it in the expression along, so that {#x,y} is never ",y".
		n.next = len(t.nodes) + len(p.specs) - i
		t.nodes = append(t.nodes, n)
	}
}

// mergeQueries makes {?a}{&b} one query, for its parameters come in any order.
func (t *Template) mergeQueries() {
	for i := 1; i < len(t.nodes); i++ {
		if n, before := t.nodes[i], &t.nodes[i-1]; n.lead == '&' && before.params != nil && before.seps == "&" {
			before.params = append(append([]spec(nil), before.params...), n.params...)
			before.owner += n.owner
			t.nodes = append(t.nodes[:i], t.nodes[i+1:]...)
			for j := i; j < len(t.nodes); j++ {
				t.nodes[j].next--
			}
			i--
		}
	}
}

func (t *Template) checkNames() error {
	count := 0
	for _, p := range t.parts {
		count += len(p.specs)
	}
	if count == len(t.variables) {
		return nil
	}
	return fmt.Errorf("uritemplate: %q cannot be matched: it has a variable twice", t.text)
}

// narrow takes from each value the characters that begin what comes behind it, as the package's documentation tells,
// and finds where that leaves nothing to tell two values apart.
func (t *Template) narrow() error {
	directly, later := "", "" // what begins the optional parts up to the next literal, and all later ones
	for i := len(t.nodes) - 1; i >= 0; i-- {
		n := &t.nodes[i]
		if n.literal() {
			directly = ""
			continue
		}
		own := ""
		if n.value.explode || n.params != nil {
			own = n.seps
		}
		if strings.ContainsAny(directly+later, own) {
			return fmt.Errorf("uritemplate: %q cannot be matched: nothing tells where %s ends", t.text, n.owner)
		}
		n.class = n.class.without(directly + later)
		for _, s := range n.params { // {;a.b}{.c}: the dot of a name is the one that begins what follows
			if end, _ := n.class.run(s.name, 0); end != len(s.name) {
				return fmt.Errorf("uritemplate: %q cannot be matched: nothing tells where the name %s in %s ends", t.text, s.name, n.owner)
			}
		}
		if n.lead == 0 {
			directly = ""
			if i > 0 && !t.nodes[i-1].literal() {
				return fmt.Errorf("uritemplate: %q cannot be matched: nothing stands between %s and %s", t.text, t.nodes[i-1].owner, n.owner)
			}
			continue
		}
		directly += string(n.lead)
		if strings.IndexByte("?#;&", n.lead) >= 0 {
			later += string(n.lead)
		}
		if n.params != nil && i+1 < len(t.nodes) && t.nodes[i+1].literal() && n.class.unit(t.nodes[i+1].text, 0) > 0 {
			return fmt.Errorf("uritemplate: %q cannot be matched: %q may be part of %s before it", t.text, t.nodes[i+1].text, n.owner)
		}
	}
	return nil
}

// isStraight tells that a value's end is always where its class ends, because nothing that can follow begins with a
// character of the class. Then one pass over the URI is enough.
func (t *Template) isStraight() bool {
	first := make([]class, len(t.nodes)+1) // what the rest of the URI can begin with
	for i := len(t.nodes) - 1; i >= 0; i-- {
		n := &t.nodes[i]
		if n.literal() {
			first[i] = of(n.text[:1])
			continue
		}
		own := n.class.with("%")
		if first[i+1].meets(own) {
			return false
		}
		first[i] = own
		if n.lead != 0 {
			lead := of(string(n.lead))
			if first[n.next].meets(lead) {
				return false
			}
			first[i] = first[n.next].union(lead)
		}
	}
	return true
}
