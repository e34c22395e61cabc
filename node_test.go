package fastmcp

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/store"
)

// sharing is a memory that several nodes share. Its bus may fail.
type sharing struct {
	store.Storage
	parts *store.Backend
}

func (s sharing) Backend() *store.Backend { return s.parts }

func newSharing() sharing {
	m := store.Memory()
	b := *m.(store.Source).Backend()
	b.Shared = true
	return sharing{m, &b}
}

// deafBus passes nothing on.
type deafBus struct{ store.Bus }

func (deafBus) Publish(context.Context, string, []byte) (int, error) { return 0, nil }

// brokenBus can be subscribed to, once or not at all, and no channel can be added.
type brokenBus struct {
	store.Bus
	subscribes bool
}

var errBroken = errors.New("the bus is broken")

func (b brokenBus) Subscribe(f func(string, []byte), lost func()) (store.Subscription, error) {
	if !b.subscribes {
		return nil, errBroken
	}
	sub, err := b.Bus.Subscribe(f, lost)
	return brokenSubscription{sub}, err
}

type brokenSubscription struct{ store.Subscription }

func (brokenSubscription) Add(string) error { return errBroken }

// heard collects what is heard.
type heard struct {
	mu  sync.Mutex
	all []string
}

func (h *heard) add(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, what)
}

func (h *heard) is(t *testing.T, want string) {
	t.Helper()
	got := ""
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		h.mu.Lock()
		got = strings.Join(h.all, " ")
		h.mu.Unlock()
		if got == want {
			return
		}
	}
	t.Errorf("heard %q, not %q", got, want)
}

func TestNodesTellEachOther(t *testing.T) {
	s := newSharing()
	var log bytes.Buffer
	var logging sync.Mutex
	logger := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		logging.Lock()
		defer logging.Unlock()
		return log.Write(p)
	}), nil))
	nodes := make([]*node, 3)
	ears := make([]*heard, 3)
	for i := range nodes {
		n, h := newNode(s.parts, t.Context(), logger), &heard{}
		nodes[i], ears[i] = n, h
		n.on("tea", func(payload []byte) { h.add("tea:" + string(payload)) })
		n.on("panics", func([]byte) { panic("ouch") })
		n.onLost(func() { panic("ouch") })
		n.onLost(func() { h.add("lost") })
		if err := n.tell("tea", []byte("early")); err != nil { // nobody serves yet
			t.Error(err)
		}
	}
	for _, n := range nodes {
		for range 2 { // an App may be mounted twice
			if err := n.open(); err != nil {
				t.Fatal(err)
			}
		}
	}
	tell := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	tell(nodes[0].tell("tea", nil))
	tell(nodes[0].tell("panics", nil))
	tell(nodes[0].tell("coffee", nil))
	largest := bytes.Repeat([]byte("x"), maxNodePayload)
	tell(nodes[0].tell("coffee", largest))
	if err := nodes[0].tell("tea", append(largest, 'x')); !errors.Is(err, errNodePayload) {
		t.Error(err)
	}
	tell(nodes[1].tell("tea", []byte("1")))
	ears[2].is(t, "tea: tea:1")
	ears[1].is(t, "tea:")
	ears[0].is(t, "tea:1")
	logging.Lock()
	if !strings.Contains(log.String(), "hearing other nodes failed") || !strings.Contains(log.String(), "ouch") {
		t.Errorf("the operator hears %q", log.String())
	}
	logging.Unlock()
	nodes[2].missed()
	ears[2].is(t, "tea: tea:1 lost")

	nodes[1].close()
	nodes[1].close()
	tell(nodes[0].tell("tea", []byte("2")))
	tell(nodes[1].tell("tea", []byte("not any more")))
	nodes[1].missed()
	nodes[1].hear(nodesChannel, appendNodeMessage(nil, "x", "tea", nil)) // what was on the way
	ears[2].is(t, "tea: tea:1 lost tea:2")
	ears[1].is(t, "tea:")
	ears[0].is(t, "tea:1")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a kind has two that hear it")
			}
		}()
		nodes[0].on("tea", func([]byte) {})
	}()
}

func TestNodesWatchChannels(t *testing.T) {
	s := newSharing()
	n := newNode(s.parts, t.Context(), slog.New(slog.DiscardHandler))
	if _, err := n.watch("cups", func([]byte) {}); !errors.Is(err, errNodeDeaf) {
		t.Errorf("before it serves: %v", err)
	}
	if err := n.open(); err != nil {
		t.Fatal(err)
	}
	publish := func(channel, text string) (receivers int) {
		t.Helper()
		receivers, err := s.parts.Bus.Publish(t.Context(), channel, []byte(text))
		if err != nil {
			t.Error(err)
		}
		return receivers
	}
	var one, two heard
	var stops []func()
	for _, h := range []*heard{&one, &two} {
		stop, err := n.watch("cups", func(data []byte) { h.add("cups:" + string(data)) })
		if err != nil {
			t.Fatal(err)
		}
		stops = append(stops, stop)
	}
	if _, err := n.watch("", func([]byte) {}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("no channel: %v", err)
	}
	publish("cups", "1")
	publish("saucers", "x")
	one.is(t, "cups:1")
	two.is(t, "cups:1")
	for range 2 {
		stops[0]()
	}
	publish("cups", "2")
	two.is(t, "cups:1 cups:2")
	one.is(t, "cups:1")
	stops[1]()
	if n := publish("cups", "3"); n != 0 {
		t.Errorf("%d still listen", n)
	}
	stop, err := n.watch("cups", func(data []byte) { two.add("again:" + string(data)) })
	if err != nil {
		t.Fatal(err)
	}
	publish("cups", "4")
	two.is(t, "cups:1 cups:2 again:4")
	n.close()
	stop()
	if _, err := n.watch("cups", func([]byte) {}); !errors.Is(err, errNodeDeaf) {
		t.Errorf("after it was closed: %v", err)
	}
	alone := newNode(&store.Backend{}, t.Context(), slog.New(slog.DiscardHandler))
	if err := alone.open(); err != nil {
		t.Error(err)
	}
	if _, err := alone.watch("cups", func([]byte) {}); !errors.Is(err, errNodeDeaf) {
		t.Errorf("where nothing is shared: %v", err)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestNodesThatCannotBeHeardDoNotServe(t *testing.T) {
	for _, subscribes := range []bool{false, true} {
		s := newSharing()
		s.parts.Bus = brokenBus{s.parts.Bus, subscribes}
		a := New(Config{Storage: s, Keys: [][]byte{bytes.Repeat([]byte{7}, 32)}})
		if err := a.start(); !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "Config.Storage") {
			t.Errorf("%v", err)
		}
		if err := a.engine().node.tell("tea", nil); err != nil {
			t.Error(err)
		}
		if err := a.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A node that hears nothing reads which tools are off every now and then.
func TestSwitchesAreReadEveryNowAndThen(t *testing.T) {
	s := newSharing()
	s.parts.Bus = deafBus{s.parts.Bus}
	apps := make([]*App, 2)
	for i := range apps {
		a := New(Config{Storage: s, Keys: [][]byte{bytes.Repeat([]byte{7}, 32)}})
		a.AddTool(Tool{Name: "t", Handler: Get(func(*Context) (string, error) { return "", nil })})
		if a.engine().switches.every != 10*time.Second {
			t.Errorf("every %s", a.engine().switches.every)
		}
		a.engine().switches.every = 5 * time.Millisecond
		for range 2 {
			if err := a.start(); err != nil {
				t.Fatal(err)
			}
		}
		apps[i] = a
	}
	if err := apps[0].SetToolEnabled("t", false); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(5 * time.Second); apps[1].ToolEnabled("t"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the other node does not know")
		}
	}
	for _, a := range apps {
		if err := a.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// What comes over the bus may be anybody's.
func FuzzNodeMessage(f *testing.F) {
	f.Add(appendNodeMessage(nil, "node", "kind", []byte("payload")))
	f.Add([]byte{1, 1, 'a', 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		from, kind, payload, ok := parseNodeMessage(b)
		if ok && !bytes.Equal(appendNodeMessage(nil, from, kind, payload), b) {
			t.Errorf("%q is %q, %q and %q", b, from, kind, payload)
		}
	})
}

// What a store has may be anybody's, too.
func FuzzSwitches(f *testing.F) {
	f.Add([]byte(`{"version":1,"tools":{"t":{"enabled":false,"turn":1}}}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tools, err := parseSwitches(b)
		for name, s := range tools {
			if err != nil || checkName(name) != nil || s.Turn < 1 || s.Turn > maxTurn {
				t.Errorf("%q gives %q %+v %v", b, name, s, err)
			}
		}
	})
}
