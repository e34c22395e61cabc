//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/fastmcp-go/fastmcp/bench/internal/sample"
)

const (
	initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"runner","version":"1"}}}`
	listTools  = `{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}`
)

// probeStart tells how long a process took from its start to its first answer, and to its list of tools.
func probeStart(p *process, tools int) (s sample.Sample) {
	c, err := dialSoon(p.address, 20*time.Second)
	if err != nil {
		s.Fail(err)
		return s
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	r := bufio.NewReader(c)
	session, body, err := ask(c, r, p.address, "", initialize)
	s.StartMS = float64(time.Since(p.began).Microseconds()) / 1e3
	if err == nil && !strings.Contains(body, `"protocolVersion":"2025-11-25"`) {
		err = fmt.Errorf("initialize was answered with %.200q", body)
	}
	if err != nil {
		s.Fail(err)
		return s
	}
	_, body, err = ask(c, r, p.address, session, listTools)
	s.ListMS = float64(time.Since(p.began).Microseconds()) / 1e3
	if err == nil {
		err = hasTools(body, tools)
	}
	if err != nil {
		s.Fail(err)
	}
	return s
}

func dialSoon(address string, most time.Duration) (net.Conn, error) {
	for end := time.Now().Add(most); ; time.Sleep(200 * time.Microsecond) {
		c, err := net.Dial("tcp4", address)
		if err == nil || time.Now().After(end) {
			return c, err
		}
	}
}

// ask makes one request on a connection that stays open.
func ask(c net.Conn, r *bufio.Reader, host, session, body string) (id, answer string, err error) {
	req, err := http.NewRequest(http.MethodPost, "http://"+host+"/mcp", strings.NewReader(body))
	if err != nil {
		return "", "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if session != "" {
		req.Header.Set("Mcp-Session-Id", session)
		req.Header.Set("MCP-Protocol-Version", "2025-11-25")
	}
	if err := req.Write(c); err != nil {
		return "", "", err
	}
	resp, err := http.ReadResponse(r, req)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %.200q", resp.StatusCode, b)
	}
	return resp.Header.Get("Mcp-Session-Id"), string(b), err
}

// hasTools checks the list, which may come as an event.
func hasTools(body string, want int) error {
	for line := range strings.Lines(body) {
		if data, ok := strings.CutPrefix(line, "data: {"); ok {
			body = "{" + data
			break
		}
	}
	var r struct {
		Result struct {
			Tools []json.RawMessage `json:"tools"`
		} `json:"result"`
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return fmt.Errorf("%w in %.200q", err, body)
	}
	if len(r.Result.Tools) != want {
		return fmt.Errorf("tools/list has %d tools, not %d", len(r.Result.Tools), want)
	}
	return nil
}
