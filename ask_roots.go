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

// Roots asks the client for its roots. The key is that of Elicit, and "roots" when none is given. With Config.NoRoots it
// is an UnsupportedError.
func (c *Context) Roots(key ...string) ([]Root, error) {
	name := "roots"
	if len(key) > 0 {
		name = key[0]
	}
	q, roots, err := rootsQuestion(name, c.asker())
	if err != nil {
		return nil, err
	}
	if err := c.ask(q); err != nil {
		return nil, err
	}
	return *roots, nil
}

// rootsQuestion makes the question. roots are there when it has been answered.
func rootsQuestion(key string, to asker) (q *question, roots *[]Root, err error) {
	if to.engine.config.NoRoots {
		return nil, nil, &UnsupportedError{Method: protocol.MethodRoots, Reason: "the server does not ask for roots (Config.NoRoots)"}
	}
	roots = &[]Root{}
	q = &question{key: key, method: protocol.MethodRoots, able: to.can.Roots, needs: `{"roots":{}}`}
	q.read = func(answer []byte) error {
		var all []Root
		raw := scan.Find(answer, "roots")
		if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &all) != nil {
			return Errorf("The answer to the question %q has no list of roots.", key)
		}
		for _, root := range all {
			if root.URI == "" {
				return Errorf("The answer to the question %q has a root without a URI.", key)
			}
		}
		*roots = all
		return nil
	}
	return q, roots, nil
}
