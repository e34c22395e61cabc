package grafana_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/fastmcptest"
	"github.com/fastmcp-go/fastmcp/middleware/metrics"
	"github.com/fastmcp-go/fastmcp/store"
	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// families are the labels of each metric, by the names that queries have for it: a histogram's are three.
type families map[string]map[string][]string

// scraped are the labels that Prometheus adds.
var scraped = []string{"job", "instance"}

// check looks for what a query asks, and gives the labels that its answer has. asked notes the metrics.
func (f families) check(t *testing.T, where, text string, asked map[string]bool) (labels []string) {
	t.Helper()
	q, err := readQuery(text)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return nil
	}
	for _, s := range q.selectors {
		has, ok := f[s.metric]
		if !ok {
			t.Errorf("%s: there is no %s", where, s.metric)
			continue
		}
		asked[s.metric] = true
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if base, ok := strings.CutSuffix(s.metric, part); ok && f[base+"_bucket"] != nil {
				asked[base+"_bucket"], asked[base+"_sum"], asked[base+"_count"] = true, true, true
			}
		}
		for name := range has {
			labels = append(labels, name)
		}
		for _, m := range s.matchers {
			f.match(t, where, s.metric, m)
		}
	}
	labels = append(labels, scraped...)
	for _, name := range q.grouping {
		if !slices.Contains(labels, name) {
			t.Errorf("%s: nothing of what is asked has the label %s", where, name)
		}
	}
	if strings.Contains(text, " by ") {
		return q.grouping
	}
	return labels
}

// match looks for the label of a matcher, and for a value that it lets through.
func (f families) match(t *testing.T, where, metric string, m matcher) {
	t.Helper()
	values, ok := f[metric][m.label]
	if slices.Contains(scraped, m.label) {
		return
	}
	if !ok {
		t.Errorf("%s: %s has no label %s", where, metric, m.label)
		return
	}
	switch m.op {
	case "=":
		if !slices.Contains(values, m.value) {
			t.Errorf("%s: %s is never %s=%q: there are %q", where, metric, m.label, m.value, values)
		}
	case "=~":
		re := regexp.MustCompile("^(?:" + m.value + ")$")
		for alternative := range strings.SplitSeq(m.value, "|") {
			if !slices.Contains(values, alternative) {
				t.Errorf("%s: %s is never %s=%q: there are %q", where, metric, m.label, alternative, values)
			}
		}
		if !slices.ContainsFunc(values, re.MatchString) {
			t.Errorf("%s: %s is never %s=~%q", where, metric, m.label, m.value)
		}
	}
}

// away is a storage that does not answer for a while.
type away struct {
	store.Storage
	is atomic.Bool
}

func (a *away) Get(key string) ([]byte, error) {
	if a.is.Load() {
		return nil, store.ErrUnavailable
	}
	return a.Storage.Get(key)
}

// traffic is what the /metrics of an App has that has served all sorts of requests.
func traffic(t *testing.T) families {
	t.Helper()
	storage := &away{Storage: store.Memory()}
	config := metrics.Config{Registerer: prometheus.NewRegistry(), Anyone: true}
	app := fastmcp.New(fastmcp.Config{
		Auth: auth.New(auth.Config{Optional: true, Verifiers: []auth.Verifier{auth.Tokens(map[string]auth.Principal{"sue-0123456789abcdef": {Subject: "sue"}})}}),
		Log:  slog.New(slog.DiscardHandler), Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}, Storage: metrics.Store(storage, config),
	})
	app.AddRoute(fiber.MethodGet, "/metrics", metrics.Route(app, config))
	for name, fn := range map[string]func(*fastmcp.Context) (string, error){
		"fine":   func(*fastmcp.Context) (string, error) { return "fine", nil },
		"refuse": func(*fastmcp.Context) (string, error) { return "", fastmcp.Errorf("no") },
		"fail":   func(*fastmcp.Context) (string, error) { return "", errors.New("the disk is full") },
		"panic":  func(*fastmcp.Context) (string, error) { panic("oh") },
		"ask": func(c *fastmcp.Context) (string, error) {
			var in struct {
				Name string `json:"name"`
			}
			_, err := fastmcp.Elicit(c, "name", "Who?", &in)
			return in.Name, err
		},
	} {
		app.AddTool(fastmcp.Tool{Name: name, Handler: fastmcp.Get(fn)})
	}
	app.AddPrompt(fastmcp.Prompt{Name: "greet", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "", fastmcp.Errorf("not today") })})
	first := fastmcptest.New(t, app, fastmcptest.Config{Elicit: func(string) map[string]any { return map[string]any{"name": "sue"} }})
	for _, revision := range fastmcptest.Revisions() {
		c := first.Connect(t, fastmcptest.Config{Revision: revision})
		for _, tool := range []string{"fine", "refuse", "fail", "panic"} {
			if _, err := c.Call(t.Context(), tool, nil); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.Prompt(t.Context(), "greet", nil); err == nil {
			t.Fatal("the prompt did not fail")
		}
	}
	if _, err := first.Call(t.Context(), "ask", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Call(t.Context(), "nothing", nil); err == nil {
		t.Fatal("a tool that is not there was called")
	}
	turnedAway(t, app, "Authorization", "Bearer wrong-0123456789abcdef", http.StatusUnauthorized)
	turnedAway(t, app, "Origin", "https://evil.example", http.StatusForbidden)
	storage.is.Store(true)
	if err := app.Ready(t.Context()); !errors.Is(err, fastmcp.ErrStore) {
		t.Fatal(err)
	}
	storage.is.Store(false)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		has := scrape(t, app)
		if n := len(has["mcp_errors_total"]["reason"]); n >= 4 || time.Now().After(end) { // the last may come after its answer
			return has
		}
	}
}

// turnedAway sends a request that its header is wrong in.
func turnedAway(t *testing.T, app *fastmcp.App, header, value string, status int) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/mcp", strings.NewReader("{}"))
	req.Host = "localhost"
	req.Header.Set(header, value)
	res, err := app.Test(req, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	if _ = res.Body.Close(); res.StatusCode != status {
		t.Fatalf("%s: %s is %d, want %d", header, value, res.StatusCode, status)
	}
}

func scrape(t *testing.T, app *fastmcp.App) families {
	t.Helper()
	res, err := app.Test(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil), 20_000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%d %s, %v", res.StatusCode, body, err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	has := families{}
	for name, family := range all {
		labels := map[string][]string{}
		for _, m := range family.Metric {
			for _, l := range m.Label {
				if !slices.Contains(labels[l.GetName()], l.GetValue()) {
					labels[l.GetName()] = append(labels[l.GetName()], l.GetValue())
				}
			}
		}
		if family.Metric[0].Histogram == nil {
			has[name] = labels
			continue
		}
		has[name+"_sum"], has[name+"_count"] = labels, labels
		buckets := map[string][]string{"le": nil}
		for k, v := range labels {
			buckets[k] = v
		}
		has[name+"_bucket"] = buckets
	}
	return has
}
