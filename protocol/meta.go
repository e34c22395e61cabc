package protocol

import (
	"encoding/json"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// The names under which a request of 2026-07-28 carries what a session used to know (SEP-2575), and a result tells who
// made it.
const (
	MetaVersion      = "io.modelcontextprotocol/protocolVersion"
	MetaClient       = "io.modelcontextprotocol/clientInfo"
	MetaCapabilities = "io.modelcontextprotocol/clientCapabilities"
	MetaLogLevel     = "io.modelcontextprotocol/logLevel"
	MetaServer       = "io.modelcontextprotocol/serverInfo"
)

// MetaIdempotencyKey names, in the _meta of a tools/call, the key under which the call runs at most once. It is this
// module's own, not the protocol's.
const MetaIdempotencyKey = "io.github.fastmcp-go/idempotencyKey"

// Meta is the _meta of a request: raw JSON values, nil when absent.
type Meta struct {
	Raw            []byte
	Version        []byte
	Client         []byte
	Capabilities   []byte
	LogLevel       []byte
	ProgressToken  []byte
	IdempotencyKey []byte
}

// IsStateless tells that the request carries any of what only requests of 2026-07-28 carry.
func (m *Meta) IsStateless() bool {
	return m.Version != nil || m.Client != nil || m.Capabilities != nil
}

// Check tells what is wrong with the _meta of a request of 2026-07-28: it must name a version and capabilities; who the
// client is it may.
func (m *Meta) Check() *Error {
	switch {
	case m.Version == nil:
		return Errorf(CodeInvalidParams, "Invalid params: _meta[%q] is required", MetaVersion)
	case m.Version[0] != '"':
		return Errorf(CodeInvalidParams, "Invalid params: _meta[%q] must be a string", MetaVersion)
	case m.Capabilities == nil:
		return Errorf(CodeInvalidParams, "Invalid params: _meta[%q] is required", MetaCapabilities)
	case m.Capabilities[0] != '{':
		return Errorf(CodeInvalidParams, "Invalid params: _meta[%q] must be an object", MetaCapabilities)
	case m.Client != nil && !isImplementation(m.Client):
		return Errorf(CodeInvalidParams, "Invalid params: _meta[%q] must be an object with a name and a version", MetaClient)
	}
	return nil
}

// CheckLogLevel tells that a request of 2026-07-28 asks for a level of log messages that there is not. It is a check of
// its own because what is wrong with the version, the headers and the method is told first.
func (m *Meta) CheckLogLevel() *Error {
	if m.LogLevel != nil {
		if _, ok := ParseLevel(String(m.LogLevel)); !ok {
			return Errorf(CodeInvalidParams, "Invalid params: _meta[%q] must be one of %s", MetaLogLevel, levelList)
		}
	}
	return nil
}

// CheckProgressToken tells that a progress token is not what one may be: a string or an integer.
func (m *Meta) CheckProgressToken() *Error {
	if m.ProgressToken != nil && !validID(m.ProgressToken) {
		return Errorf(CodeInvalidParams, "Invalid params: _meta.progressToken must be a string or an integer")
	}
	return nil
}

// isImplementation looks for the two strings that say who somebody is.
func isImplementation(raw []byte) bool {
	if raw[0] != '{' {
		return false
	}
	var name, version bool
	i := scan.Space(raw, 1)
	if raw[i] == '}' {
		return false
	}
	for {
		key, v, err := scan.Key(raw, i)
		if err != nil {
			return false
		}
		switch string(scan.Text(nil, key)) {
		case "name":
			name = raw[v] == '"'
		case "version":
			version = raw[v] == '"'
		}
		end, err := scan.Value(raw, v)
		if err != nil {
			return false
		}
		var more bool
		if i, more, err = scan.Next(raw, end); err != nil || !more {
			return err == nil && name && version
		}
	}
}

// String is what a raw JSON string says; "" when raw is not a string.
func String(raw []byte) string {
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	return string(scan.Text(nil, raw))
}

// ClientInfo is who a client says it is. It proves nothing.
type ClientInfo struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	WebsiteURL  string `json:"websiteUrl,omitempty"`
}

// ParseClientInfo reads a raw clientInfo; what cannot be read is empty.
func ParseClientInfo(raw []byte) (c ClientInfo) {
	if len(raw) > 0 {
		_ = json.Unmarshal(raw, &c) // a client that says nothing readable of itself is a client without a name
	}
	return c
}

// Capabilities is what a client says it can do.
type Capabilities struct {
	// Sampling: it can ask a model for the server. SamplingTools: with tools.
	Sampling, SamplingTools bool
	// Roots: it can list its roots.
	Roots bool
	// ElicitForm and ElicitURL: it can ask its user, by a form or by opening an address.
	ElicitForm, ElicitURL bool
	// Extensions are what the client says of each extension that it knows, as raw JSON.
	Extensions map[string]json.RawMessage
	// Experimental likewise, for what has no name yet.
	Experimental map[string]json.RawMessage
}

// ParseCapabilities reads a client's raw capabilities. An elicitation capability that names no mode means forms.
func ParseCapabilities(raw []byte) (c Capabilities) {
	var wire struct {
		Sampling     map[string]json.RawMessage `json:"sampling"`
		Roots        map[string]json.RawMessage `json:"roots"`
		Elicitation  map[string]json.RawMessage `json:"elicitation"`
		Extensions   map[string]json.RawMessage `json:"extensions"`
		Experimental map[string]json.RawMessage `json:"experimental"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &wire) != nil {
		return c
	}
	c.Sampling, c.Roots = wire.Sampling != nil, wire.Roots != nil
	_, c.SamplingTools = wire.Sampling["tools"]
	if wire.Elicitation != nil {
		_, c.ElicitForm = wire.Elicitation["form"]
		_, c.ElicitURL = wire.Elicitation["url"]
		c.ElicitForm = c.ElicitForm || !c.ElicitURL
	}
	c.Extensions, c.Experimental = wire.Extensions, wire.Experimental
	return c
}
