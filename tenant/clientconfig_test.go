package tenant_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/tenant"
)

func ExampleClientConfig() {
	config, err := tenant.ClientConfig("acme", "https://mcp.example.com/mcp", "Zk3vQ9xT1mB7Zk3vQ9xT1mB7")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s", config)
	// Output:
	// {
	//   "mcpServers": {
	//     "acme": {
	//       "headers": {
	//         "Authorization": "Bearer Zk3vQ9xT1mB7Zk3vQ9xT1mB7"
	//       },
	//       "type": "http",
	//       "url": "https://mcp.example.com/mcp"
	//     }
	//   }
	// }
}

// Without a token the file has no secret: VS Code asks for it.
func ExampleClientConfig_vsCode() {
	config, err := tenant.ClientConfig("acme", "https://mcp.example.com/mcp", "", tenant.VSCode)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s", config)
	// Output:
	// {
	//   "inputs": [
	//     {
	//       "description": "Token for acme",
	//       "id": "mcp-token",
	//       "password": true,
	//       "type": "promptString"
	//     }
	//   ],
	//   "servers": {
	//     "acme": {
	//       "headers": {
	//         "Authorization": "Bearer ${input:mcp-token}"
	//       },
	//       "type": "http",
	//       "url": "https://mcp.example.com/mcp"
	//     }
	//   }
	// }
}

// Whatever a name has in it, the file is JSON that says so.
func TestClientConfig(t *testing.T) {
	for _, name := range []string{"acme", `a "quoted" \ name`, "ünï</script>", "'; DROP TABLE", "a$b{c}"} {
		for client, servers := range map[tenant.Client]string{
			tenant.ClaudeCode: "mcpServers", tenant.ClaudeDesktop: "mcpServers", tenant.Cursor: "mcpServers", tenant.VSCode: "servers",
		} {
			const url = "https://mcp.example.com:8443/a%20b/mcp?x=1&y=2"
			b, err := tenant.ClientConfig(name, url, acme, client)
			if err != nil {
				t.Fatalf("%s, %s: %v", client, name, err)
			}
			var config map[string]map[string]struct {
				Type, URL, Command string
				Headers, Env       map[string]string
				Args               []string
			}
			if err := json.Unmarshal(b, &config); err != nil {
				t.Fatalf("%s: %v", b, err)
			}
			s, ok := config[servers][name]
			if !ok || len(config) != 1 || !strings.Contains(string(b), "&y=2") {
				t.Errorf("%s: %s", client, b)
			}
			if client == tenant.ClaudeDesktop {
				if s.Command != "npx" || s.Args[2] != url || s.Env["AUTH_HEADER"] != "Bearer "+acme || s.Args[len(s.Args)-1] != "Authorization:${AUTH_HEADER}" {
					t.Errorf("%s: %s", client, b)
				}
				continue
			}
			if s.URL != url || s.Headers["Authorization"] != "Bearer "+acme || (s.Type == "http") == (client == tenant.Cursor) {
				t.Errorf("%s: %s", client, b)
			}
		}
	}
	for client, want := range map[tenant.Client]string{tenant.ClaudeCode: "Bearer ${MCP_TOKEN}", tenant.Cursor: "Bearer ${env:MCP_TOKEN}"} {
		if b, err := tenant.ClientConfig("acme", "http://127.0.0.1:8080/mcp", "", client); err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s, %v", b, err)
		}
	}
	for _, url := range []string{"http://localhost/mcp", "http://[::1]:8080/mcp", "http://mcp.localhost:1/", "https://EXAMPLE.com"} {
		if _, err := tenant.ClientConfig("acme", url, acme); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestClientConfigThatIsRefused(t *testing.T) {
	const good = "https://mcp.example.com/mcp"
	for _, test := range []struct {
		name, url, token string
		client           tenant.Client
		want             string
	}{
		{"", good, acme, tenant.Cursor, "use 1 to 100 bytes"},
		{strings.Repeat("x", 101), good, acme, tenant.Cursor, "use 1 to 100 bytes"},
		{"a\nb", good, acme, tenant.Cursor, "readable text"},
		{"a\xffb", good, acme, tenant.Cursor, "readable text"},
		{"${HOME}", good, acme, tenant.Cursor, "which clients replace"},
		{"acme", good + "?x=${env:SECRET}", acme, tenant.Cursor, "which clients replace"},
		{"acme", "", acme, tenant.Cursor, "the url is none"},
		{"acme", "/mcp", acme, tenant.Cursor, "the url is none"},
		{"acme", "https://", acme, tenant.Cursor, "the url is none"},
		{"acme", "https://user:pw@example.com/mcp", acme, tenant.Cursor, "the url is none"},
		{"acme", good + "#x", acme, tenant.Cursor, "the url is none"},
		{"acme", `https://example.com/" --evil`, acme, tenant.ClaudeDesktop, "the url is none"},
		{"acme", "https://example.com/%zz", acme, tenant.Cursor, "the url is none"},
		{"acme", "http://example.com/mcp", acme, tenant.Cursor, "use https"},
		{"acme", "http://localhost.example.com/mcp", acme, tenant.Cursor, "use https"},
		{"acme", "ftp://localhost/mcp", acme, tenant.Cursor, "use https"},
		{"acme", good, "short", tenant.Cursor, "5 characters"},
		{"acme", good, "with a space in it", tenant.Cursor, "no Authorization header"},
		{"acme", good, "", tenant.ClaudeDesktop, "give the token"},
		{"acme", good, acme, "emacs", `there is no client "emacs"`},
	} {
		b, err := tenant.ClientConfig(test.name, test.url, test.token, test.client)
		if err == nil || !strings.Contains(err.Error(), test.want) || b != nil {
			t.Errorf("%+v: %s, %v", test, b, err)
		}
		if err != nil && test.token != "" && strings.Contains(err.Error(), test.token) && test.token != "short" {
			t.Errorf("the error has the token: %v", err)
		}
	}
}
