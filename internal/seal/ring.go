// Package seal makes opaque tokens that travel through clients and come back: the state of a call that asks questions
// (MCP 2026-07-28, multi round-trip requests: requestState is under an attacker's control and must be authenticated),
// cursors of lists, and whatever else a stateless node must remember without a store.
//
// A token is encrypted and authenticated, made for one purpose, bound to what the caller says it belongs to (principal,
// method, digest of the arguments), and ends at a time that is inside it. Nothing here keeps a token from being used
// twice: what must happen once needs a store.
//
// # The construction
//
// Each key of the ring is secret input to HKDF-SHA-256 (RFC 5869), which gives a 256-bit subkey per purpose. A token is
// sealed under it with XAES-256-GCM (c2sp.org/XAES-256-GCM): the first half of a random 192-bit nonce derives an
// AES-256-GCM key for this token alone, the second half is GCM's nonce. AES-256-GCM under one key with a random 96-bit
// nonce must stop after 2^32 tokens (NIST SP 800-38D, 8.3): five days at 10 000 a second, with all nodes that share a
// key counted together. With XAES-256-GCM the same risk of 2^-32 is reached after 2^80 tokens, so nobody counts. It
// costs two AES blocks and a key schedule, is made of the standard library only, and is shorter than a 256-bit salt.
//
// A token is base64url without padding (RFC 4648, section 5) of
//
//	version (1 byte: 1) | key id (1) | nonce (24) | AES-GCM of: expiry (8, Unix ms, big endian) + plain | tag (16)
//
// with version, key id and binding as additional data. The key id is a byte derived from the key, so that nodes whose
// rings list the same keys in another order agree, and so that Open tries one key, not all.
package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// MinKey is the fewest bytes that a key may have. All of them should be random: 32 bytes from a random generator,
	// or their hexadecimal or base64 text, which is longer. A passphrase is no key.
	MinKey = 32
	// MaxKeys is how many keys a ring may have: the one that seals and those that are on their way out.
	MaxKeys = 16
	// MaxToken is how long a token may be, in bytes of its text.
	MaxToken = 64 << 10
	// MaxPlain is how many bytes can be sealed: what fits in MaxToken.
	MaxPlain = MaxToken/4*3 - overhead

	version  = 1
	header   = 2 // version and key id
	stamp    = 8 // the expiry
	overhead = header + nonceSize + stamp + tagSize

	// maxPurposes bounds the subkeys that are kept. Purposes are words in the source, a handful; one beyond the bound
	// works and is derived anew each time (1 µs).
	maxPurposes = 64
)

var (
	// ErrForged: the text is no token of this ring for this purpose and binding. Tampered, cut off, too long, sealed for
	// another purpose, bound to something else and sealed by an unknown key are not told apart, for a client that could
	// tell would learn what a token is bound to.
	ErrForged = errors.New("seal: not a valid token")
	// ErrExpired: the token is genuine, for this purpose and binding, and its time is over.
	ErrExpired = errors.New("seal: token expired")
	// ErrTooLarge: there is more to seal than MaxPlain.
	ErrTooLarge = errors.New("seal: more than fits in a token")
)

// encoding is strict: of the bits that a last character has to spare none may be set, or a token had several spellings.
var encoding = base64.RawURLEncoding.Strict()

// Ring seals with its first key and opens with all. It is safe for concurrent use and never changes.
type Ring struct {
	keys []key

	// subkeys is replaced as a whole under adding, so that reading it takes no lock.
	subkeys atomic.Pointer[map[string][]xaes]
	adding  sync.Mutex
}

// key is what HKDF-Extract makes of a configured key; the configured bytes are not kept.
type key struct {
	id     byte
	pseudo []byte
}

// NewRing makes a ring of 1 to MaxKeys keys, newest first, each at least MinKey bytes of secret. To rotate, put a new
// key first on every node as second key, then as first, and drop the old one when the longest-lived token has ended.
// The keys are copied. An error names Config.Keys and never holds a key.
func NewRing(keys [][]byte) (*Ring, error) {
	if len(keys) == 0 || len(keys) > MaxKeys {
		return nil, fmt.Errorf("seal: Config.Keys has %d keys; it needs 1 to %d", len(keys), MaxKeys)
	}
	r := new(Ring)
	for i, secret := range keys {
		if len(secret) < MinKey {
			return nil, fmt.Errorf("seal: Config.Keys[%d] has %d bytes; a key needs at least %d bytes of secret, all random", i, len(secret), MinKey)
		}
		if zero(secret) {
			return nil, fmt.Errorf("seal: Config.Keys[%d] is nothing but zero bytes", i)
		}
		for j, other := range keys[:i] {
			if string(other) == string(secret) {
				return nil, fmt.Errorf("seal: Config.Keys[%d] is the same as Config.Keys[%d]", i, j)
			}
		}
		k, err := newKey(secret)
		if err != nil {
			return nil, fmt.Errorf("seal: Config.Keys[%d]: %w", i, err)
		}
		r.keys = append(r.keys, k)
	}
	r.subkeys.Store(&map[string][]xaes{})
	// What the platform refuses, it refuses now and not when a client waits.
	_, err := r.subkey("")
	return r, err
}

// Generate makes a ring with one random key, for a single process: no other node and no later run opens its tokens.
func Generate() *Ring {
	secret := make([]byte, MinKey)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the process instead
	r, err := NewRing([][]byte{secret})
	if err != nil {
		panic(err) // the key is as it must be, so the platform has no AES-GCM or SHA-256
	}
	return r
}

// Derive makes a ring whose tokens this one does not open, nor that of another name: one for a tenant. The same keys and the
// same name give the same ring.
func (r *Ring) Derive(name string) (*Ring, error) {
	own := &Ring{keys: make([]key, len(r.keys))}
	for i, k := range r.keys {
		// Neither "id" nor a purpose begins so.
		secret, err := hkdf.Expand(sha256.New, k.pseudo, "ring "+name, MinKey)
		if err == nil {
			own.keys[i], err = newKey(secret)
		}
		if err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
	}
	own.subkeys.Store(&map[string][]xaes{})
	return own, nil
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func newKey(secret []byte) (key, error) {
	pseudo, err := hkdf.Extract(sha256.New, secret, []byte("fastmcp-go seal 1"))
	if err != nil {
		return key{}, err
	}
	id, err := hkdf.Expand(sha256.New, pseudo, "id", 1)
	if err != nil {
		return key{}, err
	}
	return key{id: id[0], pseudo: pseudo}, nil
}

// subkey returns the keys for a purpose, one for each key of the ring and in its order.
func (r *Ring) subkey(purpose string) ([]xaes, error) {
	if keys, ok := (*r.subkeys.Load())[purpose]; ok {
		return keys, nil
	}
	keys := make([]xaes, len(r.keys))
	for i, k := range r.keys {
		// "id" is the only other info, and does not begin so.
		secret, err := hkdf.Expand(sha256.New, k.pseudo, "purpose "+purpose, keySize)
		if err == nil {
			keys[i], err = newXAES(secret)
		}
		if err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
	}
	r.keep(purpose, keys)
	return keys, nil
}

func (r *Ring) keep(purpose string, keys []xaes) {
	r.adding.Lock()
	defer r.adding.Unlock()
	old := *r.subkeys.Load()
	if len(old) >= maxPurposes {
		return
	}
	grown := make(map[string][]xaes, len(old)+1)
	for p, k := range old {
		grown[p] = k
	}
	grown[strings.Clone(purpose)] = keys
	r.subkeys.Store(&grown)
}

// Seal makes a token of plain that Open gives back for the same purpose and the same bind, before expires. Purpose is a
// constant of the caller's ("state", "cursor"); bind comes from Bind, or is nil. Expires counts in whole milliseconds,
// cut off. There is no for ever: the zero Time is long past. Plain is copied; its length can be told from the token's.
// An error is ErrTooLarge, for more than MaxPlain, but on a platform without AES-GCM.
func (r *Ring) Seal(purpose string, bind []byte, expires time.Time, plain []byte) (string, error) {
	if len(plain) > MaxPlain {
		return "", ErrTooLarge
	}
	keys, err := r.subkey(purpose)
	if err != nil {
		return "", err
	}
	head := [header]byte{version, r.keys[0].id}
	inner := binary.BigEndian.AppendUint64(make([]byte, 0, stamp+len(plain)), uint64(milliseconds(expires)))
	token := append(make([]byte, 0, overhead+len(plain)), head[:]...)
	if token, err = keys[0].seal(token, append(inner, plain...), additional(head, bind)); err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return encoding.EncodeToString(token), nil
}

// Open returns what was sealed in token, a copy. The error is ErrForged, or ErrExpired when now is at expires or after
// it.
func (r *Ring) Open(purpose string, bind []byte, now time.Time, token string) ([]byte, error) {
	// The decoder skips line breaks, even a strict one.
	if len(token) > MaxToken || strings.ContainsAny(token, "\r\n") {
		return nil, ErrForged
	}
	raw, err := encoding.DecodeString(token)
	if err != nil || len(raw) < overhead || raw[0] != version {
		return nil, ErrForged
	}
	keys, err := r.subkey(purpose)
	if err != nil {
		return nil, ErrForged
	}
	head := [header]byte(raw)
	aad := additional(head, bind)
	for i := range keys {
		// Two keys of a ring have the same id once in 256 times, so the first that has it may be the wrong one.
		if r.keys[i].id != head[1] {
			continue
		}
		if inner, err := keys[i].open(raw[header:], aad); err == nil {
			if now.UnixMilli() >= int64(binary.BigEndian.Uint64(inner)) {
				return nil, ErrExpired
			}
			return inner[stamp:], nil
		}
	}
	return nil, ErrForged
}

// additional is unambiguous because the header has a fixed length.
func additional(head [header]byte, bind []byte) []byte {
	return append(append(make([]byte, 0, header+len(bind)), head[:]...), bind...)
}

// milliseconds is t.UnixMilli, which is undefined for times so far away that somebody must have meant for ever, or
// never.
func milliseconds(t time.Time) int64 {
	const far = math.MaxInt64/1000 - 1
	switch s := t.Unix(); {
	case s > far:
		return math.MaxInt64
	case s < -far:
		return math.MinInt64
	}
	return t.UnixMilli()
}

// Format writes how many keys the ring has, whatever the verb: a ring that is logged must not log them.
func (r *Ring) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("seal.Ring(%d keys)", len(r.keys)))
}
