package streamhttp

import (
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
)

// row is what stands in the row, from either end.
func (p *patience) row() (forth, back []*answer) {
	for a := p.first; a != nil; a = a.wait.behind {
		forth = append(forth, a)
	}
	for a := p.last; a != nil; a = a.wait.before {
		back = append([]*answer{a}, back...)
	}
	return forth, back
}

func TestPatienceKeepsTheRow(t *testing.T) {
	p := &patience{after: time.Hour}
	all := make([]*answer, 5)
	for i := range all {
		all[i] = &answer{}
		p.add(all[i])
	}
	for _, i := range []int{2, 0, 4, 4, 1, 3} { // one of them twice
		p.remove(all[i])
		forth, back := p.row()
		if len(forth) != len(back) {
			t.Fatalf("%d from the front, %d from the back", len(forth), len(back))
		}
		for n := range forth {
			if forth[n] != back[n] || forth[n] == all[i] {
				t.Fatalf("after %d: %v %v", i, forth, back)
			}
		}
	}
	if p.first != nil || p.last != nil {
		t.Error("somebody is left")
	}
}

// Answers that stay are promoted, each once and not before its time; those that leave are not.
func TestPatienceEnds(t *testing.T) {
	p := &patience{after: 20 * time.Millisecond}
	var mu sync.Mutex
	opened := map[*answer]time.Duration{}
	begun := map[*answer]time.Time{}
	var all []*answer
	for range 4 {
		a := &answer{sse: true, h: &Handler{pulse: &pulse{}}, job: openJob{}}
		a.peer = peer{&openExchange{open: func() {
			mu.Lock()
			defer mu.Unlock()
			opened[a] += time.Since(begun[a])
		}}}
		mu.Lock()
		begun[a] = time.Now()
		mu.Unlock()
		p.add(a)
		all = append(all, a)
		time.Sleep(7 * time.Millisecond)
	}
	p.remove(all[3])
	deadline := time.Now().Add(10 * time.Second)
	for {
		mu.Lock()
		n := len(opened)
		mu.Unlock()
		p.mu.Lock()
		idle := !p.armed
		p.mu.Unlock()
		if n == 3 && idle {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of 3 were promoted, idle: %v", n, idle)
		}
		time.Sleep(time.Millisecond)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, a := range all[:3] {
		if opened[a] < p.after {
			t.Errorf("promoted after %v", opened[a])
		}
	}
	if _, ok := opened[all[3]]; ok {
		t.Error("one that has left was promoted")
	}
}

// openExchange notes that its answer became a stream.
type openExchange struct {
	Exchange
	open func()
}

func (x *openExchange) Stream() (Body, error) { x.open(); return deafBody{}, nil }

type deafBody struct{ Body }

func (deafBody) Write([]byte) error { return nil }

type openJob struct{ rpc.Job }

func (openJob) Open() rpc.Message { return rpc.Message{} }
