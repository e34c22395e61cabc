package fastmcp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/internal/uritemplate"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// Files are the files of a directory, or of an fs.FS, as resources: what is at guide/intro.md is read under
// docs://guide/intro.md. They are read from where they are at each request, in the types that File finds.
//
// What a client must not have is not found, whether it exists or not: paths that climb (..), are absolute, have
// backslashes or control characters, or are encoded twice; links that lead out of the directory; what is no regular
// file; and what Hidden, Match and Ignore leave out.
type Files struct {
	// URI is what the URIs of the files begin with. It is absolute and ends with '/': "docs://", "file:///srv/docs/". The
	// template that is registered, and that RemoveResource takes, is URI + "{+path}".
	URI string
	// Dir is a directory. It is opened for each request, so that it may be replaced. Links in it are followed as long as
	// they do not leave it (os.Root).
	Dir string
	// FS is a file system, such as an embed.FS, where there is no Dir. Links in it are not followed, as far as it knows of
	// links (fs.ReadLinkFS); os.DirFS alone would follow them anywhere.
	FS fs.FS
	// Name, Title and Description are the template's.
	Name, Title, Description string
	// MimeType is the type of all files. Default: that of each.
	MimeType string
	Icons    []protocol.Icon
	// Annotations hold for the template and for each file; lastModified is each file's own.
	Annotations *content.Annotations
	Meta        map[string]any
	// Cache is how long what a read gives may be kept; see Resource.Cache.
	Cache CacheHint
	// CanAccess is asked for the template and for each file and directory. Access.Name is the one spelling of a file's URI
	// that lists have, however a client spells it, without a '/' at the end of a directory's.
	CanAccess auth.Guard
	// Use are links of the chain before each read.
	Use []Handler

	// List tells clients which files there are: each is in the list of resources, with its size and the time of its last
	// change; paths are completed; and directories can be read, URI itself among them, as JSON that lists what is in
	// them. Without it a client must know what it wants.
	List bool
	// MaxAge is how old the list may be when a client asks for it; if it is older, the directory is looked through
	// again. Default: 10 s. Negative: only App.RefreshFiles does that.
	MaxAge time.Duration
	// MaxFiles is how many files and directories are looked at for a list, in the order of their paths. Those beyond are
	// not listed, but can be read. Of a directory with more than that it is not said which are looked at. Default, also
	// for values below 1: 10,000.
	MaxFiles int
	// MaxBytes is the size of the largest file that is read. Default, also for values below 1:
	// content.DefaultMaxFileBytes (10 MiB).
	MaxBytes int64

	// Hidden has files and directories whose names begin with a dot served, too.
	Hidden bool
	// Match are patterns (path.Match) of which a file must match one; none is all files. One without a '/' is for the
	// name, "*.md", another for the whole path, "guide/*.md".
	Match []string
	// Ignore are patterns of files and directories that are not served, in any case of their letters, since many file
	// systems do not tell "a" from "A". They are written as those of Match.
	Ignore []string
}

const (
	defaultMaxFiles = 10_000
	defaultMaxAge   = 10 * time.Second
)

// directory is a Files that has been compiled.
type directory struct {
	app    *App
	def    Files
	prefix string    // of all URIs
	family *resource // the template
	// current is the engine's. To call that by its name would make the table of methods need itself to be made.
	current func() *catalog

	scanning sync.Mutex // held while the directory is looked through
	// What was found is guarded by the App's lock. The slice itself is never changed.
	listed  []file
	scanned time.Time
}

// file is a file, or a directory, that has been found.
type file struct {
	path     string // "." is the directory itself
	dir      bool
	link     bool
	size     int64
	modified time.Time
	resource *resource // nil for a directory, but for the one itself
}

// AddFiles adds the files of a directory. A mistake in it (a URI that does not end with '/', a directory that is not
// there) panics, with the URI and the cure.
func (a *App) AddFiles(f Files) { must(a.TryAddFiles(f)) }

// TryAddFiles is AddFiles for directories that are known only while the App serves: a mistake is its error.
func (a *App) TryAddFiles(f Files) error {
	d := &directory{app: a, def: f, current: a.engine().current}
	if err := d.compile(); err != nil {
		return fmt.Errorf("fastmcp: the files %q: %w", f.URI, err)
	}
	var err error
	a.change(func() {
		if !a.templates.add(d.family.def.URI, d.family) {
			err = fmt.Errorf("fastmcp: there is a resource template %q already: remove it first", d.family.def.URI)
			return
		}
		a.files = append(a.servedFiles(), d)
	})
	if err != nil {
		return err
	}
	a.resourceChanged(d.family)
	if !f.List {
		return nil
	}
	if err := d.refreshNow(); err != nil {
		a.RemoveResource(d.family.def.URI)
		return fmt.Errorf("fastmcp: the files %q: %w", f.URI, err)
	}
	return nil
}

type fileInput struct {
	Path string `json:"path"`
}

// compile finds what is wrong with a Files, and makes its template.
func (d *directory) compile() (err error) {
	f := &d.def
	if err := f.check(); err != nil {
		return err
	}
	if f.FS == nil {
		if f.Dir, err = filepath.Abs(f.Dir); err != nil {
			return err
		}
	}
	_, done, err := d.open()
	if err != nil {
		return err
	}
	done()
	if f.MaxAge == 0 {
		f.MaxAge = defaultMaxAge
	}
	if f.MaxFiles < 1 {
		f.MaxFiles = defaultMaxFiles
	}
	f.MaxBytes = maxBytes(f.MaxBytes)
	parsed, err := uritemplate.Parse(f.URI + "{+path}")
	if err == nil {
		err = parsed.Matchable()
	}
	if err != nil {
		return err
	}
	d.prefix = parsed.Prefix()
	d.family = &resource{template: parsed, trusted: []string{"path"}, def: Resource{
		URI: f.URI + "{+path}", Name: f.Name, Title: f.Title, Description: f.Description, MimeType: f.MimeType, Icons: f.Icons,
		Annotations: f.Annotations, Meta: f.Meta, Cache: f.Cache, CanAccess: d.guard(), Use: f.Use, Handler: Typed(d.read),
	}}
	if f.List {
		d.family.complete = map[string]Completer{"path": d.complete}
	}
	return d.app.compileResource(d.family)
}

func (f *Files) check() error {
	u, err := url.Parse(f.URI)
	switch {
	case err != nil || u.Scheme == "":
		return errors.New("its URI is not absolute: begin it with a scheme, as in docs://")
	case !strings.HasSuffix(f.URI, "/") || strings.ContainsAny(f.URI, "{}?#"):
		return errors.New("its URI must end with '/', as in docs://, and have neither braces nor a query nor a fragment")
	case (f.Dir == "") == (f.FS == nil):
		return errors.New("it needs a Dir or an FS, and not both")
	}
	for _, pattern := range append(append([]string(nil), f.Match...), f.Ignore...) {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("the pattern %q: %w", pattern, err)
		}
	}
	return nil
}

// open opens the directory, for one request.
func (d *directory) open() (fsys fs.FS, done func(), err error) {
	if d.def.FS != nil {
		return d.def.FS, func() {}, nil
	}
	root, err := os.OpenRoot(d.def.Dir)
	if err != nil {
		return nil, nil, err
	}
	return root.FS(), func() { _ = root.Close() }, nil
}

// serves tells that a path may be read, if it is there.
func (d *directory) serves(p string) bool {
	if p == "." || !fs.ValidPath(p) || uritemplate.Check(uritemplate.Values{uritemplate.Text("path", p)}, uritemplate.Policy{}) != nil {
		return false
	}
	if !d.def.Hidden && (p[0] == '.' || strings.Contains(p, "/.")) {
		return false
	}
	for at := p; at != "."; at = path.Dir(at) { // what is in a directory that is ignored is, too
		if matches(d.def.Ignore, strings.ToLower(at), strings.ToLower) {
			return false
		}
	}
	return true
}

// servesFile is the same for what is known to be a file.
func (d *directory) servesFile(p string) bool {
	return len(d.def.Match) == 0 || matches(d.def.Match, p, func(s string) string { return s })
}

// matches tells that a path, or its last part, matches one of the patterns.
func matches(patterns []string, p string, fold func(string) string) bool {
	for _, pattern := range patterns {
		subject := p
		if !strings.Contains(pattern, "/") {
			subject = path.Base(p)
		}
		if ok, _ := path.Match(fold(pattern), subject); ok {
			return true
		}
	}
	return false
}

// uri is the one spelling of a path's URI.
func (d *directory) uri(p string) string {
	if p == "." {
		return d.prefix
	}
	parts := strings.Split(p, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return d.prefix + strings.Join(parts, "/")
}

// guard asks the user's guard about the one spelling: it could otherwise be got around with another.
func (d *directory) guard() auth.Guard {
	if d.def.CanAccess == nil {
		return nil
	}
	return func(ctx context.Context, a *auth.Access) auth.Decision {
		named := *a
		if values, ok := d.family.template.Match(a.Name); ok && len(values) == 1 {
			named.Name = d.uri(strings.TrimSuffix(values[0].Text, "/"))
		}
		return d.def.CanAccess(ctx, &named)
	}
}

// read is what the template's URIs are read by.
func (d *directory) read(c *Context, in fileInput) (any, error) {
	// An encoded '/' divides nothing (RFC 3986, 2.2), and is in no file's name.
	if c.resource == d.family && strings.Contains(strings.ToLower(c.name), "%2f") {
		return nil, ErrNotFound
	}
	p, slash := strings.CutSuffix(in.Path, "/")
	if !d.serves(p) {
		return nil, ErrNotFound
	}
	return d.give(c, p, slash)
}

// give reads what is at a path. With asDir it must be a directory.
func (d *directory) give(c *Context, p string, asDir bool) (any, error) {
	fsys, done, err := d.open()
	if err != nil {
		return nil, err // the directory itself: that is the operator's concern, and tells nothing of what is in it
	}
	defer done()
	info, err := d.stat(fsys, p)
	switch {
	case err != nil:
		return nil, d.failure(c, p, err)
	case info.IsDir():
		if !d.def.List {
			return nil, ErrNotFound
		}
		return d.index(c, fsys, p)
	case asDir || !d.servesFile(p):
		return nil, ErrNotFound
	}
	data, err := readFile(fsys, p, d.def.MaxBytes)
	if err != nil {
		return nil, d.failure(c, p, err)
	}
	return fileContents(p, d.def.MimeType, data), nil
}

// stat finds out what is at a path. In an FS there must be no link on the way to it.
func (d *directory) stat(fsys fs.FS, p string) (fs.FileInfo, error) {
	if d.knowsLinks() {
		for at := path.Dir(p); at != "."; at = path.Dir(at) {
			if info, err := fs.Lstat(fsys, at); err != nil {
				return nil, err
			} else if info.Mode()&fs.ModeSymlink != 0 {
				return nil, fs.ErrNotExist
			}
		}
		info, err := fs.Lstat(fsys, p)
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			err = fs.ErrNotExist
		}
		return info, err
	}
	return fs.Stat(fsys, p)
}

// knowsLinks tells that links are not followed.
func (d *directory) knowsLinks() bool {
	_, ok := d.def.FS.(fs.ReadLinkFS)
	return ok
}

// failure is what a client learns of an error. That of a link that leaves the directory has no name (os.Root); it is the
// one that is not the operating system's.
func (d *directory) failure(c *Context, p string, err error) error {
	size := (*sizeError)(nil)
	if errno := syscall.Errno(0); d.def.FS == nil && !errors.As(err, &errno) && !errors.As(err, &size) {
		err = errors.Join(fs.ErrNotExist, err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		c.Log().Warn("file cannot be read", "file", p, "error", err)
	} else {
		c.Log().Debug("file cannot be read", "file", p, "error", err)
	}
	return fileError(err, d.uri(p))
}

// resourceOf makes the resource of a file that is listed, or of the directory itself.
func (d *directory) resourceOf(f file) (*resource, error) {
	def := Resource{
		URI: d.uri(f.path), Name: f.path, MimeType: d.def.MimeType, Size: f.size, Icons: d.def.Icons, Meta: d.def.Meta, Cache: d.def.Cache,
		CanAccess: d.family.def.CanAccess, Use: d.def.Use, Annotations: d.annotations(f.modified),
	}
	if f.dir {
		def.Name, def.Title, def.Description, def.MimeType = d.def.Name, d.def.Title, d.def.Description, "application/json"
	} else if def.MimeType == "" {
		def.MimeType = typeByName(f.path)
	}
	def.Handler = Func{in: reflect.TypeFor[struct{}](), call: func(c *Context, _ binder) (any, error) { return d.give(c, f.path, f.dir) }}
	r := &resource{def: def}
	return r, d.app.compileResource(r)
}

// annotations are those of a file that was changed then.
func (d *directory) annotations(modified time.Time) *content.Annotations {
	if modified.IsZero() {
		return d.def.Annotations
	}
	var own content.Annotations
	if d.def.Annotations != nil {
		own = *d.def.Annotations
	}
	own.LastModified = modified.UTC().Format(time.RFC3339)
	return &own
}
