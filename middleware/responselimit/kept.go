package responselimit

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// owner is who has called, hashed: what lies in a store names nobody.
type owner [16]byte

// Who an owner can be.
const (
	ownedByPrincipal = "principal:"
	ownedBySession   = "session:"
	ownedByNobody    = "nobody"
)

func ownerOf(c *fastmcp.Context) (o owner) {
	who := ownedByNobody
	if p := c.Principal(); p != nil {
		who = ownedByPrincipal + c.PrincipalKey()
	} else if id := c.Session().ID(); id != "" {
		who = ownedBySession + id
	}
	sum := sha256.Sum256([]byte(who))
	return owner(sum[:len(o)])
}

func (o owner) is(other owner) bool { return subtle.ConstantTimeCompare(o[:], other[:]) == 1 }

// newID names a result. Nobody can guess it.
func newID() string {
	var b [18]byte
	_, _ = rand.Read(b[:]) // it never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// How a result lies in a store: the layout, whether it is binary, its owner, until when it is good, how long its type is, the
// type, and the data.
const (
	layout   = 1
	isBinary = 1
	head     = 2 + len(owner{}) + 8 + 1
)

func appendKept(of owner, until time.Time, d document) []byte {
	b := make([]byte, 0, head+len(d.mime)+len(d.data))
	flags := byte(0)
	if d.binary {
		flags = isBinary
	}
	mime := d.mime
	if len(mime) > 255 {
		mime = "" // it is none
	}
	b = append(append(b, layout, flags), of[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(until.UnixMilli()))
	b = append(append(b, byte(len(mime))), mime...)
	return append(b, d.data...)
}

func readKept(b []byte) (of owner, until time.Time, d document, ok bool) {
	if len(b) < head || b[0] != layout || len(b) < head+int(b[head-1]) {
		return of, until, d, false
	}
	at := 2 + len(of)
	copy(of[:], b[2:at])
	until = time.UnixMilli(int64(binary.BigEndian.Uint64(b[at:])))
	mime := b[head : head+int(b[head-1])]
	return of, until, document{mime: string(mime), binary: b[1]&isBinary != 0, data: b[head+len(mime):]}, true
}
