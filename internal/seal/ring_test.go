package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC)

// secret makes a key that is the same in every run.
func secret(n int) []byte {
	sum := sha256.Sum256(fmt.Append(nil, n))
	return sum[:]
}

func ring(t testing.TB, secrets ...[]byte) *Ring {
	t.Helper()
	r, err := NewRing(secrets)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sealed(t testing.TB, r *Ring, purpose string, bind []byte, expires time.Time, plain string) string {
	t.Helper()
	token, err := r.Seal(purpose, bind, expires, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// The vectors of c2sp.org/XAES-256-GCM.
func TestXAESVectors(t *testing.T) {
	for _, v := range []struct {
		key       byte
		aad, want string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		x, err := newXAES(bytes.Repeat([]byte{v.key}, keySize))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := hex.DecodeString(v.want)
		got, err := x.open(append([]byte("ABCDEFGHIJKLMNOPQRSTUVWX"), text...), []byte(v.aad))
		if err != nil || string(got) != "XAES-256-GCM" {
			t.Errorf("key %d: %q, %v", v.key, got, err)
		}
	}
}

func TestRingKeys(t *testing.T) {
	many := make([][]byte, MaxKeys+1)
	for i := range many {
		many[i] = secret(i)
	}
	for name, keys := range map[string][][]byte{
		"none": nil, "short": {secret(1), secret(2)[:MinKey-1]}, "zero": {make([]byte, 64)}, "twice": {secret(1), secret(2), secret(1)}, "too many": many,
	} {
		if r, err := NewRing(keys); err == nil || r != nil || !strings.Contains(err.Error(), "Config.Keys") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ring(t, many[:MaxKeys]...)
}

func TestRotation(t *testing.T) {
	before, during, after := ring(t, secret(1)), ring(t, secret(2), secret(1)), ring(t, secret(2))
	expires := noon.Add(time.Hour)
	old, fresh := sealed(t, before, "state", nil, expires, "old"), sealed(t, during, "state", nil, expires, "new")
	for _, c := range []struct {
		r     *Ring
		token string
		want  string
		err   error
	}{
		{during, old, "old", nil}, {during, fresh, "new", nil}, {after, fresh, "new", nil}, {after, old, "", ErrForged}, {before, fresh, "", ErrForged},
	} {
		if got, err := c.r.Open("state", nil, noon, c.token); string(got) != c.want || err != c.err {
			t.Errorf("%v: %q, %v, want %q, %v", c.r, got, err, c.want, c.err)
		}
	}
}

// Keys whose ids are the same are told apart by trying.
func TestSameKeyID(t *testing.T) {
	first, _ := newKey(secret(0))
	n := 1
	for ; ; n++ {
		if k, _ := newKey(secret(n)); k.id == first.id {
			break
		}
	}
	old := sealed(t, ring(t, secret(n)), "state", nil, noon.Add(time.Hour), "old")
	if got, err := ring(t, secret(0), secret(n)).Open("state", nil, noon, old); string(got) != "old" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestPurposeBindingExpiry(t *testing.T) {
	r := ring(t, secret(1))
	bind := Bind([]byte("sue"), []byte("tools/call"))
	token := sealed(t, r, "state", bind, noon, "answers")
	ms := time.Millisecond
	for _, c := range []struct {
		name, purpose string
		bind          []byte
		now           time.Time
		want          error
	}{
		{"as sealed", "state", bind, noon.Add(-ms), nil},
		{"at its end", "state", bind, noon, ErrExpired},
		{"after it", "state", bind, noon.Add(time.Hour), ErrExpired},
		{"another purpose", "cursor", bind, noon.Add(-ms), ErrForged},
		{"no purpose", "", bind, noon.Add(-ms), ErrForged},
		{"another principal", "state", Bind([]byte("joe"), []byte("tools/call")), noon.Add(-ms), ErrForged},
		{"no binding", "state", nil, noon.Add(-ms), ErrForged},
		{"another binding and expired", "state", nil, noon, ErrForged},
	} {
		if plain, err := r.Open(c.purpose, c.bind, c.now, token); err != c.want || (err == nil) != (string(plain) == "answers") {
			t.Errorf("%s: %q, %v, want %v", c.name, plain, err, c.want)
		}
	}
	for _, past := range []time.Time{{}, time.Unix(math.MinInt64, 0)} {
		if _, err := r.Open("", nil, noon, sealed(t, r, "", nil, past, "")); err != ErrExpired {
			t.Errorf("%v: %v", past, err)
		}
	}
	for _, far := range []time.Time{time.Unix(1<<40, 0), time.Unix(1<<62, 0)} {
		if _, err := r.Open("", nil, noon, sealed(t, r, "", nil, far, "")); err != nil {
			t.Errorf("%v: %v", far, err)
		}
	}
}

func TestTampered(t *testing.T) {
	r := ring(t, secret(1), secret(2))
	token := sealed(t, r, "state", nil, noon.Add(time.Hour), "answers")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=\n%"
	for i := range len(token) {
		for _, c := range alphabet {
			if forged := token[:i] + string(c) + token[i+1:]; forged != token {
				if _, err := r.Open("state", nil, noon, forged); err != ErrForged {
					t.Fatalf("%q for byte %d: %v", c, i, err)
				}
			}
		}
		if _, err := r.Open("state", nil, noon, token[:i]); err != ErrForged {
			t.Fatalf("cut off at %d: %v", i, err)
		}
		if _, err := r.Open("state", nil, noon, token[:i]+"\n"+token[i:]); err != ErrForged {
			t.Fatalf("line break at %d: %v", i, err)
		}
	}
	for _, more := range []string{"A", "AA", "AAAA", "=", "\n"} {
		if _, err := r.Open("state", nil, noon, token+more); err != ErrForged {
			t.Errorf("%q added: %v", more, err)
		}
	}
}

func TestBounds(t *testing.T) {
	r := ring(t, secret(1))
	most := strings.Repeat("x", MaxPlain)
	token := sealed(t, r, "state", nil, noon.Add(time.Hour), most)
	if len(token) > MaxToken {
		t.Errorf("%d bytes", len(token))
	}
	if plain, err := r.Open("state", nil, noon, token); err != nil || string(plain) != most {
		t.Errorf("%d bytes, %v", len(plain), err)
	}
	if token, err := r.Seal("state", nil, noon, []byte(most+"x")); err != ErrTooLarge || token != "" {
		t.Errorf("one more byte: %v", err)
	}
	if _, err := r.Open("state", nil, noon, strings.Repeat("A", MaxToken+1)); err != ErrForged {
		t.Error(err)
	}
}

func TestTokensAreUnique(t *testing.T) {
	r := Generate()
	seen := make(map[string]bool)
	for range 10_000 {
		token := sealed(t, r, "state", nil, noon, "same")
		// Version and key id are the first 16 bits; no two nonces may be the same in either half.
		first, second := token[3:18], token[19:34]
		if seen[first] || seen[second] {
			t.Fatal("a nonce came again")
		}
		seen[first], seen[second] = true, true
	}
}

// More purposes than are kept, by several goroutines at a time.
func TestPurposesAreBounded(t *testing.T) {
	r := ring(t, secret(1))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range maxPurposes + 20 {
				purpose := fmt.Sprint("purpose", i)
				if plain, err := r.Open(purpose, nil, noon, sealed(t, r, purpose, nil, noon.Add(1e9), purpose)); err != nil || string(plain) != purpose {
					t.Error(purpose, err)
				}
			}
		})
	}
	all.Wait()
	if n := len(*r.subkeys.Load()); n != maxPurposes {
		t.Errorf("%d are kept", n)
	}
}

func TestRingIsNotLogged(t *testing.T) {
	r := ring(t, secret(1))
	var text, json bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("", "ring", r)
	slog.New(slog.NewJSONHandler(&json, nil)).Info("", "ring", r)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s %d %x", r, r, r, r, r, r), text.String(), json.String()} {
		rest := strings.ReplaceAll(s, "seal.Ring(1 keys)", "")
		if strings.Contains(rest, "pseudo") || strings.Contains(rest, hex.EncodeToString(r.keys[0].pseudo)) || strings.Contains(rest, fmt.Sprint(r.keys[0].pseudo)) {
			t.Error(s)
		}
	}
}

func TestBind(t *testing.T) {
	long := strings.Repeat("x", maxVerbatim+1)
	sum := sha256.Sum256([]byte(long))
	parts := [][]string{
		{}, {""}, {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}, {"", "abc"}, {long}, {string(sum[:])}, {long + "x"}, {long[:maxVerbatim]},
		{string(Bind([]byte("a")))}, {"a"},
	}
	seen := make(map[string]int)
	for i, list := range parts {
		var b [][]byte
		for _, p := range list {
			b = append(b, []byte(p))
		}
		bound := Bind(b...)
		if other, ok := seen[string(bound)]; ok {
			t.Errorf("%q is bound like %q", list, parts[other])
		}
		seen[string(bound)] = i
		if len(bound) > len(list)*(9+maxVerbatim) || len(bound) > 0 && cap(bound) > len(list)*80 {
			t.Errorf("%d parts take %d bytes", len(list), len(bound))
		}
	}
}

// first is a token of version 1, made when there was no other. It must always open with its key.
const first = "AcdfIANuC2ImL4zy-Ep7vOaGE0ktDWAdpE5Cihr_bGd-OhDIe1ZmEtsHG__rqFGVhQ6YQkcT-wg6"

func TestTokenOfVersion1(t *testing.T) {
	if plain, err := ring(t, secret(1)).Open("state", Bind([]byte("sue")), noon, first); string(plain) != "answers" || err != nil {
		t.Errorf("%q, %v", plain, err)
	}
}

// FuzzOpen: nothing but what was sealed is opened, and it says what was sealed. The token is a constant because each
// process that fuzzes would seal another.
func FuzzOpen(f *testing.F) {
	const good = first
	r := ring(f, secret(1), secret(2))
	f.Add(good, []byte("sue"), []byte("plain"))
	f.Add(good[:len(good)-1], []byte("joe"), []byte{})
	f.Add("", []byte(nil), []byte(nil))
	f.Add("AQAAAAAA", []byte{0}, []byte{0})
	f.Fuzz(func(t *testing.T, token string, part, plain []byte) {
		got, err := r.Open("state", Bind(part), noon, token)
		if genuine := token == good && string(part) == "sue"; (err == nil) != genuine || err != nil && !errors.Is(err, ErrForged) {
			t.Fatalf("%q: %q, %v", token, got, err)
		}
		if len(plain) > MaxPlain {
			return
		}
		back, err := r.Open("state", part, noon, sealed(t, r, "state", part, noon.Add(1e9), string(plain)))
		if err != nil || !bytes.Equal(back, plain) {
			t.Fatalf("%q became %q, %v", plain, back, err)
		}
	})
}

// The allocations are: plain with its expiry, the additional data, the token, the message's key, its two ciphers, and
// the text (twice: bytes and string).
func TestAllocations(t *testing.T) {
	r, plain, bind := Generate(), make([]byte, 512), Bind([]byte("sue"))
	token := sealed(t, r, "state", bind, noon.Add(1e9), string(plain))
	for name, c := range map[string]struct {
		most float64
		run  func()
	}{
		"Seal": {9, func() { _, _ = r.Seal("state", bind, noon, plain) }},
		"Open": {8, func() { _, _ = r.Open("state", bind, noon, token) }},
		"Bind": {1, func() { _ = Bind(bind, plain) }},
	} {
		if n := testing.AllocsPerRun(200, c.run); n > c.most {
			t.Errorf("%s allocates %v times, %v is the most", name, n, c.most)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	for _, size := range []int{32, 1024, 16 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			r, plain, bind := Generate(), make([]byte, size), Bind([]byte("sue"))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = r.Seal("state", bind, noon, plain)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, size := range []int{32, 1024, 16 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			r, bind := Generate(), Bind([]byte("sue"))
			token := sealed(b, r, "state", bind, noon.Add(1e9), strings.Repeat("x", size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Open("state", bind, noon, token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
