package tenant

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"hash"
	"strings"
	"sync"

	"github.com/fastmcp-go/fastmcp/auth"
)

// MinTokenBytes is the shortest token that is taken: 16 characters, some 96 random bits.
const MinTokenBytes = auth.MinTokenBytes

// NewToken makes a token of 192 random bits: 32 characters of base64url. Show it to its owner once: it is kept nowhere.
func NewToken() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // it never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// checkToken tells what is wrong with a token. The text must not have it: it ends up in logs.
func checkToken(token string) error {
	if n := len(token); n < MinTokenBytes || n > auth.MaxTokenBytes {
		return fmt.Errorf("%w: it has %d characters: use %d to %d, random ones, as NewToken does", ErrBadToken, n, MinTokenBytes, auth.MaxTokenBytes)
	}
	if got, ok, err := auth.ParseBearer("Bearer " + token); err != nil || !ok || got != token {
		return fmt.Errorf("%w: it has characters that no Authorization header can carry: use letters, digits and -._~+/, as NewToken does", ErrBadToken)
	}
	return nil
}

// digest is the hash of a token, which is all that is kept of it.
type digest [sha256.Size]byte

// digestDomain makes the hashes of tokens of no other use, and those of other uses none of tokens.
const digestDomain = "fastmcp tenant token 1\x00"

// digester makes digests: SHA-256, or HMAC-SHA256 where there is a pepper. They are the same on all nodes. Plain hashes
// are enough because tokens are random: there is nothing to be guessed that a slow hash would make dearer.
type digester struct{ hashes sync.Pool } // of *hasher

// hasher is a hash with its buffer, kept so that a request allocates neither.
type hasher struct {
	hash hash.Hash
	buf  []byte
}

func (g *digester) init(pepper []byte) {
	pepper = append([]byte(nil), pepper...)
	g.hashes.New = func() any {
		if len(pepper) > 0 {
			return &hasher{hash: hmac.New(sha256.New, pepper)}
		}
		return &hasher{hash: sha256.New()}
	}
}

func (g *digester) of(token string) (d digest) {
	h := g.hashes.Get().(*hasher)
	defer g.hashes.Put(h)
	h.hash.Reset()
	h.buf = append(append(h.buf[:0], digestDomain...), token...)
	_, _ = h.hash.Write(h.buf)
	clear(h.buf) // the pool must not keep the token
	h.buf = h.hash.Sum(h.buf[:0])
	copy(d[:], h.buf)
	return d
}

// idPrefix begins all ids of tokens, and the name of no tenant that another verifier vouches for: they could meet in a
// store otherwise.
const idPrefix = "t_"

// idBytes is 80 bits: enough that no two of a great many tokens have the same id. A token that had another's would still
// not be taken for it, since the digests are compared.
const idBytes = 10

var idEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// id names a token where its digest is not to be shown: it does not help to find the digest, nor the token.
func (d digest) id() string {
	sum := sha256.Sum256(append([]byte("id\x00"), d[:]...))
	return idPrefix + strings.ToLower(idEncoding.EncodeToString(sum[:idBytes]))
}

// isID tells that s has the form of an id.
func isID(s string) bool {
	rest, ok := strings.CutPrefix(s, idPrefix)
	if !ok || len(rest) != idEncoding.EncodedLen(idBytes) {
		return false
	}
	for i := range len(rest) {
		if c := rest[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
