package schema

import "regexp"

// hostLabel is one label of a host name.
const hostLabel = `[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?`

// hexDigit of either case.
const hexDigit = `[0-9a-fA-F]`

// textForm says in JSON Schema what a tag about text asks for, and false when it cannot be said. What the validator
// accepts, the schema accepts: where a `format` is narrower than the validator's idea of it (a local part of more than
// 64 characters in an email, an IPv4 address written as IPv6, a URI without scheme), a pattern stands in its place.
//
// Patterns keep to what Go's regexp and ECMA-262 both understand.
func textForm(name, param string, f *form) bool {
	switch name {
	case "ipv6":
		f.format = "ipv6"
		return true
	case "ip":
		f.either([]*form{{format: "ipv4"}, {format: "ipv6"}})
		return true
	case "uuid", "uuid_rfc4122":
		f.format = "uuid"
		return true
	case "datetime":
		return dateForm(param, f)
	case "startswith":
		return f.match("^" + regexp.QuoteMeta(param))
	case "endswith":
		return f.match(regexp.QuoteMeta(param) + "$")
	case "contains":
		return f.match(regexp.QuoteMeta(param))
	case "excludes":
		f.not = append(f.not, &form{patterns: []string{regexp.QuoteMeta(param)}})
		return true
	case "startsnotwith":
		f.not = append(f.not, &form{patterns: []string{"^" + regexp.QuoteMeta(param)}})
		return true
	case "endsnotwith":
		f.not = append(f.not, &form{patterns: []string{regexp.QuoteMeta(param) + "$"}})
		return true
	}
	if p := uuidPattern(name); p != "" {
		f.format = "uuid"
		return f.match(p)
	}
	return f.match(pattern(name))
}

// either adds a choice of which one must hold.
func (f *form) either(choice []*form) {
	if f.anyOf == nil {
		f.anyOf = choice
		return
	}
	f.allOf = append(f.allOf, &form{anyOf: choice})
}

func (f *form) match(p string) bool {
	if p != "" {
		f.patterns = append(f.patterns, p)
	}
	return p != ""
}

// dateForm knows the layouts that have a form of their own. Go's parser takes more than RFC 3339 allows (one digit for
// the hour, a comma before the fraction), so date-time is a pattern.
func dateForm(layout string, f *form) bool {
	switch layout {
	case "2006-01-02":
		f.format = "date"
		return true
	case "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.999999999Z07:00":
		return f.match(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{1,2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`)
	}
	return false
}

func uuidPattern(name string) string {
	if v := uuidVersion(name); v != "" {
		h, variant := `[0-9a-f]`, `[89ab]`
		if len(name) > len("uuid4") {
			h, variant = hexDigit, `[89abAB]` // the _rfc4122 tags take either case
		}
		if name[4] == '3' {
			variant = h
		}
		return "^" + h + "{8}-" + h + "{4}-" + name[4:5] + h + "{3}-" + variant + h + "{3}-" + h + "{12}$"
	}
	return ""
}

// pattern gives the regular expression of a tag without parameter, "" when there is none.
func pattern(name string) string {
	switch name {
	case "email":
		return `^.+@[^@ ]+$`
	case "url":
		return `^[^:/?#]+:`
	case "http_url":
		return `^[hH][tT][tT][pP][sS]?://`
	case "https_url":
		return `^[hH][tT][tT][pP][sS]://`
	case "uri":
		return `^([/*]|[a-zA-Z][a-zA-Z0-9+.-]*:)`
	case "ipv4":
		return `^[0-9]{1,3}([.][0-9]{1,3}){3}$|:`
	case "hostname":
		return `^[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?([.]` + hostLabel + `)*$`
	case "hostname_rfc1123":
		return `^` + hostLabel + `([.]` + hostLabel + `)*$`
	case "fqdn":
		return `^[a-zA-Z0-9][a-zA-Z0-9-]{0,62}([.][a-zA-Z0-9][a-zA-Z0-9-]{0,62})*[.][a-zA-Z][a-zA-Z0-9-]{0,62}[.]?$`
	case "alpha":
		return `^[a-zA-Z]+$`
	case "alphaspace":
		return `^[a-zA-Z ]+$`
	case "alphanum":
		return `^[a-zA-Z0-9]+$`
	case "alphanumspace":
		return `^[a-zA-Z0-9 ]+$`
	case "numeric":
		return `^[-+]?[0-9]+([.][0-9]+)?$`
	case "number":
		return `^[0-9]+$`
	case "hexadecimal":
		return `^(0[xX])?` + hexDigit + `+$`
	case "hexcolor":
		return `^#(` + hexDigit + `{3}|` + hexDigit + `{4}|` + hexDigit + `{6}|` + hexDigit + `{8})$`
	case "lowercase":
		return `^[^A-Z]+$` // capitals outside ASCII are left to the validator
	case "uppercase":
		return `^[^a-z]+$`
	case "boolean":
		return `^(1|t|T|true|True|TRUE|0|f|F|false|False|FALSE)$`
	case "e164":
		return `^[+]?[1-9][0-9]{7,14}$`
	case "ascii":
		return `^[\x00-\x7F]*$`
	case "printascii":
		return `^[\x20-\x7E]*$`
	case "ulid":
		return `^[0-7].{25}$` // the validator folds case by Unicode
	case "mongodb":
		return `^[0-9a-f]{24}$`
	case "md4", "md5", "ripemd128", "tiger128":
		return `^[0-9a-f]{32}$`
	case "ripemd160", "tiger160":
		return `^[0-9a-f]{40}$`
	case "tiger192":
		return `^[0-9a-f]{48}$`
	case "sha256":
		return `^[0-9a-f]{64}$`
	case "sha384":
		return `^[0-9a-f]{96}$`
	case "sha512":
		return `^[0-9a-f]{128}$`
	}
	return ""
}

// formatOf names the kind of text that a tag stands for in the words of JSON Schema's formats, for features that can
// show nothing finer: an elicitation form knows email, uri, date and date-time.
func formatOf(name, param string) string {
	switch name {
	case "email", "ipv4", "ipv6", "hostname":
		return name
	case "hostname_rfc1123":
		return "hostname"
	case "url", "uri", "http_url", "https_url":
		return "uri"
	case "datetime":
		switch param {
		case "2006-01-02":
			return "date"
		case "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.999999999Z07:00":
			return "date-time"
		}
	}
	if len(name) >= 4 && name[:4] == "uuid" {
		return "uuid"
	}
	return ""
}
