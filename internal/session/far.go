package session

import (
	"encoding/base32"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// far is a stream's log in the store, which every node appends to and reads.
//
// An event has a mark beside its number: if the store has lost what was appended last, as a replica may have that takes
// over, others get the same numbers and other marks, so that a client which comes back with such an id learns of the gap.
type far struct {
	c       *cluster
	name    string
	channel string
	own     bool // it is a session's own stream
}

func newFar(c *cluster, session, stream string) *far {
	if c == nil {
		return nil
	}
	name := streamName(session, stream)
	return &far{c: c, name: name, channel: "w:" + name, own: stream == ownStream}
}

// Kinds of entries.
const (
	kindEvent = 'e'
	kindLast  = 'l' // the last event of its stream
	kindHead  = 'h' // no event: the JSON-RPC id of the request whose stream it is
)

const (
	markLength = 6
	headLength = 1 + markLength
)

var marks = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// entry is data as the log has it.
func newEntry(kind byte, data []byte) []byte {
	var random [4]byte
	binary.NativeEndian.PutUint32(random[:], rand.Uint32()) // it is no secret: it tells apart
	e := make([]byte, 0, headLength+1+len(data))
	e = append(e, kind)
	e = marks.AppendEncode(e, random[:])
	return append(e[:headLength], data...)
}

// readEntry takes an entry apart.
func readEntry(e []byte) (kind byte, mark string, data []byte, ok bool) {
	if len(e) < headLength {
		return 0, "", nil, false
	}
	return e[0], string(e[1:headLength]), e[headLength:], true
}

// append adds entries, wakes who reads the log, and returns the number of the last.
func (f *far) append(entries ...[]byte) (int64, error) {
	ctx, cancel := f.c.ctx()
	defer cancel()
	id, err := f.c.b.Log.Append(ctx, f.name, f.channel, entries...)
	n, bad := strconv.ParseInt(id, 10, 64)
	if err != nil && (bad != nil || n == 0) {
		return 0, f.c.failed(err)
	}
	return n, nil // an error beside an id: who reads will look for itself
}

// numbered is an entry with its number.
type numbered struct {
	n    int64
	data []byte
}

// after reads what follows event n.
func (f *far) after(n int64, most int) ([]numbered, error) {
	ctx, cancel := f.c.ctx()
	defer cancel()
	entries, err := f.c.b.Log.After(ctx, f.name, strconv.FormatInt(n, 10), most)
	switch {
	case errors.Is(err, store.ErrGap):
		return nil, ErrGap
	case err != nil:
		return nil, f.c.failed(err)
	}
	all := make([]numbered, 0, len(entries))
	for _, e := range entries {
		number, err := strconv.ParseInt(e.ID, 10, 64)
		if _, _, _, ok := readEntry(e.Data); err != nil || !ok {
			return nil, ErrGap // somebody else has written there: what it was is lost
		}
		all = append(all, numbered{number, e.Data})
	}
	return all, nil
}

// from reads what follows the event with that number and mark: ErrGap when the log does not have that event.
func (f *far) from(n int64, mark string) ([]numbered, error) {
	if n == 0 {
		return f.after(0, 0)
	}
	all, err := f.after(n-1, 0)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 || all[0].n != n {
		return nil, ErrGap
	}
	if _, is, _, _ := readEntry(all[0].data); is != mark {
		return nil, ErrGap
	}
	return all[1:], nil
}

// ownFenceFor and fenceFor are how long the readers of a session's own stream, and of others, are counted. A stream that is
// read by one for longer, without a break, has two when another comes then, until one leaves.
const ownFenceFor, fenceFor = 7 * 24 * time.Hour, 2 * time.Hour

// mayBe tells that there can be a stream of another node's call: that node is there, or has left something of it. What has
// not been written to yet is in no store.
func (f *far) mayBe(id string) bool {
	node, _, _ := strings.Cut(id, "-")
	if alive, err := f.c.alive(node); alive || err != nil {
		return true
	}
	head, err := f.after(0, 1)
	return err != nil || len(head) > 0
}

func (f *far) fenceFor() time.Duration {
	if f.own {
		return ownFenceFor
	}
	return fenceFor
}

// fence takes the stream for a new reader: the one with the highest fence has it.
func (f *far) fence() (int64, error) {
	ctx, cancel := f.c.ctx()
	defer cancel()
	n, err := f.c.b.Atomic.Add(ctx, f.name+":f", 1, f.fenceFor())
	if err != nil {
		return 0, f.c.failed(err)
	}
	f.c.tell(f.channel, message{Kind: toldTaken, Fence: n})
	return n, nil
}

// fenced is who has the stream now.
func (f *far) fenced() (int64, error) {
	ctx, cancel := f.c.ctx()
	defer cancel()
	v, err := f.c.b.KV.Get(ctx, f.name+":f")
	if err != nil {
		return 0, f.c.failed(err)
	}
	n, _ := strconv.ParseInt(string(v), 10, 64)
	return n, nil
}

// place is where the reading of a session's own stream stands: who reads it, what has been written, and when that was.
type place struct {
	node string // "" when nobody does
	sent int64
	at   time.Time
}

func (f *far) place() (place, error) {
	ctx, cancel := f.c.ctx()
	defer cancel()
	v, err := f.c.b.KV.Get(ctx, f.name+":p")
	if err != nil {
		return place{}, f.c.failed(err)
	}
	p := place{}
	part := strings.Split(string(v), " ")
	if len(part) != 3 {
		return p, nil // there was nobody, or somebody of another form
	}
	p.node = part[0]
	p.sent, _ = strconv.ParseInt(part[1], 10, 64)
	at, _ := strconv.ParseInt(part[2], 10, 64)
	p.at = time.UnixMilli(at)
	return p, nil
}

func (f *far) setPlace(p place) error {
	ctx, cancel := f.c.ctx()
	defer cancel()
	text := p.node + " " + strconv.FormatInt(p.sent, 10) + " " + strconv.FormatInt(p.at.UnixMilli(), 10)
	return f.c.failed(f.c.b.KV.Set(ctx, f.name+":p", []byte(text), f.c.h.c.TTL+time.Minute))
}
