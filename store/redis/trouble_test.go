package redis_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/fastmcp-go/fastmcp/store/redis"
)

// calls is each kind of call once, all at once; none of them may fail on a server that is well.
func calls(ctx context.Context, b *store.Backend) map[string]error {
	all, failed, mu := sync.WaitGroup{}, map[string]error{}, sync.Mutex{}
	for name, call := range map[string]func() error{
		"Get":      func() error { return second(b.KV.Get(ctx, "k")) },
		"Set":      func() error { return b.KV.Set(ctx, "k", []byte("1"), time.Minute) },
		"Touch":    func() error { return b.KV.Touch(ctx, "k", time.Minute) },
		"TouchAll": func() error { return b.KV.TouchAll(ctx, time.Minute, "k", "l") },
		"Delete":   func() error { return b.KV.Delete(ctx, "k") },
		"Ping":     func() error { return b.KV.Ping(ctx) },
		"Take":     func() error { return second(b.Atomic.Take(ctx, "k")) },
		"SetNX":    func() error { return second(b.Atomic.SetNX(ctx, "k", []byte("1"), time.Minute)) },
		"CAS":      func() error { return second(b.Atomic.CAS(ctx, "k", []byte("1"), []byte("2"), time.Minute)) },
		"Add":      func() error { return second(b.Atomic.Add(ctx, "n", 1, time.Minute)) },
		"Append":   func() error { return second(b.Log.Append(ctx, "l", "c", []byte("x"))) },
		"After":    func() error { return second(b.Log.After(ctx, "l", "", 0)) },
		"Drop":     func() error { return b.Log.Drop(ctx, "dropped") },
		"Publish":  func() error { return second(b.Bus.Publish(ctx, "c", nil)) },
		"Put":      func() error { return b.Index.Put(ctx, "s", "m", time.Minute) },
		"Members":  func() error { _, _, err := b.Index.Members(ctx, "s", "", 0); return err },
		"Remove":   func() error { return b.Index.Remove(ctx, "s", "m") },
	} {
		all.Go(func() {
			began := time.Now()
			err := call()
			if took := time.Since(began); took > patience {
				err = fmt.Errorf("it took %v: %v", took, err)
			}
			mu.Lock()
			defer mu.Unlock()
			failed[name] = err
		})
	}
	all.Wait()
	return failed
}

// patience is how long a call may take on a busy machine: its bound, and some.
const patience = 3*time.Second + 3*time.Second

func well(t *testing.T, b *store.Backend) {
	t.Helper()
	for name, err := range calls(t.Context(), b) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRestart: while the server is gone every call fails in time and tells so, and when it is there again, empty, all goes
// on: values, scripts that it has forgotten, and messages.
func TestRestart(t *testing.T) {
	server := redistest.Start(t)
	b := opened(t, redis.New(redis.Config{URL: server.URL(), Timeout: time.Second}))
	e := listen(t, b, "a")
	for range 2 {
		well(t, b)
		ok(t, b.KV.Set(t.Context(), "kept", []byte("v"), 0))
		server.Kill()
		for name, err := range calls(t.Context(), b) {
			if !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%s: %v, want ErrUnavailable", name, err)
			}
		}
		is(t, e.Add("later"), store.ErrUnavailable)
		is(t, e.Add("a"), store.ErrUnavailable) // which it goes on to listen to all the same
		was := e.losses()
		server.Restart()
		eventually(t, "it answers again", func() bool { return b.KV.Ping(t.Context()) == nil })
		eventually(t, "it listens again", func() bool { return e.losses() > was })
		val, err := b.KV.Get(t.Context(), "kept")
		ok(t, err)
		if val != nil {
			t.Fatalf("%q on a server that kept nothing", val)
		}
		n, err := b.Bus.Publish(t.Context(), "a", []byte("hello"))
		ok(t, err)
		if n != 1 {
			t.Errorf("%d receivers, want 1", n)
		}
		ok(t, e.Add("later"))
		ok(t, e.Remove("later"))
	}
}

// TestHanging: on a server that takes everything and answers nothing, calls end within the bound, or with their context.
func TestHanging(t *testing.T) {
	server := redistest.Start(t)
	const bound = 400 * time.Millisecond
	b := opened(t, redis.New(redis.Config{URL: server.URL(), Timeout: bound, PoolSize: 4}))
	well(t, b)
	server.Freeze()
	var group sync.WaitGroup
	for range 20 { // many more than there are connections
		group.Go(func() {
			for name, err := range calls(t.Context(), b) {
				if !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("%s: %v, want ErrUnavailable", name, err)
				}
				if errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: %v, though the caller set no deadline", name, err)
				}
			}
		})
	}
	group.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), bound/4)
	defer cancel()
	_, err := b.KV.Get(ctx, "k")
	is(t, err, context.DeadlineExceeded)
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(bound/4, cancel)
	_, err = b.KV.Get(ctx, "k")
	is(t, err, context.Canceled)
	server.Thaw()
	eventually(t, "it answers again", func() bool { return b.KV.Ping(t.Context()) == nil })
	well(t, b)
}

// link is a way to a server that loses answers: it hands on what is sent, and cuts the connection instead of handing back
// the answer to one that has a word in it.
type link struct {
	net.Listener
	word  atomic.Pointer[string]
	cuts  atomic.Int32
	asked atomic.Int32
}

func lossy(t *testing.T, server *redistest.Server) *link {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	l := &link{Listener: listener}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", server.Addr)
			if err != nil {
				_ = conn.Close()
				continue
			}
			go l.carry(conn, there)
		}
	}()
	return l
}

func (l *link) carry(here, there net.Conn) {
	cut := atomic.Bool{}
	go func() {
		defer there.Close()
		for buffer := make([]byte, 64<<10); ; {
			n, err := here.Read(buffer)
			if err != nil {
				return
			}
			l.asked.Add(1)
			if word := l.word.Load(); word != nil && strings.Contains(strings.ToLower(string(buffer[:n])), *word) {
				l.word.Store(nil) // once
				cut.Store(true)
			}
			if _, err := there.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	defer here.Close()
	for buffer := make([]byte, 64<<10); ; {
		n, err := there.Read(buffer)
		if err != nil {
			return
		}
		if cut.Load() {
			l.cuts.Add(1)
			return // the server has done it, and nobody is told
		}
		if _, err := here.Write(buffer[:n]); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			return
		}
	}
}

// TestLostAnswer: what was done, and whose answer was lost, is done once: it is not sent again, or, as Append, known again.
func TestLostAnswer(t *testing.T) {
	server := redistest.Start(t)
	lossyLink := lossy(t, server)
	b := opened(t, redis.New(redis.Config{URL: "redis://" + lossyLink.Addr().String()}))
	ctx, sure := t.Context(), opened(t, redis.New(redis.Config{URL: server.URL()}))
	well(t, b) // the server knows the scripts
	lose := func(word string) { lossyLink.word.Store(&word) }

	for i := range 5 {
		lose("evalsha")
		id, err := b.Log.Append(ctx, "l2", "c", []byte("x"), []byte("y"))
		ok(t, err)
		if want := strconv.Itoa(2 * (i + 1)); id != want {
			t.Errorf("Append gives %s, want %s", id, want)
		}
	}
	entries, err := sure.Log.After(ctx, "l2", "", 0)
	ok(t, err)
	if len(entries) != 10 {
		t.Errorf("%d entries after 5 times 2", len(entries))
	}

	ok(t, sure.KV.Set(ctx, "code", []byte("grant"), 0))
	lose("getdel")
	_, err = b.Atomic.Take(ctx, "code")
	is(t, err, store.ErrUnavailable)
	lose("evalsha")
	_, err = b.Atomic.Add(ctx, "n2", 1, 0)
	is(t, err, store.ErrUnavailable)
	if n, err := b.Atomic.Add(ctx, "n2", 1, 0); n != 2 || err != nil {
		t.Errorf("%d, %v: added more than once", n, err)
	}
	lose("nx")
	_, err = b.Atomic.SetNX(ctx, "lease", []byte("me"), 0)
	is(t, err, store.ErrUnavailable)
	e := listen(t, sure, "c2")
	lose("publish")
	_, err = b.Bus.Publish(ctx, "c2", []byte("once"))
	is(t, err, store.ErrUnavailable)
	_, err = sure.Bus.Publish(ctx, "c2", []byte("end"))
	ok(t, err)
	eventually(t, "the last arrives", func() bool { return e.has("end") })
	if n := e.count(); n != 2 {
		t.Errorf("%d messages arrived, want 2", n)
	}

	for _, word := range []string{"get", "px", "pexpire", "unlink", "xrange"} { // and what can be repeated is
		lose(word)
		for name, err := range map[string]error{
			"set": b.KV.Set(ctx, "k", nil, time.Minute), "touch": b.KV.Touch(ctx, "k", time.Minute), "delete": b.KV.Delete(ctx, "k"),
			"get": second(b.KV.Get(ctx, "k")), "after": second(b.Log.After(ctx, "l2", "", 0)),
		} {
			if err != nil {
				t.Errorf("%s, the answer to a %s lost: %v", name, word, err)
			}
		}
	}
	if n := lossyLink.cuts.Load(); n != 14 {
		t.Errorf("%d answers were lost, want 14", n)
	}
}

func second[V any](_ V, err error) error { return err }

// TestTakeRace: of 20 racers on several nodes one takes a code.
func TestTakeRace(t *testing.T) {
	server := redistest.Start(t)
	var nodes []*store.Backend
	for range 4 {
		nodes = append(nodes, opened(t, redis.New(redis.Config{URL: server.URL()})))
	}
	for round := range 50 {
		code := fmt.Sprint("code", round)
		ok(t, nodes[0].KV.Set(t.Context(), code, []byte("grant"), time.Minute))
		var wins atomic.Int32
		var group sync.WaitGroup
		start := make(chan struct{})
		for i := range 20 {
			group.Go(func() {
				<-start
				val, err := nodes[i%len(nodes)].Atomic.Take(t.Context(), code)
				if err != nil {
					t.Error(err)
				}
				if string(val) == "grant" {
					wins.Add(1)
				}
			})
		}
		close(start)
		group.Wait()
		if n := wins.Load(); n != 1 {
			t.Fatalf("%d of 20 took it, want 1", n)
		}
	}
}

// TestLogBounds: a log is bounded in entries and in bytes, what was trimmed is a gap, and what cannot fit is refused.
func TestLogBounds(t *testing.T) {
	server := redistest.Start(t)
	b := opened(t, redis.New(redis.Config{URL: server.URL(), MaxLogEntries: 150, MaxLogBytes: 10_000}))
	ctx, big := t.Context(), make([]byte, 1000)
	for i := range 1000 {
		_, err := b.Log.Append(ctx, "entries", "", []byte(strconv.Itoa(i+1)))
		ok(t, err)
	}
	first := oldest(t, b, "entries", 1000)
	if kept := 1000 - first + 1; kept < 150 || kept > 250 {
		t.Errorf("%d entries are kept, want 150 to 250", kept)
	}
	for range 25 {
		_, err := b.Log.Append(ctx, "bytes", "", big)
		ok(t, err)
	}
	if first := oldest(t, b, "bytes", 25); first != 16 {
		t.Errorf("the oldest of 25 kB is %d, want 16", first)
	}
	_, err := b.Log.Append(ctx, "bytes", "", make([]byte, 10_001))
	is(t, err, store.ErrTooLarge)
	_, err = b.Log.Append(ctx, "bytes", "", make([]byte, 10_000)) // it is all that remains
	ok(t, err)
	if first := oldest(t, b, "bytes", 26); first != 26 {
		t.Errorf("the oldest is %d, want 26", first)
	}
	id, err := b.Log.Append(ctx, "bytes", "", big, big, big)
	ok(t, err)
	if first := oldest(t, b, "bytes", 29); id != "29" || first != 27 {
		t.Errorf("the oldest is %d, the last %s; want 27 and 29", first, id)
	}
}

// oldest is the first entry that is kept, found by reading after every id.
func oldest(t *testing.T, b *store.Backend, log string, last int) int {
	t.Helper()
	first := 0
	for after := last; after >= 0; after-- {
		entries, err := b.Log.After(t.Context(), log, strconv.Itoa(after), 0)
		if errors.Is(err, store.ErrGap) {
			break
		}
		ok(t, err)
		if len(entries) != last-after {
			t.Fatalf("%d entries after %d of %d", len(entries), after, last)
		}
		first = after + 1
	}
	_, err := b.Log.After(t.Context(), log, "", 1)
	is(t, err, store.ErrGap)
	return first
}

// TestLogTTL: a log ends when nobody used it for its time; appending and reading put that off.
func TestLogTTL(t *testing.T) {
	server := redistest.Start(t)
	b, raw := opened(t, redis.New(redis.Config{URL: server.URL(), LogTTL: time.Hour})), admin(t, server)
	ctx, key := t.Context(), "fastmcp:l:{l}"
	left := func() time.Duration { return raw.PTTL(ctx, key).Val() }
	use := map[string]func() error{
		"Append": func() error { return second(b.Log.Append(ctx, "l", "", []byte("x"))) },
		"After":  func() error { return second(b.Log.After(ctx, "l", "1", 0)) },
	}
	ok(t, use["Append"]())
	for name, again := range use {
		ok(t, raw.PExpire(ctx, key, time.Minute).Err())
		ok(t, again())
		if d := left(); d < 59*time.Minute || d > time.Hour {
			t.Errorf("after %s it ends in %v", name, d)
		}
	}
	ok(t, raw.PExpire(ctx, key, time.Millisecond).Err())
	eventually(t, "it is gone", func() bool { return raw.Exists(ctx, key).Val() == 0 })
	is(t, use["After"](), store.ErrGap)
}

// TestIndexEnds: a set leaves nothing behind when its last member has ended, and stays while one has no end.
func TestIndexEnds(t *testing.T) {
	server := redistest.Start(t)
	b, raw, ctx := opened(t, redis.New(redis.Config{URL: server.URL()})), admin(t, server), t.Context()
	keys := func() int64 { return raw.Exists(ctx, "fastmcp:i:{s}", "fastmcp:e:{s}").Val() }
	ok(t, b.Index.Put(ctx, "s", "long", time.Hour))
	for i := range 300 {
		ok(t, b.Index.Put(ctx, "s", fmt.Sprint("m", i), time.Millisecond))
	}
	if keys() != 2 {
		t.Fatal("no such set")
	}
	eventually(t, "members that have ended are forgotten", func() bool {
		members, _, err := b.Index.Members(ctx, "s", "", 0)
		ok(t, err)
		return len(members) <= 1 && raw.ZCard(ctx, "fastmcp:i:{s}").Val() <= 1
	})
	ok(t, b.Index.Put(ctx, "s", "long", time.Millisecond))
	eventually(t, "the set ends", func() bool { return keys() == 0 })
	ok(t, b.Index.Put(ctx, "s", "ever", 0))
	ok(t, b.Index.Put(ctx, "s", "brief", time.Millisecond))
	if d := raw.PTTL(ctx, "fastmcp:i:{s}").Val(); d != -1 {
		t.Errorf("it ends in %v, though a member does not", d)
	}
	ok(t, b.Index.Put(ctx, "s", "ever", time.Hour)) // now it does
	if d := raw.PTTL(ctx, "fastmcp:e:{s}").Val(); d <= 0 || d > time.Hour {
		t.Errorf("it ends in %v, want an hour", d)
	}
	for i := range 1100 {
		ok(t, b.Index.Put(ctx, "large", fmt.Sprintf("%04d", i), 0))
	}
	page, next, err := b.Index.Members(ctx, "large", "", 5000)
	ok(t, err)
	if len(page) != 1000 || next != "0999" {
		t.Errorf("a page of %d, next %q; want 1000, which is the most", len(page), next)
	}
}

// TestOneRoundTrip: a call asks once, whatever it does.
func TestOneRoundTrip(t *testing.T) {
	server := redistest.Start(t)
	counted := lossy(t, server)
	b := opened(t, redis.New(redis.Config{URL: "redis://" + counted.Addr().String(), PoolSize: 1}))
	well(t, b) // the connection is there, and the scripts
	was := counted.asked.Load()
	n := len(calls(t.Context(), b))
	if asked := int(counted.asked.Load() - was); asked != n {
		t.Errorf("%d calls asked %d times", n, asked)
	}
}

// TestCommands: nothing that is sent sees or empties a whole database, and scripts are sent once.
func TestCommands(t *testing.T) {
	server := redistest.Start(t)
	b, raw, ctx := opened(t, redis.New(redis.Config{URL: server.URL()})), admin(t, server), t.Context()
	well(t, b)
	ok(t, raw.ConfigResetStat(ctx).Err())
	well(t, b)
	stats := raw.Info(ctx, "commandstats").Val()
	for _, never := range []string{"flush", "cmdstat_keys", "cmdstat_scan", "script|load", "cmdstat_eval:", "cmdstat_config|set"} {
		if strings.Contains(stats, never) {
			t.Errorf("%s was sent: %s", never, stats)
		}
	}
}
