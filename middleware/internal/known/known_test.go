package known

import (
	"sync"
	"testing"
)

func TestMap(t *testing.T) {
	var m Map[string, int]
	if _, ok := m.Get("a"); ok {
		t.Error("an empty map has something")
	}
	if got := m.Add("a", 1, 2); got != 1 {
		t.Error(got)
	}
	if got := m.Add("a", 7, 2); got != 1 {
		t.Errorf("%d: what is there already stays", got)
	}
	m.Add("b", 2, 2)
	if got := m.Add("c", 3, 2); got != 3 {
		t.Error(got)
	}
	_, a := m.Get("a")
	_, b := m.Get("b")
	if _, c := m.Get("c"); !a || !b || c {
		t.Error("of three, the first two are to be kept", a, b, c)
	}
}

// All that ask at once for what is not there yet get the same.
func TestMapIsOneForAll(t *testing.T) {
	var m Map[int, *int]
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for k := range 100 {
				mine := m.Add(k, &i, 50)
				there, ok := m.Get(k)
				if ok && there != mine {
					t.Error("two were given")
				}
			}
		})
	}
	all.Wait()
	kept := 0
	for k := range 100 {
		if _, ok := m.Get(k); ok {
			kept++
		}
	}
	if kept != 50 {
		t.Errorf("%d are kept", kept)
	}
}

func TestGetAllocatesNothing(t *testing.T) {
	var m Map[[3]string, int]
	m.Add([3]string{"a"}, 1, 1)
	if n := testing.AllocsPerRun(100, func() { m.Get([3]string{"a"}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
