package handwritten

import "encoding/json"

// Codec is the JSON library that the core uses.
type Codec struct {
	Marshal   func(any) ([]byte, error)
	Unmarshal func([]byte, any) error
}

// Standard is encoding/json.
var Standard = Codec{Marshal: json.Marshal, Unmarshal: json.Unmarshal}

const v2026 = "2026-07-28"

type request struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params,omitempty"`
}

type meta struct {
	ProgressToken json.RawMessage `json:"progressToken,omitempty"`
	Version       string          `json:"io.modelcontextprotocol/protocolVersion,omitempty"`
}

// params are those of tools/call, prompts/get and resources/read.
type params struct {
	Name      string          `json:"name"`
	URI       string          `json:"uri"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Meta      *meta           `json:"_meta,omitempty"`
}

type block struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type callResult struct {
	ResultType string  `json:"resultType,omitempty"`
	Content    []block `json:"content"`
	IsError    bool    `json:"isError,omitempty"`
}

type message struct {
	Role    string `json:"role"`
	Content block  `json:"content"`
}

type promptResult struct {
	ResultType string    `json:"resultType,omitempty"`
	Messages   []message `json:"messages"`
}

type contents struct {
	URI      string `json:"uri"`
	MimeType string `json:"mimeType"`
	Text     string `json:"text"`
}

type readResult struct {
	ResultType string     `json:"resultType,omitempty"`
	Contents   []contents `json:"contents"`
	TTL        *int       `json:"ttlMs,omitempty"`
	CacheScope string     `json:"cacheScope,omitempty"`
}

type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type response struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  any             `json:"result,omitempty"`
	Error   *rpcError       `json:"error,omitempty"`
}

type progress struct {
	ProgressToken json.RawMessage `json:"progressToken"`
	Progress      float64         `json:"progress"`
	Total         float64         `json:"total,omitempty"`
}

type notification struct {
	JSONRPC string `json:"jsonrpc"`
	Method  string `json:"method"`
	Params  any    `json:"params,omitempty"`
}
