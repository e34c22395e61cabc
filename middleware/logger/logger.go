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
//	method     such as tools/call
//	revision   of the protocol
//	outcome    succeeded, failed, cancelled (by the client), or asked: the answer asks the client, who calls again with
//	           the answers (2026-07-28)
//	tenant     whose App served it, where fastmcp.Config.Select picks Apps
//	name       the name of the tool or the prompt, or the URI of the resource
//	request    the id of the request in all logs: fastmcp.Context.RequestID
//	task       what names a task in logs, in place of its id, for the methods of tasks
//	principal  who called
//	session    what names the session in logs, in place of its id
//	reason     why it failed: tool_error, when the tool says so to the model; panic; timeout; internal, an error that is
//	           kept from the client; a JSON-RPC code; or other
//	error      the error, as the operator may know it, of 1 KiB at most
//	duration   of the chain, and of making the answer; of a task until it is over, and of subscriptions/listen until
//	           the client leaves
//	in, out    how long the request's parameters and the answer are, in bytes of JSON
//	arguments  see Config.Arguments
package logger

import (
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/internal/session"
	"github.com/fastmcp-go/fastmcp/middleware/internal/known"
	"github.com/fastmcp-go/fastmcp/middleware/internal/outcome"
	"github.com/fastmcp-go/fastmcp/middleware/internal/redact"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Config is what is logged. What its zero value means stands beside each field.
type Config struct {
	// Next skips a request when it is true. Default: none is skipped.
	Next func(*fastmcp.Context) bool
	// Log is what is written to. Default: the App's, fastmcp.Config.Log. A slog.Handler finds the Context of the request in the context that it is given, and in it the span of a
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
	l.answered = l.write
	return l.serve
}

type logger struct {
	Config
	secrets  *redact.Redactor
	answered func(*fastmcp.Context, fastmcp.Answer) // write, made once

	// known are handlers that have been told what many lines say.
	known known.Map[about, slog.Handler]
}

// about is what many lines say.
type about struct {
	log                  *slog.Logger
	method, name, tenant string
	revision             protocol.Revision
	kind                 outcome.Kind
}

// maxKnown bounds the handlers that are kept.
const maxKnown = 1024

func (l *logger) serve(c *fastmcp.Context) error {
	if l.Next != nil && l.Next(c) || l.Log != nil && !l.Log.Enabled(c, l.levelOf(outcome.Failed)) {
		return c.Next()
	}
	c.RequestID() // a task outlives the header that it is read from
	c.OnAnswer(l.answered)
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
func (l *logger) write(c *fastmcp.Context, a fastmcp.Answer) {
	log := l.Log
	if log == nil {
		log = c.AppLog()
	}
	of := about{log, c.Method(), c.Target(), c.Session().Tenant(), c.Revision(), outcome.Of(a)}
	level := l.levelOf(of.kind)
	if !log.Enabled(c, level) {
		return
	}
	var room [16]slog.Attr
	line := appendSubject(room[:0], c, &of)
	if of.kind == outcome.Failed {
		line = append(line, slog.String("reason", outcome.Reason(a)))
		if a.Err != nil {
			line = append(line, slog.String("error", cut(a.Err.Error(), maxError)))
		}
	}
	line = append(line, slog.Duration("duration", a.Took), slog.Int("in", c.Size()), slog.Int("out", a.Bytes))
	if l.Arguments && c.Args() != nil {
		line = append(line, slog.String("arguments", l.secrets.JSON(c.Args(), l.MaxArguments)))
	}
	record := slog.NewRecord(a.At, level, l.Message, 0)
	record.AddAttrs(line...)
	_ = l.handler(of).Handle(c, record) // as for a slog.Logger: there is nobody to tell
}

// handler is the log's handler, told what a line is about: most handlers format that once, and not with each line.
func (l *logger) handler(of about) slog.Handler {
	if h, ok := l.known.Get(of); ok {
		return h
	}
	attrs := []slog.Attr{slog.String("method", of.method), slog.String("revision", of.revision.String()), slog.String("outcome", of.kind.String())}
	if of.tenant != "" {
		attrs = append(attrs, slog.String("tenant", of.tenant))
	}
	if of.name != "" {
		attrs = append(attrs, slog.String("name", cut(of.name, maxName)))
	}
	return l.known.Add(of, of.log.Handler().WithAttrs(attrs), maxKnown)
}

// appendSubject says what the handler has not been told: which request it is, and whose.
func appendSubject(line []slog.Attr, c *fastmcp.Context, of *about) []slog.Attr {
	isTask := strings.HasPrefix(of.method, "tasks/")
	name := c.Name()
	if of.name = ""; name == c.Target() && !isTask {
		of.name = name // what is registered; there are not many
	} else if name != "" && !isTask {
		line = append(line, slog.String("name", cut(name, maxName)))
	}
	line = append(line, slog.String("request", c.RequestID()))
	if isTask && name != "" {
		line = append(line, slog.String("task", session.Fingerprint(name))) // who has no name of his own owns a task by knowing its id
	}
	if key := c.PrincipalKey(); key != "" {
		line = append(line, slog.String("principal", key))
	}
	if id := c.Session().LogID(); id != "" {
		line = append(line, slog.String("session", id))
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
