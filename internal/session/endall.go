package session

import (
	"context"
	"errors"
)

// EndAll ends every session, on all nodes that share them, and says how many there were. Those that begin meanwhile may
// stay. An error is ErrUnavailable: then some may still be there, but their streams here have ended.
func (h *Hub) EndAll(ctx context.Context) (n int, err error) {
	var here []string
	h.All(func(r *Record) bool {
		here = append(here, r.ID)
		return true
	})
	n, err = h.endEach(here)
	if h.cluster == nil {
		return n, err
	}
	elsewhere, failed := h.cluster.ids(ctx, allSessions)
	m, more := h.endEach(elsewhere)
	return n + m, errors.Join(err, failed, more)
}

func (h *Hub) endEach(ids []string) (n int, err error) {
	for _, id := range ids {
		there, failed := h.End(id)
		if there {
			n++
		}
		if failed == nil {
			continue
		}
		err = errors.Join(err, failed)
		if r := h.find(id); r != nil { // the store may have it still: here nobody uses it any more
			h.finish(r, Elsewhere, r.end())
		}
	}
	return n, err
}

// ids are the sessions of an index.
func (c *cluster) ids(ctx context.Context, set string) (all []string, err error) {
	for cursor, first := "", true; first || cursor != ""; first = false {
		var page []string
		if page, cursor, err = c.b.Index.Members(ctx, set, cursor, broadcastPage); err != nil {
			return nil, c.failed(err)
		}
		all = append(all, page...)
	}
	return all, nil
}
