package sse

import (
	"net/url"
	"strings"
)

// endpoint is the address that a connection's messages are posted to, as the client must see it: relative to the host,
// with the prefix under which path was asked for.
func (h *Handler) endpoint(path, id string) string {
	path, own := rooted(path), rooted(h.config.Path)
	prefix := ""
	// Routers seldom tell upper from lower case.
	if n := len(path) - len(own); n > 0 && strings.EqualFold(path[n:], own) {
		prefix = path[:n]
	}
	// rooted once more: two slashes would begin the name of another host.
	u := url.URL{Path: rooted(prefix + rooted(h.config.MessagesPath))}
	return u.EscapedPath() + "?sessionId=" + id
}

// rooted is a path with a slash before it and none behind; the root is "".
func rooted(path string) string {
	if path = strings.Trim(path, "/"); path != "" {
		return "/" + path
	}
	return ""
}
