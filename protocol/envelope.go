package protocol

import (
	"unicode/utf8"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// MaxID bounds the id of a request, in bytes of JSON. It comes back in every answer, and is held while a call runs.
const MaxID = 512

// Envelope is one JSON-RPC message, found in one pass over its bytes. All slices point into those bytes and are raw
// JSON; nil means absent.
type Envelope struct {
	ID     []byte // a string or an integer, exactly as sent; nil in a notification
	Method string // "" in a response
	Params []byte // an object
	Result []byte
	Err    []byte

	// What most methods have in their params, so that nobody need look again.
	Name   []byte // params.name
	Args   []byte // params.arguments
	URI    []byte // params.uri
	Cursor []byte // params.cursor
	Meta   Meta   // params._meta

	InputResponses []byte // params.inputResponses
	RequestState   []byte // params.requestState
}

// IsRequest tells that the message wants an answer.
func (e *Envelope) IsRequest() bool { return e.Method != "" && e.ID != nil }

// IsNotification tells that the message wants none.
func (e *Envelope) IsNotification() bool { return e.Method != "" && e.ID == nil }

// IsResponse tells that the message is an answer.
func (e *Envelope) IsResponse() bool { return e.Method == "" }

// Scan reads one message. b must be UTF-8 and one JSON object; what is wrong with it is told as the error to answer.
// The envelope is filled as far as it could be read, so that the answer can carry the id.
func Scan(b []byte) (Envelope, *Error) {
	var e Envelope
	err := e.Scan(b)
	return e, err
}

// Scan is the function Scan into an envelope that is there already, which must be a zero one: it has 424 bytes to copy.
func (e *Envelope) Scan(b []byte) *Error {
	if !utf8.Valid(b) {
		return Errorf(CodeParse, "Parse error: the message is not UTF-8")
	}
	i := scan.Space(b, 0)
	if i < len(b) && b[i] != '{' {
		if err := scan.Document(b); err != nil {
			return parseError(err)
		}
		return Errorf(CodeInvalidRequest, "Invalid request: a message is a JSON object")
	}
	s := scanner{b: b}
	end, err := s.object(e, i, inMessage)
	if err != nil {
		*e = Envelope{}
		return parseError(err)
	}
	if i = scan.Space(b, end); i != len(b) {
		*e = Envelope{}
		return Errorf(CodeParse, "Parse error: text after the end of the message at byte %d", i)
	}
	return s.judge(e)
}

func parseError(err error) *Error { return Errorf(CodeParse, "Parse error: %s", err) }

// scanner holds a scan's state. What it fills is handed along: it would be moved to the heap with what else the scanner has.
type scanner struct {
	b       []byte
	version []byte
	badID   bool
	params  []byte
	method  []byte
	twice   bool // a name that matters came twice: readers could disagree about what the message says
}

// place is which object is being read.
type place int

const (
	inMessage place = iota
	inParams
	inMeta
)

// object reads the object at b[i].
func (s *scanner) object(e *Envelope, i int, in place) (int, error) {
	if i >= len(s.b) {
		return scan.Value(s.b, i) // the error of an empty text
	}
	i = scan.Space(s.b, i+1)
	if i < len(s.b) && s.b[i] == '}' {
		return i + 1, nil
	}
	for {
		key, v, err := scan.Key(s.b, i)
		if err != nil {
			return v, err
		}
		name := scan.Text(nil, key)
		end, err := s.value(e, in, name, v)
		if err != nil {
			return end, err
		}
		switch in {
		case inMessage:
			s.member(e, name, v, end)
		case inParams:
			s.param(e, name, v, end)
		case inMeta:
			s.meta(&e.Meta, name, v, end)
		}
		var more bool
		if i, more, err = scan.Next(s.b, end); err != nil || !more {
			return i, err
		}
	}
}

// value finds the end of a value and, on the way, looks into the two objects that matter.
func (s *scanner) value(e *Envelope, in place, name []byte, v int) (int, error) {
	if v < len(s.b) && s.b[v] == '{' {
		switch {
		case in == inMessage && string(name) == "params":
			return s.object(e, v, inParams)
		case in == inParams && string(name) == "_meta":
			return s.object(e, v, inMeta)
		}
	}
	return scan.Value(s.b, v)
}

func (s *scanner) member(e *Envelope, key []byte, v, end int) {
	switch string(key) {
	case "jsonrpc":
		s.set(&s.version, v, end)
	case "id":
		s.badID = s.badID || !validID(s.b[v:end])
		s.set(&e.ID, v, end)
	case "method":
		s.set(&s.method, v, end)
	case "params":
		s.set(&s.params, v, end)
	case "result":
		s.set(&e.Result, v, end)
	case "error":
		s.set(&e.Err, v, end)
	}
}

func (s *scanner) param(e *Envelope, key []byte, v, end int) {
	switch string(key) {
	case "name":
		s.set(&e.Name, v, end)
	case "arguments":
		s.set(&e.Args, v, end)
	case "uri":
		s.set(&e.URI, v, end)
	case "cursor":
		s.set(&e.Cursor, v, end)
	case "inputResponses":
		s.set(&e.InputResponses, v, end)
	case "requestState":
		s.set(&e.RequestState, v, end)
	case "_meta":
		s.set(&e.Meta.Raw, v, end)
	}
}

func (s *scanner) meta(m *Meta, key []byte, v, end int) {
	switch string(key) {
	case MetaVersion:
		s.set(&m.Version, v, end)
	case MetaClient:
		s.set(&m.Client, v, end)
	case MetaCapabilities:
		s.set(&m.Capabilities, v, end)
	case MetaLogLevel:
		s.set(&m.LogLevel, v, end)
	case "progressToken":
		s.set(&m.ProgressToken, v, end)
	case MetaIdempotencyKey:
		s.set(&m.IdempotencyKey, v, end)
	}
}

func (s *scanner) set(field *[]byte, v, end int) {
	s.twice = s.twice || *field != nil
	*field = s.b[v:end:end]
}

// judge checks what a message must have. It runs after the whole message has been read, so that an error can carry
// the id wherever it stood.
func (s *scanner) judge(e *Envelope) *Error {
	if s.badID {
		e.ID = nil
		return Errorf(CodeInvalidRequest, "Invalid request: id must be a string or an integer of at most %d bytes", MaxID)
	}
	switch {
	case s.twice:
		return Errorf(CodeInvalidRequest, "Invalid request: a member is given twice")
	case string(s.version) != `"2.0"`:
		return Errorf(CodeInvalidRequest, `Invalid request: jsonrpc must be "2.0"`)
	case s.method == nil:
		return e.judgeResponse()
	case len(s.method) < 3 || s.method[0] != '"':
		return Errorf(CodeInvalidRequest, "Invalid request: method must be a string that is not empty")
	case e.Result != nil || e.Err != nil:
		return Errorf(CodeInvalidRequest, "Invalid request: a message with a method has no result and no error")
	}
	e.Method = methodName(scan.Text(nil, s.method))
	if s.params != nil && string(s.params) != "null" {
		if s.params[0] != '{' {
			return Errorf(CodeInvalidParams, "Invalid params: params must be an object")
		}
		e.Params = s.params
	}
	if e.Meta.Raw != nil && e.Meta.Raw[0] != '{' {
		return Errorf(CodeInvalidParams, "Invalid params: _meta must be an object")
	}
	return nil
}

func (e *Envelope) judgeResponse() *Error {
	switch {
	case e.Result == nil && e.Err == nil:
		return Errorf(CodeInvalidRequest, "Invalid request: no method, result or error")
	case e.Result != nil && e.Err != nil:
		return Errorf(CodeInvalidRequest, "Invalid request: a response has a result or an error, not both")
	case e.ID == nil:
		return Errorf(CodeInvalidRequest, "Invalid request: a response has an id")
	}
	return nil
}

// validID tells that raw is a string or an integer.
func validID(raw []byte) bool {
	if len(raw) > MaxID {
		return false
	}
	if raw[0] == '"' {
		return true
	}
	end, integer, err := scan.Number(raw, 0)
	return err == nil && integer && end == len(raw)
}
