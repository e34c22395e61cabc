package routes

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
)

// StaticConfig is how Static answers. What its zero value means stands beside each field.
type StaticConfig struct {
	// Index is the file that stands for a folder. Default: "index.html". A folder without one is not there: nothing lists
	// it.
	Index string
	// MaxAge is how long a client may keep a file without asking again. Default: 0, it asks each time, and is told when it
	// has the file already.
	MaxAge time.Duration
	// Dotfiles serves names that begin with a dot, too, as ".well-known": all of them, so look at what there is. Default:
	// false.
	Dotfiles bool
}

// StaticConfigDefault is what Static does by itself.
var StaticConfigDefault = StaticConfig{Index: "index.html"}

// Static serves the files of a folder, on a route that ends with "*":
//
//	app.AddRoute(fiber.MethodGet, "/assets/*", routes.Static("public"), fastmcp.RouteConfig{Public: true})
//
// To Fiber "/assets/" is not of that route: one for "/assets" with the same handler answers it with the folder's index.
//
// Nothing outside of the folder is served, whatever the path says and wherever a symbolic link leads (os.Root); nor are files
// whose names begin with a dot, or that are no files. Clients may ask for a part (Range), and whether what they have is
// still good (If-None-Match, If-Modified-Since). It panics when there is no such folder.
func Static(dir string, config ...StaticConfig) fiber.Handler {
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(fmt.Sprintf("routes: Static: %v: give it a folder that exists, from where the program runs", err))
	}
	return StaticFS(root.FS(), config...)
}

// StaticFS is Static for any file system, as an embed.FS. That of os.DirFS is opened as by Static, since it would follow
// links to anywhere. Of a file system that knows no times, as embed.FS, it is taken that files do not change.
func StaticFS(files fs.FS, config ...StaticConfig) fiber.Handler {
	if files == nil {
		panic("routes: StaticFS: there is no file system: give it an embed.FS, or use Static for a folder")
	}
	if t := reflect.TypeOf(files); t.PkgPath() == "os" && t.Kind() == reflect.String {
		return Static(reflect.ValueOf(files).String(), config...)
	}
	c := StaticConfigDefault
	if len(config) > 0 {
		fallback(&c.Index, config[0].Index)
		c.MaxAge, c.Dotfiles = config[0].MaxAge, config[0].Dotfiles
	}
	s := &static{files: files, config: c}
	return s.serve
}

// static is what Static makes.
type static struct {
	files  fs.FS
	config StaticConfig
	tags   sync.Map // name -> ETag, of files without a time
}

func (s *static) serve(c *fiber.Ctx) error {
	name, ok := s.name(utils.CopyString(c.Params("*"))) // a file system may keep it, and so does this
	if !ok {
		return fiber.ErrNotFound
	}
	file, info, name, err := s.open(name)
	if err != nil {
		return fiber.ErrNotFound // why is nobody's business
	}
	seeker, ok := file.(io.ReadSeeker)
	if !ok {
		_ = file.Close()
		return fmt.Errorf("routes: Static: %T cannot be read from any place: a file system's files have to be io.Seekers", file)
	}
	w := &staticAnswer{c: c, header: make(http.Header), file: file}
	h := w.Header()
	if tag := s.tag(name, info, seeker); tag != "" {
		h.Set(fiber.HeaderETag, tag)
	}
	h.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	h.Set(fiber.HeaderCacheControl, "no-cache")
	if s.config.MaxAge > 0 {
		h.Set(fiber.HeaderCacheControl, fmt.Sprintf("max-age=%d", int(s.config.MaxAge.Seconds())))
	}
	http.ServeContent(w, w.request(), info.Name(), info.ModTime(), seeker)
	return w.end()
}

// name is the file that a path asks for. Fiber has it as it was sent, so it is unescaped here, once, and what is left must be
// a plain name of the file system's: no "..", no empty part, no backslash.
func (s *static) name(asked string) (name string, ok bool) {
	name, err := url.PathUnescape(asked)
	if err != nil || strings.ContainsAny(name, "\\\x00") {
		return "", false
	}
	if name = strings.TrimSuffix(name, "/"); name == "" {
		name = "."
	}
	if !fs.ValidPath(name) {
		return "", false
	}
	for part := range strings.SplitSeq(name, "/") {
		if name != "." && part[0] == '.' && !s.config.Dotfiles {
			return "", false
		}
	}
	return name, true
}

// open opens a regular file, or the index of a folder. It looks before it opens: to open a pipe would wait for who writes.
func (s *static) open(name string) (file fs.File, info fs.FileInfo, opened string, err error) {
	info, err = fs.Stat(s.files, name)
	if err == nil && info.IsDir() {
		name = path.Join(name, s.config.Index)
		info, err = fs.Stat(s.files, name)
	}
	if err != nil {
		return nil, nil, "", err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, "", fs.ErrNotExist
	}
	if file, err = s.files.Open(name); err != nil {
		return nil, nil, "", err
	}
	if info, err = file.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = file.Close()
		return nil, nil, "", fs.ErrNotExist
	}
	return file, info, name, nil
}

// tag is a file's ETag: by its time and size, or, where there is no time, by its content, which is read once.
func (s *static) tag(name string, info fs.FileInfo, file io.ReadSeeker) string {
	if at := info.ModTime(); !at.IsZero() && at.Unix() != 0 {
		return fmt.Sprintf(`W/"%x-%x"`, at.UnixNano(), info.Size())
	}
	if tag, ok := s.tags.Load(name); ok {
		return tag.(string)
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return ""
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return ""
	}
	tag := `"` + hex.EncodeToString(hash.Sum(nil)[:16]) + `"`
	s.tags.Store(name, tag)
	return tag
}
