// Package cluster runs three nodes behind nginx, as deploy/compose.yaml does.
package cluster

import (
	"os"
	"testing"

	"github.com/fastmcp-go/fastmcp/test/internal/live"
)

// program is examples/everything.
var program string

func TestMain(m *testing.M) {
	os.Exit(live.Run(m, live.Build("everything", &program)))
}
