package main

import (
	"strings"
	"testing"
)

func TestKnown(t *testing.T) {
	var k known
	answer := func(id, result string) []byte {
		return []byte(`{"jsonrpc":"2.0","id":` + id + `,"result":` + result + `}`)
	}
	want := func(id string) []byte { return []byte(`"id":` + id) }
	long := `{"tools":["` + strings.Repeat("x", 5000) + `"]}`
	if k.is(answer("1000000001", long), want("1000000001")) {
		t.Error("known before it was learned")
	}
	k.learn([]byte(`{"result":{}}`), want("1000000001"))
	if k.is([]byte(`{"result":{}}`), want("1000000001")) {
		t.Error("an answer without the id was learned")
	}
	k.learn(answer("1000000001", long), want("1000000001"))
	for _, test := range []struct {
		body []byte
		want string
		is   bool
	}{
		{answer("1000000001", long), "1000000001", true},
		{answer("1000000002", long), "1000000002", true},
		{answer("1000000002", long), "1000000003", false},
		{answer("1000000002", strings.Replace(long, "x", "y", 1)), "1000000002", false},
		{answer("1000000002", long+" "), "1000000002", false},
		{answer("1000000002", long)[:5020], "1000000002", false},
		{[]byte(strings.Replace(string(answer("1000000002", long)), "jsonrpc", "jsonrpd", 1)), "1000000002", false},
		{nil, "1000000002", false},
	} {
		if k.is(test.body, want(test.want)) != test.is {
			t.Errorf("%.60s of %d bytes as the answer to %s: %t", test.body, len(test.body), test.want, !test.is)
		}
	}
}
