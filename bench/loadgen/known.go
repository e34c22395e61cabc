package main

import "bytes"

// known is an answer that has been verified as a whole, but for its id. Another that is the same, byte by byte, with the id
// that was asked for, needs no look of its own: to compare costs less than to search, and finds more.
type known struct{ head, tail []byte }

// learn keeps an answer. want is its id, as a request's template has it.
func (k *known) learn(body, want []byte) {
	if i := bytes.Index(body, want); i >= 0 {
		k.head, k.tail = bytes.Clone(body[:i]), bytes.Clone(body[i+len(want):])
	}
}

// is tells that an answer is the one that is known, to the request with the id want.
func (k *known) is(body, want []byte) bool {
	if k.tail == nil || len(body) != len(k.head)+len(want)+len(k.tail) {
		return false
	}
	id := body[len(k.head):]
	return bytes.HasPrefix(body, k.head) && bytes.HasPrefix(id, want) && bytes.Equal(id[len(want):], k.tail)
}
