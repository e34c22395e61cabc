// Package skills serves Agent Skills (https://agentskills.io) over MCP, by the extension io.modelcontextprotocol/skills
// (SEP-2640). A skill is a folder with a file SKILL.md, which tells an agent how to do something, and any other files
// that it refers to:
//
//	skills/
//		git-workflow/
//			SKILL.md                skill://git-workflow/SKILL.md
//			references/commits.md   skill://git-workflow/references/commits.md
//		billing/
//			refunds/
//				SKILL.md            skill://billing/refunds/SKILL.md
//
// SKILL.md begins with YAML between two lines "---", in which name is that of its folder and description says when the
// skill is of use. A folder without SKILL.md only sorts others. What lies below a skill's folder is the skill's, another
// SKILL.md too. Files and folders whose names begin with a dot are left out.
//
//	//go:embed skills
//	var files embed.FS
//
//	folder, _ := fs.Sub(files, "skills")
//	skills.Add(app, skills.Config{FS: folder})
//
// Clients find skills by skills/list, skills/get and resources/directory/read, and read files by resources/read, in
// every revision of the protocol. Each SKILL.md is also in resources/list, for clients that know nothing of skills; the
// other files are not.
//
// All files are read when they are added, and again by Set.Reload, and are served from memory: the digest that a
// client is told is that of the very bytes that it reads, whatever happens to the files in between.
package skills

import (
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
)

// ID is the name of the extension.
const ID = "io.modelcontextprotocol/skills"

// Config is what Add serves. FS, Dir, URI and CanAccess are the first source; most need no other.
type Config struct {
	// FS has the skills, each in a folder of its own: an embed.FS, or what fs.Sub makes of one. It must not have
	// symbolic links, since an fs.FS cannot tell where they end. For a folder of this machine there is Dir.
	FS fs.FS
	// Dir is the same as a folder of this machine. Links that stay within it are followed, others are refused, also when
	// they are made while the files are read (os.Root).
	Dir string
	// URI is where the folders of FS or Dir lie: "skill://acme/billing" makes skill://acme/billing/refunds/SKILL.md of
	// refunds/SKILL.md. Any scheme will do. Default: "skill://".
	URI string
	// CanAccess decides who may have the skills. For others they are neither in lists nor there to be got or read, unless
	// the guard challenges: then they are listed, and a read is answered with the challenge. It is asked about the skill,
	// also when one of its files is read: Access.Kind is auth.KindResource, and Access.Name is the URI of the SKILL.md.
	// Default: everybody.
	CanAccess auth.Guard
	// Sources are more places with skills.
	Sources []Source

	// TTL is how long a client of 2026-07-28 may keep lists, entries and files; it notices by their digests when files
	// are newer than an entry. Default: 0, not at all.
	TTL time.Duration
	// PageSize is how many skills, or files of a folder, a page of a list has. Default: 100.
	PageSize int

	// MaxSkills bounds how many skills there are in all. Default: 1,000.
	MaxSkills int
	// MaxResources and MaxBytes bound a skill's files: how many they are, and their folders, and how long all of them are
	// together. What is within the defaults every client takes, what is beyond them perhaps none (SEP-2640, Limits).
	// Defaults: 512 and 16 MiB.
	MaxResources int
	MaxBytes     int64
	// MaxFrontmatter bounds the YAML of a SKILL.md, in bytes. Default: 64 KiB. It nests 32 deep at most.
	MaxFrontmatter int
	// MaxDescription bounds the description of a skill, in characters. Default: 1,024, as Agent Skills has it.
	MaxDescription int
}

// Source is a place with skills. Its fields are those of Config.
type Source struct {
	// FS or Dir has the skills, as Config says.
	FS  fs.FS
	Dir string
	// URI is where they lie. Default: "skill://".
	URI string
	// CanAccess decides who may have them. Default: everybody.
	CanAccess auth.Guard
}

func (c *Config) setDefaults() {
	fallback(&c.PageSize, 100)
	fallback(&c.MaxSkills, 1000)
	fallback(&c.MaxResources, 512)
	fallback(&c.MaxBytes, 16<<20)
	fallback(&c.MaxFrontmatter, 64<<10)
	fallback(&c.MaxDescription, 1024)
}

func fallback[T int | int64](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// sources are all of them.
func (c *Config) sources() []Source {
	if c.FS == nil && c.Dir == "" && len(c.Sources) > 0 {
		return c.Sources
	}
	return append([]Source{{FS: c.FS, Dir: c.Dir, URI: c.URI, CanAccess: c.CanAccess}}, c.Sources...)
}

// Set is the skills of an App. Its methods are safe from any goroutine.
type Set struct {
	app     *fastmcp.App
	config  Config
	guarded bool // some source has a guard

	reload  sync.Mutex
	current atomic.Pointer[snapshot]
}

// Add reads skills and serves them. A mistake (a name that is not the folder's, a file too many, a folder without
// SKILL.md, a link that leads out) panics, with the name and the cure. An App has one Set: give all sources at once.
func Add(app *fastmcp.App, config Config) *Set {
	s, err := TryAdd(app, config)
	if err != nil {
		panic(err)
	}
	return s
}

// TryAdd is Add for skills that others write: a mistake is its error, and then the App has none of them.
func TryAdd(app *fastmcp.App, config Config) (*Set, error) {
	if config.TTL < 0 {
		return nil, fmt.Errorf("skills: Config.TTL is negative: 0 is for what is stale at once")
	}
	config.setDefaults()
	s := &Set{app: app, config: config}
	for _, source := range config.sources() {
		s.guarded = s.guarded || source.CanAccess != nil
	}
	s.current.Store(&snapshot{})
	if err := s.Reload(); err != nil {
		return nil, err
	}
	if err := app.TryAddExtension(s.extension()); err != nil {
		for uri := range s.current.Load().files {
			app.RemoveResource(uri)
		}
		return nil, fmt.Errorf("skills: %w; one Add takes all sources", err)
	}
	return s, nil
}

// Reload reads all sources again. Clients are told of each SKILL.md that has come, changed or gone (the list of
// resources), and those that have subscribed to a file that it is another. A mistake is the error, and then everything
// stays as it was.
func (s *Set) Reload() error {
	s.reload.Lock()
	defer s.reload.Unlock()
	next, err := load(&s.config)
	if err != nil {
		return err
	}
	return s.serve(next)
}

// serve makes the App's resources those of next, or leaves them as they were.
func (s *Set) serve(next *snapshot) (err error) {
	old := s.current.Load()
	var undo []func()
	defer func() {
		if err != nil {
			for _, f := range undo {
				f()
			}
		}
	}()
	var updated []string
	for _, f := range next.order {
		before := old.files[f.uri]
		switch {
		case before == nil:
			if err = s.app.TryAddResource(s.resource(f)); err != nil {
				return fmt.Errorf("skills: %w", err)
			}
			undo = append(undo, func() { s.app.RemoveResource(f.uri) })
		case before.digest != f.digest || before.skill.source != f.skill.source:
			if err = s.app.ReplaceResource(s.resource(f)); err != nil {
				return fmt.Errorf("skills: %w", err)
			}
			undo = append(undo, func() { _ = s.app.ReplaceResource(s.resource(before)) }) // it has been there before
			updated = append(updated, f.uri)
		}
	}
	s.current.Store(next)
	for _, f := range old.order {
		if next.files[f.uri] == nil {
			s.app.RemoveResource(f.uri)
		}
	}
	for _, uri := range updated {
		s.app.ResourceUpdated(uri)
	}
	return nil
}
