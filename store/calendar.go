package store

import "container/heap"

// perishable is what a calendar holds: perish removes it from where it is kept, and does not touch the calendar.
type perishable interface {
	when() *date
	perish()
}

// date is when something expires, and where in the calendar it stands.
type date struct {
	at  int64 // by core.now; 0 is never
	pos int   // index in the heap plus one; 0 is in no calendar
}

func (d *date) when() *date { return d }

// past tells that the date is over. What expires at a time is gone at that time.
func (d *date) past(now int64) bool { return d.at != 0 && d.at <= now }

// calendar has what expires, the next first.
type calendar struct{ heap dates }

// set gives p a date; 0 takes it out.
func (c *calendar) set(p perishable, at int64) {
	d := p.when()
	d.at = at
	switch {
	case at == 0:
		c.remove(p)
	case d.pos == 0:
		heap.Push(&c.heap, p)
	default:
		heap.Fix(&c.heap, d.pos-1)
	}
}

func (c *calendar) remove(p perishable) {
	if pos := p.when().pos; pos != 0 {
		heap.Remove(&c.heap, pos-1)
	}
}

// sweep removes what has expired, at most max.
func (c *calendar) sweep(now int64, max int) {
	for ; max > 0 && len(c.heap) > 0 && c.heap[0].when().past(now); max-- {
		heap.Pop(&c.heap).(perishable).perish()
	}
}

type dates []perishable

func (h dates) Len() int           { return len(h) }
func (h dates) Less(i, j int) bool { return h[i].when().at < h[j].when().at }
func (h dates) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].when().pos, h[j].when().pos = i+1, j+1
}

func (h *dates) Push(x any) {
	p := x.(perishable)
	*h = append(*h, p)
	p.when().pos = len(*h)
}

func (h *dates) Pop() any {
	old := *h
	p := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	p.when().pos = 0
	return p
}
