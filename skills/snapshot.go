package skills

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
)

// snapshot is all that is served at a time. Nothing in it changes.
type snapshot struct {
	skills  []*skill // by URI
	byURI   map[string]*skill
	order   []*file
	files   map[string]*file
	folders map[string]*folder
}

// skill is one of them.
type skill struct {
	path              string // in its source
	uri               string // of SKILL.md
	source            int
	guard             auth.Guard
	name, description string
	meta              map[string]any
	// entry is the skill as lists have it: uri, frontmatter, resources.
	entry   json.RawMessage
	files   []*file  // SKILL.md first
	folders []string // those within it
}

// file is one of a skill.
type file struct {
	skill           *skill
	uri, name, mime string
	size            int64
	digest          string
	block           content.ResourceBlock // what a read gives
}

// folder is what resources/directory/read reads: of a skill, or one that sorts skills.
type folder struct {
	uri, name string
	skills    []*skill // those that it is of
	children  []child  // by name
}

// child is a file or a folder.
type child struct {
	file   *file
	folder *folder
}

func (c child) uri() string {
	if c.file != nil {
		return c.file.uri
	}
	return c.folder.uri
}

func newSnapshot() *snapshot {
	return &snapshot{byURI: make(map[string]*skill), files: make(map[string]*file), folders: make(map[string]*folder)}
}

// root is the URI of the skill's folder.
func (s *skill) root() string { return strings.TrimSuffix(s.uri, "/"+manifest) }

// add takes a skill in, with its files.
func (x *snapshot) add(s *skill) error {
	if x.byURI[s.uri] != nil {
		return fmt.Errorf("skills: there are two skills %s: give one of the sources another URI", s.uri)
	}
	x.skills = append(x.skills, s)
	x.byURI[s.uri] = s
	return nil
}

// complete makes what is found by URI, when all skills are there.
func (x *snapshot) complete() error {
	slices.SortFunc(x.skills, func(a, b *skill) int { return strings.Compare(a.uri, b.uri) })
	for _, s := range x.skills {
		// The files of the inner skill would be missing from the outer one's entry (SEP-2640, Nested Skills).
		for up, more := above(s.root()); more; up, more = above(up) {
			if outer := x.byURI[up+"/"+manifest]; outer != nil {
				return fmt.Errorf("skills: %s lies in the folder of %s, which another source has: give one of the sources another URI", s.uri, outer.uri)
			}
		}
		for _, f := range s.files {
			x.order = append(x.order, f)
			x.files[f.uri] = f
			up, _ := above(f.uri)
			parent := x.folder(up, s)
			parent.children = append(parent.children, child{file: f})
		}
		for _, uri := range s.folders {
			x.folder(uri, s) // it may be empty
		}
	}
	for _, f := range x.folders {
		slices.SortFunc(f.children, func(a, b child) int { return strings.Compare(a.uri(), b.uri()) })
	}
	return nil
}

// folder finds a folder that s lies in, or that lies in s, and makes it when it is not there, with those around it.
func (x *snapshot) folder(uri string, s *skill) *folder {
	f := x.folders[uri]
	if f != nil && slices.Contains(f.skills, s) {
		return f
	}
	up, inner := above(uri)
	if f == nil {
		f = &folder{uri: uri, name: path.Base(uri)}
		x.folders[uri] = f
		if inner {
			parent := x.folder(up, s)
			parent.children = append(parent.children, child{folder: f})
		}
	} else if inner {
		x.folder(up, s)
	}
	f.skills = append(f.skills, s)
	return f
}

// above is the folder that a URI lies in; false where there is none but the scheme.
func above(uri string) (string, bool) {
	up := uri[:strings.LastIndexByte(uri, '/')]
	return up, !strings.HasSuffix(up, ":/")
}

// newFile makes what is served of a file.
func newFile(s *skill, uri, name string, data []byte) *file {
	sum := sha256.Sum256(data)
	f := &file{skill: s, uri: uri, name: name, mime: mimeOf(name, data), size: int64(len(data)), digest: "sha256:" + hex.EncodeToString(sum[:])}
	f.block = content.ResourceBlock{URI: uri, MimeType: f.mime}
	// Text arrives as the same bytes only when it is UTF-8; all else has to be a blob for the digest to hold.
	if isText(f.mime) && utf8.Valid(data) {
		f.block.Text = string(data)
	} else {
		f.block.Blob = data
	}
	return f
}

// data are the file's bytes.
func (f *file) data() []byte {
	if f.block.Blob != nil {
		return f.block.Blob
	}
	return []byte(f.block.Text)
}

// describe writes the skill's entry, and what resources/list says of it beside name and description.
func (s *skill) describe(front *frontmatter) {
	b := append(appendString([]byte(`{"uri":`), s.uri), `,"frontmatter":`...)
	b = append(append(b, front.json...), `,"resources":[`...)
	for i, f := range s.files {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"uri":`...), f.uri)
		b = fmt.Appendf(b, `,"digest":"%s","size":%d}`, f.digest, f.size)
	}
	s.entry = append(b, `]}`...)
	for key, value := range front.rest {
		if metaName.MatchString(key) {
			if s.meta == nil {
				s.meta = make(map[string]any)
			}
			s.meta[metaPrefix+key] = json.RawMessage(value)
		}
	}
}

// metaPrefix begins the keys of the _meta of a SKILL.md in lists (SEP-2640, Resource Metadata); metaName is what may
// stand behind it (2026-07-28, basic/index).
const metaPrefix = "io.modelcontextprotocol.skills/"

var metaName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

// cursor names the item that a page begins with. Items are in the order of their URIs, so that a list that has changed
// in between is gone on with behind what was there. The name of the list, the method or the URI of a folder, goes before
// it, so that no other list's cursor is taken for one of this.
func cursor(list, uri string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + " from " + uri))
}

func fromCursor(list, text string) (uri string, ok bool) {
	if text == "" {
		return "", true
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	uri, ok = strings.CutPrefix(string(b), list+" from ")
	return uri, ok && err == nil
}
