package fastmcp

import (
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/protocol"
)

// Info is what an App is, for its operator: what App.Info gives. It has all that is registered, whatever guards hide of it.
type Info struct {
	// Name, Version, Title and Description are those of Config.
	Name, Version, Title, Description string
	// Revisions are those of the protocol that it speaks, oldest first.
	Revisions []string
	// Endpoints are the paths at which MCP is served over HTTP: that of Streamable HTTP, then those of HTTP+SSE.
	Endpoints []string
	// Capabilities are what clients are told that it has, those of revisions that have them among them, and Extensions the ids of its
	// extensions.
	Capabilities, Extensions []string
	// Tools, Resources, Prompts and Methods are names, URIs, names, and methods of one's own, in order of registration; Templates are URI
	// templates.
	Tools, Resources, Templates, Prompts, Methods []string
	// Off are the tools that are switched off. They are among Tools.
	Off []string
	// Chain is what a request goes through: App.Chain.
	Chain []string
	// Settings are those of Config that are not their defaults, in the order of its fields.
	Settings []Setting
	// Storage is what Config.Storage is good for.
	Storage StorageStats
}

// Setting is one of Config that is not its default.
type Setting struct {
	// Name is the field's, as "HTTP.MaxBody".
	Name string
	// Value is what it is, for people. What may be secret, and what is no plain value, is described: "2 keys", a type's name.
	Value string
}

// Info tells what the App is. It asks neither storage nor network. What it tells may be more than clients should know.
func (a *App) Info() Info {
	c, now := &a.config, a.engine().current()
	i := Info{
		Name: c.Name, Version: c.Version, Title: c.Title, Description: c.Description,
		Capabilities: []string{"completions", "logging", "prompts", "resources", "tools"},
		Chain:        a.Chain(), Settings: c.changed(), Storage: a.storageStats(),
	}
	for r := protocol.V20241105; r <= protocol.Latest; r++ {
		i.Revisions = append(i.Revisions, r.String())
	}
	for _, e := range a.endpoints() {
		i.Endpoints = append(i.Endpoints, e.path)
	}
	if now.tasks {
		i.Capabilities = append(i.Capabilities, "tasks")
	}
	for _, e := range now.extensions {
		i.Extensions = append(i.Extensions, e.def.ID)
	}
	if now.tasks && !slices.Contains(i.Extensions, ExtensionTasks) {
		i.Extensions = append(i.Extensions, ExtensionTasks)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.tools.order {
		i.Tools = append(i.Tools, t.def.Name)
		if a.off[t.def.Name] {
			i.Off = append(i.Off, t.def.Name)
		}
	}
	for _, r := range a.resources.order {
		i.Resources = append(i.Resources, r.def.URI)
	}
	for _, r := range a.templates.order {
		i.Templates = append(i.Templates, r.def.URI)
	}
	for _, p := range a.prompts.order {
		i.Prompts = append(i.Prompts, p.def.Name)
	}
	for _, m := range a.methods.order {
		i.Methods = append(i.Methods, m.def.Name)
	}
	return i
}

// String is the Info for people, a line for each thing there is.
func (i Info) String() string {
	var b strings.Builder
	line := func(name string, all []string, separator string) {
		if len(all) > 0 {
			fmt.Fprintf(&b, "  %-12s %s\n", name, strings.Join(all, separator))
		}
	}
	fmt.Fprintf(&b, "%s %s\n", i.Name, i.Version)
	line("title", nonEmpty(i.Title), "")
	line("revisions", i.Revisions, ", ")
	line("endpoints", i.Endpoints, ", ")
	line("capabilities", i.Capabilities, ", ")
	line("extensions", i.Extensions, ", ")
	for _, kind := range []struct {
		name string
		all  []string
	}{{"tools", i.Tools}, {"resources", i.Resources}, {"templates", i.Templates}, {"prompts", i.Prompts}, {"methods", i.Methods}} {
		if len(kind.all) > 0 {
			line(kind.name, []string{fmt.Sprintf("%d: %s", len(kind.all), strings.Join(kind.all, ", "))}, "")
		}
	}
	line("off", i.Off, ", ")
	line("chain", i.Chain, " -> ")
	line("storage", nonEmpty(i.Storage.Mode, strings.Join(i.Storage.Filled, ", ")), ", kept in this process: ")
	for _, s := range i.Settings {
		line("setting", []string{s.Name, s.Value}, " = ")
	}
	return b.String()
}

func nonEmpty(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// changed are the settings that are not their defaults.
func (c *Config) changed() []Setting {
	var d Config
	d.setDefaults()
	return differing(nil, "", reflect.ValueOf(c).Elem(), reflect.ValueOf(&d).Elem())
}

func differing(all []Setting, prefix string, v, d reflect.Value) []Setting {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name := prefix + f.Name
		switch field, other := v.Field(i), d.Field(i); {
		case !f.IsExported() || name == "Name" || name == "Version":
		case name == "Log":
			if field.Pointer() != other.Pointer() {
				all = append(all, Setting{name, "set"})
			}
		case name == "Keys":
			if n := field.Len(); n > 0 {
				all = append(all, Setting{name, fmt.Sprintf("%d, newest first", n)})
			}
		case f.Type.Kind() == reflect.Struct:
			all = differing(all, name+".", field, other)
		case !reflect.DeepEqual(field.Interface(), other.Interface()):
			all = append(all, Setting{name, readable(field)})
		}
	}
	return all
}

// readable is a value for people. Only what is plain is shown as it is.
func readable(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return x.String()
	case fs.FileMode:
		return fmt.Sprintf("%#o", uint32(x))
	case []string:
		return printable(strings.Join(x, ", "))
	}
	switch v.Kind() {
	case reflect.String:
		return printable(v.String())
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint16:
		return fmt.Sprint(v.Interface())
	case reflect.Interface:
		return v.Elem().Type().String()
	case reflect.Slice:
		return fmt.Sprintf("%d", v.Len())
	}
	return "set"
}
