package fastmcp

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
)

// RefreshFiles looks through all directories that AddFiles lists, now, and tells clients what has come, gone or changed:
// those that may see it that the list has, and those that have subscribed to a file that it has been updated. Call it
// after a deployment, or from a watcher; without it the same happens when a client asks for a list that is older than
// Files.MaxAge. The error is that of a directory that cannot be looked through; its list stays as it is.
func (a *App) RefreshFiles() error {
	var all []error
	for _, d := range a.listedFiles() {
		if err := d.refreshNow(); err != nil {
			all = append(all, fmt.Errorf("fastmcp: the files %q: %w", d.def.URI, err))
		}
	}
	return errors.Join(all...)
}

// servedFiles are the directories whose templates have not been removed. It is called with the App locked.
func (a *App) servedFiles() (all []*directory) {
	for _, d := range a.files {
		if a.templates.byKey[d.family.def.URI] == d.family {
			all = append(all, d)
		}
	}
	return all
}

// listedFiles are the directories that have a list.
func (a *App) listedFiles() []*directory {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(a.servedFiles(), func(d *directory) bool { return !d.def.List })
}

// freshFiles looks through the directories whose lists have become too old, before one is answered. Lists that are looked
// at all the time need no watcher: they are right within MaxAge, whoever has changed the files and however.
func (c *Context) freshFiles() {
	all := c.engine.app.listedFiles()
	for _, d := range all {
		d.freshen(c)
	}
	if len(all) > 0 {
		c.job.catalog = all[0].current()
	}
}

// freshen looks the directory through if its list is too old. Who comes while another does that is content with the old
// one.
func (d *directory) freshen(c *Context) {
	if !d.old() || !d.scanning.TryLock() {
		return
	}
	defer d.scanning.Unlock()
	if !d.old() {
		return // another has just done it
	}
	if err := d.refresh(); err != nil {
		c.Log().Warn("files cannot be listed anew", "files", d.def.URI, "error", err)
	}
}

func (d *directory) old() bool {
	d.app.mu.Lock()
	defer d.app.mu.Unlock()
	return d.def.MaxAge > 0 && time.Since(d.scanned) >= d.def.MaxAge
}

// files are those that were found last.
func (d *directory) files() []file {
	d.app.mu.Lock()
	defer d.app.mu.Unlock()
	return d.listed
}

// refreshNow looks the directory through after whoever is doing that has done it: they may have begun too early.
func (d *directory) refreshNow() error {
	d.scanning.Lock()
	defer d.scanning.Unlock()
	return d.refresh()
}

// refresh looks the directory through. It is called with scanning locked.
func (d *directory) refresh() error {
	found, cut, err := d.scan()
	if err != nil {
		return err
	}
	known := make(map[string]file)
	for _, f := range d.files() {
		known[f.path] = f
	}
	var changed, updated []*resource
	for i := range found {
		f := &found[i]
		old, again := known[f.path]
		delete(known, f.path)
		if again && old.dir == f.dir && old.size == f.size && old.modified.Equal(f.modified) {
			f.resource = old.resource
			continue
		}
		if f.resource, err = d.resourceOf(*f); err != nil {
			return err
		}
		changed = append(changed, f.resource)
		if again {
			updated = append(updated, f.resource)
		}
	}
	for _, f := range known {
		changed, updated = append(changed, f.resource), append(updated, f.resource)
	}
	d.publish(found, len(changed) > 0)
	if cut && len(changed) > 0 {
		d.app.config.Log.Warn("not all files are listed: raise Files.MaxFiles", "files", d.def.URI, "max", d.def.MaxFiles)
	}
	for _, r := range changed {
		d.app.resourceChanged(r)
	}
	for _, r := range updated {
		d.app.ResourceUpdated(r.def.URI)
	}
	return nil
}

// publish makes what was found the list.
func (d *directory) publish(found []file, changed bool) {
	if changed {
		d.app.change(func() { d.listed, d.scanned = found, time.Now() })
		return
	}
	d.app.mu.Lock()
	defer d.app.mu.Unlock()
	d.scanned = time.Now()
}

// addTo lists the files, but for those that another resource, or a template that fits better, has taken over. It is
// called with the App locked.
func (d *directory) addTo(c *catalog) {
	for _, f := range d.listed {
		uri := f.resource.def.URI
		if c.resources.byKey[uri] != nil {
			continue
		}
		if found, ok := c.routes.Match(uri); f.path != "." && (!ok || found.Value.resource != d.family) {
			continue
		}
		c.resources.add(d.app.entryOfResource(f.resource))
	}
}

// scan finds the directory itself and all files in it, in the order of their paths, and whether there are more than may
// be looked at.
func (d *directory) scan() (files []file, cut bool, err error) {
	fsys, done, err := d.open()
	if err != nil {
		return nil, false, err
	}
	defer done()
	w := &walk{d: d, fsys: fsys, left: d.def.MaxFiles, files: []file{{path: ".", dir: true}}}
	if err := w.directory("."); err != nil {
		return nil, false, err
	}
	return w.files, w.cut, nil
}

// walk is one look through a directory and those in it.
type walk struct {
	d     *directory
	fsys  fs.FS
	left  int // how many may still be looked at
	cut   bool
	files []file
}

func (w *walk) directory(p string) error {
	if w.left == 0 {
		w.cut = true // there is no telling whether it is empty
		return nil
	}
	found, seen, cut, err := w.d.entries(w.fsys, p, w.left)
	if err != nil {
		return err
	}
	w.left, w.cut = w.left-seen, w.cut || cut
	for _, f := range found {
		switch {
		case !f.dir:
			w.files = append(w.files, f)
		case !f.link: // links may go round in circles
			if err := w.directory(f.path); err != nil {
				w.d.app.config.Log.Debug("a directory cannot be listed", "files", w.d.def.URI, "directory", f.path, "error", err)
			}
		}
	}
	return nil
}

// entries are the files and directories in a directory that may be read, in the order of their names. seen is how many
// were looked at, limit at most; cut says that there are more.
func (d *directory) entries(fsys fs.FS, p string, limit int) (found []file, seen int, cut bool, err error) {
	all, err := readDir(fsys, p, limit+1)
	if err != nil {
		return nil, 0, false, err
	}
	if len(all) > limit {
		all, cut = all[:limit], true
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range all {
		if f, ok := d.entry(fsys, path.Join(p, e.Name()), e); ok {
			found = append(found, f)
		}
	}
	return found, len(all), cut, nil
}

// readDir reads a directory, up to a number of entries: one that has millions must not be read as a whole.
func readDir(fsys fs.FS, p string, limit int) (all []fs.DirEntry, err error) {
	f, err := fsys.Open(p)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	dir, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: p, Err: errors.New("the file system cannot list it")}
	}
	for len(all) < limit {
		more, err := dir.ReadDir(limit - len(all))
		all = append(all, more...)
		if errors.Is(err, io.EOF) || err == nil && len(more) == 0 {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// entry looks at what is in a directory; ok is false for what must not, or cannot, be read.
func (d *directory) entry(fsys fs.FS, p string, e fs.DirEntry) (f file, ok bool) {
	f = file{path: p, link: e.Type()&fs.ModeSymlink != 0}
	if !d.serves(p) || f.link && d.knowsLinks() {
		return f, false
	}
	var info fs.FileInfo
	var err error
	if f.link {
		info, err = fs.Stat(fsys, p) // an error for a link that leaves the directory
	} else {
		info, err = e.Info()
	}
	if err != nil {
		return f, false // it has gone since
	}
	if f.dir = info.IsDir(); f.dir {
		return f, true
	}
	f.size, f.modified = info.Size(), info.ModTime()
	return f, info.Mode().IsRegular() && d.servesFile(p)
}

// fileIndex is what reading a directory gives.
type fileIndex struct {
	Entries []fileIndexEntry `json:"entries"`
	// HasMore says that there is more than Files.MaxFiles.
	HasMore bool `json:"hasMore,omitempty"`
}

type fileIndexEntry struct {
	URI          string `json:"uri"`
	Name         string `json:"name"`
	MimeType     string `json:"mimeType,omitempty"`
	Size         *int64 `json:"size,omitempty"`
	LastModified string `json:"lastModified,omitempty"`
}

// index lists what is in a directory that the caller may see. Directories have the type that the protocol names for them
// (server/resources, "Common URI Schemes": inode/directory).
func (d *directory) index(c *Context, fsys fs.FS, p string) (any, error) {
	found, _, cut, err := d.entries(fsys, p, d.def.MaxFiles)
	if err != nil {
		return nil, d.failure(c, p, err)
	}
	list := fileIndex{Entries: []fileIndexEntry{}, HasMore: cut}
	for _, f := range found {
		if !d.mayList(c, f.path) {
			continue
		}
		e := fileIndexEntry{URI: d.uri(f.path), Name: path.Base(f.path), MimeType: d.def.MimeType}
		switch {
		case f.dir:
			e.URI, e.Name, e.MimeType = e.URI+"/", e.Name+"/", "inode/directory"
		default:
			e.Size = &f.size
			if e.MimeType == "" {
				e.MimeType = typeByName(f.path)
			}
			if !f.modified.IsZero() {
				e.LastModified = f.modified.UTC().Format(time.RFC3339)
			}
		}
		list.Entries = append(list.Entries, e)
	}
	b, err := marshal(list)
	return content.ResourceBlock{MimeType: "application/json", Text: string(b)}, err
}

// mayList asks the guard whether the caller may know of a path.
func (d *directory) mayList(c *Context, p string) bool {
	if d.def.CanAccess == nil {
		return true
	}
	uri := d.uri(p)
	access := auth.Access{Principal: c.Principal(), Op: auth.OpList, Kind: auth.KindResource, Name: uri, SessionID: c.session.ID()}
	return d.app.guarded(auth.KindResource, uri, nil, d.def.CanAccess).ask(c, &access).Listed()
}

// complete offers the paths of files.
func (d *directory) complete(c *Context, q Completion) (Values, error) {
	d.freshen(c)
	var paths []string
	for _, f := range d.files() {
		if !f.dir {
			paths = append(paths, f.path)
		}
	}
	found := fuzzy(paths, q.Prefix)
	if d.def.CanAccess == nil {
		return Values{Values: found}, nil
	}
	var v Values
	for _, p := range found {
		if !d.mayList(c, p) {
			continue
		}
		if len(v.Values) == maxCompletions {
			v.HasMore = true
			break
		}
		v.Values = append(v.Values, p)
	}
	return v, nil
}
