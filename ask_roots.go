package fastmcp

import (
	"encoding/json"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Root is a place that a client's user works in.
type Root struct {
	// URI is where it is; a file:// URI, so far.
	URI string `json:"uri"`
	// Name is for people; it may be "".
	Name string `json:"name,omitempty"`
}

// Roots asks the client for its roots. The key is that of Elicit, and "roots" when none is given.
func (c *Context) Roots(key ...string) ([]Root, error) {
	q := &question{key: "roots", method: protocol.MethodRoots, able: c.Can().Roots, needs: `{"roots":{}}`}
	if len(key) > 0 {
		q.key = key[0]
	}
	roots := []Root{}
	q.read = func(answer []byte) error {
		var all []Root
		raw := scan.Find(answer, "roots")
		if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &all) != nil {
			return Errorf("The answer to the question %q has no list of roots.", q.key)
		}
		for _, root := range all {
			if root.URI == "" {
				return Errorf("The answer to the question %q has a root without a URI.", q.key)
			}
		}
		roots = all
		return nil
	}
	if err := c.ask(q); err != nil {
		return nil, err
	}
	return roots, nil
}
