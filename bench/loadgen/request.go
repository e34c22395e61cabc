//go:build linux

package main

import (
	"bytes"
	"fmt"
	"strings"
)

const (
	v2025 = "2025-11-25"
	v2026 = "2026-07-28"
	// firstID has ten digits, as all that come after it, so that a request never changes its length.
	firstID = 1000000000
)

// template is a request that is sent again and again with another id each time, written in place.
type template struct {
	raw  []byte
	at   int    // of the id's first digit
	want []byte // `"id":` and the digits that were written last: what the answer must hold
}

func newTemplate(s *server, headers []string, body string) template {
	id := fmt.Sprintf(`"id":%d`, firstID)
	raw := post(s, headers, strings.Replace(body, `"id":0`, id, 1))
	return template{raw: raw, at: bytes.LastIndex(raw, []byte(id)) + len(`"id":`), want: []byte(id)}
}

// next writes the id n and gives the request.
func (t *template) next(n uint64) []byte {
	n += firstID
	for i := 9; i >= 0; i-- {
		d := byte('0' + n%10)
		t.raw[t.at+i] = d
		t.want[len(`"id":`)+i] = d
		n /= 10
	}
	return t.raw
}

func post(s *server, headers []string, body string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n%s", s.path, s.host, s.auth)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.Bytes()
}

// bare is a request without a body, within a session.
func bare(s *server, method, session string) []byte {
	return []byte(method + " " + s.path + " HTTP/1.1\r\nHost: " + s.host + "\r\nAccept: text/event-stream\r\n" + s.auth +
		strings.Join(sessionHeaders(session), "\r\n") + "\r\n\r\n")
}

func sessionHeaders(id string) []string {
	h := []string{"MCP-Protocol-Version: " + v2025}
	if id != "" {
		h = append(h, "Mcp-Session-Id: "+id)
	}
	return h
}

// request is what the job sends on one connection.
func (j *job) request(s *server, session string) template {
	if j.method == "initialize" {
		return newTemplate(s, nil, initialize)
	}
	var meta []string
	if j.token {
		meta = append(meta, `"progressToken":"tok-1"`)
	}
	headers := sessionHeaders(session)
	if j.modern {
		meta = append(meta, `"io.modelcontextprotocol/protocolVersion":"`+v2026+`"`,
			`"io.modelcontextprotocol/clientInfo":{"name":"loadgen","version":"1"}`,
			`"io.modelcontextprotocol/clientCapabilities":{}`)
		headers = []string{"MCP-Protocol-Version: " + v2026, "Mcp-Method: " + j.method}
		if j.name != "" {
			headers = append(headers, "Mcp-Name: "+j.name)
		}
	}
	params := j.params
	if len(meta) > 0 {
		if params != "" {
			params += ","
		}
		params += `"_meta":{` + strings.Join(meta, ",") + `}`
	}
	return newTemplate(s, headers, `{"jsonrpc":"2.0","id":0,"method":"`+j.method+`","params":{`+params+`}}`)
}

const initialize = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"` + v2025 +
	`","capabilities":{},"clientInfo":{"name":"loadgen","version":"1"}}}`
