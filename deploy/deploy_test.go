package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// object is what a document of YAML holds.
type object = map[string]any

// documents reads all documents of a file. A key that stands twice is an error.
func documents(t *testing.T, file string) (all []object) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for d := yaml.NewDecoder(bytes.NewReader(b)); ; {
		var o object
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, o)
	}
	if len(all) == 0 {
		t.Fatalf("%s is empty", file)
	}
	return all
}

// at follows names and indexes into what a document holds.
func at[T any](t *testing.T, v any, path ...any) T {
	t.Helper()
	for i, step := range path {
		switch s := step.(type) {
		case string:
			v = as[object](t, v, path[:i])[s]
		case int:
			list := as[[]any](t, v, path[:i])
			if s >= len(list) {
				t.Fatalf("%v: there are %d", path[:i+1], len(list))
			}
			v = list[s]
		}
	}
	return as[T](t, v, path)
}

func as[T any](t *testing.T, v any, path []any) T {
	t.Helper()
	typed, ok := v.(T)
	if !ok {
		t.Fatalf("%v is %#v, and should be a %T", path, v, typed)
	}
	return typed
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// pinned is an image of one version: not a branch of them, and not what happens to be the newest.
var pinned = regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+\.\d+[a-z0-9.-]*(@sha256:[0-9a-f]{64})?$`)

func TestImagesArePinned(t *testing.T) {
	var images []string
	for line := range strings.Lines(read(t, "Dockerfile")) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "FROM" && fields[1] != "scratch" {
			images = append(images, fields[1])
		}
	}
	services := at[object](t, documents(t, "compose.yaml")[0], "services")
	for name := range services {
		service := services[name].(object)
		if service["build"] == nil {
			images = append(images, at[string](t, service, "image"))
		}
	}
	images = append(images, at[string](t, documents(t, "kubernetes/deployment.yaml")[0], "spec", "template", "spec", "containers", 0, "image"))
	if len(images) != 4 {
		t.Errorf("%d images are named, want 4: %v", len(images), images)
	}
	for _, image := range images {
		if !pinned.MatchString(image) {
			t.Errorf("%s is not one version", image)
		}
	}
}

func TestDockerfile(t *testing.T) {
	text := read(t, "Dockerfile")
	stages := regexp.MustCompile(`(?m)^FROM `).FindAllStringIndex(text, -1)
	if len(stages) != 2 {
		t.Fatalf("%d stages", len(stages))
	}
	last := text[stages[1][0]:]
	for _, want := range []string{"USER 65532:65532\n", "STOPSIGNAL SIGTERM\n", `ENTRYPOINT ["/server"]`, `CMD ["-addr", ":8080"]`} {
		if !strings.Contains(last, want) {
			t.Errorf("the last stage has no %s", want)
		}
	}
	version := regexp.MustCompile(`(?m)^FROM golang:(\d+\.\d+)\.`).FindStringSubmatch(text)
	module := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))
	if version == nil || module == nil || version[1] != module[1] {
		t.Errorf("it is built with Go %v, go.mod says %v", version, module)
	}
	program := regexp.MustCompile(`(?m)^ARG PROGRAM=(\S+)$`).FindStringSubmatch(text)
	if program == nil {
		t.Fatal("there is no default for PROGRAM")
	}
	if _, err := os.Stat(filepath.Join("..", program[1], "main.go")); err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[0] != "COPY" || strings.HasPrefix(fields[1], "--from") {
			continue
		}
		for _, file := range fields[1 : len(fields)-1] {
			if _, err := os.Stat(filepath.Join("..", file)); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestCompose(t *testing.T) {
	compose := documents(t, "compose.yaml")[0]
	nginx := read(t, "nginx.conf")
	nodes := 0
	seen := map[string]bool{}
	for name, service := range at[object](t, compose, "services") {
		if addr, ok := at[any](t, service, "networks").(object); ok {
			ip := at[string](t, addr, "inside", "ipv4_address")
			if !strings.HasPrefix(ip, "10.89.7.") || seen[ip] {
				t.Errorf("%s has %s", name, ip)
			}
			seen[ip] = true
		}
		if !strings.HasPrefix(name, "node") {
			continue
		}
		nodes++
		if !strings.Contains(nginx, "server "+name+":8080 ") {
			t.Errorf("nginx.conf does not know %s", name)
		}
		context := at[string](t, service, "build", "context")
		if _, err := os.Stat(filepath.Join(context, at[string](t, service, "build", "dockerfile"))); err != nil {
			t.Error(err)
		}
		// DrainDelay 5 s, ShutdownTimeout 30 s, 5 s for the last answers.
		if grace := at[string](t, service, "stop_grace_period"); grace != "45s" {
			t.Errorf("%s has %s to stop", name, grace)
		}
		// The proxy that the nodes trust is nginx.
		trusted := at[string](t, service, "command", 3)
		if ip := at[string](t, compose, "services", "nginx", "networks", "inside", "ipv4_address"); at[string](t, service, "command", 2) != "-trust" || trusted != ip {
			t.Errorf("%s trusts %s, and nginx is %s", name, trusted, ip)
		}
	}
	if nodes != 3 {
		t.Errorf("%d nodes", nodes)
	}
	for _, volume := range at[[]any](t, compose, "services", "nginx", "volumes") {
		if _, err := os.Stat(strings.Split(volume.(string), ":")[0]); err != nil {
			t.Error(err)
		}
	}
}

func TestKubernetes(t *testing.T) {
	files, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	kinds := map[string]object{}
	for _, file := range files {
		for _, d := range documents(t, file) {
			at[string](t, d, "apiVersion")
			kinds[at[string](t, d, "kind")] = d
		}
	}
	for _, file := range at[[]any](t, kinds["Kustomization"], "resources") {
		if !slices.Contains(files, "kubernetes/"+file.(string)) {
			t.Errorf("kustomization.yaml names %s", file)
		}
	}
	pod := at[object](t, kinds["Deployment"], "spec", "template", "spec")
	labels := at[object](t, kinds["Deployment"], "spec", "template", "metadata", "labels")
	for what, selector := range map[string]object{
		"Deployment":          at[object](t, kinds["Deployment"], "spec", "selector", "matchLabels"),
		"Service":             at[object](t, kinds["Service"], "spec", "selector"),
		"PodDisruptionBudget": at[object](t, kinds["PodDisruptionBudget"], "spec", "selector", "matchLabels"),
	} {
		if len(selector) != 1 || selector["app"] != labels["app"] {
			t.Errorf("%s selects %v", what, selector)
		}
	}
	main := at[object](t, pod, "containers", 0)
	port := at[object](t, main, "ports", 0)
	if port["name"] != "http" || port["containerPort"] != 8080 || at[string](t, main, "args", 1) != ":8080" {
		t.Errorf("%v", port)
	}
	for probe, path := range map[string]string{"startupProbe": "/health", "livenessProbe": "/health", "readinessProbe": "/ready"} {
		if got := at[string](t, main, probe, "httpGet", "path"); got != path {
			t.Errorf("%s asks %s", probe, got)
		}
		if got := at[string](t, main, probe, "httpGet", "port"); got != "http" {
			t.Errorf("%s asks %s", probe, got)
		}
	}
	// Its own bound, 500 ms, must be over before the probe's.
	if timeout := at[int](t, main, "readinessProbe", "timeoutSeconds"); timeout < 1 {
		t.Errorf("readiness has %d s", timeout)
	}
	sleep := at[int](t, main, "lifecycle", "preStop", "sleep", "seconds")
	if grace := at[int](t, pod, "terminationGracePeriodSeconds"); grace < sleep+5+30+5 {
		t.Errorf("%d s to stop, with %d s of preStop", grace, sleep)
	}
	secret := at[object](t, kinds["Secret"], "stringData")
	for i, v := range at[[]any](t, main, "env") {
		if from, ok := v.(object)["valueFrom"]; ok {
			if key := at[string](t, from, "secretKeyRef", "key"); secret[key] == nil || at[string](t, from, "secretKeyRef", "name") != "mcp" {
				t.Errorf("variable %d: the secret has no %s", i, key)
			}
		}
	}
	if affinity := at[string](t, kinds["Service"], "spec", "sessionAffinity"); affinity != "None" {
		t.Errorf("the service is sticky: %s", affinity)
	}
}

// TestReadme: each file is explained, and what is explained is there.
func TestReadme(t *testing.T) {
	readme := read(t, "README.md")
	files, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "Dockerfile", "compose.yaml", "nginx.conf") {
		if !strings.Contains(readme, "("+file+")") {
			t.Errorf("README.md says nothing of %s", file)
		}
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(readme, -1) {
		if _, err := os.Stat(link[1]); err != nil {
			t.Error(err)
		}
	}
	// Each line of nginx.conf that is told about is there.
	for _, line := range regexp.MustCompile("(?m)^\\| `([^`]+;)`").FindAllStringSubmatch(readme, -1) {
		if !strings.Contains(read(t, "nginx.conf"), line[1]) {
			t.Errorf("nginx.conf has no %s", line[1])
		}
	}
}
