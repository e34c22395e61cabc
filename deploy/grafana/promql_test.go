package grafana_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// selector is what a query asks of one metric.
type selector struct {
	metric   string
	matchers []matcher
}

type matcher struct{ label, op, value string }

// query is what there is to check of an expression of Prometheus' query language.
type query struct {
	selectors []selector
	grouping  []string // labels of by, without, on and the like
}

// word is one of the language: a text, a duration or number, a name or variable, an operator.
var word = regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"|\d[\w.]*|[a-zA-Z_:$][\w:.]*|=~|!~|!=|==|>=|<=|[-+*/%^<>=(){}\[\],@])`)

// functions are those that these files use. One that is misspelt is none of them.
var functions = []string{"sum", "count", "min", "max", "topk", "rate", "increase", "time", "histogram_quantile"}

// lists are the words that a list of labels follows, operators those that stand between expressions.
var (
	lists     = []string{"by", "without", "on", "ignoring", "group_left", "group_right"}
	operators = []string{"and", "or", "unless", "bool", "offset"}
)

// reader reads a query.
type reader struct {
	words []string
	at    int
}

func (r *reader) peek() string {
	if r.at < len(r.words) {
		return r.words[r.at]
	}
	return ""
}

func (r *reader) next() string {
	w := r.peek()
	r.at++
	return w
}

func (r *reader) expect(w string) error {
	if got := r.next(); got != w {
		return fmt.Errorf("%q where %q should be, after %s", got, w, strings.Join(r.words[:min(r.at, len(r.words))], " "))
	}
	return nil
}

// readQuery finds the metrics, labels and functions of an expression, and whether its brackets close.
func readQuery(text string) (q query, err error) {
	r := &reader{}
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		w := word.FindString(rest)
		if w == "" {
			return q, fmt.Errorf("no word of the language: %s", rest)
		}
		r.words, rest = append(r.words, w), rest[len(w):]
	}
	var open []string
	for r.at < len(r.words) {
		switch w := r.next(); {
		case w == "(" || w == "[":
			open = append(open, map[string]string{"(": ")", "[": "]"}[w])
		case w == ")" || w == "]":
			if len(open) == 0 || open[len(open)-1] != w {
				return q, fmt.Errorf("%q closes nothing", w)
			}
			open = open[:len(open)-1]
		case !isName(w), strings.HasPrefix(w, "$"), slices.Contains(operators, w):
		case slices.Contains(lists, w):
			labels, err := r.labels()
			if err != nil {
				return q, err
			}
			q.grouping = append(q.grouping, labels...)
		case r.peek() == "(" || slices.Contains(lists, r.peek()):
			if !slices.Contains(functions, w) {
				return q, fmt.Errorf("no function that these files use: %s", w)
			}
		default:
			s, err := r.selector(w)
			if err != nil {
				return q, err
			}
			q.selectors = append(q.selectors, s)
		}
	}
	if len(open) > 0 {
		return q, fmt.Errorf("%q is missing", open)
	}
	if len(q.selectors) == 0 {
		return q, fmt.Errorf("it asks for no metric")
	}
	return q, nil
}

func isName(w string) bool {
	c := w[0] | 0x20
	return c >= 'a' && c <= 'z' || w[0] == '_' || w[0] == ':' || w[0] == '$'
}

func (r *reader) labels() (all []string, err error) {
	if err := r.expect("("); err != nil {
		return nil, err
	}
	for r.peek() != ")" {
		if w := r.next(); w == "" {
			return nil, fmt.Errorf("a list of labels does not end")
		} else if w != "," {
			all = append(all, w)
		}
	}
	r.next()
	return all, nil
}

func (r *reader) selector(metric string) (s selector, err error) {
	s.metric = metric
	if r.peek() != "{" {
		return s, nil
	}
	r.next()
	for r.peek() != "}" {
		m := matcher{label: r.next(), op: r.next()}
		value := r.next()
		if !slices.Contains([]string{"=", "!=", "=~", "!~"}, m.op) || !strings.HasPrefix(value, `"`) {
			return s, fmt.Errorf("%s: no matcher: %s %s %s", metric, m.label, m.op, value)
		}
		m.value = strings.Trim(value, `"`)
		s.matchers = append(s.matchers, m)
		if r.peek() == "," {
			r.next()
		} else if r.peek() != "}" {
			return s, fmt.Errorf("%s: %q where the matchers should end", metric, r.peek())
		}
	}
	r.next()
	return s, nil
}

func TestReadQuery(t *testing.T) {
	for text, want := range map[string]string{
		`up`:                    `[{up []}] []`,
		`time() - start{a="1"}`: `[{start [{a = 1}]}] []`,
		`sum by (le, x) (rate(d_bucket{a=~"$b", c!="d"}[$__rate_interval])) / sum(e)`: `[{d_bucket [{a =~ $b} {c != d}]} {e []}] [le x]`,
		`topk(10, sum by (x) (rate(m[5m])))`:                                          `[{m []}] [x]`,
		`a == 0 and on (x) b > 0.01`:                                                  `[{a []} {b []}] [x]`,
	} {
		q, err := readQuery(text)
		if got := fmt.Sprint(q.selectors, " ", q.grouping); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
	}
	for text, words := range map[string]string{
		`sum(up`: "is missing", `up)`: "closes nothing", `rat(up[5m])`: "no function", `up{a}`: "no matcher", `up{a="1" b="2"}`: "should end", `1 + 2`: "no metric",
		`sum by le (up)`: `"(" should be`, `sum by (le`: "does not end", `up ; down`: "no word",
	} {
		if _, err := readQuery(text); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", text, err, words)
		}
	}
}
