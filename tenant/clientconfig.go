package tenant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// Client is a program whose configuration ClientConfig writes.
type Client string

// The clients.
const (
	// ClaudeCode is Claude Code: .mcp.json.
	ClaudeCode Client = "claude-code"
	// ClaudeDesktop is Claude Desktop: claude_desktop_config.json. It starts programs only, so that the server is reached
	// through mcp-remote, which npx downloads.
	ClaudeDesktop Client = "claude-desktop"
	// Cursor is Cursor: .cursor/mcp.json.
	Cursor Client = "cursor"
	// VSCode is VS Code: .vscode/mcp.json.
	VSCode Client = "vscode"
)

// TokenVariable is the variable of the environment that a configuration without a token takes it from.
const TokenVariable = "MCP_TOKEN"

// ClientConfig writes the configuration that has a client call this server: JSON for the file that stands beside each
// Client, ClaudeCode by default. name is what the client calls the server, url is that of the endpoint, with its path:
// https, or http on a loopback host. Without a token, "", the client finds it in the environment as TokenVariable, and VS
// Code asks for it: such a file may be shared. Claude Desktop can do neither, and needs one. The error says which argument is wrong, and never has the token.
func ClientConfig(name, url, token string, client ...Client) ([]byte, error) {
	kind := ClaudeCode
	if len(client) > 0 {
		kind = client[0]
	}
	if err := checkClient(name, url, token); err != nil {
		return nil, fmt.Errorf("tenant: ClientConfig: %w", err)
	}
	type object = map[string]any
	remote := func(bearer string) object {
		return object{"type": "http", "url": url, "headers": object{"Authorization": "Bearer " + bearer}}
	}
	given := func(or string) string {
		if token != "" {
			return token
		}
		return or
	}
	var config object
	switch kind {
	case ClaudeCode:
		config = object{"mcpServers": object{name: remote(given("${" + TokenVariable + "}"))}}
	case Cursor:
		server := remote(given("${env:" + TokenVariable + "}"))
		delete(server, "type") // Cursor tells by the url
		config = object{"mcpServers": object{name: server}}
	case VSCode:
		config = object{"servers": object{name: remote(given("${input:mcp-token}"))}}
		if token == "" {
			config["inputs"] = []object{{"type": "promptString", "id": "mcp-token", "description": "Token for " + name, "password": true}}
		}
	case ClaudeDesktop:
		if token == "" {
			return nil, errors.New("tenant: ClientConfig: Claude Desktop neither asks for a token nor has an environment of one's own: give the token")
		}
		server := object{
			// The header has no space: on Windows arguments with spaces are torn apart.
			"command": "npx", "args": []string{"-y", "mcp-remote", url, "--transport", "http-only", "--header", "Authorization:${AUTH_HEADER}"},
			"env": object{"AUTH_HEADER": "Bearer " + token},
		}
		config = object{"mcpServers": object{name: server}}
	default:
		return nil, fmt.Errorf("tenant: ClientConfig: there is no client %q: use %s, %s, %s or %s", kind, ClaudeCode, ClaudeDesktop, Cursor, VSCode)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // an & in a URL stays readable
	e.SetIndent("", "  ")
	if err := e.Encode(config); err != nil {
		return nil, fmt.Errorf("tenant: ClientConfig: %w", err)
	}
	return b.Bytes(), nil
}

// maxClientName is longer than any client shows.
const maxClientName = 100

func checkClient(name, address, token string) error {
	if name == "" || len(name) > maxClientName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
		return fmt.Errorf("the name %q: use 1 to %d bytes of readable text", name, maxClientName)
	}
	if strings.Contains(name+address, "${") {
		return errors.New("the name and the url must not have ${, which clients replace")
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || strings.ContainsAny(address, " \"<>\\^`{|}"):
		return errors.New("the url is none: use that of the endpoint, as https://example.com/mcp, without a user and a fragment")
	case u.Scheme == "http" && !loopback(u.Hostname()), u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("the url is of the scheme %q: use https, which keeps the token from others; http is for loopback hosts", u.Scheme)
	}
	if token == "" {
		return nil
	}
	return checkToken(token)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}
