package content_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/content"
)

func file(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFiles(t *testing.T) {
	image, err := content.ImageFile(file(t, png))
	if err != nil || image.MimeType != "image/png" || len(image.Data) != len(png) {
		t.Error(image, err)
	}
	audio, err := content.AudioFile(file(t, wav))
	if err != nil || audio.MimeType != "audio/wav" || len(audio.Data) != len(wav) {
		t.Error(audio, err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(file(t, png), link); err != nil {
		t.Fatal(err)
	}
	if _, err := content.ImageFile(link); err != nil {
		t.Error("a link to a regular file:", err)
	}
}

func TestFilesRefused(t *testing.T) {
	refused := func(path, why string, config ...content.FileConfig) {
		t.Helper()
		_, imageErr := content.ImageFile(path, config...)
		_, audioErr := content.AudioFile(path, config...)
		for _, err := range []error{imageErr, audioErr} {
			if err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("error %v, want %q", err, why)
			}
		}
	}
	refused(t.TempDir(), "not a regular file")
	refused(os.DevNull, "not a regular file")
	refused(file(t, []byte("text")), "holds text/plain")
	refused(file(t, png), "FileConfig.MaxBytes", content.FileConfig{MaxBytes: int64(len(png)) - 1})
	large := file(t, nil)
	if err := os.Truncate(large, content.DefaultMaxFileBytes+1); err != nil {
		t.Fatal(err)
	}
	refused(large, "FileConfig.MaxBytes")
	if _, err := content.ImageFile("no such file"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := content.ImageFile(file(t, png), content.FileConfig{MaxBytes: int64(len(png))}); err != nil {
		t.Error("at the bound:", err)
	}
}
