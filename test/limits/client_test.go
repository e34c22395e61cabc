package limits

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp/test/internal/cluster"
)

// weights are what the tools count, arguments what they are called with.
var (
	weights   = map[string]int{"quote": 1, "render": 7}
	arguments = map[string]string{"quote": `{}`, "render": `{"ms":0}`}
)

// answer is what a call was answered with, and when.
type answer struct {
	tool           string
	sent, received time.Time
	status         int
	limit, left    int
	retry          int // Retry-After; 0 without
}

// passed tells that the call was within the limit, whether or not there was a place for it to run.
func (a *answer) passed() bool { return a.status == http.StatusOK }

// call makes one call of 2026-07-28.
func call(ctx context.Context, client *http.Client, url, tool string) (answer, error) {
	a := answer{tool: tool, sent: time.Now()}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+tool+
		`","arguments":`+arguments[tool]+`,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`))
	if err != nil {
		return a, err
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool,
	} {
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		return a, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return a, err
	}
	a.received, a.status = time.Now(), res.StatusCode
	if strings.Contains(string(body), `"isError":true`) && !strings.Contains(string(body), "Busy") {
		return a, fmt.Errorf("%s: %s", tool, body)
	}
	if a.limit, err = strconv.Atoi(res.Header.Get("X-RateLimit-Limit")); err != nil {
		return a, fmt.Errorf("%d %v %s: %w", res.StatusCode, res.Header, body, err)
	}
	if a.left, err = strconv.Atoi(res.Header.Get("X-RateLimit-Remaining")); err != nil {
		return a, err
	}
	a.retry, _ = strconv.Atoi(res.Header.Get("Retry-After")) // 0 where there is none
	if a.status == http.StatusTooManyRequests && !strings.Contains(string(body), `"code":-32000`) {
		return a, fmt.Errorf("%s is no JSON-RPC error", body)
	}
	return a, nil
}

// hammer has many clients call all nodes as fast as they can, for a while, and gives what they were answered with.
func hammer(t *testing.T, nodes []*cluster.Node, clients int, during time.Duration, tools ...string) []answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	var all sync.WaitGroup
	var mu sync.Mutex
	var got []answer
	for i := range clients {
		all.Go(func() {
			var own []answer
			for n := i; ctx.Err() == nil; n++ {
				a, err := call(context.WithoutCancel(ctx), client, nodes[n%len(nodes)].URL, tools[(n+n/len(nodes))%len(tools)])
				if err != nil {
					t.Error(err)
					return
				}
				own = append(own, a)
			}
			mu.Lock()
			defer mu.Unlock()
			got = append(got, own...)
		})
	}
	all.Wait()
	return got
}
