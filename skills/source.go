package skills

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// manifest is the name of the file that makes a folder a skill.
const manifest = "SKILL.md"

// sortingName is what a folder may be called that only sorts others: a part of a URI that needs no escaping, and may be
// its authority (RFC 3986, reg-name).
var sortingName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]*$`)

// load reads all sources.
func load(config *Config) (*snapshot, error) {
	x := newSnapshot()
	for i, source := range config.sources() {
		l := loader{config: config, snapshot: x, source: source, number: i, fsys: source.FS}
		if err := l.load(); err != nil {
			return nil, err
		}
	}
	return x, x.complete()
}

// loader reads a source.
type loader struct {
	config   *Config
	snapshot *snapshot
	source   Source
	number   int
	fsys     fs.FS
	base     string // the URI that paths are behind, with a slash at its end
	links    bool   // links are followed: fsys makes sure that they stay within
}

func (l *loader) load() error {
	switch {
	case l.source.FS == nil && l.source.Dir == "":
		return errors.New("skills: the source has no files: set FS, or Dir")
	case l.source.FS != nil && l.source.Dir != "":
		return errors.New("skills: the source has both FS and Dir: make it two Sources")
	}
	var err error
	if l.base, err = baseOf(l.source.URI); err != nil {
		return err
	}
	if l.source.Dir != "" {
		root, err := os.OpenRoot(l.source.Dir)
		if err != nil {
			return fmt.Errorf("skills: Dir: %w", err)
		}
		defer func() { _ = root.Close() }() // it was only read
		l.fsys, l.links = root.FS(), true
	}
	_, err = l.folder(".", nil)
	return err
}

// baseOf is a source's URI with a slash at its end.
func baseOf(uri string) (string, error) {
	if uri == "" {
		uri = "skill://"
	}
	scheme, rest, found := strings.Cut(uri, "://")
	parsed, err := url.Parse(uri)
	if err != nil || !found || parsed.Scheme != scheme {
		return "", fmt.Errorf("skills: the URI %q is not one to put folders behind: write it as in skill://acme/billing", uri)
	}
	rest = strings.TrimSuffix(rest, "/")
	if rest == "" {
		return scheme + "://", nil
	}
	for segment := range strings.SplitSeq(rest, "/") {
		if !sortingName.MatchString(segment) {
			return "", fmt.Errorf("skills: the URI %q has the part %q: use letters, digits and . _ ~ -, as in skill://acme/billing", uri, segment)
		}
	}
	return uri[:len(scheme)+3] + rest + "/", nil
}

// item is a file or a folder.
type item struct {
	path string
	dir  bool
	info fs.FileInfo // of a folder
}

// items are what is in a folder, by name, without what begins with a dot. above are the folders around it.
func (l *loader) items(folder string, above []fs.FileInfo) ([]item, error) {
	list, err := fs.ReadDir(l.fsys, folder)
	if err != nil {
		return nil, fmt.Errorf("skills: %w", err)
	}
	var items []item
	for _, d := range list {
		name := d.Name()
		if strings.HasPrefix(name, ".") {
			continue
		}
		p := path.Join(folder, name)
		if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
			return nil, fmt.Errorf("skills: the name %q is not text: rename it", p)
		}
		info, err := l.stat(p, d)
		if err != nil {
			return nil, err
		}
		switch {
		case info.IsDir():
			if slices.ContainsFunc(above, func(up fs.FileInfo) bool { return os.SameFile(up, info) }) {
				return nil, fmt.Errorf("skills: %q is a link to a folder that it is in: remove it", p)
			}
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("skills: %q is neither a file nor a folder: remove it", p)
		}
		items = append(items, item{path: p, dir: info.IsDir(), info: info})
	}
	return items, nil
}

// stat follows a link where that is safe.
func (l *loader) stat(p string, d fs.DirEntry) (fs.FileInfo, error) {
	if d.Type()&fs.ModeSymlink == 0 {
		info, err := d.Info()
		if err != nil {
			return nil, fmt.Errorf("skills: %w", err)
		}
		return info, nil
	}
	if !l.links {
		return nil, fmt.Errorf("skills: %q is a symbolic link, and FS cannot tell where it leads: copy what it stands for, or set Dir, which can", p)
	}
	info, err := fs.Stat(l.fsys, p)
	if err != nil {
		return nil, fmt.Errorf("skills: the link %q leads to nothing within Dir: copy what it stands for, or make Dir a folder that has both (%w)", p, err)
	}
	return info, nil
}

// folder reads a folder that is a skill, or sorts others, and tells how many skills it has.
func (l *loader) folder(p string, above []fs.FileInfo) (int, error) {
	items, err := l.items(p, above)
	if err != nil {
		return 0, err
	}
	if slices.ContainsFunc(items, func(i item) bool { return !i.dir && path.Base(i.path) == manifest }) {
		if p == "." {
			return 0, errors.New("skills: there is a SKILL.md that is in no folder, whose name would be the skill's: give the folder above it as the source")
		}
		return 1, l.skill(p, items, above)
	}
	if p != "." && !sortingName.MatchString(path.Base(p)) {
		return 0, fmt.Errorf("skills: the folder %q becomes a part of URIs: name it with letters, digits and . _ ~ -", p)
	}
	found, files := 0, false
	for _, i := range items {
		if !i.dir {
			files = true
			continue
		}
		n, err := l.folder(i.path, append(slices.Clone(above), i.info))
		if err != nil {
			return 0, err
		}
		found += n
	}
	if found == 0 && files && p != "." {
		return 0, fmt.Errorf("skills: the folder %q has files, but no SKILL.md: add it (the case of its letters matters), or take the folder away", p)
	}
	return found, nil
}

// skill reads a skill.
func (l *loader) skill(p string, items []item, above []fs.FileInfo) error {
	s := &skill{path: p, uri: l.base + escape(p) + "/" + manifest, source: l.number, guard: l.source.CanAccess}
	left := l.config.MaxBytes
	if err := l.files(s, items, above, &left); err != nil {
		return err
	}
	// SKILL.md comes first.
	slices.SortStableFunc(s.files, func(a, b *file) int {
		switch {
		case a.uri == s.uri:
			return -1
		case b.uri == s.uri:
			return 1
		}
		return strings.Compare(a.uri, b.uri)
	})
	if err := s.parse(l.config); err != nil {
		return err
	}
	if len(l.snapshot.skills) == l.config.MaxSkills {
		return fmt.Errorf("skills: there are more than %d skills: take some away, or raise MaxSkills", l.config.MaxSkills)
	}
	return l.snapshot.add(s)
}

// files reads the files of a folder of a skill, and of those below it. left is how many bytes there may still be.
func (l *loader) files(s *skill, items []item, above []fs.FileInfo, left *int64) error {
	for _, i := range items {
		uri := l.base + escape(i.path)
		if i.dir {
			s.folders = append(s.folders, uri)
			if len(s.folders) > l.config.MaxResources {
				return fmt.Errorf("skills: the skill %q has more than %d folders: take some away, or raise MaxResources", s.path, l.config.MaxResources)
			}
			inner := append(slices.Clone(above), i.info)
			below, err := l.items(i.path, inner)
			if err == nil {
				err = l.files(s, below, inner, left)
			}
			if err != nil {
				return err
			}
			continue
		}
		if len(s.files) == l.config.MaxResources {
			return fmt.Errorf("skills: the skill %q has more than %d files: take some away, or raise MaxResources above what every client takes", s.path, l.config.MaxResources)
		}
		data, err := l.read(i.path, *left)
		if err != nil {
			return fmt.Errorf("skills: %w", err)
		}
		if *left -= int64(len(data)); *left < 0 {
			return fmt.Errorf("skills: the skill %q is longer than %d bytes: take files away, or raise MaxBytes above what every client takes", s.path, l.config.MaxBytes)
		}
		s.files = append(s.files, newFile(s, uri, path.Base(i.path), data))
	}
	return nil
}

// read reads a file, and one byte more than the most at most.
func (l *loader) read(p string, most int64) ([]byte, error) {
	f, err := l.fsys.Open(p)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	return data, errors.Join(err, f.Close())
}

// escape makes a part of a URI of a path.
func escape(p string) string {
	segments := strings.Split(p, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return strings.Join(segments, "/")
}
