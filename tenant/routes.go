package tenant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/gofiber/fiber/v2"
)

// Routes serves the admin API of the tenants below path, "/admin/tenants" for one, as JSON:
//
//	GET    path         the tokens: {"tokens":[Info…],"next":"…"}; ?cursor=next for more, ?limit= up to 1,000
//	GET    path/stats   Stats
//	GET    path/:id     one token: Info
//	POST   path         adds a token: {"plan":"pro","name":"ACME","limits":{"rate":"100-M"}}, all but plan optional;
//	                    201 {"token":"…","info":Info}: the only time that the token is shown
//	PUT    path/:id     changes what it has: the same body, all optional; what is left out stays
//	DELETE path/:id     removes it: 204; its sessions and streams are ended
//
// guard says who may: it is asked about callers whom another verifier of the host's Auth knows, as auth.RequireRole("admin").
// Tenants themselves may never, whatever it says. On HTTPConfig.AdminAddr, where the routes are served alone if there is such
// an address, guard may be nil: whoever reaches it may all. Routes panics when the API would not be protected.
//
// Where the host was not made by Host, give its App: the sessions of removed tokens are ended there.
func (t *Tenants) Routes(app *fastmcp.App, path string, guard auth.Guard) {
	path = "/" + strings.Trim(path, "/")
	if path == "/" {
		panic("tenant: Routes: the path is empty: give the API one, as /admin/tenants")
	}
	config := fastmcp.RouteConfig{Admin: true, Public: guard == nil} // AddRoute refuses what is both, without AdminAddr
	if guard != nil {
		config.CanAccess = noTenants(guard)
	}
	api := admin{t}
	app.AddRoute(fiber.MethodGet, path, api.list, config)
	app.AddRoute(fiber.MethodGet, path+"/stats", api.stats, config)
	app.AddRoute(fiber.MethodGet, path+"/:id", api.get, config)
	app.AddRoute(fiber.MethodPost, path, api.add, config)
	app.AddRoute(fiber.MethodPut, path+"/:id", api.update, config)
	app.AddRoute(fiber.MethodDelete, path+"/:id", api.remove, config)
	t.mu.Lock()
	t.routed = app
	t.mu.Unlock()
}

// noTenants keeps those away whom the API is about: a guard that lets in whoever is known would let in them.
func noTenants(guard auth.Guard) auth.Guard {
	return func(ctx context.Context, a *auth.Access) auth.Decision {
		if a.Principal == nil || a.Principal.Issuer == Issuer {
			return auth.Deny()
		}
		return guard(ctx, a)
	}
}

// admin are the handlers of the API.
type admin struct{ t *Tenants }

// grantBody is what a body says of a token. What is nil was left out.
type grantBody struct {
	Plan   *string `json:"plan"`
	Name   *string `json:"name"`
	Limits *Limits `json:"limits"`
}

func parseBody(c *fiber.Ctx) (b grantBody, err error) {
	d := json.NewDecoder(bytes.NewReader(c.Body()))
	d.DisallowUnknownFields()
	if err = d.Decode(&b); err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("there is more behind it")
		}
	}
	if err != nil {
		return b, fiber.NewError(fiber.StatusBadRequest, "the body must be an object of plan, name and limits: "+err.Error())
	}
	return b, nil
}

func (a admin) list(c *fiber.Ctx) error {
	limit, err := strconv.Atoi(c.Query("limit", "100"))
	if err != nil || limit < 1 || limit > maxPage {
		return fiber.NewError(fiber.StatusBadRequest, fmt.Sprintf("limit must be a number of 1 to %d", maxPage))
	}
	page, next, err := a.t.Page(c.UserContext(), strings.Clone(c.Query("cursor")), limit)
	if err != nil {
		return a.failed(err)
	}
	if page == nil {
		page = []Info{}
	}
	return answer(c, fiber.StatusOK, struct {
		Tokens []Info `json:"tokens"`
		Next   string `json:"next,omitempty"`
	}{page, next})
}

func (a admin) stats(c *fiber.Ctx) error {
	s, err := a.t.Stats(c.UserContext())
	if err != nil {
		return a.failed(err)
	}
	return answer(c, fiber.StatusOK, s)
}

func (a admin) get(c *fiber.Ctx) error {
	info, err := a.t.Token(c.UserContext(), strings.Clone(c.Params("id")))
	if err != nil {
		return a.failed(err)
	}
	return answer(c, fiber.StatusOK, info)
}

func (a admin) add(c *fiber.Ctx) error {
	b, err := parseBody(c)
	if err != nil {
		return err
	}
	if b.Plan == nil {
		return fiber.NewError(fiber.StatusBadRequest, "plan is required")
	}
	var g Grant
	b.into(&g)
	token := NewToken()
	info, err := a.t.AddTokenPlan(c.UserContext(), token, *b.Plan, g)
	if err != nil {
		return a.failed(err)
	}
	return answer(c, fiber.StatusCreated, struct {
		Token string `json:"token"`
		Info  Info   `json:"info"`
	}{token, info})
}

func (b *grantBody) into(g *Grant) {
	if b.Name != nil {
		g.Name = *b.Name
	}
	if b.Limits != nil {
		g.Limits = *b.Limits
	}
}

func (a admin) update(c *fiber.Ctx) error {
	b, err := parseBody(c)
	if err != nil {
		return err
	}
	id := strings.Clone(c.Params("id"))
	old, err := a.t.Token(c.UserContext(), id)
	if err != nil {
		return a.failed(err)
	}
	plan, g := old.Plan, Grant{Name: old.Name, Limits: old.Limits}
	if b.Plan != nil {
		plan = *b.Plan
	}
	b.into(&g)
	info, err := a.t.UpdatePlan(c.UserContext(), id, plan, g)
	if err != nil {
		return a.failed(err)
	}
	return answer(c, fiber.StatusOK, info)
}

func (a admin) remove(c *fiber.Ctx) error {
	if err := a.t.RemoveID(c.UserContext(), strings.Clone(c.Params("id"))); err != nil {
		return a.failed(err)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.SendStatus(fiber.StatusNoContent)
}

// failed is what a mistake is answered with. What the store says is the operator's.
func (a admin) failed(err error) error {
	status := 0
	switch {
	case errors.Is(err, ErrUnknownToken):
		status = fiber.StatusNotFound
	case errors.Is(err, ErrTokenExists), errors.Is(err, ErrOtherKind):
		status = fiber.StatusConflict
	case errors.Is(err, ErrUnknownPlan), errors.Is(err, errBadCursor), errors.Is(err, ErrBadGrant):
		status = fiber.StatusBadRequest
	default:
		a.t.config.Log.Error("tenant: the admin API failed", "error", err)
		return fiber.NewError(fiber.StatusServiceUnavailable, "the tenants cannot be reached, or not all was done: try again")
	}
	return fiber.NewError(status, strings.TrimPrefix(err.Error(), "tenant: "))
}

// answer answers with JSON that nobody keeps: it may have a token.
func answer(c *fiber.Ctx, status int, v any) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(status).JSON(v)
}
