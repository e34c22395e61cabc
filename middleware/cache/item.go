package cache

import (
	"encoding/binary"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// item is a result that is kept: data is how it lies in the store, and result its last part.
type item struct {
	data   []byte
	result fastmcp.Encoded
	until  int64 // in milliseconds of Unix time
	// hinted tells that clients may keep it, too, and public that they may for others. Both are of reads.
	hinted, public bool
}

// What lies before the result: the layout, flags, and until when it is good.
const (
	layout   = 1
	isHinted = 1
	isPublic = 2
	head     = 10
)

func newItem(result fastmcp.Encoded, hint fastmcp.CacheHint, until time.Time) *item {
	it := &item{until: until.UnixMilli(), hinted: hint.TTL > 0, public: hint.Public}
	flags := byte(0)
	if it.hinted {
		flags |= isHinted
	}
	if it.public {
		flags |= isPublic
	}
	b := append(make([]byte, 0, head+len(result)), layout, flags)
	b = binary.BigEndian.AppendUint64(b, uint64(it.until))
	it.data = append(b, result...)
	it.result = result
	return it
}

// readItem reads what newItem has made; ok is false for anything else.
func readItem(data []byte) (it item, ok bool) {
	if len(data) <= head || data[0] != layout {
		return item{}, false
	}
	return item{
		data: data, result: fastmcp.Encoded(data[head:]), until: int64(binary.BigEndian.Uint64(data[2:])),
		hinted: data[1]&isHinted != 0, public: data[1]&isPublic != 0,
	}, true
}

// give answers with the item. A client may keep it no longer than it is good.
func (it *item) give(c *fastmcp.Context, now time.Time) {
	c.SetResult(it.result)
	hint := fastmcp.CacheHint{Public: it.public}
	if it.hinted {
		hint.TTL = max(time.Duration(it.until-now.UnixMilli())*time.Millisecond, 0)
	}
	c.SetCache(hint)
}
