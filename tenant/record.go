package tenant

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
)

// grant is what this node knows of a token: who it stands for, and what its server is built by. It is never changed: a new
// one takes its place.
type grant struct {
	digest    digest
	info      Info
	principal *auth.Principal
	factory   Factory // nil: by plan
	// turn tells what the token was given now from what it was given before, or will be.
	turn string
}

// record is what the store has of a token. Nothing in it leads to the token.
type record struct {
	Version int       `json:"v"`
	Hash    []byte    `json:"hash"`
	Turn    string    `json:"turn"`
	Plan    string    `json:"plan"`
	Name    string    `json:"name,omitempty"`
	Limits  Limits    `json:"limits,omitzero"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// recordVersion is of the records that this node reads and writes.
const recordVersion = 1

// principalOf is who calls with a token.
func principalOf(id string) *auth.Principal {
	return &auth.Principal{Issuer: Issuer, Subject: id, Tenant: id}
}

func (g *grant) record() []byte {
	b, err := json.Marshal(record{
		recordVersion, g.digest[:], g.turn, g.info.Plan, g.info.Name, g.info.Limits, g.info.Created, g.info.Updated,
	})
	if err != nil {
		panic(err) // a time.Time of the years 0 to 9999 always marshals
	}
	return b
}

// errRecord: the store answers, and what it has cannot be read.
var errRecord = errors.New("tenant: the record in the store")

// parseGrant reads a record. nil is that the token is none: there is no record, or it is of another token.
func parseGrant(raw []byte, id string) (*grant, error) {
	if raw == nil {
		return nil, nil
	}
	var r record
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&r); err != nil || len(r.Hash) != len(digest{}) {
		return nil, fmt.Errorf("%w of %s is none", errRecord, id)
	}
	if r.Version != recordVersion {
		return nil, fmt.Errorf("%w of %s is of version %d, and this node reads %d", errRecord, id, r.Version, recordVersion)
	}
	return &grant{
		digest: digest(r.Hash), turn: r.Turn, principal: principalOf(id),
		info: Info{ID: id, Plan: r.Plan, Name: r.Name, Limits: r.Limits, Created: r.Created, Updated: r.Updated},
	}, nil
}

// is tells, in constant time, that g is of the token with that digest.
func (g *grant) is(d digest) bool { return subtle.ConstantTimeCompare(g.digest[:], d[:]) == 1 }

func newGrant(d digest, plan string, factory Factory, more Grant, now time.Time) (*grant, error) {
	if len(more.Name) > maxName {
		return nil, fmt.Errorf("%w: Name has %d bytes: use %d at most", ErrBadGrant, len(more.Name), maxName)
	}
	if err := more.Limits.check(); err != nil {
		return nil, fmt.Errorf("%w: Limits: %w", ErrBadGrant, err)
	}
	now = now.UTC().Truncate(time.Millisecond)
	id := d.id()
	return &grant{
		digest: d, factory: factory, turn: newID(), principal: principalOf(id),
		info: Info{ID: id, Plan: strings.Clone(plan), Name: strings.Clone(more.Name), // a route's parameters are Fiber's
			Limits: more.Limits, Created: now, Updated: now},
	}, nil
}
