package fastmcp

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func envKey(b byte) (key []byte, text string) {
	key = bytes.Repeat([]byte{b}, 32)
	return key, base64.StdEncoding.EncodeToString(key)
}

// Every variable, and every flag, sets its field.
func TestEverySetting(t *testing.T) {
	one, text1 := envKey(0xfb)
	two, text2 := envKey(2)
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte(text1+"\n"+text2+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		value string
		got   func(c *Config) any
		want  any
	}{
		"ADDR":             {"0.0.0.0:1", func(c *Config) any { return c.HTTP.Addr }, "0.0.0.0:1"},
		"HOST":             {"::1", func(c *Config) any { return c.HTTP.Addr }, "[::1]:8080"},
		"PORT":             {"0", func(c *Config) any { return c.HTTP.Addr }, "127.0.0.1:0"},
		"PATH":             {"/x", func(c *Config) any { return c.HTTP.Path }, "/x"},
		"ADMIN_ADDR":       {"127.0.0.1:9", func(c *Config) any { return c.HTTP.AdminAddr }, "127.0.0.1:9"},
		"TLS_CERT":         {"c.pem", func(c *Config) any { return c.HTTP.TLS.CertFile }, "c.pem"},
		"TLS_KEY":          {"k.pem", func(c *Config) any { return c.HTTP.TLS.KeyFile }, "k.pem"},
		"TLS_CLIENT_CAS":   {"ca.pem", func(c *Config) any { return c.HTTP.TLS.ClientCAs }, "ca.pem"},
		"HOSTS":            {"a, b,", func(c *Config) any { return c.Hosts }, []string{"a", "b"}},
		"ORIGINS":          {"https://a", func(c *Config) any { return c.Origins }, []string{"https://a"}},
		"TRUSTED_PROXIES":  {"10.0.0.0/8,::1,unix", func(c *Config) any { return c.HTTP.TrustedProxies }, []string{"10.0.0.0/8", "::1", "unix"}},
		"KEYS":             {text1 + ", " + base64.RawURLEncoding.EncodeToString(two), func(c *Config) any { return c.Keys }, [][]byte{one, two}},
		"KEYS_FILE":        {file, func(c *Config) any { return c.Keys }, [][]byte{one, two}},
		"STATELESS":        {"TRUE", func(c *Config) any { return c.Stateless }, true},
		"LENIENT":          {"1", func(c *Config) any { return c.Lenient }, true},
		"LOG_LEVEL":        {"warn", func(c *Config) any { return c.Log.Enabled(t.Context(), slog.LevelInfo) }, false},
		"LOG_FORMAT":       {"json", func(c *Config) any { _, ok := c.Log.Handler().(*slog.JSONHandler); return ok }, true},
		"MAX_BODY":         {"8MiB", func(c *Config) any { return c.HTTP.MaxBody }, 8 << 20},
		"MAX_HEADER":       {"32k", func(c *Config) any { return c.HTTP.MaxHeader }, 32 << 10},
		"MAX_CONNS":        {"7", func(c *Config) any { return c.HTTP.MaxConns }, 7},
		"MAX_STREAMS":      {"7", func(c *Config) any { return c.HTTP.MaxStreams }, 7},
		"MAX_SESSIONS":     {"7", func(c *Config) any { return c.Sessions.Max }, 7},
		"READ_TIMEOUT":     {"7s", func(c *Config) any { return c.HTTP.ReadTimeout }, 7 * time.Second},
		"IDLE_TIMEOUT":     {"7s", func(c *Config) any { return c.HTTP.IdleTimeout }, 7 * time.Second},
		"WRITE_TIMEOUT":    {"7s", func(c *Config) any { return c.HTTP.WriteTimeout }, 7 * time.Second},
		"HEARTBEAT":        {"-1s", func(c *Config) any { return c.HTTP.Heartbeat }, -time.Second},
		"STREAM_AFTER":     {"7s", func(c *Config) any { return c.StreamAfter }, 7 * time.Second},
		"SESSION_TTL":      {"1h30m", func(c *Config) any { return c.Sessions.TTL }, 90 * time.Minute},
		"SHUTDOWN_TIMEOUT": {"7s", func(c *Config) any { return c.ShutdownTimeout }, 7 * time.Second},
		"DRAIN_DELAY":      {"-1s", func(c *Config) any { return c.HTTP.DrainDelay }, -time.Second},
	} {
		config, err := fromEnviron(Config{}, []string{"FASTMCP_" + name + "= " + c.value + " "}, nil)
		if err != nil || !reflect.DeepEqual(c.got(&config), c.want) {
			t.Errorf("%s: %v, %v, want %v", name, c.got(&config), err, c.want)
		}
		flags, config := flag.NewFlagSet("", flag.ContinueOnError), Config{}
		Flags(flags, &config)
		arg := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
		if name == "KEYS" {
			if flags.Lookup(arg) != nil {
				t.Error("keys can be given where all can see them")
			}
			continue
		}
		if err := flags.Parse([]string{"-" + arg + "=" + c.value}); err != nil || !reflect.DeepEqual(c.got(&config), c.want) {
			t.Errorf("-%s: %v, %v, want %v", arg, c.got(&config), err, c.want)
		}
	}
	for i := range settings {
		if settings[i].usage == "" {
			t.Errorf("%s: what is it?", settings[i].name)
		}
	}
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	long := filepath.Join(t.TempDir(), "long")
	if err := os.WriteFile(long, make([]byte, maxKeysFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	short := base64.StdEncoding.EncodeToString(make([]byte, 31))
	var environ, says []string
	for _, c := range [][2]string{
		{"PORT=http", "65535"}, {"PATH=mcp", "write /mcp"}, {"TRUSTED_PROXIES=10.0.0.0/8,proxy", `"proxy" is neither`},
		{"STATELESS=yes", "neither true nor false"}, {"LOG_LEVEL=loud", "none of debug"}, {"LOG_FORMAT=xml", "neither text nor json"},
		{"MAX_BODY=4 MB?", "4MiB"}, {"MAX_HEADER=2GiB", "less than 2 GiB"}, {"MAX_CONNS=0", "no whole number above 0"}, {"MAX_STREAMS=-1", "no whole number"},
		{"READ_TIMEOUT=30", "write 30s"}, {"IDLE_TIMEOUT=-1s", "no duration above 0"}, {"DRAIN_DELAY=0", "no duration"},
		{"KEYS=s3cr3t!," + short, "key 1 is no base64"}, {"KEYS_FILE=" + long, "no file of keys"}, {"HOSTSS=a", "FASTMCP_HOSTSS is unknown: FASTMCP_HOSTS is not"},
		{"LOG_LEVLE=info", "FASTMCP_LOG_LEVEL is not"},
	} {
		environ, says = append(environ, "FASTMCP_"+c[0]), append(says, c[1])
		name, _, _ := strings.Cut(c[0], "=")
		says = append(says, "FASTMCP_"+name)
	}
	before := Config{Name: "before"}
	config, err := fromEnviron(before, environ, nil)
	if err == nil || !reflect.DeepEqual(config, before) {
		t.Fatalf("%+v, %v", config, err)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("no %q in %v", s, err)
		}
	}
	for environ, says := range map[string]string{
		"FASTMCP_KEYS=" + short: "key 1 has 31 bytes", "FASTMCP_KEYS=,": "has no key", "FASTMCP_KEYS_FILE=/none": "no such file",
		"FASTMCP_ADDR=:1 FASTMCP_PORT=2": "leave one of the two out", "FASTMCP_ADDR=unix:/x FASTMCP_HOST=a": "has no host and port",
	} {
		if _, err := fromEnviron(Config{}, strings.Fields(environ), nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", environ, err, says)
		}
	}
	if strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), short) {
		t.Errorf("it tells a secret: %v", err)
	}
	flags, config := flag.NewFlagSet("", flag.ContinueOnError), Config{}
	flags.SetOutput(io.Discard)
	Flags(flags, &config)
	if err := flags.Parse([]string{"-read-timeout", "30"}); err == nil || !strings.Contains(err.Error(), "write 30s") {
		t.Error(err)
	}
}

// Code, environment, command line: the later wins, and the log tells which it was, without secrets.
func TestWhatSettingsComeFrom(t *testing.T) {
	_, key := envKey(3)
	var opened string
	redis := Variable{Name: "FASTMCP_REDIS_URL", Secret: true, Set: func(_ *Config, v string) error { opened = v; return nil }}
	config, err := fromEnviron(
		Config{HTTP: HTTPConfig{Path: "/code", MaxBody: 1, Addr: "code:1"}, Hosts: []string{"code"}},
		[]string{"FASTMCP_PATH=/environment", "FASTMCP_MAX_BODY=2", "FASTMCP_KEYS=" + key, "FASTMCP_REDIS_URL=redis://:s3cret@x", "FASTMCP_PORT=2", "FASTMCP_STATELESS=", "FASTMCP_UPDATE_NOW=1", "OTHER=1", "FASTMCP_SERVICE_PORT=3", "FASTMCP_PORT_80_TCP=tcp://10.0.0.1:80"},
		[]Variable{redis},
	)
	if err != nil {
		t.Fatal(err)
	}
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	Flags(flags, &config)
	if err := flags.Parse([]string{"-max-body", "3", "-log-level", "info", "-log-format", "json", "-lenient"}); err != nil {
		t.Fatal(err)
	}
	if opened != "redis://:s3cret@x" || config.HTTP.Path != "/environment" || config.HTTP.MaxBody != 3 || config.HTTP.Addr != "code:2" || fmt.Sprint(config.Hosts) != "[code]" || config.Stateless || !config.Lenient {
		t.Errorf("%+v", config)
	}
	var b strings.Builder
	config.Log = slog.New(slog.NewTextHandler(&b, nil))
	app := New(config)
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	if err := app.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	text := b.String()
	for _, s := range []string{
		`level=INFO msg="settings that are not the program's own"`, `FASTMCP_PATH="/environment (environment)"`, `FASTMCP_MAX_BODY="3 (flag -max-body)"`,
		`FASTMCP_KEYS="*** (environment)"`, `FASTMCP_REDIS_URL="*** (environment)"`, `FASTMCP_LENIENT="true (flag -lenient)"`, `level=WARN`, "FASTMCP_UPDATE_NOW",
	} {
		if !strings.Contains(text, s) {
			t.Errorf("no %s in %s", s, text)
		}
	}
	if strings.Contains(text, "s3cret") || strings.Contains(text, key) || strings.Contains(text, "SERVICE") || strings.Contains(text, "TCP") || strings.Contains(text, "(code)") {
		t.Error(text)
	}
}

// A program that uses neither has nothing of it in its log.
func TestSettingsOfCodeAreNotLogged(t *testing.T) {
	var b strings.Builder
	app := New(Config{Log: slog.New(slog.NewTextHandler(&b, nil))})
	if err := errors.Join(app.Start(), app.Shutdown(t.Context())); err != nil || strings.Contains(b.String(), "settings") {
		t.Errorf("%v, %s", err, b.String())
	}
}

func TestFromEnvReadsTheEnvironment(t *testing.T) {
	t.Setenv("FASTMCP_PATH", "/mine")
	t.Setenv("FASTMCP_MINE", "7")
	var mine string
	config, err := FromEnv(Config{}, Variable{Name: "FASTMCP_MINE", Set: func(_ *Config, v string) error { mine = v; return nil }})
	if err != nil || config.HTTP.Path != "/mine" || mine != "7" {
		t.Errorf("%+v, %v", config, err)
	}
	broken := Variable{Name: "FASTMCP_MINE", Set: func(*Config, string) error { panic("broken") }}
	if _, err := FromEnv(Config{}, broken); err == nil || !strings.Contains(err.Error(), "FASTMCP_MINE: panic: broken") {
		t.Error(err)
	}
	defer func() {
		if v := recover(); v == nil {
			t.Error("a variable without a name was taken")
		}
	}()
	_, _ = FromEnv(Config{}, Variable{})
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "ab", 1}, {"abc", "acb", 1}, {"abc", "xabc", 1}, {"abcd", "badc", 2}, {"abc", "xyz", 3}, {"a", "abcde", 3}} {
		if got := distance(c.a, c.b, 3); got != c.want {
			t.Errorf("%q, %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
