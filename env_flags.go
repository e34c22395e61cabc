package fastmcp

import (
	"flag"
	"strings"
)

// Flags puts the settings that FromEnv reads on a command line: FASTMCP_MAX_BODY is -max-body. Those that are given when fs is parsed replace what
// config has, so that the order is code, environment, command line:
//
//	config, err := fastmcp.FromEnv(fastmcp.Config{Name: "calculator"})
//	...
//	fastmcp.Flags(flag.CommandLine, &config)
//	flag.Parse()
//	err = fastmcp.New(config).Listen("")
//
// A value that makes no sense is fs's error, with what would. Keys have no flag, because all processes may see command lines: -keys-file has. -stateless and
// -lenient need no value. It panics when fs has a flag of one of the names.
func Flags(fs *flag.FlagSet, config *Config) {
	config.sources = config.sources.clone()
	for i := range settings {
		s := &settings[i]
		name := s.flag()
		if name == "" {
			continue
		}
		set := func(v string) error {
			if v = strings.TrimSpace(v); v == "" {
				return nil
			}
			if err := s.set(config, v); err != nil {
				return err
			}
			config.sources.note(s.variable(), "flag -"+name, v, s.secret)
			return nil
		}
		if s.name == "STATELESS" || s.name == "LENIENT" {
			fs.BoolFunc(name, s.usage, set)
		} else {
			fs.Func(name, s.usage, set)
		}
	}
}
