package outcome

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

func TestOutcomes(t *testing.T) {
	disk := errors.New("the disk is full")
	for _, c := range []struct {
		answer  fastmcp.Answer
		kind    string
		reason  string
		code    int
		message string
	}{
		{fastmcp.Answer{Bytes: 9}, "succeeded", "", 0, ""},
		{fastmcp.Answer{Bytes: 9, Again: true}, "asked", "", 0, ""},
		{fastmcp.Answer{}, "cancelled", "", 0, ""},
		{fastmcp.Answer{Err: disk}, "cancelled", "", 0, ""},
		{fastmcp.Answer{Bytes: 9, Err: fmt.Errorf("reading: %w", context.Canceled)}, "cancelled", "", 0, ""},
		{fastmcp.Answer{Bytes: 9, IsError: true}, "failed", "tool_error", 0, ""},
		{fastmcp.Answer{Bytes: 9, IsError: true, Err: fastmcp.Errorf("no such table")}, "failed", "tool_error", 0, ""},
		{fastmcp.Answer{Bytes: 9, IsError: true, Err: fmt.Errorf("so: %w", fastmcp.Errorf("no"))}, "failed", "tool_error", 0, ""},
		{fastmcp.Answer{Bytes: 9, IsError: true, Err: disk}, "failed", "internal", 0, ""},
		{fastmcp.Answer{Bytes: 9, IsError: true, Err: fastmcp.Errorf("late: %w", context.DeadlineExceeded)}, "failed", "timeout", 0, ""},
		{fastmcp.Answer{Bytes: 9, Err: disk}, "failed", "internal", -32603, "Internal error"},
		{fastmcp.Answer{Bytes: 9, Err: fastmcp.Errorf("no such page")}, "failed", "-32603", -32603, "no such page"},
		{fastmcp.Answer{Bytes: 9, Err: fastmcp.Errorf("no: %w", protocol.Errorf(-32002, "gone"))}, "failed", "-32603", -32603, "no: gone (-32002)"},
		{fastmcp.Answer{Bytes: 9, Err: protocol.Errorf(-32602, "bad")}, "failed", "-32602", -32602, "bad"},
		{fastmcp.Answer{Bytes: 9, Err: fmt.Errorf("so: %w", protocol.Errorf(-32002, "gone"))}, "failed", "-32002", -32002, "gone"},
		{fastmcp.Answer{Bytes: 9, Err: protocol.Errorf(17, "mine")}, "failed", "other", 17, "mine"},
		{fastmcp.Answer{Bytes: 9, Err: fastmcp.TooMany(0, "slow down")}, "failed", "-32000", -32000, "slow down"},
	} {
		kind := Of(c.answer)
		if kind.String() != c.kind {
			t.Errorf("%+v: %s, want %s", c.answer, kind, c.kind)
		}
		if kind != Failed {
			continue
		}
		if reason := Reason(c.answer); reason != c.reason {
			t.Errorf("%+v: %s, want %s", c.answer, reason, c.reason)
		}
		if code, message, ok := Code(c.answer); code != c.code || message != c.message || ok != (c.code != 0) {
			t.Errorf("%+v: %d %q %t, want %d %q", c.answer, code, message, ok, c.code, c.message)
		}
	}
}
