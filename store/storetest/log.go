package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/fastmcp-go/fastmcp/store"
)

func (s suite) log(t *testing.T) {
	s.each(t, map[string]func(*testing.T, *store.Backend){
		"AppendAfter": appendAfter,
		"Ids":         ids,
		"Trim":        trimmed,
		"Drop":        drop,
		"Race":        appendRace,
		"Wake":        s.wake,
		"Copies":      logCopies,
	})
}

// reads checks which entries follow id, as "id=data".
func reads(t *testing.T, b *store.Backend, log, id string, max int, want ...string) {
	t.Helper()
	entries, err := b.Log.After(t.Context(), log, id, max)
	ok(t, err)
	got := make([]string, 0, len(entries))
	for _, e := range entries {
		got = append(got, e.ID+"="+string(e.Data))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("after %q: %v, want %v", id, got, want)
	}
}

func appends(t *testing.T, b *store.Backend, log, want string, data ...string) {
	t.Helper()
	all := make([][]byte, len(data))
	for i, d := range data {
		all[i] = []byte(d)
	}
	got, err := b.Log.Append(t.Context(), log, "", all...)
	ok(t, err)
	if got != want {
		t.Fatalf("last id %q, want %q", got, want)
	}
}

func appendAfter(t *testing.T, b *store.Backend) {
	reads(t, b, "l", "", 0)
	appends(t, b, "l", "0")
	appends(t, b, "l", "1", "a")
	appends(t, b, "l", "4", "b", "", "d")
	appends(t, b, "l", "4")
	appends(t, b, "other", "1", "z") // numbers are each log's own
	reads(t, b, "l", "", 0, "1=a", "2=b", "3=", "4=d")
	reads(t, b, "l", "0", -1, "1=a", "2=b", "3=", "4=d")
	reads(t, b, "l", "1", 2, "2=b", "3=")
	reads(t, b, "l", "3", 100, "4=d")
	reads(t, b, "l", "4", 100)
}

func ids(t *testing.T, b *store.Backend) {
	appends(t, b, "l", "2", "a", "b")
	for _, id := range []string{"3", "02", "+1", "-1", " 1", "1 ", "x", "1-0", "99999999999999999999", "18446744073709551615"} {
		_, err := b.Log.After(t.Context(), "l", id, 0)
		is(t, err, store.ErrGap)
	}
	_, err := b.Log.After(t.Context(), "none", "1", 0)
	is(t, err, store.ErrGap)
	_, err = b.Log.After(t.Context(), "", "1", 0)
	is(t, err, store.ErrInvalid)
	_, err = b.Log.Append(t.Context(), "", "", nil)
	is(t, err, store.ErrInvalid)
}

// trimmed appends until the first entry is gone.
func trimmed(t *testing.T, b *store.Backend) {
	batch, last := make([][]byte, 256), ""
	for i := range batch {
		batch[i] = []byte("entry")
	}
	for range 256 {
		var err error
		last, err = b.Log.Append(t.Context(), "l", "", batch...)
		ok(t, err)
		if _, err = b.Log.After(t.Context(), "l", "", 1); errors.Is(err, store.ErrGap) {
			reads(t, b, "l", last, 0)
			n, err := strconv.Atoi(last)
			ok(t, err)
			reads(t, b, "l", strconv.Itoa(n-1), 0, last+"=entry")
			return
		}
		ok(t, err)
	}
	t.Fatal("the log has no bound")
}

func drop(t *testing.T, b *store.Backend) {
	ok(t, b.Log.Drop(t.Context(), "l"))
	appends(t, b, "l", "1", "a")
	ok(t, b.Log.Drop(t.Context(), "l"))
	reads(t, b, "l", "", 0)
	appends(t, b, "l", "1", "b")
	reads(t, b, "l", "", 0, "1=b")
}

// appendRace: the entries of one Append stay together, and no number is given twice or left out.
func appendRace(t *testing.T, b *store.Backend) {
	var group sync.WaitGroup
	for i := range racers {
		group.Go(func() {
			d := []byte(strconv.Itoa(i))
			if _, err := b.Log.Append(t.Context(), "l", "", d, d); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	entries, err := b.Log.After(t.Context(), "l", "", 0)
	ok(t, err)
	if len(entries) != 2*racers {
		t.Fatalf("%d entries, want %d", len(entries), 2*racers)
	}
	for i, e := range entries {
		if e.ID != strconv.Itoa(i+1) || string(e.Data) != string(entries[i&^1].Data) {
			t.Fatalf("entry %d is %s=%s", i, e.ID, e.Data)
		}
	}
}

func (s suite) wake(t *testing.T, b *store.Backend) {
	in := s.listen(t, b, "c")
	id, err := b.Log.Append(t.Context(), "l", "c", []byte("a"), []byte("b"))
	ok(t, err)
	in.next("c", "")
	reads(t, b, "l", "", 0, "1=a", id+"=b") // the entries are there when the wake comes
	in.none()
}

func logCopies(t *testing.T, b *store.Backend) {
	data := []byte("data")
	_, err := b.Log.Append(t.Context(), "l", "", data)
	ok(t, err)
	data[0] = '!'
	reads(t, b, "l", "", 0, "1=data")
}
