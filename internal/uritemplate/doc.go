// Package uritemplate reads URI templates (RFC 6570, levels 1 to 4) as MCP servers use them for resources: to find the
// template that a URI belongs to, and the values of its variables. It expands them, too.
//
// # What a template matches
//
// The RFC says how a template is expanded, not how a URI is matched; here it is so:
//
//	{x} {x,y}    required, one character or more: letters, digits, - . _ ~ and percent-encoded ones. Not '/'.
//	{x:3}        the same, 1 to 3 characters. A prefix counts characters, not bytes (RFC 6570, 2.4.1).
//	{x*}         the wildcard of MCP servers, required: all that a path may hold, '/' as well; not '?' or '#'. It is a
//	             list, divided at '/' and ',', and Value.Text is the whole: "docs/a.txt". To bind it to a string, name
//	             it in AppendJSON.
//	{+x}         required: all that a URI may hold, '/', '?' and '#' as well. {+x*} is a list divided at ','.
//	{#x}         optional, begins with '#', otherwise as {+x}
//	{/x} {.x}    optional, begins with '/' or '.', otherwise as {x}, but may be empty. {/a,b} and {.a,b}: those on the
//	             left are there first.
//	{/x*} {.x*}  optional list, any number of segments or labels
//	{;a,b}       optional parameters in any order, each at most once, or {;x*}: any number of x. One that the template
//	             does not name does not match: a URI has one resource, and what would be ignored could tell caches and
//	             guards another story than the handler.
//	{?a,b} {&a}  the same. Values may hold all that a query may, '/' and '?' as well; '+' is a plus sign. {?a}{&b} is
//	             one query and begins with '?'.
//
// Variables that are optional, and not in the URI, are not among the values. Everything that can be matched in more than
// one way is read from the left, each value as long as it can be. A value holds none of the characters ? # ; & raw that
// begin a later expression, so {+path}{?q} leaves the query alone; nor the '/' or '.' that begins an expression directly
// behind it, so {name}{.ext} takes "a.tar.gz" as "a" and "tar.gz".
//
// Escapes are decoded exactly once. A broken escape, and one of bytes that are not UTF-8, does not match; neither does a
// URI that is not ASCII. Literals are compared byte for byte.
//
// Some templates can be expanded but not matched: [Template.Matchable] says which and why, and [Set.Add] refuses them.
//
// # Bounds
//
// A URI is looked through a fixed number of times, once for each part of the template at most (that is what reach and
// walk do), whatever it holds: there is no backtracking. URIs of more than MaxURI bytes do not match.
//
// # Safety
//
// Values are text from a client. Check them before they become part of a path.
package uritemplate

const (
	// MaxTemplate is how long a template may be, in bytes.
	MaxTemplate = 4 << 10
	// MaxVariables is how many variables a template may have.
	MaxVariables = 64
	// MaxURI is how long a URI may be that is matched, in bytes.
	MaxURI = 8 << 10
	// MaxPrefix is the largest number that {x:n} may have (RFC 6570, 2.4.1).
	MaxPrefix = 9999
)
