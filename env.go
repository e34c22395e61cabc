package fastmcp

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
)

// Variable is an environment variable of a program's own that FromEnv reads beside those that it knows.
type Variable struct {
	// Name is the variable's: "FASTMCP_REDIS_URL".
	Name string
	// Secret keeps its value out of the log.
	Secret bool
	// Set puts the value into the configuration. Its error says what is wrong with the value, without repeating it where it is
	// secret.
	Set func(c *Config, value string) error
}

// envPrefix begins the names of all variables.
const envPrefix = "FASTMCP_"

// FromEnv gives config with what the environment says in place of what it has. What is there comes from the program's code, so that
// the order is code, environment, and then command line, where Flags puts that. A variable that is empty is none. The variables are
//
//	FASTMCP_ADDR              HTTP.Addr, where Listen("") listens: "0.0.0.0:8080"
//	FASTMCP_HOST, _PORT       a part of it
//	FASTMCP_PATH              HTTP.Path
//	FASTMCP_ADMIN_ADDR        HTTP.AdminAddr
//	FASTMCP_TLS_CERT, _KEY    HTTP.TLS.CertFile and KeyFile; FASTMCP_TLS_CLIENT_CAS: ClientCAs
//	FASTMCP_HOSTS, _ORIGINS   Hosts and Origins, separated by commas; FASTMCP_TRUSTED_PROXIES: HTTP.TrustedProxies
//	FASTMCP_KEYS              Keys, in base64, newest first, separated by commas
//	FASTMCP_KEYS_FILE         a file with the same, which may also have one in a line
//	FASTMCP_STATELESS         Stateless, "true" or "false"; FASTMCP_LENIENT: Lenient
//	FASTMCP_LOG_LEVEL         debug, info, warn or error; FASTMCP_LOG_FORMAT: text or json. Either replaces Log by one to standard error
//	FASTMCP_MAX_BODY          HTTP.MaxBody: "4MiB"; FASTMCP_MAX_HEADER: MaxHeader
//	FASTMCP_MAX_CONNS         HTTP.MaxConns; FASTMCP_MAX_STREAMS: HTTP.MaxStreams; FASTMCP_MAX_SESSIONS: Sessions.Max
//	FASTMCP_READ_TIMEOUT      HTTP.ReadTimeout: "30s"; likewise FASTMCP_IDLE_TIMEOUT, FASTMCP_WRITE_TIMEOUT
//	FASTMCP_HEARTBEAT         HTTP.Heartbeat; FASTMCP_STREAM_AFTER: StreamAfter
//	FASTMCP_SESSION_TTL       Sessions.TTL
//	FASTMCP_SHUTDOWN_TIMEOUT  ShutdownTimeout; FASTMCP_DRAIN_DELAY: HTTP.DrainDelay
//
// and those that it is given, such as one for the address of a Redis. Each value that makes no sense is in the error, with what would. So is each
// name that is nearly one of these; others that begin with FASTMCP_ are for somebody else, and logged as unknown when the App starts.
// What came from where is logged then, too, at Info level, and never what is secret.
func FromEnv(config Config, more ...Variable) (Config, error) {
	return fromEnviron(config, os.Environ(), more)
}

func fromEnviron(config Config, environ []string, more []Variable) (Config, error) {
	c := config
	c.sources = c.sources.clone()
	known := envVariables(more)
	var wrong []error
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) || strings.TrimSpace(value) == "" || isServiceLink(name, value) {
			continue
		}
		i := slices.IndexFunc(known, func(v Variable) bool { return v.Name == name })
		if i < 0 {
			if like := nearest(name, known); like != "" {
				wrong = append(wrong, fmt.Errorf("%s is unknown: %s is not", name, like))
			}
			c.sources.unknown = append(c.sources.unknown, name)
			continue
		}
		v := known[i]
		if err := contain(func() error { return v.Set(&c, strings.TrimSpace(value)) }); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
			continue
		}
		c.sources.note(name, "environment", value, v.Secret)
	}
	wrong = append(wrong, c.sources.conflicts()...)
	if len(wrong) > 0 {
		return config, fmt.Errorf("fastmcp: the environment: %w", errors.Join(wrong...))
	}
	return c, nil
}

// envVariables are all that are known. Where the program has one of the same name, it is the program's.
func envVariables(more []Variable) []Variable {
	all := slices.Clone(more)
	for _, v := range more {
		if v.Name == "" || v.Set == nil {
			panic("fastmcp: FromEnv was given a Variable without Name or Set")
		}
	}
	for i := range settings {
		all = append(all, Variable{Name: settings[i].variable(), Secret: settings[i].secret, Set: settings[i].set})
	}
	return all
}

// isServiceLink tells that Kubernetes has set the variable, for a Service that is called fastmcp: FASTMCP_SERVICE_HOST,
// FASTMCP_PORT=tcp://10.0.0.1:80, FASTMCP_PORT_80_TCP_ADDR.
func isServiceLink(name, value string) bool {
	return strings.HasPrefix(name, envPrefix+"SERVICE_") || strings.HasPrefix(name, envPrefix+"PORT_") ||
		name == envPrefix+"PORT" && strings.Contains(value, "://")
}

// nearest is the variable that was probably meant; "" when none was.
func nearest(name string, known []Variable) (best string) {
	least := 3
	for _, v := range known {
		if d := distance(name, v.Name, least); d < least {
			best, least = v.Name, d
		}
	}
	return best
}

// distance is how many letters have to be changed, left out, put in, or exchanged with their neighbour to make b of a; most when it is no less.
func distance(a, b string, most int) int {
	if d := len(a) - len(b); d >= most || -d >= most {
		return most
	}
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		older, last, row := rows[0], rows[1], rows[2]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		rows = [3][]int{last, row, older}
	}
	return min(rows[1][len(b)], most)
}

// tellSettings logs what came from where, when FromEnv or Flags have been used.
func (c *Config) tellSettings() {
	s := c.sources
	if s == nil {
		return
	}
	var attrs []any
	for _, f := range s.from {
		attrs = append(attrs, slog.String(f.name, f.value+" ("+f.source+")"))
	}
	c.Log.Info("settings that are not the program's own", attrs...)
	if len(s.unknown) > 0 {
		c.Log.Warn("the environment has variables that are unknown here", "variables", s.unknown)
	}
}
