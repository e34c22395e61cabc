package tenant_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/tenant"
)

// pair is two nodes that share a store, and tell the time by one clock.
func pair(t *testing.T, config tenant.Config) (a, b *tenant.Tenants, s *shared, c *clock) {
	t.Helper()
	s, c = newShared(), newClock()
	config.On.TokenAdded = func(e tenant.TokenEvent) {
		if e.Remote {
			s.heard.Add(1)
		}
	}
	config.Storage, config.Now = s, c.Now
	a, _ = newTenants(t, config)
	b, _ = newTenants(t, config)
	for _, node := range []*tenant.Tenants{a, b} {
		node.Plan("basic", someApp).Plan("pro", someApp)
		if err := node.Open(background()); err != nil {
			t.Fatal(err)
		}
	}
	return a, b, s, c
}

// add adds a token by one of two nodes, and waits until the other has heard of it, unless that is lost.
func (s *shared) add(t *testing.T, node *tenant.Tenants, token, plan string) tenant.Info {
	t.Helper()
	before := s.heard.Load()
	info, err := node.AddTokenPlan(background(), token, plan)
	if err != nil {
		t.Fatal(err)
	}
	if !s.deaf.Load() {
		eventually(t, "the other node has heard of it", func() bool { return s.heard.Load() > before })
	}
	return info
}

// What one node is told the other knows at once, whatever it has believed before.
func TestNodesHearOfTokens(t *testing.T) {
	a, b, s, _ := pair(t, tenant.Config{})
	if verify(b, acme) != "unknown" {
		t.Fatal("it is none yet")
	}
	s.add(t, a, acme, "basic")
	eventually(t, "the other node knows it", func() bool { return verify(b, acme) == "known" })
	before := s.gets.Load()
	for range 100 {
		verify(b, acme)
	}
	if asked := s.gets.Load() - before; asked != 0 {
		t.Errorf("the store was asked %d times for what is known", asked)
	}
	if err := b.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	if verify(b, acme) != "unknown" {
		t.Error("the node that has removed it knows it")
	}
	eventually(t, "the other node has forgotten it", func() bool { return verify(a, acme) == "unknown" })
}

// What is lost between nodes is found out when the bound is over, and not before it is asked for.
func TestLostNews(t *testing.T) {
	a, b, s, c := pair(t, tenant.Config{CacheTTL: 8 * time.Second, UnknownTTL: 3 * time.Second})
	s.deaf.Store(true)
	if verify(b, acme) != "unknown" {
		t.Fatal("it is none yet")
	}
	s.add(t, a, acme, "basic")
	if c.pass(3*time.Second - 1); verify(b, acme) != "unknown" {
		t.Error("it was asked for again too early")
	}
	if c.pass(1); verify(b, acme) != "known" {
		t.Error("it was not asked for again")
	}
	if err := a.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	if c.pass(8*time.Second - 1); verify(b, acme) != "known" {
		t.Error("what is known is to be believed for so long")
	}
	if c.pass(1); verify(b, acme) != "unknown" {
		t.Error("it still works")
	}
	// Subscribers that are told of a loss do not wait.
	s.add(t, a, beta, "basic")
	if verify(b, beta) != "known" {
		t.Fatal("it is in the store")
	}
	if err := a.RemoveToken(background(), beta); err != nil {
		t.Fatal(err)
	}
	if verify(b, beta) != "known" {
		t.Fatal("the news was not lost")
	}
	if s.lose(); verify(b, beta) != "unknown" {
		t.Error("it still works")
	}
}

// A store that does not answer makes no token a wrong one, and none a good one for longer than what is known is believed.
func TestStoreIsDown(t *testing.T) {
	a, b, s, c := pair(t, tenant.Config{})
	s.add(t, a, acme, "basic")
	eventually(t, "the other node knows it", func() bool { return verify(b, acme) == "known" })
	s.down.Store(true)
	if got := verify(b, acme); got != "known" {
		t.Errorf("what is known: %s", got)
	}
	if got := verify(b, beta); got != "temporarily_unavailable" {
		t.Errorf("what is not: %s", got)
	}
	if c.pass(10 * time.Second); verify(b, acme) != "temporarily_unavailable" {
		t.Errorf("what is not believed any more: %s", verify(b, acme))
	}
	if _, err := a.AddTokenPlan(background(), beta, "basic"); err == nil {
		t.Error("it was added nowhere")
	}
	if err := a.RemoveToken(background(), acme); err == nil {
		t.Error("it was removed nowhere")
	}
	if _, err := a.Tokens(background()); err == nil {
		t.Error("nobody can tell")
	}
	if _, err := a.Stats(background()); err == nil {
		t.Error("nobody can tell")
	}
	s.down.Store(false)
	if got := verify(b, acme); got != "known" {
		t.Errorf("when it is back: %s", got)
	}
	if got := verify(b, beta); got != "unknown" {
		t.Errorf("when it is back: %s", got)
	}
}

// Who tries tokens neither floods the store nor the memory, nor keeps others out.
func TestFlood(t *testing.T) {
	a, b, s, c := pair(t, tenant.Config{MaxLookups: 100, MaxLookupsPerIP: 30, MaxUnknown: 50})
	s.add(t, a, acme, "basic")
	from := func(ip, token string) string {
		return code(b.Verify(background(), &auth.Request{Token: token, IP: netip.MustParseAddr(ip)}))
	}
	if from("192.0.2.1", acme) != "known" {
		t.Fatal("it is not known")
	}
	before := s.gets.Load()
	unknown, busy := 0, 0
	for i := range 10_000 {
		switch got := from("192.0.2.7", fmt.Sprintf("guess-%016d", i)); got {
		case "unknown":
			unknown++
		case "temporarily_unavailable":
			busy++
		default:
			t.Fatal(got)
		}
	}
	if asked := s.gets.Load() - before; asked != 30 || unknown != 30 || busy != 9970 {
		t.Errorf("asked %d times, %d unknown, %d put off; want 30, 30, 9970", asked, unknown, busy)
	}
	if from("192.0.2.7", acme) != "known" {
		t.Error("a token that is in use is held up")
	}
	if from("192.0.2.8", "guess-of-another") != "unknown" {
		t.Error("another address is held up")
	}
	// The whole network of an IPv6 host is one, and all together are bounded, too.
	for i := range 1000 {
		from(fmt.Sprintf("2001:db8:0:1::%x", i+1), fmt.Sprintf("guess-%016d", 20_000+i))
	}
	if asked := s.gets.Load() - before; asked != 61 {
		t.Errorf("asked %d times, want 61", asked)
	}
	for i := range 1000 {
		from(fmt.Sprintf("2001:db8:0:%x::1", i+2), fmt.Sprintf("guess-%016d", 30_000+i))
	}
	if asked := s.gets.Load() - before; asked != 99 {
		t.Errorf("asked %d times, want 99: the one that was known took one", asked)
	}
	if n := b.Unknown(); n > 50 {
		t.Errorf("%d are remembered, want 50 at most", n)
	}
	// A moment later there is some room again.
	c.pass(100 * time.Millisecond)
	for i := range 1000 {
		from(fmt.Sprintf("2001:db8:1:%x::1", i+2), fmt.Sprintf("guess-%016d", 40_000+i))
	}
	if asked := s.gets.Load() - before; asked != 109 {
		t.Errorf("asked %d times, want 109", asked)
	}
	// The same guess again is remembered.
	before = s.gets.Load()
	c.pass(time.Second)
	for range 1000 {
		from("198.51.100.1", "guess-once-more-1")
	}
	if asked := s.gets.Load() - before; asked != 1 {
		t.Errorf("asked %d times, want 1", asked)
	}
}

// Many who come at once with a token that a node does not know yet ask once.
func TestOneQuestion(t *testing.T) {
	a, b, s, _ := pair(t, tenant.Config{})
	s.add(t, a, acme, "basic")
	slow := make(chan struct{})
	s.hold(slow)
	before := s.gets.Load()
	done := make(chan string, 50)
	for range 50 {
		go func() { done <- verify(b, acme) }()
	}
	eventually(t, "one asks", func() bool { return s.gets.Load() > before })
	close(slow)
	for range 50 {
		if got := <-done; got != "known" {
			t.Error(got)
		}
	}
	if asked := s.gets.Load() - before; asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// An answer that was on its way while the token was removed is not believed afterwards.
func TestAnswerThatIsLate(t *testing.T) {
	a, b, s, _ := pair(t, tenant.Config{})
	s.add(t, a, acme, "basic")
	slow := make(chan struct{})
	before := s.gets.Load()
	s.hold(slow) // the store has read it, and the answer is on its way
	done := make(chan string, 1)
	go func() { done <- verify(b, acme) }()
	eventually(t, "it was read", func() bool { return s.gets.Load() > before })
	if err := a.RemoveToken(background(), acme); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other node has heard of it", func() bool { return b.StaleFlights() == 1 })
	close(slow)
	<-done
	if got := verify(b, acme); got != "unknown" {
		t.Errorf("%s: it was removed", got)
	}
}

// What is of no use any more is forgotten.
func TestForgetting(t *testing.T) {
	a, b, s, c := pair(t, tenant.Config{})
	for i := range 20 {
		s.add(t, a, fmt.Sprintf("token-%016d", i), "basic")
	}
	for i := range 20 {
		verify(b, fmt.Sprintf("token-%016d", i))
		verify(b, fmt.Sprintf("guess-%016d", i))
	}
	if b.Known() != 20 || b.Unknown() != 20 {
		t.Fatalf("%d and %d", b.Known(), b.Unknown())
	}
	c.pass(time.Minute)
	if b.Sweep(); b.Known() != 0 || b.Unknown() != 0 {
		t.Errorf("%d and %d are remembered", b.Known(), b.Unknown())
	}
}

// A record that this node cannot read is no reason to say that a token is wrong.
func TestRecordsOfOthers(t *testing.T) {
	for name, raw := range map[string]string{
		"not JSON": "x", "of a version to come": `{"v":2,"hash":"%s"}`, "without a hash": `{"v":1,"plan":"basic"}`, "null": "null",
	} {
		t.Run(name, func(t *testing.T) {
			a, b, s, _ := pair(t, tenant.Config{})
			info := s.add(t, a, acme, "basic")
			if name == "of a version to come" {
				raw = strings.Replace(raw, "%s", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", 1)
			}
			if err := s.Set("@tenants:token/"+info.ID, []byte(raw), 0); err != nil {
				t.Fatal(err)
			}
			if got := verify(b, acme); got != "temporarily_unavailable" {
				t.Error(got)
			}
			if _, err := b.Token(background(), info.ID); err == nil || strings.Contains(err.Error(), "no such token") {
				t.Error(err)
			}
			if err := b.RemoveToken(background(), acme); err != nil {
				t.Errorf("it cannot be got rid of: %v", err)
			}
		})
	}
}

// Another token that had the same id would not be taken for this one.
func TestHashesAreCompared(t *testing.T) {
	a, b, s, _ := pair(t, tenant.Config{})
	info := s.add(t, a, acme, "basic")
	raw, err := s.Get("@tenants:token/" + info.ID)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(raw), `"hash":"`, `"hash":"AAAA`, 1)
	at := strings.Index(other, `"hash":"`) + len(`"hash":"`)
	other = other[:at+40] + other[at+44:] // 32 bytes again
	if err := s.Set("@tenants:token/"+info.ID, []byte(other), 0); err != nil {
		t.Fatal(err)
	}
	if got := verify(b, acme); got != "unknown" {
		t.Error(got)
	}
}
