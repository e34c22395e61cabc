package auth

import "strings"

// MaxTokenBytes is the longest token that ParseBearer takes: 8 KiB.
const MaxTokenBytes = 8 << 10

// ParseBearer reads the value of an Authorization header. ok is false without an error when it is empty or of another
// scheme. The error is an *Error with the code InvalidRequest when the scheme is Bearer and what follows is not one
// token of the form of RFC 6750 section 2.1 and of at most MaxTokenBytes bytes. The scheme's case does not matter (RFC
// 9110 section 11.1). The token is part of header: it is as long-lived as that.
func ParseBearer(header string) (token string, ok bool, err error) {
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return "", false, nil
	}
	token = strings.TrimLeft(rest, " ")
	switch {
	case len(token) > MaxTokenBytes:
		return "", false, &Error{Code: InvalidRequest, Description: "The access token is too long"}
	case !isB64Token(token):
		return "", false, &Error{Code: InvalidRequest, Description: "The Authorization header is malformed"}
	}
	return token, true, nil
}

// isB64Token tells that s is a b64token of RFC 6750 section 2.1 (token68 of RFC 9110).
func isB64Token(s string) bool {
	body := strings.TrimRight(s, "=")
	for i := range len(body) {
		switch c := body[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '.', c == '_', c == '~', c == '+', c == '/':
		default:
			return false
		}
	}
	return body != ""
}
