package cache

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// itemKey stands for all that an answer depends on. It is a hash, so that keys have one size and tell nobody in the store
// who has asked what; 192 bits of it leave no two of them the same.
type itemKey [24]byte

// maxRoom bounds the memory that is kept for making keys, in bytes.
const maxRoom = 4 << 10

// key is what the answer to a request is kept under; ok is false when it cannot be, because its arguments are too large, or
// are read in more ways than one.
func (k *keeper) key(c *fastmcp.Context) (key itemKey, ok bool) {
	args := c.Args()
	if len(args) > k.config.MaxItem {
		return key, false
	}
	room := k.rooms.Get().(*[]byte)
	defer k.rooms.Put(room)
	b := append((*room)[:0], byte(c.Revision()))
	b = appendPart(b, c.Method())
	b = appendPart(b, c.Name())
	if b = k.appendView(b, c); len(args) == 0 {
		b = append(b, "{}"...)
	} else if b, ok = appendCanonical(b, args); !ok {
		return key, false
	}
	if cap(b) <= maxRoom {
		*room = b
	}
	sum := sha256.Sum256(b)
	return itemKey(sum[:len(key)]), true
}

// Whose view it is.
const (
	viewPublic = iota
	viewPrincipal
	viewSession
	viewOwn
)

// appendView appends who gets the same answer.
func (k *keeper) appendView(b []byte, c *fastmcp.Context) []byte {
	switch {
	case k.config.Public:
		return append(b, viewPublic)
	case k.config.View != nil:
		return appendPart(append(b, viewOwn), k.config.View(c))
	}
	if p := c.Principal(); p != nil {
		return appendPrincipal(append(b, viewPrincipal), p)
	}
	return appendPart(append(b, viewSession), c.Session().ID())
}

// appendPrincipal appends all of a principal that guards and tools commonly look at.
func appendPrincipal(b []byte, p *auth.Principal) []byte {
	for _, part := range [...]string{p.Issuer, p.Subject, p.ClientID, p.Tenant} {
		b = appendPart(b, part)
	}
	for _, list := range [...][]string{p.Scopes, p.Roles} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, part := range list {
			b = appendPart(b, part)
		}
	}
	return b
}

// appendPart appends a text with its length before it, so that no two lists of texts give the same bytes.
func appendPart(b []byte, part string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(part))), part...)
}
