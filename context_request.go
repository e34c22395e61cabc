package fastmcp

// ID is the id of the request as JSON, as the client sent it: a string or an integer. A session has one request of each id
// at a time; which request of all logs it is, RequestID says. It may be kept, not changed.
func (c *Context) ID() []byte { return c.call.ID }

// Size is how long the parameters of the request are, in bytes of JSON: nearly all that there is to a request.
func (c *Context) Size() int { return len(c.call.Params) }

// Target is the name under which the App has registered what the request is about: the name of the tool or of the prompt,
// the URI of the resource or, where a template reads it, the template. It is "" where there is none. Unlike Name it never
// has a word of the client's, so that there are no more of them than are registered: it is for metrics and the like.
func (c *Context) Target() string {
	switch {
	case c.tool != nil:
		return c.tool.def.Name
	case c.prompt != nil, c.completion != nil:
		return c.name // by now it is the key of what was found
	case c.resource != nil:
		return c.resource.def.URI
	}
	return ""
}
