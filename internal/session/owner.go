package session

import "github.com/fastmcp-go/fastmcp/auth"

// owner is what the key of a session's principal was made of: who has the same is the same, and need not be hashed for it.
// It is a copy, so that it stays right whatever becomes of the principal.
type owner struct{ issuer, subject, client, tenant string }

func ownerOf(p *auth.Principal) owner { return owner{p.Issuer, p.Subject, p.ClientID, p.Tenant} }

// isOf tells that the session is a principal's; nil is anonymous.
func (r *Record) isOf(p *auth.Principal) bool {
	if p == nil {
		return r.PrincipalKey == ""
	}
	who := ownerOf(p)
	if known := r.owner.Load(); known != nil && *known == who {
		return true
	}
	if p.Key() != r.PrincipalKey {
		return false
	}
	kept := who
	r.owner.Store(&kept)
	return true
}
