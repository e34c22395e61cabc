package fasthost

// SetHeader sets a header of the answer. After Release, and once a stream has begun, it does nothing.
func (x *Exchange) SetHeader(name, value string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.response != nil && x.body == nil {
		x.response.Header.Set(name, value)
		x.dressed = true
	}
}

// Answer sends a whole answer, when the handler has returned; until then body must not change: it is not copied. After
// Release, and once a stream has begun, it does nothing.
func (x *Exchange) Answer(status int, contentType string, body []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.start(status, contentType) && body != nil {
		x.response.SetBodyRaw(body)
	}
}

// AnswerParts is Answer with a body of several parts, which are copied.
func (x *Exchange) AnswerParts(status int, contentType string, parts ...[]byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.start(status, contentType) {
		for _, part := range parts { // into a buffer that fasthttp uses again
			x.response.AppendBody(part)
		}
	}
}

// start sets what stands before the body, and tells whether there may be one.
func (x *Exchange) start(status int, contentType string) bool {
	if x.response == nil || x.body != nil {
		return false
	}
	r := x.response
	r.SetStatusCode(status)
	r.ResetBody()
	if contentType == "" {
		return false
	}
	r.Header.SetContentType(contentType)
	return true
}
