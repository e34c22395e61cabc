package fastmcp

import (
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// TestPingJudge goes through the life of sessions, second by second.
func TestPingJudge(t *testing.T) {
	app := New(Config{Ping: PingConfig{Interval: 10 * time.Second, Timeout: 3 * time.Second, Misses: 2}})
	// speaks is when a client says something, by the second; what happens in the others is wait.
	for name, c := range map[string]struct {
		speaks []int
		want   map[int]pingVerdict
		until  int
	}{
		"never":           {nil, map[int]pingVerdict{10: pingSend, 20: pingSend, 23: pingEnd}, 23},
		"often":           {[]int{9, 18, 27}, map[int]pingVerdict{37: pingSend}, 39},
		"answers":         {[]int{12, 23}, map[int]pingVerdict{10: pingSend, 22: pingSend, 33: pingSend}, 34},
		"after a miss":    {[]int{15}, map[int]pingVerdict{10: pingSend, 25: pingSend, 35: pingSend, 38: pingEnd}, 38},
		"at the last":     {[]int{22}, map[int]pingVerdict{10: pingSend, 20: pingSend, 32: pingSend}, 34},
		"between misses":  {[]int{14, 29}, map[int]pingVerdict{10: pingSend, 24: pingSend, 39: pingSend}, 40},
		"later than that": {[]int{13}, map[int]pingVerdict{10: pingSend, 23: pingSend, 33: pingSend, 36: pingEnd}, 36},
	} {
		s, last := &pinged{}, 0
		for second := 1; second <= c.until; second++ {
			for _, at := range c.speaks {
				if at == second {
					last = at
				}
			}
			now, used := time.Duration(second)*time.Second, time.Duration(last)*time.Second
			if got := app.engine().pinger.judge(s, now, used); got != c.want[second] {
				t.Errorf("%s: second %d: %d, not %d", name, second, got, c.want[second])
			}
		}
	}
}

// TestPingerRestsWithoutSessions: it runs while there are sessions, and not at all when nobody is to be pinged.
func TestPingerRestsWithoutSessions(t *testing.T) {
	open := func(app *App) *session.Record {
		t.Helper()
		r, err := app.engine().hub.Create(t.Context(), session.Opening{Revision: protocol.V20251125})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	running := func(app *App) bool {
		app.engine().pinger.mu.Lock()
		defer app.engine().pinger.mu.Unlock()
		return app.engine().pinger.running
	}
	app, never := New(Config{Ping: PingConfig{Interval: time.Millisecond}}), New()
	for range 3 {
		r := open(app)
		if !running(app) {
			t.Error("it does not run")
		}
		app.engine().hub.End(r.ID)
		for end := time.Now().Add(10 * time.Second); running(app); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("it runs for nobody")
			}
		}
	}
	if open(never); running(never) {
		t.Error("it runs, though nobody is to be pinged")
	}
	for _, a := range []*App{app, never} {
		if err := a.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
