package e2e

import (
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// TestCurl pastes the command that quickstart prints into a shell.
func TestCurl(t *testing.T) {
	_, from, found := strings.Cut(server.Log(), "\ncurl ")
	if !found {
		t.Fatalf("no curl command was printed:\n%s", server.Log())
	}
	var command strings.Builder
	command.WriteString("curl ")
	for line := range strings.Lines(from) {
		command.WriteString(line)
		if !strings.HasSuffix(line, "\\\n") {
			break
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	out, err := exec.CommandContext(ctx, "bash", "-c", command.String()).CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", command.String(), err, out)
	}
	var reply struct {
		Result struct {
			StructuredContent struct{ Sum float64 }
		}
	}
	if err := json.Unmarshal(out, &reply); err != nil || reply.Result.StructuredContent.Sum != 5 {
		t.Errorf("%s\nanswered %s (%v), want the sum 5", command.String(), out, err)
	}
}
