package fastmcp

import (
	"path"
	"strings"
)

// fileTypes are the types of files whose contents do not tell them, and of those that are often seen in lists, which
// must not open each file. The tables of the operating system are not asked: they differ from machine to machine, and
// two nodes would tell two stories.
var fileTypes = map[string]string{
	// Text. What is not here and is text is text/plain.
	".txt": "text/plain", ".text": "text/plain", ".log": "text/plain",
	".md": "text/markdown", ".markdown": "text/markdown",
	".html": "text/html", ".htm": "text/html", ".css": "text/css", ".csv": "text/csv", ".tsv": "text/tab-separated-values",
	".js": "text/javascript", ".mjs": "text/javascript", // RFC 9239
	".ics": "text/calendar", ".vcf": "text/vcard", ".rtf": "text/rtf",
	".xml": "application/xml", ".xhtml": "application/xhtml+xml", ".svg": "image/svg+xml",
	".rss": "application/rss+xml", ".atom": "application/atom+xml",
	".json": "application/json", ".jsonl": "application/jsonl", ".ndjson": "application/x-ndjson",
	".geojson": "application/geo+json", ".jsonld": "application/ld+json",
	".yaml": "application/yaml", ".yml": "application/yaml", // RFC 9512
	".toml": "application/toml", ".sql": "application/sql",

	// Images, sound, pictures that move.
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".avif": "image/avif", ".bmp": "image/bmp", ".ico": "image/x-icon", ".tif": "image/tiff", ".tiff": "image/tiff",
	".mp3": "audio/mpeg", ".wav": "audio/wav", ".flac": "audio/flac", ".m4a": "audio/mp4", ".oga": "audio/ogg",
	".mp4": "video/mp4", ".webm": "video/webm", ".mov": "video/quicktime",

	// Documents and archives.
	".pdf": "application/pdf", ".epub": "application/epub+zip", ".zip": "application/zip", ".gz": "application/gzip",
	".tar": "application/x-tar", ".wasm": "application/wasm",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

// typeByName is the MIME type that a file's extension tells, in any case of its letters; "" when it tells none.
func typeByName(name string) string { return fileTypes[strings.ToLower(path.Ext(name))] }
