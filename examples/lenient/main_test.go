package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp/examples/internal/client"
	"github.com/fastmcp-go/fastmcp/examples/internal/program"
)

func TestLenient(t *testing.T) {
	p := program.Start(t)
	c := client.Connect(t, p.URL, client.Config{})
	old := client.Connect(t, p.URL, client.Config{Revision: "2024-11-05"})
	const to, ordered = `{"street":"Main St 1","zip":"01067"}`, `{"cups":2,"sugar":true,"toppings":["milk"],"to":{"street":"Main St 1","zip":"01067"}}`
	for _, want := range []struct{ args, answer, repairs string }{
		{`{"cups":2,"sugar":true,"toppings":["milk"],"to":` + to + `}`, ordered, `{"repairs":0}`},
		{`{"cups":"2","sugar":"true","toppings":"[\"milk\"]","to":"{\"street\":\"Main St 1\",\"zip\":\"01067\"}"}`, ordered, `{"repairs":4}`},
		{`{"cups":"two","to":` + to + `}`, `error: The arguments do not fit the tool's schema. cups: expected an integer`, `{"repairs":4}`},
		{`{"cups":"20","to":` + to + `}`, `error: The arguments do not fit the tool's schema. cups: expected at most 10`, ``},
		{`{"cups":2,"to":{"street":"Main St 1","zip":1067}}`, `error: The arguments do not fit the tool's schema. to.zip: expected a string`, ``},
	} {
		if got := c.Tool("order", json.RawMessage(want.args)); !strings.HasPrefix(got, want.answer) {
			t.Errorf("%s is %s, want %s", want.args, got, want.answer)
		}
		if got := old.Tool("repairs", nil); want.repairs != "" && got != want.repairs {
			t.Errorf("after %s: %s, want %s", want.args, got, want.repairs)
		}
	}
	if !strings.Contains(p.Printed(), "repair") {
		t.Errorf("the log says nothing of repairs:\n%s", p.Printed())
	}
	p.Readme(`{"cups":2,"sugar":false,`)
	p.Stop()
}
