package fastmcp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fastmcp-go/fastmcp"
)

// consent is a tool that needs its user to have been somewhere.
func consent(t *testing.T, config fastmcp.Config) (s *server, done map[string]bool, ids chan string) {
	t.Helper()
	app, l := newApp(t, config)
	done, ids = map[string]bool{}, make(chan string, 8)
	app.AddTool(fastmcp.Tool{Name: "t", Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
		ids <- c.ElicitationID("consent")
		if done["consent"] {
			return "sent", nil
		}
		return "", fastmcp.RequireURL(c, "consent",
			fastmcp.URLRequest{Message: "Let us in", URL: "https://x.example/consent"},
			fastmcp.URLRequest{ID: "own", Message: "Pay", URL: "https://x.example/pay"})
	})})
	return serve(t, app, l), done, ids
}

func TestRequireURLIsAnErrorOf20251125(t *testing.T) {
	s, done, ids := consent(t, fastmcp.Config{})
	c := s.ready("2025-11-25")
	st := c.listen("")
	e := c.call("t", `{}`).message(t).Error
	if e == nil || e.Code != -32042 {
		t.Fatalf("%+v", e)
	}
	id := <-ids
	want := fmt.Sprintf(`{"elicitations":[{"mode":"url","elicitationId":%q,"url":"https://x.example/consent","message":"Let us in"},`+
		`{"mode":"url","elicitationId":"own","url":"https://x.example/pay","message":"Pay"}]}`, id)
	if string(e.Data) != want || id == "" {
		t.Errorf("%s\nwant\n%s", e.Data, want)
	}
	other := s.ready("2025-11-25")
	for _, wrong := range []string{"", "nobody's"} {
		if err := c.session().ElicitationComplete(wrong); !errors.Is(err, fastmcp.ErrNotIssued) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := other.session().ElicitationComplete(id); !errors.Is(err, fastmcp.ErrNotIssued) {
		t.Errorf("another's: %v", err)
	}
	for _, right := range []string{id, "own"} {
		if err := c.session().ElicitationComplete(right); err != nil {
			t.Error(err)
		}
		if m := st.message(); m.Method != "notifications/elicitation/complete" || string(m.Params) != fmt.Sprintf(`{"elicitationId":%q}`, right) || m.ID != nil {
			t.Errorf("%+v", m)
		}
		if err := c.session().ElicitationComplete(right); !errors.Is(err, fastmcp.ErrNotIssued) {
			t.Errorf("twice: %v", err)
		}
	}
	done["consent"] = true
	if r := c.call("t", `{}`).message(t).tool(t); r.text() != "sent" {
		t.Errorf("%+v", r)
	}
}

func TestRequireURLIsAskedIn20260728(t *testing.T) {
	s, done, ids := consent(t, fastmcp.Config{})
	q := s.round(nil, "t", `{}`, allCapabilities, "").inputs(t)
	if len(q.Requests) != 2 || <-ids != "" {
		t.Fatalf("%+v", q.Requests)
	}
	for key, want := range map[string]string{
		"consent":   `{"mode":"url","message":"Let us in","url":"https://x.example/consent"}`,
		"consent-2": `{"mode":"url","message":"Pay","url":"https://x.example/pay"}`,
	} {
		if r := q.Requests[key]; r.Method != "elicitation/create" || string(r.Params) != want {
			t.Errorf("%s: %+v", key, r)
		}
	}
	answers := func(first, second string) string {
		return fmt.Sprintf(`"inputResponses":{"consent":{"action":%q},"consent-2":{"action":%q}},"requestState":%q`, first, second, q.State)
	}
	for more, want := range map[string]string{
		answers("accept", "accept"):  "has agreed to open an address, but what is to be done there has not been done yet: Let us in; Pay",
		answers("accept", "decline"): "does not want to open what this needs: Pay",
		answers("cancel", "decline"): "does not want to open what this needs: Let us in; Pay",
	} {
		if r := s.round(nil, "t", `{}`, allCapabilities, more).message(t).tool(t); !r.IsError || !strings.Contains(r.text(), want) {
			t.Errorf("%s: %+v", more, r)
		}
	}
	if a := s.round(nil, "t", `{}`, `{"elicitation":{}}`, ""); a.status != 400 || a.message(t).Error.Code != -32021 || !strings.Contains(a.body, `{"elicitation":{"url":{}}}`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	done["consent"] = true
	if r := s.round(nil, "t", `{}`, allCapabilities, answers("accept", "accept")).message(t).tool(t); r.text() != "sent" {
		t.Errorf("%+v", r)
	}
}

// TestRequireURLElsewhere is for clients that cannot be made to open anything: the model passes the addresses on.
func TestRequireURLElsewhere(t *testing.T) {
	s, _, ids := consent(t, fastmcp.Config{})
	forms, _, _ := consent(t, fastmcp.Config{Stateless: true})
	for name, c := range map[string]*client{
		"2024-11-05": s.ready("2024-11-05"), "2025-06-18": s.ready("2025-06-18"), "no url": s.openWith("2025-11-25", `{"elicitation":{}}`),
		"stateless": forms.openWith("2025-11-25", allCapabilities),
	} {
		r := c.call("t", `{}`).message(t).tool(t)
		if !r.IsError || !strings.Contains(r.text(), "Let us in https://x.example/consent") || !strings.Contains(r.text(), "Pay https://x.example/pay") {
			t.Errorf("%s: %+v", name, r)
		}
		if name != "2024-11-05" {
			continue
		}
		if err := c.session().ElicitationComplete(<-ids); !errors.Is(err, fastmcp.ErrNotIssued) {
			t.Error(err)
		}
	}
}

func TestRequireURLMistakes(t *testing.T) {
	for name, urls := range map[string][]fastmcp.URLRequest{
		"no address": nil, "relative": {{URL: "https://x"}, {URL: "/secret"}}, "unreadable": {{URL: "https://\x00secret"}},
	} {
		s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) { return nil, fastmcp.RequireURL(c, "k", urls...) })
		r := s.ready("2025-11-25").call("t", `{}`).message(t).tool(t)
		if !r.IsError || strings.Contains(r.text(), "secret") || strings.Contains(s.log.String(), "secret") || !strings.Contains(s.log.String(), "RequireURL") && !strings.Contains(s.log.String(), "not an absolute URL") {
			t.Errorf("%s: %+v %s", name, r, s.log)
		}
	}
}

// TestElicitURLTellsItsID: the handler knows the id that its client gets, and can tell it when it is done.
func TestElicitURLTellsItsID(t *testing.T) {
	ids := make(chan string, 8)
	s := doing(t, fastmcp.Config{}, func(c *fastmcp.Context) (any, error) {
		id := c.ElicitationID("u")
		ids <- id
		if again, other := c.ElicitationID("u"), c.ElicitationID("other"); again != id || other == id && id != "" {
			t.Error("an id is a question's, and does not change")
		}
		a, err := fastmcp.ElicitURL(c, "u", "Pay", "https://x.example/pay")
		return a.String(), err
	})
	c := s.ready("2025-11-25")
	own, st := c.listen(""), c.begin("t", `{}`)
	q := st.question("elicitation/create")
	var params struct{ Mode, Message, URL, ElicitationID string }
	if err := json.Unmarshal(q.Params, &params); err != nil {
		t.Fatal(err)
	}
	id := <-ids
	if id == "" || params.ElicitationID != id || params.Mode != "url" || params.URL != "https://x.example/pay" || params.Message != "Pay" {
		t.Errorf("%s %s", id, q.Params)
	}
	c.reply(q.ID, `"result":{"action":"accept"}`)
	if text := st.message().tool(t).text(); text != "accept" {
		t.Error(text)
	}
	if err := c.session().ElicitationComplete(id); err != nil {
		t.Error(err)
	}
	if m := own.message(); m.Method != "notifications/elicitation/complete" {
		t.Errorf("%+v", m)
	}
	if s.round(nil, "t", `{}`, allCapabilities, "").inputs(t); <-ids != "" {
		t.Error("2026-07-28 has no ids")
	}
}

func TestSessionElicitsURL(t *testing.T) {
	c := outside(t, fastmcp.Config{}).ready("2025-11-25")
	st, session := c.listen(""), c.session()
	for given, action := range map[string]string{"": "decline", "mine": "accept"} {
		done := asking(func() (string, error) {
			a, err := session.ElicitURL(t.Context(), fastmcp.URLRequest{ID: given, Message: "Pay", URL: "https://x.example"})
			return a.String(), err
		})
		q := st.question("elicitation/create")
		var params struct{ ElicitationID string }
		if err := json.Unmarshal(q.Params, &params); err != nil || params.ElicitationID == "" || given != "" && params.ElicitationID != given {
			t.Errorf("%v %s", err, q.Params)
		}
		c.reply(q.ID, fmt.Sprintf(`"result":{"action":%q}`, action))
		if a := result(t, done); a.err != nil || a.what != action {
			t.Errorf("%+v", a)
		}
		if err := session.ElicitationComplete(params.ElicitationID); err != nil {
			t.Error(err)
		}
		if m := st.message(); m.Method != "notifications/elicitation/complete" {
			t.Errorf("%+v", m)
		}
	}
}
