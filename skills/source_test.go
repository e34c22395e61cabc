package skills_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/skills"
)

// mistake adds skills that cannot be added, and wants the words.
func mistake(t *testing.T, config skills.Config, words string) {
	t.Helper()
	app := fastmcp.New(fastmcp.Config{Stateless: true})
	_, err := skills.TryAdd(app, config)
	if err == nil || !strings.HasPrefix(err.Error(), "skills: ") || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want %q", err, words)
	}
	if a := call(t, app, modern, "", "resources/list", ""); !strings.Contains(string(a.Result), `"resources":[]`) {
		t.Errorf("%q: it has left %s", words, a.Result)
	}
}

func TestMistakes(t *testing.T) {
	ok := files("a/SKILL.md", md("a"))
	for words, config := range map[string]skills.Config{
		"no files: set FS, or Dir":                    {},
		"both FS and Dir":                             {FS: ok, Dir: "."},
		"skills: Dir:":                                {Dir: "/nowhere"},
		"TTL is negative":                             {FS: ok, TTL: -1},
		`"acme" is not one to put folders behind`:     {FS: ok, URI: "acme"},
		`"://acme" is not one`:                        {FS: ok, URI: "://acme"},
		`has the part ".."`:                           {FS: ok, URI: "skill://acme/../x"},
		`has the part "acme?x"`:                       {FS: ok, URI: "skill://acme?x"},
		`has the part ""`:                             {FS: ok, URI: "skill://acme//x"},
		"two skills skill://a/SKILL.md":               {FS: ok, Sources: []skills.Source{{FS: ok}}},
		"lies in the folder of skill://a/SKILL.md":    {FS: ok, Sources: []skills.Source{{FS: files("c/SKILL.md", md("c")), URI: "skill://a/b"}}},
		"in no folder":                                {FS: files("SKILL.md", md("a"))},
		`the folder "a" has files, but no SKILL.md`:   {FS: files("a/skill.md", md("a"))},
		`the folder "b c" becomes a part of URIs`:     {FS: files("b c/a/SKILL.md", md("a"))},
		`the name "b" is not that of its folder, "a"`: {FS: files("a/SKILL.md", md("b"))},
		`x/A/SKILL.md: the name "A" is not 1 to 64`:   {FS: files("x/A/SKILL.md", md("A"))},
		`the name "a--b" is not`:                      {FS: files("a--b/SKILL.md", md("a--b"))},
		`the name "-a" is not`:                        {FS: files("-a/SKILL.md", md("-a"))},
		`the name "` + strings.Repeat("a", 65):        {FS: files("a/SKILL.md", md(strings.Repeat("a", 65)))},
		"is not UTF-8":                                {FS: files("a/SKILL.md", "---\nname: a\ndescription: \xff\n---\n")},
		"does not begin with YAML":                    {FS: files("a/SKILL.md", "# a\n")},
		"does not begin with YAML: write":             {FS: files("a/SKILL.md", "")},
		"its YAML does not end":                       {FS: files("a/SKILL.md", "---\nname: a\n")},
		"its YAML has no name":                        {FS: files("a/SKILL.md", "---\ndescription: d\n---")},
		"its YAML has no description":                 {FS: files("a/SKILL.md", "---\nname: a\ndescription: '  '\n---\n")},
		"its name is no text":                         {FS: files("1/SKILL.md", "---\nname: 1\ndescription: d\n---\n")},
		"its description is no text":                  {FS: files("a/SKILL.md", "---\nname: a\ndescription: [d]\n---\n")},
		"its YAML is no mapping":                      {FS: files("a/SKILL.md", "---\n- a\n---\n")},
		"its YAML is no mapping: write":               {FS: files("a/SKILL.md", "---\n---\n")},
		"more than one document":                      {FS: files("a/SKILL.md", "---\nname: a\ndescription: d\n...\nb: c\n---\n")},
		"its YAML: yaml:":                             {FS: files("a/SKILL.md", "---\nname: [\n---\n")},
		`the key "name" is there twice`:               {FS: files("a/SKILL.md", md("a", "name: a"))},
		"the alias *x: write out":                     {FS: files("a/SKILL.md", md("a", "x: &x 1", "y: *x"))},
		"the tag !!binary: leave it out":              {FS: files("a/SKILL.md", md("a", "x: !!binary aGk="))},
		".inf is no number of JSON: put it in quotes": {FS: files("a/SKILL.md", md("a", "x: .inf"))},
		"1e999 is too large a number":                 {FS: files("a/SKILL.md", md("a", "x: 1e999"))},
		"a key that is no text":                       {FS: files("a/SKILL.md", md("a", "? [x]", ": y"))},
		"it nests deeper than 32":                     {FS: files("a/SKILL.md", md("a", "x: "+strings.Repeat("[", 32)+strings.Repeat("]", 32)))},
		`"a/x" is a symbolic link`:                    {FS: fstest.MapFS{"a/SKILL.md": ok["a/SKILL.md"], "a/x": {Mode: fs.ModeSymlink, Data: []byte("../../etc/passwd")}}},
		`"a/pipe" is neither a file nor a folder`:     {FS: fstest.MapFS{"a/SKILL.md": ok["a/SKILL.md"], "a/pipe": {Mode: fs.ModeNamedPipe}}},
		`the name "a/x\ny" is not text`:               {FS: files("a/SKILL.md", md("a"), "a/x\ny", "")},
	} {
		mistake(t, config, words)
	}
}

func TestTakenByOthers(t *testing.T) {
	app, _ := newApp(t, skills.Config{FS: files("a/SKILL.md", md("a"))})
	if _, err := skills.TryAdd(app, skills.Config{FS: files("b/SKILL.md", md("b"))}); err == nil || !strings.Contains(err.Error(), "one Add takes all sources") {
		t.Errorf("a second set: %v", err)
	}
	var list listing
	call(t, app, modern, "", "resources/list", "").into(t, &list)
	if got := list.uris(); !slices.Equal(got, []string{"skill://a/SKILL.md"}) {
		t.Errorf("it has left %v", got)
	}
	app = fastmcp.New(fastmcp.Config{Stateless: true})
	app.AddResource(fastmcp.Resource{URI: "skill://b/SKILL.md", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "mine", nil })})
	if _, err := skills.TryAdd(app, skills.Config{FS: files("a/SKILL.md", md("a"), "b/SKILL.md", md("b"))}); err == nil || !strings.Contains(err.Error(), `a resource "skill://b/SKILL.md" already`) {
		t.Errorf("a URI that is taken: %v", err)
	}
	if a := call(t, app, modern, "", "resources/list", ""); strings.Contains(string(a.Result), "skill://a") {
		t.Errorf("it has left %s", a.Result)
	}
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "no files") {
			t.Errorf("Add panics with %v", v)
		}
	}()
	skills.Add(app, skills.Config{})
}

// TestBounds tries each bound, and one more.
func TestBounds(t *testing.T) {
	many := files("a/SKILL.md", md("a"))
	for i := range 511 {
		many[fmt.Sprintf("a/%d", i)] = &fstest.MapFile{}
	}
	newApp(t, skills.Config{FS: many})
	many["a/more"] = &fstest.MapFile{}
	mistake(t, skills.Config{FS: many}, `"a" has more than 512 files: take some away, or raise MaxResources`)
	newApp(t, skills.Config{FS: many, MaxResources: 513})

	folders := files("a/SKILL.md", md("a"), "a/x/1", "", "a/y/1", "")
	newApp(t, skills.Config{FS: folders, MaxResources: 3})
	for i := range 4 {
		folders[fmt.Sprintf("a/%d", i)] = &fstest.MapFile{Mode: fs.ModeDir}
	}
	mistake(t, skills.Config{FS: folders, MaxResources: 3}, `"a" has more than 3 folders`)

	long := files("a/SKILL.md", md("a"), "a/x", "")
	long["a/x"].Data = make([]byte, 16<<20-len(md("a")))
	newApp(t, skills.Config{FS: long})
	long["a/x"].Data = append(long["a/x"].Data, 0)
	mistake(t, skills.Config{FS: long}, `"a" is longer than 16777216 bytes: take files away, or raise MaxBytes`)
	newApp(t, skills.Config{FS: long, MaxBytes: 16<<20 + 1})

	two := files("a/SKILL.md", md("a"), "b/SKILL.md", md("b"))
	newApp(t, skills.Config{FS: two, MaxSkills: 2})
	mistake(t, skills.Config{FS: two, MaxSkills: 1}, "more than 1 skills: take some away, or raise MaxSkills")

	yaml := "name: a\ndescription: d\n"
	front := files("a/SKILL.md", "---\n"+yaml+"---\nmore")
	newApp(t, skills.Config{FS: front, MaxFrontmatter: len(yaml)})
	mistake(t, skills.Config{FS: front, MaxFrontmatter: len(yaml) - 1}, "its YAML is longer than 22 bytes")

	text := func(n int) fstest.MapFS {
		return files("a/SKILL.md", "---\nname: a\ndescription: "+strings.Repeat("é", n)+"\n---\n")
	}
	newApp(t, skills.Config{FS: text(1024)})
	mistake(t, skills.Config{FS: text(1025)}, "its description is longer than 1024 characters")
	newApp(t, skills.Config{FS: text(1025), MaxDescription: 1025})
	newApp(t, skills.Config{FS: files("a/SKILL.md", md("a", "x: "+strings.Repeat("[", 31)+strings.Repeat("]", 31)))})
	name := strings.Repeat("a", 64)
	newApp(t, skills.Config{FS: files(name+"/SKILL.md", md(name))})
}

// TestYAML reads values as clients do: by the core schema of YAML 1.2, with the fields in their order.
func TestYAML(t *testing.T) {
	app, _ := newApp(t, skills.Config{FS: files("a/SKILL.md", "\ufeff---\r\nname: a\r\ndescription: |\r\n  Two\r\n  lines\r\n"+strings.Join([]string{
		"z: yes", "y: 2024-01-01", "x: [0o17, 0x1F, 010, +7, -0, .5, 1., 1e3, ~, Null, TRUE, False]", "w: !!str 7", "v: '1'", "u:", "t: {b: 1, a: 99999999999999999999}",
		"s: '<a & b>'", "<<: {q: 1}", "",
	}, "\r\n")+"---  \r\n# a")})
	var got struct{ Skill entry }
	call(t, app, modern, "", "skills/get", uri("skill://a/SKILL.md")).into(t, &got)
	want := `{"name":"a","description":"Two\nlines\n","z":"yes","y":"2024-01-01","x":[15,31,10,7,0,0.5,1,1000,null,null,true,false],"w":"7","v":"1","u":null,` +
		`"t":{"b":1,"a":99999999999999999999},"s":"<a & b>","<<":{"q":1}}`
	if string(got.Skill.Frontmatter) != want {
		t.Errorf("%s\nwant\n%s", got.Skill.Frontmatter, want)
	}
	checkEntry(t, app, modern, got.Skill, 1)
}

func write(t *testing.T, dir string, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		p := filepath.Join(dir, pairs[i])
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(pairs[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func link(t *testing.T, to, from string) {
	t.Helper()
	if err := os.Symlink(to, from); err != nil {
		t.Fatal(err)
	}
}

// TestDirLinks has a folder whose links stay within, as a mounted volume has, and then links that do not.
func TestDirLinks(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	write(t, outside, "secret.txt", "secret")
	write(t, dir, ".data/a/SKILL.md", md("a"), ".data/a/x.txt", "shared")
	link(t, ".data/a", filepath.Join(dir, "a"))
	app, set := newApp(t, skills.Config{Dir: dir})
	if got := read(t, app, modern, "skill://a/x.txt"); string(got) != "shared" {
		t.Errorf("%q", got)
	}
	mistake(t, skills.Config{FS: os.DirFS(dir)}, `"a" is a symbolic link, and FS cannot tell where it leads`)

	for name, r := range map[string]struct{ to, words string }{
		"absolute": {filepath.Join(outside, "secret.txt"), `"a/absolute" leads to nothing within Dir`},
		"climbing": {"../../../" + filepath.Base(outside) + "/secret.txt", `"a/climbing" leads to nothing within Dir`},
		"dangling": {"nothing", `"a/dangling" leads to nothing within Dir`},
		"folder":   {outside, `"a/folder" leads to nothing within Dir`},
		"loop":     {".", `"a/loop" is a link to a folder that it is in`},
		"up":       {"../../a", `"a/up" is a link to a folder that it is in`},
	} {
		at := filepath.Join(dir, ".data/a", name)
		link(t, r.to, at)
		if err := set.Reload(); err == nil || !strings.Contains(err.Error(), r.words) {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Remove(at); err != nil {
			t.Fatal(err)
		}
	}
	// What is linked after the files were read makes no difference: they are in memory.
	if err := os.Remove(filepath.Join(dir, ".data/a/x.txt")); err != nil {
		t.Fatal(err)
	}
	link(t, filepath.Join(outside, "secret.txt"), filepath.Join(dir, ".data/a/x.txt"))
	if got := read(t, app, modern, "skill://a/x.txt"); string(got) != "shared" {
		t.Errorf("%q", got)
	}
}
