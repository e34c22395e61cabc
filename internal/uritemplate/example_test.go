package uritemplate_test

import (
	"fmt"

	"github.com/fastmcp-go/fastmcp/internal/uritemplate"
)

// A resource is found among templates, its values are checked and become JSON to bind into a struct.
func Example() {
	var set uritemplate.Set[string]
	for _, text := range []string{"files://{path*}", "users://{id}/posts{?tag*,page}"} {
		t, err := uritemplate.Parse(text)
		if err == nil {
			err = set.Add(t, "handler of "+text)
		}
		if err != nil {
			fmt.Println(err)
		}
	}
	for _, uri := range []string{"users://7/posts?page=2&tag=go&tag=mcp", "files://docs/guide.md", "files://docs/../../etc/passwd", "mail://x"} {
		found, ok := set.Match(uri)
		if !ok {
			fmt.Println("nothing at", uri)
			continue
		}
		if err := uritemplate.Check(found.Values, uritemplate.Policy{}); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s: %s\n", found.Value, uritemplate.AppendJSON(nil, found.Values, "path"))
	}
	// Output:
	// handler of users://{id}/posts{?tag*,page}: {"id":"7","page":"2","tag":["go","mcp"]}
	// handler of files://{path*}: {"path":"docs/guide.md"}
	// uritemplate: the value of path is refused: it has a ".." segment
	// nothing at mail://x
}

func ExampleTemplate_Expand() {
	t, _ := uritemplate.Parse("search://docs{/path*}{?q}")
	uri, _ := t.Expand(uritemplate.Values{uritemplate.List("path", "go", "a/b"), uritemplate.Text("q", "50% off")})
	fmt.Println(uri)
	// Output: search://docs/go/a%2Fb?q=50%25%20off
}

func ExampleTemplate_Matchable() {
	t, _ := uritemplate.Parse("x://{a}{b}")
	fmt.Println(t.Matchable())
	// Output: uritemplate: "x://{a}{b}" cannot be matched: nothing stands between {a} and {b}
}
