package fastmcp

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
)

// sources is where settings came from that are not the program's own.
type sources struct {
	from    []source
	unknown []string // variables that nobody here knows
	level   slog.Level
	json    bool
	out     io.Writer // for the log; nil: standard error
}

type source struct{ name, source, value string }

func (s *sources) clone() *sources {
	if s == nil {
		return &sources{}
	}
	next := *s
	next.from, next.unknown = slices.Clone(s.from), slices.Clone(s.unknown)
	return &next
}

// note notes where a setting came from. The last counts.
func (s *sources) note(name, from, value string, secret bool) {
	if secret {
		value = "***"
	}
	s.from = slices.DeleteFunc(s.from, func(f source) bool { return f.name == name })
	s.from = append(s.from, source{name, from, printable(value)})
}

func (s *sources) has(name string) bool {
	return slices.ContainsFunc(s.from, func(f source) bool { return f.name == envPrefix+name })
}

// conflicts are pairs that say two things about one.
func (s *sources) conflicts() (all []error) {
	if s.has("ADDR") && (s.has("HOST") || s.has("PORT")) {
		all = append(all, errors.New("FASTMCP_ADDR is beside FASTMCP_HOST or FASTMCP_PORT, which are parts of it: leave one of the two out"))
	}
	if s.has("KEYS") && s.has("KEYS_FILE") {
		all = append(all, errors.New("FASTMCP_KEYS is beside FASTMCP_KEYS_FILE: leave one of the two out"))
	}
	return all
}

// logger is the log that was asked for.
func (s *sources) logger() *slog.Logger {
	out := s.out
	if out == nil {
		out = os.Stderr
	}
	options := &slog.HandlerOptions{Level: s.level}
	if s.json {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}
