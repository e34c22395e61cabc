// Package logger writes one line for each request into the operator's log: what was called, by whom, how it went, how long
// it took and how large it was.
//
//	app.Use(logger.New())
//
// Put it first, so that it also tells of what other links turn down. What is turned down before the chain (an unknown tool,
// a caller without a right, a session that is over) is not seen by any link.
//
// A line has these attributes, in this order; those that do not apply are left out:
//
//	request    the id of the request in all logs: fastmcp.Context.RequestID
//	method     such as tools/call
//	name       the name of the tool or the prompt, or the URI of the resource
//	task       what names a task in logs, in place of its id, for the methods of tasks
//	principal  who called
//	session    what names the session in logs, in place of its id
//	tenant     whose App served it, where fastmcp.Config.Select picks Apps
//	revision   of the protocol
//	outcome    succeeded, failed, cancelled (by the client), or asked: the answer asks the client, who calls again with
//	           the answers (2026-07-28)
//	reason     why it failed: tool_error, when the tool says so to the model; panic; timeout; internal, an error that is
//	           kept from the client; a JSON-RPC code; or other
//	error      the error, as the operator may know it, of 1 KiB at most
//	duration   of all that comes after this link, and of making the answer; of a task until it is over, and of
//	           subscriptions/listen until the client leaves
//	in, out    how long the request's parameters and the answer are, in bytes of JSON
//	arguments  see Config.Arguments
package logger

import (
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/middleware/internal/outcome"
	"github.com/fastmcp-go/fastmcp/middleware/internal/redact"
)

// Config is what is logged. What its zero value means stands beside each field.
type Config struct {
	// Next skips a request when it is true. Default: none is skipped.
	Next func(*fastmcp.Context) bool
	// Log is what is written to. Default: the App's, fastmcp.Config.Log, through Context.Log; one that is given here is
	// quicker. A slog.Handler finds the Context of the request in the context that it is given, and in it the span of a
	// tracer that comes before this link.
	Log *slog.Logger
	// Level is that of requests that went well, were cancelled, or asked. Those that failed have slog.LevelWarn, or Level
	// where that is higher. Default: slog.LevelInfo.
	Level slog.Level
	// Message is the text of each line. Default: "request".
	Message string
	// Arguments writes the arguments of tools and prompts, as JSON in a string: without the values of secrets,
	// and at most MaxArguments bytes of it. Default: off, because what users write to models is theirs.
	Arguments bool
	// Redact are the words that tell that a value is a secret, when they are part of its name, without regard to case and to
	// characters that are neither letters nor digits. Default: DefaultRedact; an empty slice that is not nil: none.
	Redact []string
	// MaxArguments bounds the arguments, in bytes. Default: 1024.
	MaxArguments int
}

// ConfigDefault is what New does by itself.
var ConfigDefault = Config{Message: "request", MaxArguments: 1024}

// DefaultRedact is a copy of the words that tell secrets: password, passwd, passphrase, secret, token, authorization,
// credential, cookie, api_key, access_key, private_key, session_id.
func DefaultRedact() []string { return append([]string(nil), redact.Default...) }

const (
	// maxName and maxError bound what a line has of a name and of an error, in bytes.
	maxName  = 256
	maxError = 1024
)

// New makes the link. It panics where Config.MaxArguments is negative.
func New(config ...Config) fastmcp.Handler {
	c := ConfigDefault
	if len(config) > 0 {
		c = config[0]
	}
	if c.MaxArguments < 0 {
		panic("logger: Config.MaxArguments is negative: leave Config.Arguments off to log none")
	}
	if c.MaxArguments == 0 {
		c.MaxArguments = ConfigDefault.MaxArguments
	}
	if c.Message == "" {
		c.Message = ConfigDefault.Message
	}
	if c.Redact == nil {
		c.Redact = redact.Default
	}
	l := &logger{Config: c, secrets: redact.New(c.Redact)}
	return l.serve
}

type logger struct {
	Config
	secrets *redact.Redactor
}

func (l *logger) serve(c *fastmcp.Context) error {
	if l.Next != nil && l.Next(c) || l.Log != nil && !l.Log.Enabled(c, l.levelOf(outcome.Failed)) {
		return c.Next()
	}
	c.RequestID() // a task outlives the header that it is read from
	begun := time.Now()
	c.OnAnswer(func(a fastmcp.Answer) { l.write(c, a, begun, time.Now()) })
	return c.Next()
}

func (l *logger) levelOf(kind outcome.Kind) slog.Level {
	if kind == outcome.Failed {
		return max(l.Level, slog.LevelWarn)
	}
	return l.Level
}

// write writes the line. It goes to the handler directly: a slog.Logger would look for the line of code that it is called
// from, which is always this one and a sixth of what it costs.
func (l *logger) write(c *fastmcp.Context, a fastmcp.Answer, begun, now time.Time) {
	kind, log := outcome.Of(a), l.Log
	var room [16]slog.Attr
	line := room[:0]
	if log == nil {
		log = c.Log() // it says itself who is calling what
	}
	level, handler := l.levelOf(kind), log.Handler()
	if !handler.Enabled(c, level) {
		return
	}
	if l.Log != nil {
		line = appendSubject(line, c)
	}
	line = append(line, slog.String("revision", c.Revision().String()), slog.String("outcome", kind.String()))
	if kind == outcome.Failed {
		line = append(line, slog.String("reason", outcome.Reason(a)))
		if a.Err != nil {
			line = append(line, slog.String("error", cut(a.Err.Error(), maxError)))
		}
	}
	line = append(line, slog.Duration("duration", now.Sub(begun)), slog.Int("in", c.Size()), slog.Int("out", a.Bytes))
	if l.Arguments && c.Args() != nil {
		line = append(line, slog.String("arguments", l.secrets.JSON(c.Args(), l.MaxArguments)))
	}
	record := slog.NewRecord(now, level, l.Message, 0)
	record.AddAttrs(line...)
	_ = handler.Handle(c, record) // as for a slog.Logger: there is nobody to tell
}

// appendSubject says who is calling what, as Context.Log does.
func appendSubject(line []slog.Attr, c *fastmcp.Context) []slog.Attr {
	line = append(line, slog.String("request", c.RequestID()), slog.String("method", c.Method()))
	switch name := c.Name(); {
	case name == "":
	case strings.HasPrefix(c.Method(), "tasks/"):
		line = append(line, slog.String("task", session.Fingerprint(name))) // who has no name of his own owns a task by knowing its id
	default:
		line = append(line, slog.String("name", cut(name, maxName)))
	}
	if key := c.PrincipalKey(); key != "" {
		line = append(line, slog.String("principal", key))
	}
	if id := c.Session().LogID(); id != "" {
		line = append(line, slog.String("session", id))
	}
	if tenant := c.Session().Tenant(); tenant != "" {
		line = append(line, slog.String("tenant", tenant))
	}
	return line
}

// cut is a text of most bytes at most, and where it goes on "…".
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}
