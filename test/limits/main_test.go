// Package limits runs three processes of examples/limits on one Redis.
package limits

import (
	"os"
	"testing"

	"github.com/fastmcp-go/fastmcp/test/internal/live"
)

// program is examples/limits.
var program string

func TestMain(m *testing.M) {
	os.Exit(live.Run(m, live.Build("limits", &program)))
}
