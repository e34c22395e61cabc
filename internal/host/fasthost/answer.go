package fasthost

// SetHeader sets a header of the answer. After Release, and once a stream has begun, it does nothing.
func (x *Exchange) SetHeader(name, value string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ctx != nil && x.body == nil {
		x.ctx.Response.Header.Set(name, value)
	}
}

// Answer sends a whole answer, when the handler has returned; until then body must not change. After Release, and once a stream has begun,
// it does nothing.
func (x *Exchange) Answer(status int, contentType string, body ...[]byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ctx == nil || x.body != nil {
		return
	}
	r := &x.ctx.Response
	r.SetStatusCode(status)
	if contentType == "" || len(body) == 0 {
		r.ResetBody()
		return
	}
	r.Header.SetContentType(contentType)
	if len(body) < 2 || len(body[1]) == 0 {
		r.SetBodyRaw(body[0]) // not copied: what is one part was made for this request
		return
	}
	r.ResetBody()
	for _, part := range body { // into a buffer that fasthttp uses again
		r.AppendBody(part)
	}
}
