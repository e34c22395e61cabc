package fastmcp

import (
	"encoding/json"
	"strings"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// method is what the engine knows of a method.
type method struct {
	mode rpc.Mode
	// prepare makes the checks of the method that need a status of their own. It may be nil.
	prepare func(j *job) *rpc.Refusal
	// last is the last link of the chain.
	last Handler
	// tasks tells that the method is there only when a tool may be a task.
	tasks bool
}

// members is a result that is written already: what stands between its braces.
type members []byte

var (
	methodInitialize = &method{last: initialize}
	methodPing       = &method{last: ping}
	methodSetLevel   = &method{last: setLevel}
	methodDiscover   = &method{last: discover}

	methodToolsList     = &method{last: listTools}
	methodToolsCall     = &method{mode: rpc.MayStream, prepare: prepareToolCall, last: callTool}
	methodResourcesList = &method{last: listResources}
	methodTemplatesList = &method{last: listTemplates}
	methodResourcesRead = &method{mode: rpc.MayStream, prepare: prepareRead, last: readResource}
	methodSubscribe     = &method{prepare: prepareSubscribe, last: subscribe}
	methodUnsubscribe   = &method{prepare: prepareSubscribe, last: unsubscribe}
	methodPromptsList   = &method{last: listPrompts}
	methodPromptsGet    = &method{mode: rpc.MayStream, prepare: preparePrompt, last: getPrompt}
	methodComplete      = &method{mode: rpc.MayStream, prepare: prepareComplete, last: complete}
	methodListen        = &method{mode: rpc.MustStream, prepare: prepareListen, last: listen}

	allMethods = []*method{
		methodInitialize, methodPing, methodSetLevel, methodDiscover, methodToolsList, methodToolsCall, methodResourcesList,
		methodTemplatesList, methodResourcesRead, methodSubscribe, methodUnsubscribe, methodPromptsList, methodPromptsGet,
		methodComplete, methodListen, methodTasksGet, methodTasksUpdate, methodTasksCancel, methodTasksResult, methodTasksList,
	}
)

// methodFor finds a method in a revision; nil when it does not have it.
func methodFor(name string, r protocol.Revision) *method {
	switch name {
	case protocol.MethodToolsCall:
		return methodToolsCall
	case protocol.MethodToolsList:
		return methodToolsList
	case protocol.MethodResourcesList:
		return methodResourcesList
	case protocol.MethodResourceTemplates:
		return methodTemplatesList
	case protocol.MethodResourcesRead:
		return methodResourcesRead
	case protocol.MethodPromptsList:
		return methodPromptsList
	case protocol.MethodPromptsGet:
		return methodPromptsGet
	case protocol.MethodComplete:
		return methodComplete
	}
	m := (*method)(nil)
	if r.IsStateless() {
		m = statelessMethod(name)
	} else {
		m = statefulMethod(name)
	}
	if m == nil {
		m = taskMethod(name, r)
	}
	return m
}

func statelessMethod(name string) *method {
	switch name {
	case protocol.MethodDiscover:
		return methodDiscover
	case protocol.MethodListen:
		return methodListen
	}
	return nil
}

func statefulMethod(name string) *method {
	switch name {
	case protocol.MethodInitialize:
		return methodInitialize
	case protocol.MethodPing:
		return methodPing
	case protocol.MethodSetLevel:
		return methodSetLevel
	case protocol.MethodSubscribe:
		return methodSubscribe
	case protocol.MethodUnsubscribe:
		return methodUnsubscribe
	}
	return nil
}

func invalidParams(format string, args ...any) *protocol.Error {
	return protocol.Errorf(protocol.CodeInvalidParams, "Invalid params: "+format, args...)
}

func ping(c *Context) error {
	c.SetResult(members{})
	return nil
}

func setLevel(c *Context) error {
	level, ok := protocol.ParseLevel(protocol.String(scan.Find(c.call.Params, "level")))
	if !ok {
		return invalidParams("level must be one of debug, info, notice, warning, error, critical, alert, emergency")
	}
	if c.job.record != nil {
		if err := c.job.record.SetLevel(level); err != nil {
			return err
		}
	}
	c.SetResult(members{})
	return nil
}

func discover(c *Context) error {
	versions, _ := json.Marshal(protocol.Supported()) // strings always marshal
	b := append([]byte(`"supportedVersions":`), versions...)
	b = append(b, `,"capabilities":{"logging":{},"completions":{},"prompts":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"tools":{"listChanged":true}`...)
	b = append(c.job.catalog.appendExtensions(b, c.call.Revision), '}')
	b = appendInstructions(b, c.engine.config.Instructions)
	c.SetResult(members(appendCaching(b, c.engine.config.Cache.Discover, false)))
	return nil
}

func appendInstructions(b []byte, text string) []byte {
	if text == "" {
		return b
	}
	quoted, _ := marshal(text) // a string always marshals
	return append(append(b, `,"instructions":`...), quoted...)
}

func listTools(c *Context) error     { return list(c, &c.job.catalog.tools) }
func listTemplates(c *Context) error { return list(c, &c.job.catalog.templates) }
func listPrompts(c *Context) error   { return list(c, &c.job.catalog.prompts) }

func listResources(c *Context) error {
	c.freshFiles()
	return list(c, &c.job.catalog.resources)
}

// listPage is the members of a result that many requests get: it is not copied for each.
type listPage []byte

// list answers a page of what the caller may see.
func list(c *Context, s *section) error {
	cursor := c.call.Cursor
	if cursor != nil && cursor[0] != '"' {
		return invalidParams("cursor must be a string")
	}
	view := s.view(c, auth.Access{Principal: c.Principal(), SessionID: c.session.ID()})
	page, err := s.page(view, c.call.Revision, protocol.String(cursor), c.engine.config)
	if err != nil {
		return err
	}
	c.SetResult(listPage(page))
	return nil
}

// prepareToolCall finds the tool and asks its guards, before a byte has been answered.
func prepareToolCall(j *job) *rpc.Refusal {
	c := j.context.call
	noArguments(c)
	switch {
	case c.Name == nil || c.Name[0] != '"':
		return rpc.Refuse(rpc.Failed, invalidParams("name must be a string"))
	case c.Args != nil && c.Args[0] != '{':
		return rpc.Refuse(rpc.Failed, invalidParams("arguments must be an object"))
	}
	entry := j.catalog.tools.find(c.Name)
	if entry == nil {
		return unknownTool(c)
	}
	j.context.tool, j.context.chain = entry.tool, entry.chain
	if r := j.guard(entry, auth.OpCall, entry.key, func() *rpc.Refusal { return unknownTool(c) }); r != nil {
		return r
	}
	if c.Revision.HasMirroredHeaders() && c.Peer.Mirrors() {
		if r := entry.tool.checkMirrors(c); r != nil {
			return r
		}
	}
	if c.Meta.IdempotencyKey != nil {
		if r := j.prepareKey(entry.tool); r != nil {
			return r
		}
	}
	if j.catalog.tasks {
		return j.prepareTask(entry.tool)
	}
	return nil
}

// noArguments takes a null for arguments that are absent: clients written in Go send it for a map that is nil.
func noArguments(c *rpc.Call) {
	if len(c.Args) > 0 && c.Args[0] == 'n' {
		c.Args = nil
	}
}

func unknownTool(c *rpc.Call) *rpc.Refusal {
	return rpc.Refuse(rpc.Failed, unknownToolError(protocol.String(c.Name)))
}

func unknownToolError(name string) *protocol.Error { return invalidParams("unknown tool %q", name) }

// guard asks whether the caller may do that. A denial is told as if there were nothing there, unless the guard says
// otherwise.
func (j *job) guard(e *entry, op auth.Op, name string, absent func() *rpc.Refusal) *rpc.Refusal {
	if len(e.guards) == 0 {
		return nil
	}
	c := j.context.call
	d := e.ask(&j.context, &auth.Access{Principal: c.Principal, Op: op, Kind: e.kind, Name: name, Args: c.Args, SessionID: j.context.session.ID()})
	switch {
	case d.Allowed:
		return nil
	case d.Challenge != nil:
		return j.engine.challenged(c.Principal, d.Challenge)
	case d.Public != "":
		return rpc.Refuse(rpc.Forbidden, protocol.Errorf(protocol.CodeServer, "%s", d.Public))
	}
	return absent()
}

// cancelled reads what a notifications/cancelled names.
func cancelled(params []byte) (id []byte, reason string) {
	if id = scan.Find(params, "requestId"); len(id) > protocol.MaxID {
		id = nil // no request has such an id
	}
	if reason = protocol.String(scan.Find(params, "reason")); len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "")
	}
	return id, reason
}

// maxReason bounds what is told of why a client has cancelled, in bytes.
const maxReason = 1 << 10
