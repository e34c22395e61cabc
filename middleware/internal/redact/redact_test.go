package redact

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestJSON(t *testing.T) {
	r := New(Default)
	for in, want := range map[string]string{
		`{}`:                                   `{}`,
		`[]`:                                   `[]`,
		`null`:                                 `null`,
		` { "a" : 1 , "b" : [ true , "x" ] } `: `{"a":1,"b":[true,"x"]}`,
		`{"password":"x","user":"sue"}`:        `{"password":"[redacted]","user":"sue"}`,
		`{"X-Api-Key":"x"}`:                    `{"X-Api-Key":"[redacted]"}`,
		`{"apiKeyId":7}`:                       `{"apiKeyId":"[redacted]"}`,
		`{"DB_PASSWORD":{"a":1},"n":2}`:        `{"DB_PASSWORD":"[redacted]","n":2}`,
		`{"a":{"b":[{"client_secret":"s"}]}}`:  `{"a":{"b":[{"client_secret":"[redacted]"}]}}`,
		`{"pass\u0077ord":"x"}`:                `{"pass\u0077ord":"[redacted]"}`,
		`{"key":"password"}`:                   `{"key":"password"}`,
		`{"max_tokens":9}`:                     `{"max_tokens":"[redacted]"}`,
		`[{"token":1},{"token":[1,2]}]`:        `[{"token":"[redacted]"},{"token":"[redacted]"}]`,
		`{`:                                    ``,
		`{"a"`:                                 ``,
		``:                                     ``,
	} {
		if got := r.JSON([]byte(in), 1000); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
	if got := New(nil).JSON([]byte(`{"password":"x"}`), 100); got != `{"password":"x"}` {
		t.Errorf("without words: %s", got)
	}
	if got := New([]string{"--", "Kontonummer"}).JSON([]byte(`{"konto_nummer":1,"password":2}`), 100); got != `{"konto_nummer":"[redacted]","password":2}` {
		t.Errorf("with words of one's own: %s", got)
	}
}

// The bound holds at the bound, and no character is cut in two.
func TestJSONIsBounded(t *testing.T) {
	r := New(Default)
	in := `{"name":"` + strings.Repeat("é", 50) + `","password":"rosebud","tail":[1,2,3]}`
	whole := r.JSON([]byte(in), len(in)*2)
	for most := range len(whole) + 2 {
		got := r.JSON([]byte(in), most)
		switch {
		case most >= len(whole) && got != whole:
			t.Fatalf("%d: %s", most, got)
		case most < len(whole):
			text, ok := strings.CutSuffix(got, "…")
			if !ok || len(text) > most || len(text) < most-1 || !strings.HasPrefix(whole, text) || !utf8.ValidString(got) {
				t.Fatalf("%d: %q", most, got)
			}
		}
		if strings.Contains(got, "rosebud") {
			t.Fatalf("%d: %s", most, got)
		}
	}
}

// A value that is much longer than what is shown is not copied.
func TestJSONCostsWhatItShows(t *testing.T) {
	in := []byte(`{"a":"` + strings.Repeat("x", 1<<20) + `","b":1}`)
	r := New(Default)
	if got := r.JSON(in, 64); len(got) != 64+len("…") {
		t.Errorf("%d bytes", len(got))
	}
	if n := testing.AllocsPerRun(20, func() { r.JSON(in, 64) }); n > 10 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"password":"x"}]}`), 10)
	f.Add([]byte(`[`), 3)
	r := New(Default)
	f.Fuzz(func(t *testing.T, in []byte, most int) {
		if most < 0 || most > 1<<16 {
			return
		}
		if got := r.JSON(in, most); len(got) > most+len("…") {
			t.Errorf("%d bytes of %d", len(got), most)
		}
	})
}
