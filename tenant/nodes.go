package tenant

import (
	"context"
	"encoding/json"
	"errors"
)

// change is what nodes tell each other of a token that was changed in the store.
type change struct {
	Node string `json:"node"`
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Plan string `json:"plan,omitempty"`
}

// The kinds of changes.
const (
	changeAdded   = "added"
	changeUpdated = "updated"
	changeRemoved = "removed"
)

const changesChannel = "changes"

// changed is for what this node has changed in the store: it tells the others, and acts on it itself. Others that are not
// reached find out within Config.CacheTTL.
func (t *Tenants) changed(ctx context.Context, kind string, info Info) {
	t.counted.forget()
	t.take(kind, info.ID)
	if t.backend.Shared {
		b, err := json.Marshal(change{t.node, kind, info.ID, info.Plan})
		if err == nil {
			_, err = t.store.Bus.Publish(context.WithoutCancel(ctx), changesChannel, b)
		}
		if err != nil {
			t.config.Log.Warn("tenant: other nodes could not be told of a change: they find out by themselves", "tenant", info.ID, "within", t.config.CacheTTL, "error", err)
		}
	}
	t.tellToken(kind, info, false)
}

// take acts on a change of a token. A removed one's server is not its business.
func (t *Tenants) take(kind, id string) {
	switch kind {
	case changeRemoved:
		t.forget(id)
	case changeUpdated:
		t.doubt(id)
		t.refreshSoon(id)
	default:
		t.doubt(id)
	}
}

// listen begins to hear the other nodes.
func (t *Tenants) listen() error {
	sub, err := t.store.Bus.Subscribe(t.hear, t.missed)
	if err != nil {
		return err
	}
	if err := sub.Add(changesChannel); err != nil {
		return errors.Join(err, sub.Close())
	}
	t.sub = sub
	return nil
}

// hear takes what another node tells.
func (t *Tenants) hear(_ string, data []byte) {
	var c change
	if json.Unmarshal(data, &c) != nil || c.Node == t.node || !isID(c.ID) {
		return // of a version to come, of somebody else, or this node's own
	}
	t.counted.forget()
	t.take(c.Kind, c.ID)
	if c.Kind == changeRemoved {
		t.dropSoon(c.ID)
	}
	t.tellToken(c.Kind, Info{ID: c.ID, Plan: c.Plan}, true)
}

// missed is for when news may have been lost: nothing is believed that the store has not said since.
func (t *Tenants) missed() {
	t.counted.forget()
	t.doubt("")
	t.refreshSoon("")
}
