package skills

import (
	"encoding/json"
	"testing"
)

// FuzzFrontmatter reads any SKILL.md: it is refused in words, or becomes an object of JSON with what it must have.
func FuzzFrontmatter(f *testing.F) {
	for _, s := range []string{
		"---\nname: a\ndescription: d\n---\n", "---\r\nname: a\r\ndescription: >\r\n  d\r\nx: [1, 0x1f, .5, ~, {a: b}]\r\n---", "---\nname: &a a\ndescription: *a\n---\n",
		"---\n? [x]\n: y\n---\n", "---\nx: !!binary aGk=\n---\n", "---\n{name: a, description: \"\\u00e9\\x07\"}\n---\n", "\ufeff---\n---\n", "---\n%YAML 1.1\n---\n",
	} {
		f.Add([]byte(s))
	}
	config := Config{}
	config.setDefaults()
	f.Fuzz(func(t *testing.T, data []byte) {
		front, err := parseFrontmatter(data, &config)
		if err != nil {
			return
		}
		var got struct {
			Name, Description *string
		}
		if err := json.Unmarshal(front.json, &got); err != nil || got.Name == nil || got.Description == nil {
			t.Fatalf("%q became %s: %v", data, front.json, err)
		}
		for key, value := range front.rest {
			if !json.Valid(value) {
				t.Fatalf("%q: %q became %s", data, key, value)
			}
		}
	})
}
