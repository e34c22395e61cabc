package fastmcp

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// ClientLog is the client's log: what it is told is sent as notifications/message, if the client wants messages of that
// level. In 2026-07-28 the client says so with each request, before with logging/setLevel, and until then it gets info
// and above. Nothing that it is told reaches the operator's log, and a group named "logger" does not exist: name the
// logger with slog.String("logger", name).
func (c *Context) ClientLog() *slog.Logger { return slog.New(&clientLog{c: c}) }

// clientLog is a slog.Handler that sends.
type clientLog struct {
	c      *Context
	attrs  []slog.Attr
	groups []string
}

// Enabled tells that the client wants messages of a level.
func (l *clientLog) Enabled(_ context.Context, level slog.Level) bool {
	wanted := l.c.wantedLevel()
	return wanted != 0 && protocol.LevelOf(level) >= wanted
}

// wantedLevel is the least level that the client wants; 0 is none.
func (c *Context) wantedLevel() protocol.Level {
	if c.call.Revision.IsStateless() {
		level, _ := protocol.ParseLevel(protocol.String(c.call.Meta.LogLevel))
		return level
	}
	return c.session.logLevel()
}

// Handle sends one message. Without attributes its data is the text; with them an object of both.
func (l *clientLog) Handle(_ context.Context, r slog.Record) error {
	attrs := slices.Clone(l.attrs)
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, l.nest(a))
		return true
	})
	b := append([]byte(nil), `{"jsonrpc":"2.0","method":"`+protocol.NoteMessage+`","params":{"level":"`...)
	b = append(append(b, protocol.LevelOf(r.Level).String()...), '"')
	if i := slices.IndexFunc(attrs, func(a slog.Attr) bool { return a.Key == "logger" && a.Value.Kind() == slog.KindString }); i >= 0 {
		b = scan.AppendString(append(b, `,"logger":`...), attrs[i].Value.String())
		attrs = slices.Delete(attrs, i, i+1)
	}
	b = append(b, `,"data":`...)
	if len(attrs) == 0 {
		b = scan.AppendString(b, r.Message)
	} else {
		data := object(attrs)
		data["message"] = r.Message
		text, err := json.Marshal(data)
		if err != nil {
			return err
		}
		b = append(b, text...)
	}
	return l.c.send(append(b, "}}"...))
}

// nest puts an attribute into the groups that are open.
func (l *clientLog) nest(a slog.Attr) slog.Attr {
	for _, name := range slices.Backward(l.groups) {
		a = slog.Attr{Key: name, Value: slog.GroupValue(a)}
	}
	return a
}

// WithAttrs is a handler that adds attributes to each message.
func (l *clientLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := &clientLog{c: l.c, attrs: slices.Clone(l.attrs), groups: l.groups}
	for _, a := range attrs {
		next.attrs = append(next.attrs, l.nest(a))
	}
	return next
}

// WithGroup is a handler that puts what follows into a group.
func (l *clientLog) WithGroup(name string) slog.Handler {
	if name == "" {
		return l
	}
	return &clientLog{c: l.c, attrs: l.attrs, groups: append(slices.Clone(l.groups), name)}
}

// object is what attributes say as JSON; groups of one name are one object.
func object(attrs []slog.Attr) map[string]any {
	out := make(map[string]any, len(attrs)+1)
	for _, a := range attrs {
		v := a.Value.Resolve()
		if a.Equal(slog.Attr{}) {
			continue // slog.Handler: ignore it
		}
		switch v.Kind() {
		case slog.KindGroup:
			into := object(v.Group())
			if a.Key == "" { // slog.Handler: its attributes belong to what it is in
				maps.Copy(out, into)
				continue
			}
			if before, ok := out[a.Key].(map[string]any); ok {
				for k, v := range into {
					before[k] = v
				}
				continue
			}
			out[a.Key] = into
		case slog.KindDuration:
			out[a.Key] = v.Duration().String()
		case slog.KindTime:
			out[a.Key] = v.Time().Format(time.RFC3339Nano)
		default:
			out[a.Key] = plain(v.Any())
		}
	}
	return out
}

// plain is a value that marshals to something that can be read: an error would be {}.
func plain(v any) any {
	switch v := v.(type) {
	case error:
		return v.Error()
	case json.Marshaler:
		return v
	case interface{ String() string }:
		return v.String()
	}
	return v
}
