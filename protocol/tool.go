package protocol

import (
	"encoding/json"

	"github.com/fastmcp-go/fastmcp/internal/scan"
)

// ToolAnnotations are hints about what a tool does, for clients that ask before they call it. They bind nobody.
type ToolAnnotations struct {
	// Title is for people. Clients prefer that of the tool.
	Title string
	// ReadOnlyHint: the tool changes nothing. IdempotentHint: a second call with the same arguments changes nothing
	// more.
	ReadOnlyHint, IdempotentHint bool
	// DestructiveHint: the tool may destroy. OpenWorldHint: it reaches things outside its own domain. Clients assume
	// both when they are nil.
	DestructiveHint, OpenWorldHint *bool
	// Other hints, beside the protocol's, are sent as they are; names of the protocol's own hints are ignored here.
	Other map[string]any
}

// MarshalJSON writes the hints that are set.
func (a ToolAnnotations) MarshalJSON() ([]byte, error) {
	all := make(map[string]any, len(a.Other)+5)
	for name, v := range a.Other {
		all[name] = v
	}
	for _, name := range []string{"title", "readOnlyHint", "idempotentHint", "destructiveHint", "openWorldHint"} {
		delete(all, name)
	}
	if a.Title != "" {
		all["title"] = a.Title
	}
	if a.ReadOnlyHint {
		all["readOnlyHint"] = true
	}
	if a.IdempotentHint {
		all["idempotentHint"] = true
	}
	if a.DestructiveHint != nil {
		all["destructiveHint"] = *a.DestructiveHint
	}
	if a.OpenWorldHint != nil {
		all["openWorldHint"] = *a.OpenWorldHint
	}
	return json.Marshal(all)
}

// Icon is a picture of something, by address (SEP-973).
type Icon struct {
	// Src is an https: or data: URI.
	Src      string   `json:"src"`
	MimeType string   `json:"mimeType,omitempty"`
	Sizes    []string `json:"sizes,omitempty"`
	// Theme is "light" or "dark", "" for both.
	Theme string `json:"theme,omitempty"`
}

// Implementation is who a server says it is.
type Implementation struct {
	Name, Version, Title, Description, Website string
	Icons                                      []Icon
}

// Tool is a tool as a list shows it. Its schemas are JSON.
type Tool struct {
	// Title is for people, Description for the model.
	Name, Title, Description string
	// OutputSchema may be nil.
	InputSchema, OutputSchema []byte
	// Annotations, Icons and Meta are left out when there are none.
	Annotations *ToolAnnotations
	Icons       []Icon
	Meta        map[string]any
	// TaskSupport is "optional" or "required"; "" is not said (2025-11-25 only).
	TaskSupport string
}

// AppendTool appends t as revision r shows it: what the revision does not have is left out (reference: the schema of
// each revision). The error is that of annotations or _meta that are not JSON.
func AppendTool(dst []byte, t *Tool, r Revision) ([]byte, error) {
	o := begin(dst)
	o.string("name", t.Name)
	if r.HasTitles() {
		o.string("title", t.Title)
	}
	o.string("description", t.Description)
	o.raw("inputSchema", t.InputSchema)
	if r.HasStructuredContent() && (r.HasAnyStructuredContent() || isObjectSchema(t.OutputSchema)) {
		o.raw("outputSchema", t.OutputSchema)
	}
	if t.Annotations != nil && r.HasToolAnnotations() {
		o.value("annotations", t.Annotations)
	}
	if len(t.Icons) > 0 && r.HasIcons() {
		o.value("icons", t.Icons)
	}
	if t.TaskSupport != "" && r.HasTasks() {
		o.value("execution", map[string]string{"taskSupport": t.TaskSupport})
	}
	if len(t.Meta) > 0 && r.HasItemMeta() {
		o.value("_meta", t.Meta)
	}
	return o.end()
}

// isObjectSchema tells that a schema's root is an object, which revisions before 2026-07-28 insist on.
func isObjectSchema(schema []byte) bool {
	var root struct {
		Type any `json:"type"`
	}
	return len(schema) > 0 && json.Unmarshal(schema, &root) == nil && root.Type == "object"
}

// AppendImplementation appends i as revision r shows it.
func AppendImplementation(dst []byte, i *Implementation, r Revision) []byte {
	o := begin(dst)
	o.key("name")
	o.dst = scan.AppendString(o.dst, i.Name)
	if r.HasTitles() {
		o.string("title", i.Title)
	}
	o.key("version")
	o.dst = scan.AppendString(o.dst, i.Version)
	if r.HasIcons() {
		o.string("description", i.Description)
		o.string("websiteUrl", i.Website)
		if len(i.Icons) > 0 {
			o.value("icons", i.Icons)
		}
	}
	out, _ := o.end() // icons are strings: they always marshal
	return out
}
