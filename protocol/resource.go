package protocol

import "strconv"

// Resource is a resource, or a template of resources, as a list shows it.
type Resource struct {
	// URI is the resource's URI; of a template the template (RFC 6570).
	URI                                string
	Name, Title, Description, MimeType string
	// Size is the length of the contents in bytes; 0 is not said. Templates have none.
	Size int64
	// Annotations appends the annotations' JSON; nil is none.
	Annotations func(dst []byte, r Revision) []byte
	Icons       []Icon
	Meta        map[string]any
}

// AppendResource appends t as revision r shows it. The error is that of a _meta that is not JSON.
func AppendResource(dst []byte, t *Resource, r Revision) ([]byte, error) {
	return appendResource(dst, t, r, "uri")
}

// AppendResourceTemplate appends a template as revision r shows it.
func AppendResourceTemplate(dst []byte, t *Resource, r Revision) ([]byte, error) {
	return appendResource(dst, t, r, "uriTemplate")
}

func appendResource(dst []byte, t *Resource, r Revision, uri string) ([]byte, error) {
	o := begin(dst)
	o.string(uri, t.URI)
	o.string("name", t.Name)
	if r.HasTitles() {
		o.string("title", t.Title)
	}
	o.string("description", t.Description)
	o.string("mimeType", t.MimeType)
	if t.Size > 0 && uri == "uri" {
		o.key("size")
		o.dst = strconv.AppendInt(o.dst, t.Size, 10)
	}
	if t.Annotations != nil {
		o.key("annotations")
		o.dst = t.Annotations(o.dst, r)
	}
	if len(t.Icons) > 0 && r.HasIcons() {
		o.value("icons", t.Icons)
	}
	if len(t.Meta) > 0 && r.HasItemMeta() {
		o.value("_meta", t.Meta)
	}
	return o.end()
}
