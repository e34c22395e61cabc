package hostile

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/test/internal/cluster"
)

// Behind nginx, with the settings of deploy/nginx.conf, nothing is smuggled either: nginx and the server agree about
// where each request ends, or one of them refuses it. Who comes next on nginx's connections to the server is served.
func TestBehindNginx(t *testing.T) {
	s := serve(t, fastmcp.Config{HTTP: fastmcp.HTTPConfig{TrustedProxies: []string{"127.0.0.1"}}})
	nginx := cluster.Front(t, s.addr)
	other := func(name string) {
		c := dial(t, nginx.Addr)
		defer func() { _ = c.Close() }()
		_, _ = io.WriteString(c, strings.ReplaceAll(s.post("/echo", "Content-Length: 5\r\n", "other"), s.addr, nginx.Addr))
		if a := next(t, bufio.NewReader(c)); a.status != 200 || a.body != `"other|127.0.0.1|127.0.0.1"` {
			t.Errorf("%s: somebody else's request: %d %s", name, a.status, a.body)
		}
	}
	refusals := 0
	for _, sh := range shapes {
		for _, path := range []string{"/mcp", "/echo"} {
			for _, slowly := range []bool{false, true} {
				name := fmt.Sprintf("%s, %s, slowly %t", sh.name, path, slowly)
				hits := s.hits.Load()
				c := dial(t, nginx.Addr)
				// What nginx takes for a second request of its client's is one: it is asked for, and answered, as such. What
				// must not be is that the server sees one that nginx has not seen.
				send(c, strings.TrimSuffix(sh.text(nginx.Addr, path), strings.ReplaceAll(hit, "ADDR", nginx.Addr)), slowly)
				over(c)
				all, _ := answers(t, c, 3)
				_ = c.Close()
				for i, a := range all {
					if i > 0 && a.status != 400 { // what is left of a body that nginx has not read as one
						t.Errorf("%s: answer %d: %+v", name, i+1, a)
					}
				}
				if len(all) > 0 && all[0].status >= 400 {
					refusals++
				}
				if s.hits.Load() != hits {
					t.Errorf("%s: a request was smuggled", name)
				}
			}
		}
		other(sh.name)
	}
	// nginx repairs some: it drops headers without a proper name, and joins the lines of one.
	if refusals < len(shapes) {
		t.Errorf("%d of %d were refused", refusals, 4*len(shapes))
	}
	// A request in the body of another, however its length is told, stays there.
	hidden := strings.ReplaceAll(hit, "ADDR", s.addr)
	for name, lines := range map[string]string{
		"a length":         fmt.Sprintf("Content-Length: %d\r\n", len(hidden)),
		"chunks":           "Transfer-Encoding: chunked\r\n",
		"an odd name":      fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding\x0b: chunked\r\n", len(hidden)),
		"another alphabet": fmt.Sprintf("Content-Length: %d\r\nTran\u017ffer-Encoding: chunked\r\n", len(hidden)),
		"an underscore":    fmt.Sprintf("Content-Length: %d\r\nTransfer_Encoding: chunked\r\n", len(hidden)),
		"a hop":            fmt.Sprintf("Content-Length: %d\r\nConnection: Content-Length\r\n", len(hidden)),
		"an offer":         fmt.Sprintf("Content-Length: %d\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n", len(hidden)),
	} {
		body := hidden
		if name == "chunks" {
			body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(hidden), hidden)
		}
		c := dial(t, nginx.Addr)
		_, _ = io.WriteString(c, strings.ReplaceAll(s.post("/echo", lines, body), s.addr, nginx.Addr))
		a := next(t, bufio.NewReader(c))
		_ = c.Close()
		if s.hits.Load() != 0 {
			t.Fatalf("%s: a request was smuggled (%d)", name, a.status)
		}
		other(name)
	}
}
