package protocol

// Revision is a dated version of the protocol. The zero value is no revision. What differs between revisions is asked
// by the methods below and never by comparing versions, so that this table is the only place that knows.
type Revision uint8

// The revisions that this package speaks, oldest first.
const (
	V20241105 Revision = iota + 1
	V20250326
	V20250618
	V20251125
	V20260728
)

const (
	// LatestStateful is what initialize answers to a version that it does not know.
	LatestStateful = V20251125
	// Latest is the newest revision of all.
	Latest = V20260728
)

var revisionNames = [...]string{V20241105: "2024-11-05", V20250326: "2025-03-26", V20250618: "2025-06-18", V20251125: "2025-11-25", V20260728: "2026-07-28"}

// feature is one difference between revisions.
type feature uint32

const (
	stateless   feature = 1 << iota // no initialize, no sessions; _meta on each request; mirrored headers
	batches                         // arrays of messages
	audio                           // audio content, tool annotations, progress messages, completions capability
	structured                      // title, _meta on items, outputSchema, structuredContent, resource_link, elicitation
	icons                           // icons, website, description of an implementation, $schema in tool schemas
	priming                         // an SSE stream begins with an event that has an id and no data
	legacyTasks                     // the experimental tasks of 2025-11-25
	urlElicit                       // elicitation in URL mode
)

// table is what each revision has.
var table = [...]feature{
	V20241105: 0,
	V20250326: audio | batches,
	V20250618: audio | structured,
	V20251125: audio | structured | icons | priming | legacyTasks | urlElicit,
	V20260728: audio | structured | icons | urlElicit | stateless,
}

func (r Revision) has(f feature) bool { return int(r) < len(table) && table[r]&f != 0 }

// Known tells that r is a revision.
func (r Revision) Known() bool { return r > 0 && int(r) < len(table) }

// String is the revision's date, as on the wire; "" for no revision.
func (r Revision) String() string {
	if !r.Known() {
		return ""
	}
	return revisionNames[r]
}

// ParseRevision finds the revision with that date; ok is false when there is none.
func ParseRevision[S ~string | ~[]byte](date S) (r Revision, ok bool) {
	for r := V20241105; r <= Latest; r++ {
		if string(date) == revisionNames[r] {
			return r, true
		}
	}
	return 0, false
}

// Supported lists every revision's date, newest first, as server/discover and error -32022 give it.
func Supported() []string {
	all := make([]string, 0, len(revisionNames)-1)
	for r := Latest; r >= V20241105; r-- {
		all = append(all, r.String())
	}
	return all
}

// HasSessions tells that a client of r says initialize first and may be given a session.
func (r Revision) HasSessions() bool { return r.Known() && !r.has(stateless) }

// IsStateless tells that each request of r carries all that there is to know: version, capabilities, client.
func (r Revision) IsStateless() bool { return r.has(stateless) }

// HasBatches tells that a message may be an array of messages (2025-03-26 only).
func (r Revision) HasBatches() bool { return r.has(batches) }

// HasAudio tells that content may be audio; before, it is told in text.
func (r Revision) HasAudio() bool { return r.has(audio) }

// HasCompletionsCapability tells that a server says whether it completes arguments; before, one has to ask.
func (r Revision) HasCompletionsCapability() bool { return r.has(audio) }

// HasToolAnnotations tells that a tool may carry hints about what it does.
func (r Revision) HasToolAnnotations() bool { return r.has(audio) }

// HasProgressMessage tells that a progress notification may carry a message.
func (r Revision) HasProgressMessage() bool { return r.has(audio) }

// HasTitles tells that tools, prompts, resources and implementations may carry a title.
func (r Revision) HasTitles() bool { return r.has(structured) }

// HasItemMeta tells that tools, resources, prompts and content blocks may carry _meta.
func (r Revision) HasItemMeta() bool { return r.has(structured) }

// HasLastModified tells that annotations may carry lastModified.
func (r Revision) HasLastModified() bool { return r.has(structured) }

// HasResourceLinks tells that content may be a link to a resource; before, it is told in text.
func (r Revision) HasResourceLinks() bool { return r.has(structured) }

// HasStructuredContent tells that a tool's result may carry JSON beside its content, and a tool a schema for it.
func (r Revision) HasStructuredContent() bool { return r.has(structured) }

// HasAnyStructuredContent tells that structured content may be any JSON value, not only an object.
func (r Revision) HasAnyStructuredContent() bool { return r.has(stateless) }

// HasIcons tells that things may carry icons, and an implementation a description and a website.
func (r Revision) HasIcons() bool { return r.has(icons) }

// HasPriming tells that an event stream begins with an event that has an id and no data (SEP-1699).
func (r Revision) HasPriming() bool { return r.has(priming) }

// HasEventIDs tells that events carry ids and that a stream can be taken up again with Last-Event-ID.
func (r Revision) HasEventIDs() bool { return r.HasSessions() }

// HasMirroredHeaders tells that HTTP headers repeat parts of the body and must agree with it (SEP-2243).
func (r Revision) HasMirroredHeaders() bool { return r.has(stateless) }

// HasResultType tells that every result says of which type it is and which server made it, and lists say how long they
// may be cached.
func (r Revision) HasResultType() bool { return r.has(stateless) }

// HasTasks tells that a call may ask to be a task (the experiment of 2025-11-25).
func (r Revision) HasTasks() bool { return r.has(legacyTasks) }

// HasTaskExtension tells that tasks are an extension, which the server decides to use (SEP-2663).
func (r Revision) HasTaskExtension() bool { return r.has(stateless) }

// HasElicitation tells that a client may be asked to have its user fill in a form.
func (r Revision) HasElicitation() bool { return r.has(structured) }

// HasURLElicitation tells that a client may be asked to open an address, and that a question says in which mode it is.
func (r Revision) HasURLElicitation() bool { return r.has(urlElicit) }

// HasElicitationIDs tells that a request to open an address has an id, by which the client is told when it is done, and
// that a request may fail because one has to be opened first (2025-11-25 only).
func (r Revision) HasElicitationIDs() bool { return r.has(urlElicit) && r.HasSessions() }

// HasSamplingTools tells that sampling may offer tools, and that a message may have several pieces of content. It came
// with elicitation in URL mode.
func (r Revision) HasSamplingTools() bool { return r.has(urlElicit) }

// HasCancelByDisconnect tells that a client cancels a call by going away; in the other revisions it must say so.
func (r Revision) HasCancelByDisconnect() bool { return r.has(stateless) }
