package seal_test

import (
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/seal"
)

// The state of a call travels through its client, and only the same principal's call of the same tool opens it.
func Example() {
	now := time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC)
	ring, err := seal.NewRing([][]byte{
		[]byte("the newest key: 32 random bytes or more"),
		[]byte("the key before: it opens what is under way"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	bind := seal.Bind([]byte("sue"), []byte("tools/call"), []byte("add"))
	token, _ := ring.Seal("state", bind, now.Add(10*time.Minute), []byte(`{"round":2}`))

	plain, err := ring.Open("state", bind, now, token)
	fmt.Println(string(plain), err)
	_, err = ring.Open("state", seal.Bind([]byte("joe"), []byte("tools/call"), []byte("add")), now, token)
	fmt.Println(err)
	_, err = ring.Open("state", bind, now.Add(time.Hour), token)
	fmt.Println(err)
	_, err = seal.NewRing([][]byte{[]byte("secret")})
	fmt.Println(err)
	// Output:
	// {"round":2} <nil>
	// seal: not a valid token
	// seal: token expired
	// seal: Config.Keys[0] has 6 bytes; a key needs at least 32 bytes of secret, all random
}

// Where there is one process only, and no later run has to open its tokens.
func ExampleGenerate() {
	now := time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC)
	ring := seal.Generate()
	token, _ := ring.Seal("cursor", nil, now.Add(time.Hour), []byte("51"))
	plain, _ := ring.Open("cursor", nil, now, token)
	fmt.Println(string(plain))
	// Output: 51
}
