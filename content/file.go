package content

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// DefaultMaxFileBytes is the size, in bytes, up to which files are read: 10 MiB. In base64 that is 13.3 MiB of JSON.
const DefaultMaxFileBytes = 10 << 20

// FileConfig bounds what [ImageFile] and [AudioFile] read.
type FileConfig struct {
	// MaxBytes is the size of the largest file that is read. Default, also for values below 1: DefaultMaxFileBytes.
	MaxBytes int64
}

// readFile reads a regular file within the bound. The kind of file is asked before it is opened, since opening a pipe
// would wait for its writer, and again of what was opened, since the path may have changed in between.
func readFile(path string, config []FileConfig) ([]byte, error) {
	limit := int64(DefaultMaxFileBytes)
	if len(config) > 0 && config[0].MaxBytes > 0 {
		limit = config[0].MaxBytes
	}
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("content: %w", err)
	} else if err := checkFile(path, info, limit); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("content: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("content: %w", err)
	}
	if err := checkFile(path, info, limit); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1)) // it may have grown
	if err != nil {
		return nil, fmt.Errorf("content: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, tooLarge(path, int64(len(data)), limit)
	}
	return data, nil
}

func checkFile(path string, info os.FileInfo, limit int64) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("content: %s is not a regular file (%s)", path, info.Mode().Type())
	}
	if info.Size() > limit {
		return tooLarge(path, info.Size(), limit)
	}
	return nil
}

func tooLarge(path string, size, limit int64) error {
	return fmt.Errorf("content: %s has %d bytes or more, over the bound of %d: raise FileConfig.MaxBytes", path, size, limit)
}

func checkKind(path, kind, mime string) error {
	if strings.HasPrefix(mime, kind+"/") {
		return nil
	}
	return fmt.Errorf("content: %s holds %s, not %s", path, mime, kind)
}
