package skills

import (
	"path"
	"strings"

	"github.com/fastmcp-go/fastmcp/content"
)

// mimeOf is a file's MIME type: what its name tells, else what it looks like. The tables of the operating system are
// not asked, since two nodes would tell two stories.
func mimeOf(name string, data []byte) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown":
		return "text/markdown"
	case ".txt", ".log":
		return "text/plain"
	case ".html", ".htm":
		return "text/html"
	case ".css":
		return "text/css"
	case ".csv":
		return "text/csv"
	case ".js", ".mjs":
		return "text/javascript" // RFC 9239
	case ".py":
		return "text/x-python"
	case ".sh", ".bash":
		return "application/x-sh"
	case ".json":
		return "application/json"
	case ".yaml", ".yml":
		return "application/yaml" // RFC 9512
	case ".toml":
		return "application/toml"
	case ".xml":
		return "application/xml"
	case ".svg":
		return "image/svg+xml"
	}
	return content.Sniff(data)
}

// isText tells that contents of a type are text.
func isText(mime string) bool {
	switch mime {
	case "application/x-sh", "application/json", "application/yaml", "application/toml", "application/xml", "image/svg+xml":
		return true
	}
	return strings.HasPrefix(mime, "text/")
}
