package protocol

import "log/slog"

// Level is how much a log message matters (RFC 5424, as MCP names them). The zero value is no level.
type Level uint8

// The levels, least first.
const (
	LevelDebug Level = iota + 1
	LevelInfo
	LevelNotice
	LevelWarning
	LevelError
	LevelCritical
	LevelAlert
	LevelEmergency
)

var levelNames = [...]string{LevelDebug: "debug", LevelInfo: "info", LevelNotice: "notice", LevelWarning: "warning", LevelError: "error", LevelCritical: "critical", LevelAlert: "alert", LevelEmergency: "emergency"}

const levelList = "debug, info, notice, warning, error, critical, alert, emergency"

// String is the level's name on the wire; "" for no level.
func (l Level) String() string {
	if int(l) >= len(levelNames) {
		return ""
	}
	return levelNames[l]
}

// ParseLevel finds the level with that name.
func ParseLevel(name string) (Level, bool) {
	for l := LevelDebug; l <= LevelEmergency; l++ {
		if levelNames[l] == name {
			return l, true
		}
	}
	return 0, false
}

// LevelOf is the level of a level of slog. Above slog's Error every 4 steps are one more: 12 is critical, 16 alert, 20
// emergency; 2 is notice.
func LevelOf(l slog.Level) Level {
	switch {
	case l >= 20:
		return LevelEmergency
	case l >= 16:
		return LevelAlert
	case l >= 12:
		return LevelCritical
	case l >= slog.LevelError:
		return LevelError
	case l >= slog.LevelWarn:
		return LevelWarning
	case l >= slog.LevelInfo+2:
		return LevelNotice
	case l >= slog.LevelInfo:
		return LevelInfo
	}
	return LevelDebug
}
