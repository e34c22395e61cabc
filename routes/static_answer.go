package routes

import (
	"io"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
)

// staticAnswer has net/http decide what is sent of a file (RFC 9110, 13 and 14), and fasthttp send it, without a copy of it in
// between.
type staticAnswer struct {
	c      *fiber.Ctx
	header http.Header
	file   io.Closer
	status int
	sent   bool // fasthttp has the file, and closes it
}

// request is what net/http looks at. Several ranges are answered with the whole file: each would be a part of a body that has
// to be put together.
func (w *staticAnswer) request() *http.Request {
	r := &http.Request{Method: w.c.Method(), Header: make(http.Header)}
	for _, name := range []string{
		fiber.HeaderRange, fiber.HeaderIfRange, fiber.HeaderIfMatch, fiber.HeaderIfNoneMatch, fiber.HeaderIfModifiedSince, fiber.HeaderIfUnmodifiedSince,
	} {
		if value := utils.CopyString(w.c.Get(name)); value != "" && (name != fiber.HeaderRange || !strings.Contains(value, ",")) {
			r.Header.Set(name, value)
		}
	}
	return r
}

// Header implements http.ResponseWriter.
func (w *staticAnswer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *staticAnswer) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if w.status = status; status >= http.StatusBadRequest {
		w.header = http.Header{fiber.HeaderContentRange: w.header[fiber.HeaderContentRange]}
	}
	w.c.Status(status)
	for name, values := range w.header {
		for _, value := range values {
			w.c.Set(name, value)
		}
	}
}

// Write implements http.ResponseWriter. The text of an error is not sent: it has the form of all errors.
func (w *staticAnswer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.status < http.StatusBadRequest {
		w.c.Response().AppendBody(p)
	}
	return len(p), nil
}

// ReadFrom is how net/http sends a file, or the part of it that is asked for.
func (w *staticAnswer) ReadFrom(r io.Reader) (int64, error) {
	part, ok := r.(*io.LimitedReader)
	if !ok {
		return io.Copy(struct{ io.Writer }{w}, r)
	}
	w.WriteHeader(http.StatusOK)
	w.sent = true
	n := part.N
	w.c.Response().SetBodyStream(struct {
		io.Reader
		io.Closer
	}{part, w.file}, int(n))
	return n, nil
}

// end is what comes after: nobody else closes a file that is not sent.
func (w *staticAnswer) end() error {
	if !w.sent {
		_ = w.file.Close()
	}
	if w.status >= http.StatusBadRequest {
		return fiber.NewError(w.status)
	}
	return nil
}
