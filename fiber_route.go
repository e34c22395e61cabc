//go:build !js

package fastmcp

import (
	"net/netip"
	"reflect"
	"runtime"

	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/internal/host/fasthost"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
)

// sourceFile is the file that a handler was written in.
func sourceFile(h fiber.Handler) string {
	pc := reflect.ValueOf(h).Pointer()
	file, _ := runtime.FuncForPC(pc).FileLine(pc)
	return file
}

// guardRoute lets those through who may use a route.
func (a *App) guardRoute(r route, own bool) fiber.Handler {
	provider := a.config.Auth
	if provider == nil || r.config.Public {
		return func(c *fiber.Ctx) error { return c.Next() }
	}
	return func(c *fiber.Ctx) error {
		if own {
			if err := a.gateOrigin(c); err != nil {
				return err
			}
		}
		p, err := a.verifyRoute(c, provider)
		if err != nil {
			return deny(c, provider, err, nil)
		}
		if r.config.CanAccess != nil {
			d := r.config.CanAccess(c.UserContext(), &auth.Access{Principal: p, Op: auth.OpCall, Kind: auth.KindRoute, Name: r.path})
			if !d.Allowed {
				return denyRoute(c, provider, d)
			}
		}
		c.Locals(principalKey{}, p)
		return c.Next()
	}
}

// verifyRoute asks who calls a route. A verifier that keeps the request and asks it for a header when the route has been
// answered, as one that has lost a race may, hears of none.
func (a *App) verifyRoute(c *fiber.Ctx, provider auth.Provider) (*auth.Principal, error) {
	x := fasthost.Acquire(c.Context(), &a.host)
	defer x.Release()
	token, _, err := auth.ParseBearer(x.Header(fiber.HeaderAuthorization))
	if err != nil {
		return nil, err
	}
	return provider.Verify(c.UserContext(), &auth.Request{
		Token: token, Header: x.Header, IP: x.RemoteIP(), Path: utils.CopyString(c.Path()), Certificates: fasthost.Certificates(c.Context()),
	})
}

func denyRoute(c *fiber.Ctx, provider auth.Provider, d auth.Decision) error {
	switch {
	case d.Challenge != nil:
		return deny(c, provider, nil, d.Challenge)
	case d.Public != "":
		return fiber.NewError(fiber.StatusForbidden, d.Public)
	}
	return fiber.ErrNotFound
}

// deny answers 401 or 403 with what the caller would need.
func deny(c *fiber.Ctx, provider auth.Provider, err error, scopes []string) error {
	status, header := provider.Challenge(err, scopes)
	if header != "" {
		c.Set(fiber.HeaderWWWAuthenticate, header)
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Status(status).Send(protocol.AppendError(nil, nil, protocol.Errorf(protocol.CodeServer, "%s", utils.StatusMessage(status))))
}

// RemoteIP is who has sent a request: the peer's address or, when the peer is one of HTTPConfig.TrustedProxies, the one that
// it tells in X-Forwarded-For. It is not valid for a "unix:" address without a trusted proxy. Fiber's own c.IP() is always
// the peer's.
func (a *App) RemoteIP(c *fiber.Ctx) netip.Addr {
	x := fasthost.Acquire(c.Context(), &a.host)
	defer x.Release()
	return x.RemoteIP()
}

// serveEndpoint serves an endpoint that is in no library's terms.
func (a *App) serveEndpoint(e auth.Endpoint) fiber.Handler {
	return func(c *fiber.Ctx) error {
		request := &auth.HTTPRequest{
			Method: utils.CopyString(c.Method()), Path: utils.CopyString(c.Path()), RawQuery: string(c.Context().URI().QueryString()),
			Header: headersOf(c), Body: append([]byte(nil), c.Request().Body()...), IP: a.RemoteIP(c),
		}
		response := e.Serve(c.UserContext(), request)
		for name, values := range response.Header {
			for _, v := range values {
				c.Response().Header.Add(name, v)
			}
		}
		return c.Status(response.Status).Send(response.Body)
	}
}

func headersOf(c *fiber.Ctx) map[string][]string {
	all := make(map[string][]string)
	c.Request().Header.VisitAll(func(k, v []byte) { all[string(k)] = append(all[string(k)], string(v)) })
	return all
}
