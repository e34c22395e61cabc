package auth

import (
	"context"
	"fmt"
	"slices"
)

// RequireAuth allows every caller that is known, whoever it is.
func RequireAuth() Guard {
	return func(_ context.Context, a *Access) Decision {
		return Decision{Allowed: a.Principal != nil}
	}
}

// RequireScopes allows callers whose credentials have all of scopes. For others the item does not exist; wrap it in
// [Discoverable] to have it listed and asked for. It panics when there are no scopes, or one that RFC 6749 section 3.3
// does not allow.
func RequireScopes(scopes ...string) Guard {
	if len(scopes) == 0 {
		panic("auth: RequireScopes: no scopes: name one, or use RequireAuth")
	}
	checkScopes("RequireScopes", scopes)
	scopes = slices.Clone(scopes)
	return func(_ context.Context, a *Access) Decision {
		return Decision{Allowed: a.Principal.HasScopes(scopes...), need: scopes}
	}
}

// RequireRole allows callers that have at least one of roles. It panics when there are none or one is empty.
func RequireRole(roles ...string) Guard {
	if len(roles) == 0 || slices.Contains(roles, "") {
		panic("auth: RequireRole: an empty role, or none: name the roles, or use RequireAuth")
	}
	roles = slices.Clone(roles)
	return func(_ context.Context, a *Access) Decision {
		return Decision{Allowed: slices.ContainsFunc(roles, a.Principal.HasRole)}
	}
}

// Discoverable shows what g denies: the item is listed, and a use of it is answered with a challenge for the scopes
// that g requires. It panics when g is nil.
//
//	CanAccess: auth.Discoverable(auth.RequireScopes("math:write"))
func Discoverable(g Guard) Guard {
	checkGuards("Discoverable", g)
	return func(ctx context.Context, a *Access) Decision {
		d := g(ctx, a)
		if d.Allowed || d.Challenge != nil {
			return d
		}
		c := Challenge(d.need...)
		c.Public = d.Public
		return c
	}
}

// checkScopes panics, on behalf of the function by that name, unless all scopes are scope-tokens.
func checkScopes(name string, scopes []string) {
	for _, s := range scopes {
		if !isScope(s) {
			panic(fmt.Sprintf("auth: %s: %q is not a scope: use visible ASCII without spaces, quotes and backslashes, one scope a string", name, s))
		}
	}
}

// isScope tells that s is a scope-token of RFC 6749 section 3.3.
func isScope(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7F || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}
