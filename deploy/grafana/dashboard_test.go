package grafana_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// dashboard is what a test looks at of dashboard.json.
type dashboard struct {
	Title, UID string
	Templating struct {
		List []struct {
			Name, Type string
			Query      json.RawMessage
			Datasource source
		}
	}
	Panels []panel
}

type source struct{ Type, UID string }

type panel struct {
	ID          int
	Type, Title string
	Datasource  source
	GridPos     struct{ H, W, X, Y int }
	FieldConfig struct{ Defaults struct{ Unit string } }
	Targets     []struct {
		RefID, Expr, LegendFormat string
		Datasource                source
	}
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	b, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDashboard asks for nothing that the /metrics of an App does not have: every metric, every label, every value of one.
func TestDashboard(t *testing.T) {
	has, d := traffic(t), readDashboard(t)
	legend := regexp.MustCompile(`\{\{(\w+)\}\}`)
	asked := map[string]bool{}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			where := fmt.Sprintf("%s (%s)", p.Title, target.RefID)
			labels := has.check(t, where, target.Expr, asked)
			for _, m := range legend.FindAllStringSubmatch(target.LegendFormat, -1) {
				if !slices.Contains(labels, m[1]) {
					t.Errorf("%s: the legend has {{%s}}, and the query leaves %v", where, m[1], labels)
				}
			}
		}
	}
	values := regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		var q struct{ Query string }
		if err := json.Unmarshal(v.Query, &q); err != nil {
			t.Fatal(err)
		}
		m := values.FindStringSubmatch(q.Query)
		if m == nil {
			t.Errorf("%s: %s", v.Name, q.Query)
			continue
		}
		if labels := has.check(t, v.Name, m[1], asked); !slices.Contains(labels, m[2]) {
			t.Errorf("%s: there is no label %s: %v", v.Name, m[2], labels)
		}
	}
	// And the other way: what an App tells of itself is shown.
	for name := range has {
		if strings.HasPrefix(name, "mcp_") && !asked[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}

// TestRules likewise for what an operator is told.
func TestRules(t *testing.T) {
	has := traffic(t)
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr         string
				Labels, Annotations map[string]string
			}
		}
	}
	read(t, "rules.yml", &rules)
	n, said := 0, regexp.MustCompile(`\$labels\.(\w+)`)
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			n++
			labels := has.check(t, r.Alert, r.Expr, map[string]bool{})
			for _, m := range said.FindAllStringSubmatch(r.Annotations["summary"], -1) {
				if !slices.Contains(labels, m[1]) {
					t.Errorf("%s: the summary has %s, and the expression leaves %v", r.Alert, m[1], labels)
				}
			}
			if r.Labels["severity"] == "" || r.Annotations["summary"] == "" {
				t.Errorf("%s: %v %v", r.Alert, r.Labels, r.Annotations)
			}
		}
	}
	if n < 5 {
		t.Errorf("%d rules", n)
	}
}

// TestScrape has the example ask for the route that README.md adds.
func TestScrape(t *testing.T) {
	var config struct {
		RuleFiles     []string `yaml:"rule_files"`
		ScrapeConfigs []struct {
			JobName string                       `yaml:"job_name"`
			Path    string                       `yaml:"metrics_path"`
			Targets []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	read(t, "prometheus.yml", &config)
	if len(config.ScrapeConfigs) != 1 || config.ScrapeConfigs[0].Path != "/metrics" || len(config.ScrapeConfigs[0].Targets[0].Targets) == 0 {
		t.Errorf("%+v", config)
	}
	for _, name := range config.RuleFiles {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
	readme, err := os.ReadFile("README.md")
	if err != nil || !strings.Contains(string(readme), `app.AddRoute(fiber.MethodGet, "/metrics", metrics.Route(app), fastmcp.RouteConfig{Admin: true})`) {
		t.Errorf("README.md has no route: %v", err)
	}
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	d := yaml.NewDecoder(f)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := d.Decode(&struct{}{}); err != io.EOF {
		t.Errorf("%s has more than one document: %v", name, err)
	}
}

// TestPanels looks at what Grafana would show wrongly without a word.
func TestPanels(t *testing.T) {
	d := readDashboard(t)
	if d.Title == "" || d.UID == "" || len(d.Panels) < 20 {
		t.Errorf("%q %q, %d panels", d.Title, d.UID, len(d.Panels))
	}
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 || p.Title == "" {
			t.Errorf("panel %d %q: no id of its own, or no title", p.ID, p.Title)
		}
		ids[p.ID] = true
		if g := p.GridPos; g.X < 0 || g.X+g.W > 24 || g.H < 1 || g.W < 1 {
			t.Errorf("%s: %+v", p.Title, g)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if cells[at] != "" {
					t.Fatalf("%s lies on %s", p.Title, cells[at])
				}
				cells[at] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if len(p.Targets) == 0 || p.FieldConfig.Defaults.Unit == "" || p.Datasource != (source{"prometheus", "${datasource}"}) {
			t.Errorf("%s: %+v", p.Title, p)
		}
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if refs[target.RefID] || target.RefID == "" || target.Datasource != p.Datasource {
				t.Errorf("%s: %+v", p.Title, target)
			}
			refs[target.RefID] = true
			if !strings.Contains(target.Expr, `job=~"$job", instance=~"$instance"`) {
				t.Errorf("%s: it shows all jobs and instances: %s", p.Title, target.Expr)
			}
		}
	}
}
