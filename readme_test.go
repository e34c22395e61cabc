package fastmcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// readmePatience bounds what a test waits for.
const readmePatience = time.Minute

// readme is what README.md says, in the order in which it does.
type readme struct {
	programs []string // whole Go programs
	// sections have the Go fragments of each section: declarations first, which the others may use.
	sections map[string]*readmeSection
	commands []string // for a shell
	configs  []string // JSON
}

type readmeSection struct{ declarations, statements []string }

// fence is a block of code.
var fence = regexp.MustCompile("(?ms)^## (.*?)$|^```(\\w*)\n(.*?)^```$")

func readReadme(t *testing.T) *readme {
	t.Helper()
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	r, title := &readme{sections: map[string]*readmeSection{}}, ""
	for _, m := range fence.FindAllStringSubmatch(string(b), -1) {
		heading, language, text := m[1], m[2], m[3]
		switch {
		case heading != "":
			title = heading
		case language == "go" && strings.HasPrefix(text, "package "):
			r.programs = append(r.programs, text)
		case language == "go":
			s := r.sections[title]
			if s == nil {
				s = &readmeSection{}
				r.sections[title] = s
			}
			if _, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+text, parser.SkipObjectResolution); err == nil {
				s.declarations = append(s.declarations, text)
			} else {
				s.statements = append(s.statements, text)
			}
		case language == "sh":
			r.commands = append(r.commands, text)
		case language == "json":
			r.configs = append(r.configs, text)
		default:
			t.Errorf("a block of code under %q has the language %q, which no test looks at", title, language)
		}
	}
	return r
}

// readmeImports are the packages that fragments may use without an import.
var readmeImports = map[string]string{
	"auth": "github.com/fastmcp-go/fastmcp/auth", "content": "github.com/fastmcp-go/fastmcp/content",
	"fastmcp": "github.com/fastmcp-go/fastmcp", "protocol": "github.com/fastmcp-go/fastmcp/protocol",
	"store": "github.com/fastmcp-go/fastmcp/store", "redis": "github.com/fastmcp-go/fastmcp/store/redis", "asynq": "github.com/fastmcp-go/fastmcp/tasks/asynq",
	"fiber": "github.com/gofiber/fiber/v2", "helmet": "github.com/gofiber/fiber/v2/middleware/helmet",
	"requestid": "github.com/gofiber/fiber/v2/middleware/requestid",
	"base64":    "encoding/base64", "context": "context", "errors": "errors", "fmt": "fmt", "json": "encoding/json", "log": "log", "os": "os",
	"apps": "github.com/fastmcp-go/fastmcp/apps", "skills": "github.com/fastmcp-go/fastmcp/skills", "routes": "github.com/fastmcp-go/fastmcp/routes", "fastmcptest": "github.com/fastmcp-go/fastmcp/fastmcptest", "testing": "testing",
	"cache": "github.com/fastmcp-go/fastmcp/middleware/cache", "concurrency": "github.com/fastmcp-go/fastmcp/middleware/concurrency",
	"cors": "github.com/fastmcp-go/fastmcp/middleware/cors", "logger": "github.com/fastmcp-go/fastmcp/middleware/logger",
	"metrics": "github.com/fastmcp-go/fastmcp/middleware/metrics", "ratelimit": "github.com/fastmcp-go/fastmcp/middleware/ratelimit",
	"responselimit": "github.com/fastmcp-go/fastmcp/middleware/responselimit", "securityheaders": "github.com/fastmcp-go/fastmcp/middleware/securityheaders",
	"tenant": "github.com/fastmcp-go/fastmcp/tenant", "tracing": "github.com/fastmcp-go/fastmcp/middleware/tracing", "flag": "flag",
	"signal": "os/signal", "strconv": "strconv", "syscall": "syscall", "time": "time",
}

// source makes a file of a section's fragments.
func (s *readmeSection) source() (string, error) {
	var b strings.Builder
	for _, text := range s.declarations {
		b.WriteString(text + "\n")
	}
	for _, text := range s.statements {
		// The inner block lets a fragment declare an app of its own.
		fmt.Fprintf(&b, "func _(app *fastmcp.App, c *fastmcp.Context) {\n{\n%s}\n}\n\n", text)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+b.String(), parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	used := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && readmeImports[x.Name] != "" {
				used[x.Name] = true
			}
		}
		return true
	})
	var imports strings.Builder
	for _, name := range slices.Sorted(maps.Keys(used)) {
		fmt.Fprintf(&imports, "\t%q\n", readmeImports[name])
	}
	return "package p\n\nimport (\n" + imports.String() + ")\n\n" + b.String(), nil
}

// readmeModule makes a module that uses this one, as a reader's would, and gives its folder.
func readmeModule(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/fastmcp-go/fastmcp"
	dir := t.TempDir()
	text := strings.Replace(string(mod), "module "+module, "module example.com/reader", 1)
	text += fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %q\n", module, module, root)
	all := maps.Clone(files)
	all["go.mod"], all["go.sum"] = text, string(sum)
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// readmeGo runs the go command in a folder. It downloads nothing.
func readmeGo(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestReadmeCompiles(t *testing.T) {
	r := readReadme(t)
	if len(r.programs) == 0 || len(r.sections) == 0 {
		t.Fatalf("%d programs and %d sections with fragments were found", len(r.programs), len(r.sections))
	}
	files := map[string]string{}
	for i, text := range r.programs {
		files[fmt.Sprintf("program%d/main.go", i)] = text
	}
	for title, s := range r.sections {
		text, err := s.source()
		if err != nil {
			t.Fatalf("under %q: %v", title, err)
		}
		name := strings.ToLower(strings.ReplaceAll(title, " ", "_"))
		files[name+"/"+name+".go"] = text
	}
	readmeGo(t, readmeModule(t, files), "vet", "./...")
}

func TestReadmeConfigurationsAreJSON(t *testing.T) {
	for _, text := range readReadme(t).configs {
		if !json.Valid([]byte(text)) {
			t.Errorf("not JSON:\n%s", text)
		}
		if !strings.Contains(text, "http://"+readmeAddress+"/mcp") {
			t.Errorf("it does not lead to the server of the README:\n%s", text)
		}
	}
}

// readmeAddress is where the README's server listens. The test needs another place.
const readmeAddress = "127.0.0.1:8080"

// TestReadmeServerAnswersItsCurl builds the first program as it stands, but for the port, and pastes the first command
// into a shell.
func TestReadmeServerAnswersItsCurl(t *testing.T) {
	r := readReadme(t)
	addr := readmePort(t)
	dir := readmeModule(t, map[string]string{"main.go": readmeElsewhere(t, r.programs[0], addr)})
	readmeGo(t, dir, "build", "-o", "server", ".")
	stop := readmeProgram(t, filepath.Join(dir, "server"))
	readmeWait(t, addr)

	command := readmeElsewhere(t, r.commands[0], addr)
	check := func(how, out string) {
		var reply struct {
			Result struct{ StructuredContent struct{ Sum float64 } }
		}
		if err := json.Unmarshal([]byte(out), &reply); err != nil || reply.Result.StructuredContent.Sum != 5 {
			t.Errorf("%s\nanswered by %s: %s (%v), want the sum 5", command, how, out, err)
		}
	}
	check("net/http", doCurl(t, command))
	if _, err := exec.LookPath("curl"); err == nil {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput()
		if err != nil {
			t.Errorf("%s\n%v", command, err)
		}
		check("curl", string(out))
	}
	if err := stop(); err != nil {
		t.Errorf("after SIGTERM the server ended with %v, want 0", err)
	}
}

func readmeElsewhere(t *testing.T, text, addr string) string {
	t.Helper()
	if strings.Count(text, readmeAddress) != 1 {
		t.Fatalf("%s is not there once:\n%s", readmeAddress, text)
	}
	return strings.Replace(text, readmeAddress, addr, 1)
}

// readmePort is an address that nobody listened on a moment ago.
func readmePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// readmeWait waits until somebody listens.
func readmeWait(t *testing.T, addr string) {
	t.Helper()
	within(t, readmePatience, "a server listens on "+addr, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// readmeProgram starts a program. stop asks it to end, and gives how it did; it may be called again.
func readmeProgram(t *testing.T, path string) (stop func() error) {
	t.Helper()
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), readmePatience)
	cmd := exec.CommandContext(ctx, path)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	stop = sync.OnceValue(func() error {
		defer cancel()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		return cmd.Wait()
	})
	t.Cleanup(func() {
		if err := stop(); err != nil || t.Failed() {
			t.Logf("%s: %v\n%s", path, err, out.String())
		}
	})
	return stop
}

// shellWord is a word of a shell command: plain, or in single quotes.
var shellWord = regexp.MustCompile(`'([^']*)'|([^\s'\\]+)`)

// doCurl does what a curl command says, of the options that the README uses.
func doCurl(t *testing.T, command string) string {
	t.Helper()
	var url, body string
	header := http.Header{}
	words := shellWord.FindAllStringSubmatch(command, -1)
	text := func(i int) string { return words[i][1] + words[i][2] }
	for i := 1; i < len(words); i++ {
		switch option := text(i); option {
		case "-s":
		case "-H", "-d":
			i++
			if option == "-d" {
				body = text(i)
				continue
			}
			name, value, _ := strings.Cut(text(i), ": ")
			header.Add(name, value)
		default:
			if strings.HasPrefix(option, "-") || url != "" {
				t.Fatalf("this test does not know %q of %s", option, command)
			}
			url = option
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
