package protocol

// The methods that clients call.
const (
	MethodInitialize        = "initialize"
	MethodDiscover          = "server/discover"
	MethodPing              = "ping"
	MethodToolsList         = "tools/list"
	MethodToolsCall         = "tools/call"
	MethodResourcesList     = "resources/list"
	MethodResourceTemplates = "resources/templates/list"
	MethodResourcesRead     = "resources/read"
	MethodSubscribe         = "resources/subscribe"
	MethodUnsubscribe       = "resources/unsubscribe"
	MethodPromptsList       = "prompts/list"
	MethodPromptsGet        = "prompts/get"
	MethodComplete          = "completion/complete"
	MethodSetLevel          = "logging/setLevel"
	MethodListen            = "subscriptions/listen"
	MethodTasksGet          = "tasks/get"
	MethodTasksUpdate       = "tasks/update" // the extension of 2026-07-28 only
	MethodTasksCancel       = "tasks/cancel"
	MethodTasksResult       = "tasks/result" // 2025-11-25 only, as is the next
	MethodTasksList         = "tasks/list"
)

// The methods that servers call; in 2026-07-28 they are what a result asks for.
const (
	MethodElicit = "elicitation/create"
	MethodSample = "sampling/createMessage"
	MethodRoots  = "roots/list"
)

// The notifications that cross in either direction.
const (
	NoteInitialized      = "notifications/initialized"
	NoteCancelled        = "notifications/cancelled"
	NoteProgress         = "notifications/progress"
	NoteMessage          = "notifications/message"
	NoteToolsChanged     = "notifications/tools/list_changed"
	NoteResourcesChanged = "notifications/resources/list_changed"
	NotePromptsChanged   = "notifications/prompts/list_changed"
	NoteResourceUpdated  = "notifications/resources/updated"
	NoteRootsChanged     = "notifications/roots/list_changed"
	// NoteTaskStatus tells how a task stands (2025-11-25), NoteTask likewise where tasks are an extension.
	NoteTaskStatus = "notifications/tasks/status"
	NoteTask       = "notifications/tasks"
	// NoteElicitationComplete tells that what was to be done at an address is done (2025-11-25 only).
	NoteElicitationComplete = "notifications/elicitation/complete"
	// NoteStreamContent carries a block of a tool's content before its result, when a server is told to send it. It
	// is not part of the protocol.
	NoteStreamContent = "notifications/tool/streamContent"
)

// methodName is the constant for a name that is known, so that only unknown names allocate.
func methodName(b []byte) string {
	switch string(b) {
	case MethodToolsCall:
		return MethodToolsCall
	case MethodToolsList:
		return MethodToolsList
	case MethodInitialize:
		return MethodInitialize
	case MethodDiscover:
		return MethodDiscover
	case MethodPing:
		return MethodPing
	case MethodResourcesList:
		return MethodResourcesList
	case MethodResourceTemplates:
		return MethodResourceTemplates
	case MethodResourcesRead:
		return MethodResourcesRead
	case MethodSubscribe:
		return MethodSubscribe
	case MethodUnsubscribe:
		return MethodUnsubscribe
	case MethodPromptsList:
		return MethodPromptsList
	case MethodPromptsGet:
		return MethodPromptsGet
	case MethodComplete:
		return MethodComplete
	case MethodSetLevel:
		return MethodSetLevel
	case MethodListen:
		return MethodListen
	case NoteInitialized:
		return NoteInitialized
	case NoteCancelled:
		return NoteCancelled
	case NoteProgress:
		return NoteProgress
	case NoteRootsChanged:
		return NoteRootsChanged
	}
	return string(b)
}

// IsMethod tells that a name is one of a revision's own requests, in either direction, or of its official extensions.
func IsMethod(name string) bool {
	switch name {
	case MethodInitialize, MethodDiscover, MethodPing, MethodToolsList, MethodToolsCall, MethodResourcesList, MethodResourceTemplates,
		MethodResourcesRead, MethodSubscribe, MethodUnsubscribe, MethodPromptsList, MethodPromptsGet, MethodComplete, MethodSetLevel,
		MethodListen, MethodElicit, MethodSample, MethodRoots, MethodTasksGet, MethodTasksUpdate, MethodTasksCancel, MethodTasksResult, MethodTasksList:
		return true
	}
	return false
}
