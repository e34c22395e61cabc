package scan

import "testing"

func TestWithout(t *testing.T) {
	drop := func(key string, value []byte) bool { return key == "_meta" || string(value) == `""` }
	for in, want := range map[string]string{
		`{}`:                                     `{}`,
		` { } `:                                  `{}`,
		`{"_meta":{"a":1}}`:                      `{}`,
		`{"a":1,"_meta":{},"b":[2,{"_meta":3}]}`: `{"a":1,"b":[2,{"_meta":3}]}`,
		`{ "\u005fmeta" : 1 , "a" : "" ,"b":"x"}`: `{"b":"x"}`,
		`[]`:        "",
		``:          "",
		`{`:         "",
		`{"a"`:      "",
		`{"a":}`:    "",
		`{"a":1,}`:  "",
		`{"a":1 2}`: "",
	} {
		got, err := Without([]byte(in), drop)
		if (err != nil) != (want == "") || err == nil && string(got) != want {
			t.Errorf("%s: %s %v, not %s", in, got, err, want)
		}
	}
}
