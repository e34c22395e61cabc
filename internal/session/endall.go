package session

import "context"

// EndAll ends every session, on all nodes that share them, and says how many there were. Those that begin meanwhile may
// stay. An error is ErrUnavailable: then some may still be there.
func (h *Hub) EndAll(ctx context.Context) (n int, err error) {
	if h.cluster == nil {
		h.All(func(r *Record) bool {
			if h.finish(r, Deleted, r.end()) {
				n++
			}
			return true
		})
		return n, nil
	}
	ids, err := h.cluster.ids(ctx, allSessions)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		there, err := h.End(id)
		if err != nil {
			return n, err
		}
		if there {
			n++
		}
	}
	return n, nil
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
