//go:build !js

package fastmcp

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/transport/streamhttp"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/go-playground/validator/v10"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
)

// containedRoute has what a handler panics with answered as an error.
func containedRoute(c *fiber.Ctx) error { return contain(c.Next) }

// inOneForm answers the errors of the App's routes where it is mounted, and others' errors have another form. A panic ends
// there as well: whether the Fiber app around it would survive one is not known.
func (a *App) inOneForm(c *fiber.Ctx) error {
	if err := contain(c.Next); err != nil {
		return a.answerError(c, err)
	}
	return nil
}

// answerError answers what no handler has answered, in the form of all errors.
func (a *App) answerError(c *fiber.Ctx, err error) error {
	status, e := a.errorOf(c, err)
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Status(status).Send(protocol.AppendError(nil, nil, e))
}

// errorOf is what a caller may know of an error, and the status to tell it with.
func (a *App) errorOf(c *fiber.Ctx, err error) (status int, e *protocol.Error) {
	if e := (*fiber.Error)(nil); errors.As(err, &e) {
		return e.Code, protocol.Errorf(codeOf(e.Code), "%s", told(c, e))
	}
	if r := (refused{}); errors.As(err, &r) {
		c.Set(fiber.HeaderRetryAfter, strconv.FormatInt(int64((r.RetryAfter+time.Second-1)/time.Second), 10))
		return streamhttp.StatusOf(r.Refusal, protocol.Latest), r.Err
	}
	if p := (*protocol.Error)(nil); !forModel(err) && errors.As(err, &p) {
		if p.Code == protocol.CodeInternal {
			return fiber.StatusInternalServerError, p
		}
		return fiber.StatusBadRequest, p
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		p := protocol.Errorf(protocol.CodeServer, "%s", e.Message)
		if len(e.Extra) > 0 {
			p.Data = e.Extra
		}
		return fiber.StatusBadRequest, p
	}
	if e := (validator.ValidationErrors)(nil); errors.As(err, &e) {
		return fiber.StatusUnprocessableEntity, brokenRules(e)
	}
	if text := malformed(c, err); text != "" {
		return fiber.StatusBadRequest, protocol.Errorf(protocol.CodeServer, "%s", text)
	}
	return fiber.StatusInternalServerError, &protocol.Error{
		Code: protocol.CodeInternal, Message: "Internal error", Data: map[string]string{"correlationId": a.maskRoute(c, err)},
	}
}

// codeOf is the JSON-RPC code beside a status.
func codeOf(status int) int {
	if status >= fiber.StatusInternalServerError {
		return protocol.CodeInternal
	}
	return protocol.CodeServer
}

// told is the text of an error of Fiber's.
func told(c *fiber.Ctx, e *fiber.Error) string {
	if len(c.Route().Handlers) == 0 && e.Code == fiber.StatusBadRequest {
		return "Bad request" // no route was found, because fasthttp could not read it: its text quotes all headers
	}
	return e.Message
}

// maskRoute logs an error that is not the caller's to read, and gives the id to ask the operator about.
func (a *App) maskRoute(c *fiber.Ctx, err error) (id string) {
	id = newID()
	attrs := []any{"correlation", id, "method", utils.CopyString(c.Method()), "path", utils.CopyString(c.Path()), "error", err}
	if f := (*fault)(nil); errors.As(err, &f) {
		a.config.Log.Error("route panicked", append(attrs, "stack", string(f.stack))...)
		return id
	}
	a.config.Log.Error("route failed", attrs...)
	return id
}

// brokenRules names the fields that break a rule, and the rules, without their values.
func brokenRules(errs validator.ValidationErrors) *protocol.Error {
	type field struct {
		Field string `json:"field"`
		Rule  string `json:"rule"`
	}
	var fields []field
	var names []string
	for _, e := range errs {
		rule := e.Tag()
		if e.Param() != "" {
			rule += "=" + e.Param()
		}
		fields, names = append(fields, field{e.Field(), rule}), append(names, e.Field())
	}
	return &protocol.Error{
		Code: protocol.CodeServer, Message: "Invalid: " + strings.Join(names, ", "), Data: map[string]any{"fields": fields},
	}
}

// malformed says that the body is no JSON, or not of the types that it has to be, as BodyParser finds; "" when it is neither:
// a handler may have read other JSON than its caller's.
func malformed(c *fiber.Ctx, err error) string {
	body := c.Request().Body()
	if len(body) == 0 {
		return ""
	}
	if e := (*json.SyntaxError)(nil); errors.As(err, &e) && !json.Valid(body) {
		return "Invalid JSON"
	}
	if e := (*json.UnmarshalTypeError)(nil); errors.As(err, &e) && e.Field != "" && json.Valid(body) {
		return "Invalid: " + e.Field + " is not of the type that it has to be"
	}
	return ""
}
