package fastmcp

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"unicode/utf8"

	"github.com/fastmcp-go/fastmcp/content"
)

// FileConfig says where File reads, and how much.
type FileConfig struct {
	// FS is the file system that the path is one of, such as an embed.FS. Default: that of the machine.
	FS fs.FS
	// MaxBytes is the size of the largest file that is read; a larger one is an error. Default, also for values below 1:
	// content.DefaultMaxFileBytes (10 MiB).
	MaxBytes int64
}

// File makes the Handler of a Resource that is a file. It is opened at each read, so a file that changes needs nothing
// said, and one that is not there, or is no regular file, is not found.
//
// Its type is the Resource's MimeType, else what the extension of its name tells, else what it looks like
// (content.Sniff). UTF-8 of a type that is text is sent as text, all else as a blob.
//
// The path is the operator's: links are followed wherever they lead. For paths that clients choose there is AddFiles.
// An empty path panics, and so does one that is no path of FileConfig.FS (fs.ValidPath).
func File(path string, config ...FileConfig) Func {
	var c FileConfig
	if len(config) > 0 {
		c = config[0]
	}
	switch {
	case path == "":
		panic("fastmcp: File was given no path")
	case c.FS != nil && !fs.ValidPath(path):
		panic(fmt.Sprintf("fastmcp: File was given %q, which is no path of a file system: write it with slashes, without one in front, and without dots", path))
	case c.FS == nil:
		if absolute, err := filepath.Abs(path); err == nil {
			path = absolute // so that another working directory makes no difference later
		}
		c.FS, path = os.DirFS(filepath.Dir(path)), filepath.Base(path)
	}
	of := func(def *Resource) func(*Context, binder) (any, error) {
		return func(c1 *Context, bind binder) (any, error) {
			if err := bind(c1, &struct{}{}); err != nil {
				return nil, err
			}
			data, err := readFile(c.FS, path, maxBytes(c.MaxBytes))
			if err != nil {
				// Nobody but the operator chose the path.
				c1.Log().Warn("file cannot be read", "file", path, "error", err)
				return nil, fileError(err, "the file")
			}
			return fileContents(path, def.MimeType, data), nil
		}
	}
	return Func{in: reflect.TypeFor[struct{}](), call: of(&Resource{}), of: of}
}

func maxBytes(n int64) int64 {
	if n < 1 {
		return content.DefaultMaxFileBytes
	}
	return n
}

// errIrregular is the error for what is no regular file: a directory, a pipe, a device.
var errIrregular = errors.New("it is not a regular file")

// sizeError is the error for a file that is too large.
type sizeError struct{ size, limit int64 }

// Error names the bound.
func (e *sizeError) Error() string {
	return fmt.Sprintf("it has %d bytes or more, over the bound of %d: raise MaxBytes", e.size, e.limit)
}

// readFile reads a regular file within the bound. What kind it is is asked before it is opened, since opening a pipe
// would wait for its writer, and again of what was opened, since the path may lead elsewhere by then.
func readFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	info, err := statFile(fsys, name)
	if err == nil {
		err = checkFile(info, limit)
	}
	if err != nil {
		return nil, err
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // nothing was written
	if info, err = file.Stat(); err == nil {
		err = checkFile(info, limit)
	}
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1)) // it may have grown
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, &sizeError{int64(len(data)), limit}
	}
	return data, nil
}

// statFile is fs.Stat, but does not open the file where there is another way (fs.Sub has no Stat, but an Lstat).
func statFile(fsys fs.FS, name string) (fs.FileInfo, error) {
	if _, ok := fsys.(fs.ReadLinkFS); ok {
		if info, err := fs.Lstat(fsys, name); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return info, err
		}
	}
	return fs.Stat(fsys, name)
}

func checkFile(info fs.FileInfo, limit int64) error {
	if !info.Mode().IsRegular() {
		return errIrregular
	}
	if info.Size() > limit {
		return &sizeError{info.Size(), limit}
	}
	return nil
}

// fileContents is a file as a resource's contents. An empty mime is found out.
func fileContents(name, mime string, data []byte) content.ResourceBlock {
	if mime == "" {
		mime = typeByName(name)
	}
	if mime == "" {
		mime = content.Sniff(data)
	}
	if isTextual(mime) && utf8.Valid(data) {
		return content.ResourceBlock{MimeType: mime, Text: string(data)}
	}
	return content.Blob("", mime, data)
}

// fileError is what a client learns of an error. Everything that says something of a path is one and the same: there is
// nothing. What may be over in a moment (too many files are open, a disk or a network fails) is not: a client that was
// told that a file has gone would not come back.
func fileError(err error, what string) error {
	size := (*sizeError)(nil)
	switch {
	case errors.As(err, &size):
		return Errorf("%s is too large to be read: it has %d bytes or more, and %d is the most", what, size.size, size.limit)
	case isAbsent(err):
		return ErrNotFound
	}
	return err
}

func isAbsent(err error) bool {
	for _, absent := range []error{
		errIrregular, fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid, syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG,
	} {
		if errors.Is(err, absent) {
			return true
		}
	}
	return false
}
