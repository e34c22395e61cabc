package stdio_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/internal/transport/stdio"
)

// FuzzServe: whatever is sent, the server ends with its input, and every line that it says is a message, or an array of
// messages.
func FuzzServe(f *testing.F) {
	old := strings.Replace(initialize, "2025-06-18", "2025-03-26", 1)
	call := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"x"},"_meta":{"progressToken":1}}}`
	for _, lines := range [][]string{
		{initialize, call, cancel("1"), plain("2", "ping"), initialize, call},
		{old, "[" + call + "," + cancel("1") + "," + plain("2", "tools/list") + ",1]", "[]", "[" + initialize + "]"},
		{plain("1", "server/discover"), modern("1", "server/discover"), modern(`"x"`, "tools/list"), call},
		{"", " \r", "{", "\xff", `{"jsonrpc":"2.0","id":1,"result":{}}`, strings.Repeat("[", 300), strings.Repeat("x", 5000)},
		{strings.Replace(modern("1", "tools/list"), "2026-07-28", "2027-01-01", 1), strings.Replace(modern("1", "x"), "2026-07-28", "2025-06-18", 1)},
	} {
		f.Add([]byte(strings.Join(lines, "\n")))
	}
	app := fastmcp.New(fastmcp.Config{Log: slog.New(slog.DiscardHandler)})
	app.AddTool(fastmcp.Tool{Name: "echo", Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
		Text string `json:"text"`
	}) (string, error) {
		return in.Text, c.Progress(1, 2, in.Text)
	})})
	f.Fuzz(func(t *testing.T, input []byte) {
		var out bytes.Buffer
		err := stdio.Serve(t.Context(), app.Engine(), bytes.NewReader(input), &out, stdio.Config{MaxMessage: 4096, MaxConcurrent: 1, Drain: patience})
		if n := len(app.Sessions()); err != nil || n > 0 {
			t.Errorf("it ended with %v, and %d sessions are left", err, n)
		}
		for line := range bytes.Lines(out.Bytes()) {
			line, ended := bytes.CutSuffix(line, []byte("\n"))
			if !ended || !json.Valid(line) {
				t.Fatalf("%q is not a line of JSON", line)
			}
			all := [][]byte{line}
			if line[0] == '[' {
				var array []json.RawMessage
				_ = json.Unmarshal(line, &array) // it is valid
				all = nil
				for _, m := range array {
					all = append(all, m)
				}
			}
			for _, m := range all {
				if !bytes.HasPrefix(m, []byte(`{"jsonrpc":"2.0",`)) {
					t.Fatalf("%s is not a message", m)
				}
			}
		}
	})
}
