package uritemplate

// rows tells from where the end of a URI can be reached: bit p of row i is set when nodes i and later match the URI from
// byte p on. It is found from the back, one pass for each node, which is what takes the place of backtracking.
type rows struct {
	bits  []uint64
	width int // words a row
}

func (r *rows) has(row, p int) bool { return r.bits[row*r.width+p>>6]>>(p&63)&1 == 1 }
func (r *rows) set(row, p int)      { r.bits[row*r.width+p>>6] |= 1 << (p & 63) }

func (t *Template) reach(uri string) rows {
	r := rows{width: len(uri)>>6 + 1}
	r.bits = make([]uint64, (len(t.nodes)+1)*r.width)
	r.set(len(t.nodes), len(uri))
	scratch := make([]int32, len(uri)+1)
	for i := len(t.nodes) - 1; i >= 0; i-- {
		switch n := &t.nodes[i]; {
		case n.literal():
			for p := len(uri) - len(n.text); p >= 0; p-- {
				if r.has(i+1, p+len(n.text)) && uri[p:p+len(n.text)] == n.text {
					r.set(i, p)
				}
			}
		case n.params != nil:
			r.parameters(n, i, uri, scratch)
		default:
			r.value(n, i, uri, scratch)
		}
	}
	return r
}

// value fills the row of a value. fewest[p] is how many characters, at least one, lie between p and the nearest place
// where the value may end; 0 when there is none.
func (r *rows) value(n *node, i int, uri string, fewest []int32) {
	within := func(p int) bool {
		return fewest[p] > 0 && (n.value.max == 0 || int(fewest[p]) <= n.value.max)
	}
	for p := len(uri); p >= 0; p-- {
		fewest[p] = 0
		if size := n.class.unit(uri, p); size > 0 {
			if end := p + size; r.has(i+1, end) {
				fewest[p] = 1
			} else if fewest[end] > 0 {
				fewest[p] = fewest[end] + 1
			}
		}
		switch {
		case n.lead == 0:
			if within(p) {
				r.set(i, p)
			}
		case r.has(n.next, p), p < len(uri) && uri[p] == n.lead && (r.has(i+1, p+1) || within(p+1)):
			r.set(i, p)
		}
	}
}

// parameters fills the row of parameters, which always go as far as their characters do. ends[p] is how far that is
// from p. Whether they are the right ones is seen when they are read.
func (r *rows) parameters(n *node, i int, uri string, ends []int32) {
	for p := len(uri); p >= 0; p-- {
		ends[p] = int32(p)
		if size := n.class.unit(uri, p); size > 0 {
			ends[p] = ends[p+size]
		}
		if r.has(n.next, p) || p < len(uri) && uri[p] == n.lead && r.has(i+1, int(ends[p+1])) {
			r.set(i, p)
		}
	}
}
