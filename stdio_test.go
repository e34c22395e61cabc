package fastmcp

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// stdioPatience bounds what a test waits for.
const stdioPatience = 20 * time.Second

// piped is an App that is served over two pipes, and the client at their other end.
type piped struct {
	t    *testing.T
	app  *App
	in   *os.File
	got  chan string
	done chan error
	stop context.CancelFunc
	// begun hears of each "until", and until of what its Context has seen.
	begun chan struct{}
	until chan error
	gone  chan string // sessions that have ended
}

func servePiped(t *testing.T, config Config) *piped {
	t.Helper()
	p := &piped{t: t, got: make(chan string, 1<<14), done: make(chan error, 1), begun: make(chan struct{}, 200), until: make(chan error, 200), gone: make(chan string, 8)}
	config.Log = slog.New(slog.DiscardHandler)
	config.Name, config.Version = "piped", "1"
	config.On.Disconnect = func(s *Session) { p.gone <- s.ID() }
	p.app = New(config)
	p.tools()
	theirs, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in = in
	var ctx context.Context
	ctx, p.stop = context.WithCancel(context.Background())
	go func() {
		p.done <- p.app.serveStdio(ctx, theirs, ours)
		_ = ours.Close()
	}()
	go func() {
		defer close(p.got)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			p.got <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		p.stop()
		_, _, _ = in.Close(), theirs.Close(), out.Close()
	})
	return p
}

func (p *piped) tools() {
	type sum struct {
		A float64 `json:"a" validate:"required"`
		B float64 `json:"b" validate:"required"`
	}
	p.app.AddTool(Tool{Name: "add", Handler: Typed(func(_ *Context, in sum) (map[string]float64, error) {
		return map[string]float64{"sum": in.A + in.B}, nil
	})})
	p.app.AddTool(Tool{Name: "steps", Handler: Get(func(c *Context) (string, error) {
		for i := range 3 {
			if err := c.Progress(float64(i+1), 3); err != nil {
				return "", err
			}
		}
		c.ClientLog().Info("stepped")
		return "done", nil
	})})
	p.app.AddTool(Tool{Name: "until", Handler: Get(func(c *Context) (string, error) {
		p.begun <- struct{}{}
		<-c.Done()
		p.until <- c.Err()
		return "", c.Err()
	})})
	p.app.AddTool(Tool{Name: "fails", Handler: Get(func(*Context) (string, error) { return "", Errorf("no fuel") })})
	p.app.AddTool(Tool{Name: "suspends", Handler: Get(func(c *Context) (string, error) {
		if c.Suspend(time.Second) == nil || c.IP().IsValid() || c.Header("Host") != "" || c.Principal() != nil {
			return "a pipe is no connection that one could come back to, and has no headers", nil
		}
		return "stays", nil
	})})
}

func (p *piped) send(lines ...string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, strings.Join(lines, "\n")+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

func (p *piped) next() string {
	p.t.Helper()
	select {
	case line, ok := <-p.got:
		if !ok {
			p.t.Fatalf("the server has ended: %v", <-p.done)
		}
		if !json.Valid([]byte(line)) {
			p.t.Fatalf("%q is not JSON", line)
		}
		return line
	case <-time.After(stdioPatience):
		p.t.Fatal("nothing came")
	}
	return ""
}

// want fails the test unless the next lines each have all texts, separated by " … ", in them.
func (p *piped) want(lines ...string) {
	p.t.Helper()
	for _, want := range lines {
		line := p.next()
		for text := range strings.SplitSeq(want, " … ") {
			if !strings.Contains(line, text) {
				p.t.Errorf("got %.500s, want %s in it", line, text)
			}
		}
	}
}

// end waits for the server to end, which it must without an error and with an engine at rest.
func (p *piped) end() (rest []string) {
	p.t.Helper()
	select {
	case err := <-p.done:
		if err != nil {
			p.t.Errorf("it ended with %v", err)
		}
	case <-time.After(stdioPatience):
		p.t.Fatal("it has not ended")
	}
	for line := range p.got {
		rest = append(rest, line)
	}
	if n := len(p.app.Sessions()); n > 0 || p.app.engine().running.n.Load() >= 0 || p.app.base.Err() == nil {
		p.t.Errorf("%d sessions are left, or the App has not been shut down", n)
	}
	return rest
}

func (p *piped) heard(ch <-chan struct{}) {
	p.t.Helper()
	select {
	case <-ch:
	case <-time.After(stdioPatience):
		p.t.Fatal("it has not begun")
	}
}

func probing(id any, method, params string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%v,"method":%q,"params":{%s}}`, id, method, params)
}

const statelessMeta = `"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}`

// statelessly is a call of 2026-07-28. params end with a comma.
func statelessly(id any, method, params, meta string) string {
	return probing(id, method, params+`"_meta":{`+statelessMeta+meta+`}`)
}

func opening(id any, revision string) string {
	return probing(id, "initialize", `"protocolVersion":"`+revision+`","capabilities":{},"clientInfo":{"name":"t","version":"1"}`)
}

const (
	initializedNote = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
	cancelNote      = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%v,"reason":"enough"}}`
)

func TestStdioTranscriptsWithSessions(t *testing.T) {
	for _, revision := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28", "2099-01-01"} {
		t.Run(revision, func(t *testing.T) {
			p := servePiped(t, Config{})
			agreed := revision
			if revision > "2025-11-25" {
				agreed = "2025-11-25" // nothing later has initialize
			}
			p.send(probing(`"early"`, "ping", ""), probing(1, "tools/list", ""), probing(2, "server/discover", ""))
			p.want(`{"jsonrpc":"2.0","id":"early","result":{}}`, `"id":1 … -32602 … 2026-07-28 … 2024-11-05`, `"id":2 … -32602`)
			p.send(opening(3, revision), initializedNote)
			p.want(`"id":3 … "protocolVersion":"` + agreed + `" … "name":"piped"`)
			p.send(probing(4, "ping", ""))
			p.want(`{"jsonrpc":"2.0","id":4,"result":{}}`)
			p.send(probing(5, "tools/list", ""))
			p.want(`"id":5 … "name":"add"`)
			p.send(probing(6, "tools/call", `"name":"add","arguments":{"a":0,"b":5}`))
			p.want(`"id":6 … \"sum\":5`)
			p.send(probing(7, "tools/call", `"name":"steps","_meta":{"progressToken":"p"}`))
			p.want(`"progressToken":"p","progress":1,"total":3`, `"progress":2`, `"progress":3`, `notifications/message … stepped`, `"id":7 … "text":"done"`)
			p.send(probing(8, "tools/call", `"name":"fails"`), probing(`"8b"`, "tools/call", `"name":"suspends"`))
			got := []string{p.next(), p.next()}
			slices.Sort(got)
			if !strings.Contains(got[0], `no fuel`) && !strings.Contains(got[1], `no fuel`) || !strings.Contains(got[0]+got[1], `"stays"`) {
				t.Errorf("%s", got)
			}
			p.send(probing(9, "tools/call", `"name":"none"`))
			p.want(`"id":9 … -32602 … none`)
			p.send(probing(10, "nothing/here", ""))
			p.want(`"id":10 … -32601`)
			p.send(probing(11, "tools/call", `"name":"until"`))
			p.heard(p.begun)
			p.send(probing(11, "ping", ""))
			p.want(`"id":11 … -32600`)
			p.send(fmt.Sprintf(cancelNote, 11))
			if err := <-p.until; err == nil {
				t.Error("it was not cancelled")
			}
			if err := p.app.Broadcast("notifications/news", map[string]int{"n": 1}); err != nil {
				t.Error(err)
			}
			p.want(`{"jsonrpc":"2.0","method":"notifications/news","params":{"n":1}}`)
			p.send("[" + probing(12, "ping", "") + "]")
			if agreed == "2025-03-26" {
				p.want(`[{"jsonrpc":"2.0","id":12,"result":{}}]`)
			} else {
				p.want(`-32600 … ` + agreed)
			}
			_ = p.in.Close()
			if rest := p.end(); rest != nil {
				t.Errorf("and then %q", rest)
			}
			if len(p.gone) != 1 {
				t.Errorf("%d sessions have ended", len(p.gone))
			}
		})
	}
}

func TestStdioTranscriptWithoutSessions(t *testing.T) {
	p := servePiped(t, Config{})
	p.send(statelessly(1, "server/discover", "", ""))
	p.want(`"id":1 … "supportedVersions":["2026-07-28","2025-11-25" … "resultType":"complete"`)
	p.send(statelessly(2, "tools/list", "", ""))
	p.want(`"id":2 … "name":"add" … ttlMs`)
	p.send(statelessly(`"x"`, "tools/call", `"name":"add","arguments":{"a":1,"b":2},`, ""))
	p.want(`"id":"x" … "structuredContent":{"sum":3}`)
	p.send(statelessly(3, "tools/call", `"name":"steps",`, `,"progressToken":0,"io.modelcontextprotocol/logLevel":"info"`))
	p.want(`"progressToken":0,"progress":1,"total":3`, `"progress":2`, `"progress":3`, `notifications/message … stepped`, `"id":3 … "text":"done"`)
	p.send(statelessly(4, "tools/call", `"name":"fails",`, ""))
	p.want(`"id":4 … no fuel … "isError":true`)
	for _, r := range [][2]string{
		{statelessly(5, "ping", "", ""), "-32601"},
		{statelessly(5, "initialize", `"protocolVersion":"2026-07-28",`, ""), "-32601"},
		{strings.Replace(statelessly(5, "tools/list", "", ""), "2026-07-28", "2027-01-01", 1), `-32022 … "requested":"2027-01-01" … "supported":["2026-07-28"`},
		{probing(5, "tools/list", `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}`), "-32602 … clientCapabilities"},
		{probing(5, "tools/list", `"_meta":{"io.modelcontextprotocol/clientCapabilities":{}}`), "-32602 … protocolVersion"},
		{probing(5, "tools/list", `"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-06-18"}`), "-32602 … initialize"},
		{statelessly(5, "tools/list", "", `,"io.modelcontextprotocol/logLevel":"loud"`), "-32602"},
		{probing(5, "tools/list", ""), "-32602 … initialize"},
	} {
		p.send(r[0])
		p.want(`"id":5 … ` + r[1])
	}
	p.send("[" + statelessly(6, "tools/list", "", "") + "]")
	p.want(`-32600`)
	p.send(statelessly(7, "tools/call", `"name":"until",`, ""))
	p.heard(p.begun)
	p.send(fmt.Sprintf(cancelNote, 7))
	if err := <-p.until; err == nil {
		t.Error("it was not cancelled")
	}
	p.send(statelessly(8, "tools/list", "", ""))
	p.want(`"id":8`)
	_ = p.in.Close()
	if rest := p.end(); rest != nil {
		t.Errorf("and then %q", rest)
	}
}

// A client of both eras may ask first what there is, and then speak either, or both.
func TestStdioBothErasOnOnePipe(t *testing.T) {
	p := servePiped(t, Config{})
	p.send(statelessly(0, "server/discover", "", ""))
	p.want(`"supportedVersions"`)
	p.send(opening(1, "2025-03-26"), initializedNote)
	p.want(`"protocolVersion":"2025-03-26"`)
	call := `"name":"add","arguments":{"a":1,"b":2}`
	p.send(probing(2, "tools/call", call))
	if line := p.next(); strings.Contains(line, "structuredContent") {
		t.Errorf("2025-03-26 has none: %s", line)
	}
	p.send(statelessly(3, "tools/call", call+",", ""))
	p.want(`"id":3 … "structuredContent":{"sum":3}`)
	p.send(probing(4, "tools/call", call+`,"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-03-26","io.modelcontextprotocol/clientCapabilities":{}}`))
	if line := p.next(); strings.Contains(line, "structuredContent") || strings.Contains(line, "error") {
		t.Errorf("a version of one's own era: %s", line)
	}
	p.send("[" + statelessly(5, "tools/list", "", "") + "," + probing(6, "ping", "") + "]")
	p.want(`"id":5,"error":{"code":-32600 … "id":6,"result":{}}]`)
	p.send(opening(7, "2025-11-25"))
	p.want(`"protocolVersion":"2025-11-25"`)
	if n := len(p.app.Sessions()); n != 1 || len(p.gone) != 1 {
		t.Errorf("%d sessions, and %d have ended", n, len(p.gone))
	}
	p.send(opening(8, "2025-06-18")[:40])
	p.want(`-32700`)
	p.send(probing(9, "initialize", `"protocolVersion":7`))
	p.want(`"id":9 … -32602`)
	p.send("[" + probing(10, "ping", "") + "]")
	p.want(`-32600 … 2025-11-25`)
	_ = p.in.Close()
	_ = p.end()
}

func TestStdioBatches(t *testing.T) {
	p := servePiped(t, Config{HTTP: HTTPConfig{MaxBatch: 4}})
	p.send("[]")
	p.want(`-32600 … initialize`)
	p.send(opening(0, "2025-03-26"))
	p.want(`"id":0`)
	array := func(messages ...string) string { return "[" + strings.Join(messages, ",") + "]" }
	ping := probing(1, "ping", "")
	p.send(array(ping, ping, ping, ping, ping))
	p.want(`-32600 … 4 messages`)
	p.send(array())
	p.want(`-32600 … no messages`)
	p.send(array(initializedNote, `{"jsonrpc":"2.0","id":1,"result":{}}`)) // wants no answer
	p.send(array(probing(1, "tools/call", `"name":"steps","_meta":{"progressToken":1}`), `{"jsonrpc":"2.0","id":2,"method":"ping","params":[]}`, opening(3, "2025-03-26"), initializedNote))
	p.want(`"progress":1`, `"progress":2`, `"progress":3`, `notifications/message`)
	line := p.next()
	for _, want := range []string{`"id":1,"result"`, `"id":2,"error":{"code":-32602`, `"id":3,"error":{"code":-32600`} {
		if line[0] != '[' || !strings.Contains(line, want) {
			t.Errorf("%s, want %s in it", line, want)
		}
	}
	// A request of an array can be cancelled by another of the same array, and has then no answer.
	p.send(array(probing(1, "tools/call", `"name":"until"`), fmt.Sprintf(cancelNote, 1), probing(2, "ping", "")))
	p.want(`[{"jsonrpc":"2.0","id":2,"result":{}}]`)
	p.send(array(probing(1, "tools/call", `"name":"until"`), probing(1, "ping", ""), fmt.Sprintf(cancelNote, 1)))
	p.want(`[{"jsonrpc":"2.0","id":1,"error":{"code":-32600`)
	_ = p.in.Close()
	if rest := p.end(); rest != nil {
		t.Errorf("and then %q", rest)
	}
}

func TestStdioEndsWithCallsThatWait(t *testing.T) {
	for name, end := range map[string]func(p *piped) error{
		"the input":   func(p *piped) error { return p.in.Close() },
		"the context": func(p *piped) error { p.stop(); return nil },
		"Shutdown": func(p *piped) error {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if err := p.app.Shutdown(ctx); err == nil {
				return fmt.Errorf("Shutdown says that nothing was running")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := servePiped(t, Config{ShutdownTimeout: time.Millisecond})
			p.send(opening(0, "2025-11-25"), probing(1, "tools/call", `"name":"until"`), statelessly(2, "tools/call", `"name":"until",`, ""))
			p.want(`"id":0`)
			p.heard(p.begun)
			p.heard(p.begun)
			if err := end(p); err != nil {
				t.Error(err)
			}
			for _, line := range p.end() {
				if strings.Contains(line, `"id":1`) && !strings.Contains(line, `"isError":true`) {
					t.Errorf("%s", line)
				}
			}
			if len(p.until) != 2 {
				t.Errorf("%d of 2 calls were cancelled", len(p.until))
			}
		})
	}
}

// What is read before the end of the input is answered: so does everybody try a server who has a shell.
func TestStdioAnswersAFile(t *testing.T) {
	p := servePiped(t, Config{})
	lines := []string{opening(0, "2025-06-18"), initializedNote}
	for i := 1; i <= 100; i++ {
		lines = append(lines, probing(i, "tools/call", `"name":"add","arguments":{"a":1,"b":2}`), statelessly(1000+i, "tools/call", `"name":"add","arguments":{"a":1,"b":2},`, ""))
	}
	p.send(lines...)
	_ = p.in.Close()
	ids := map[string]bool{}
	for _, line := range p.end() {
		var m struct{ ID, Result json.RawMessage }
		if err := json.Unmarshal([]byte(line), &m); err != nil || m.Result == nil || ids[string(m.ID)] || !strings.Contains(line, `sum\":3`) && string(m.ID) != "0" {
			t.Errorf("%v: %s", err, line)
		}
		ids[string(m.ID)] = true
	}
	if len(ids) != 201 {
		t.Errorf("%d answers, want 201", len(ids))
	}
}

// The messages of calls that run side by side do not run into each other, and each call's come in order.
func TestStdioManyCallsAtOnce(t *testing.T) {
	for name, call := range map[string]func(id int) string{
		"2025-11-25": func(id int) string {
			return probing(id, "tools/call", fmt.Sprintf(`"name":"steps","_meta":{"progressToken":%d}`, id))
		},
		"2026-07-28": func(id int) string {
			return statelessly(id, "tools/call", `"name":"steps",`, fmt.Sprintf(`,"progressToken":%d`, id))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := servePiped(t, Config{})
			p.send(opening(0, "2025-11-25"), probing(`"level"`, "logging/setLevel", `"level":"emergency"`))
			p.want(`"id":0`, `"id":"level"`)
			const n = 100
			var sending sync.WaitGroup
			sending.Go(func() {
				for id := 1; id <= n; id++ {
					p.send(call(id))
				}
			})
			told := map[int]string{}
			for range 4 * n {
				var m struct {
					ID     int
					Params struct{ ProgressToken, Progress int }
				}
				if err := json.Unmarshal([]byte(p.next()), &m); err != nil {
					t.Fatal(err)
				}
				if m.ID > 0 {
					told[m.ID] += "!"
				} else {
					told[m.Params.ProgressToken] += fmt.Sprint(m.Params.Progress)
				}
			}
			sending.Wait()
			if len(told) != n || slices.ContainsFunc(slices.Collect(maps.Values(told)), func(s string) bool { return s != "123!" }) {
				t.Errorf("%v", told)
			}
			_ = p.in.Close()
			if rest := p.end(); rest != nil {
				t.Errorf("and then %q", rest)
			}
		})
	}
}

func TestStdioBoundsMessages(t *testing.T) {
	p := servePiped(t, Config{HTTP: HTTPConfig{MaxBody: 500}})
	line := probing(1, "ping", "")
	p.send(line+strings.Repeat(" ", 500-len(line)), line+strings.Repeat(" ", 501-len(line)), line)
	p.want(`"id":1`, `-32600 … 500 bytes`, `"id":1`)
	_ = p.in.Close()
	_ = p.end()
}

func TestStdioWithoutSessions(t *testing.T) {
	p := servePiped(t, Config{Stateless: true})
	p.send(opening(0, "2025-03-26"), "["+probing(1, "ping", "")+"]")
	p.want(`"protocolVersion":"2025-03-26"`, `[{"jsonrpc":"2.0","id":1,"result":{}}]`)
	p.send(probing(2, "tools/call", `"name":"until"`))
	p.heard(p.begun)
	p.send(fmt.Sprintf(cancelNote, 2))
	if err := <-p.until; err == nil {
		t.Error("it was not cancelled")
	}
	_ = p.in.Close()
	if rest := p.end(); rest != nil {
		t.Errorf("and then %q", rest)
	}
}

func TestStdioCannotServeAgain(t *testing.T) {
	app := New(Config{Log: slog.New(slog.DiscardHandler)})
	if err := app.serveStdio(t.Context(), strings.NewReader(""), io.Discard); err != nil {
		t.Error(err)
	}
	if err := app.serveStdio(t.Context(), strings.NewReader(""), io.Discard); err == nil {
		t.Error("an App that has been shut down serves")
	}
}
