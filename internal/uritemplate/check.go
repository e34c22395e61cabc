package uritemplate

import (
	"fmt"
	"slices"
	"strings"
)

// Rule is what a value may break: the name of a Policy's switch.
type Rule string

// The rules, in the order in which they are looked at.
const (
	RuleNull      Rule = "Null"
	RuleControl   Rule = "Control"
	RuleTraversal Rule = "Traversal"
	RuleAbsolute  Rule = "Absolute"
	RuleBackslash Rule = "Backslash"
	RuleEncoded   Rule = "Encoded"
)

// Policy switches rules off. Its zero value has all of them on, for all variables.
type Policy struct {
	// AllowNull takes values with a zero byte, at which C libraries cut a path off.
	AllowNull bool
	// AllowControl takes values with control characters: U+0001 to U+001F, line breaks among them, and U+007F to
	// U+009F.
	AllowControl bool
	// AllowTraversal takes values that have a segment "..", divided at '/' and '\'. A segment of dots and spaces that
	// begins with ".." is one too, for Windows ignores those at the end.
	AllowTraversal bool
	// AllowAbsolute takes values that begin with '/' or '\', or with a drive: "C:", "C:\…", "C:/…". "C:x" is refused by
	// none of the rules, since a letter, a colon and a name is many another thing as well.
	AllowAbsolute bool
	// AllowBackslash takes values with a '\'.
	AllowBackslash bool
	// AllowEncoded takes values that break one of the rules that are on when they are decoded again, up to three times:
	// "%2e%2e%2f", which the URI had as "%252e%252e%252f". Values are decoded once, so to whoever does not decode them
	// again they are text.
	AllowEncoded bool
	// Trusted names variables that are not checked at all: the q of a search.
	Trusted []string
}

// UnsafeError says which variable breaks which rule. It does not hold the value, so that it can be shown and logged.
type UnsafeError struct {
	Variable string
	Rule     Rule
}

// Error names the variable and the rule.
func (e *UnsafeError) Error() string {
	return fmt.Sprintf("uritemplate: the value of %s is refused: %s", e.Variable, e.Rule.describe())
}

func (r Rule) describe() string {
	switch r {
	case RuleNull:
		return "it has a zero byte"
	case RuleControl:
		return "it has a control character"
	case RuleTraversal:
		return `it has a ".." segment`
	case RuleAbsolute:
		return "it is an absolute path"
	case RuleBackslash:
		return "it has a backslash"
	}
	return "it is encoded twice, and decoded again it would be refused"
}

// moreDecodings is how often AllowEncoded's rule looks behind an encoding: further than anybody decodes.
const moreDecodings = 3

// Check looks at each value as it was decoded, at every element of a list and at the list as a whole. The error is an
// *UnsafeError for the first that breaks a rule. It sees values, not what is made of them: who puts several into one
// path, or looks beyond a directory through a link, has to check the path (os.Root).
func Check(values Values, policy Policy) error {
	for i := range values {
		v := &values[i]
		if slices.Contains(policy.Trusted, v.Name) {
			continue
		}
		rule := policy.check(v.Text)
		for j := 0; j < len(v.List) && rule == ""; j++ {
			rule = policy.check(v.List[j])
		}
		if rule != "" {
			return &UnsafeError{Variable: v.Name, Rule: rule}
		}
	}
	return nil
}

// check returns the rule that text breaks, or "".
func (p *Policy) check(text string) Rule {
	if r := p.plain(text); r != "" || p.AllowEncoded {
		return r
	}
	for range moreDecodings {
		again := decode(text)
		if len(again) == len(text) {
			break
		}
		if p.plain(again) != "" {
			return RuleEncoded
		}
		text = again
	}
	return ""
}

func (p *Policy) plain(text string) Rule {
	switch {
	case !p.AllowNull && strings.IndexByte(text, 0) >= 0:
		return RuleNull
	case !p.AllowControl && strings.ContainsFunc(text, control):
		return RuleControl
	case !p.AllowTraversal && traversal(text):
		return RuleTraversal
	case !p.AllowAbsolute && absolute(text):
		return RuleAbsolute
	case !p.AllowBackslash && strings.IndexByte(text, '\\') >= 0:
		return RuleBackslash
	}
	return ""
}

func control(r rune) bool { return 0 < r && r < 0x20 || 0x7f <= r && r < 0xa0 }

func traversal(text string) bool {
	for more := true; more; {
		segment := text
		i := strings.IndexAny(text, `/\`)
		if more = i >= 0; more {
			segment, text = text[:i], text[i+1:]
		}
		if strings.HasPrefix(segment, "..") && strings.Trim(segment, ". ") == "" {
			return true
		}
	}
	return false
}

func absolute(text string) bool {
	if text == "" {
		return false
	}
	if text[0] == '/' || text[0] == '\\' {
		return true
	}
	letter := 'a' <= text[0]|0x20 && text[0]|0x20 <= 'z'
	return letter && len(text) > 1 && text[1] == ':' && (len(text) == 2 || text[2] == '/' || text[2] == '\\')
}
