package fastmcp

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// section is one of an App's lists.
type section struct {
	name    string // the member of a result that has the list
	entries []*entry
	byKey   map[string]*entry
	guarded bool
	ttl     time.Duration // how long a client may keep it
	pages   pages
}

func (s *section) add(e *entry) {
	if s.byKey == nil {
		s.byKey = make(map[string]*entry)
	}
	s.byKey[e.key] = e
	if e.resource != nil && e.resource.def.Unlisted {
		return
	}
	s.entries = append(s.entries, e)
	s.guarded = s.guarded || len(e.guards) > 0
}

// find looks an entry up by its raw key, a JSON string; nil when there is none.
func (s *section) find(raw []byte) *entry {
	for _, b := range raw {
		if b == '\\' {
			return s.byKey[protocol.String(raw)]
		}
	}
	return s.byKey[string(raw[1:len(raw)-1])]
}

// ask asks an entry's guards. A guard that panics denies.
func (e *entry) ask(ctx context.Context, a *auth.Access) (d auth.Decision) {
	if len(e.guards) == 0 {
		return auth.Allow()
	}
	defer func() {
		if v := recover(); v != nil {
			d = auth.Deny()
			log := e.log
			if c, ok := From(ctx); ok {
				log = c.Log()
			}
			log.Error("guard panicked", e.kind, e.key, "error", &fault{value: v}, "stack", string(debug.Stack()))
		}
	}()
	for _, guard := range e.guards {
		if d = guard(ctx, a); !d.Allowed {
			return d
		}
	}
	return d
}

// view is which of the entries a caller may see, as a key: one byte for eight of them.
func (s *section) view(ctx context.Context, access auth.Access) string {
	if !s.guarded {
		return ""
	}
	bits := make([]byte, (len(s.entries)+7)/8)
	access.Op = auth.OpList
	for i, e := range s.entries {
		access.Kind, access.Name = e.kind, e.key
		if e.ask(ctx, &access).Listed() {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return string(bits)
}

func (s *section) visible(view string, i int) bool {
	return !s.guarded || view[i/8]&(1<<(i%8)) != 0
}

// pages keeps lists as they were written, for each view, revision and page.
type pages struct {
	mu    sync.Mutex
	kept  map[pageKey][]byte
	bytes int
}

type pageKey struct {
	view     string
	revision protocol.Revision
	start    int
}

// maxPageBytes bounds how much is kept. When it would be more, all goes: views that many differ from call to call.
const maxPageBytes = 16 << 20

// page is the page of the list that begins behind cursor, as members of a result.
func (s *section) page(view string, r protocol.Revision, cursor string, config *Config) ([]byte, *protocol.Error) {
	start, ok := s.start(view, cursor)
	if !ok {
		return nil, protocol.Errorf(protocol.CodeInvalidParams, "Invalid params: the cursor is not one of this list")
	}
	key := pageKey{view, r, start}
	s.pages.mu.Lock()
	defer s.pages.mu.Unlock()
	if page, ok := s.pages.kept[key]; ok {
		return page, nil
	}
	page, err := s.writePage(key, config)
	if err != nil {
		return nil, err
	}
	size := len(page) + len(view)
	if s.pages.kept == nil || s.pages.bytes+size > maxPageBytes {
		s.pages.kept, s.pages.bytes = make(map[pageKey][]byte), 0
	}
	s.pages.kept[key] = page
	s.pages.bytes += size
	return page, nil
}

func (s *section) writePage(key pageKey, config *Config) ([]byte, *protocol.Error) {
	b, n, next := []byte(`"`+s.name+`":[`), 0, ""
	for i := key.start; i < len(s.entries); i++ {
		if !s.visible(key.view, i) {
			continue
		}
		if n == config.PageSize {
			next = s.cursor(key.view, i)
			break
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		var err error
		if b, err = s.entries[i].append(b, key.revision); err != nil {
			return nil, protocol.Errorf(protocol.CodeInternal, "Internal error: %s cannot be listed", s.entries[i].key)
		}
	}
	b = append(b, ']')
	if next != "" {
		b = append(append(append(b, `,"nextCursor":"`...), next...), '"')
	}
	if key.revision.HasResultType() {
		b = appendCaching(b, s.ttl, s.guarded)
	}
	return b, nil
}

// cursor names the item that a page begins with: by its place and by its name, so that a list that has changed in
// between is gone on with where that item now stands. The place is among what the view has: it must not tell how much
// else there is. The name of the list goes before both, so that no other list's cursor is taken for one of this.
func (s *section) cursor(view string, i int) string {
	place := 0
	for j := range i {
		if s.visible(view, j) {
			place++
		}
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d:%s", s.name, place, s.entries[i].key))
}

// start is where the page begins that a cursor names; ok is false for what was never a cursor. A name that the view
// does not have is as good as one that does not exist.
func (s *section) start(view, cursor string) (i int, ok bool) {
	if cursor == "" {
		return 0, true
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	list, rest, _ := strings.Cut(string(b), ":")
	number, name, cut := strings.Cut(rest, ":")
	place, bad := strconv.Atoi(number)
	if err != nil || list != s.name || !cut || bad != nil || place < 0 {
		return 0, false
	}
	start, seen := len(s.entries), 0
	for j, e := range s.entries {
		if !s.visible(view, j) {
			continue
		}
		if e.key == name {
			return j, true
		}
		if seen == place {
			start = j
		}
		seen++
	}
	return start, true
}
