package e2e

import "testing"

// The checks of apps.mjs.
var appsChecks = []string{"extension", "tool", "view", "not listed", "the view calls the tool", "close"}

// TestApps has the official clients as hosts of MCP Apps: v1 in 2025-11-25, v2 in 2026-07-28.
func TestApps(t *testing.T) {
	for _, program := range []string{"apps-v1.mjs", "apps-v2.mjs"} {
		t.Run(program, func(t *testing.T) { runNode(t, program, appsChecks, "FASTMCP_APPS="+dice.URL) })
	}
}
