// Package securityheaders has browsers treat what an App answers with care: as the type that it says it is, in no frame of
// another page, without a referrer, over TLS only once it was reached by TLS, and kept nowhere.
//
//	app.Use(securityheaders.New())
//
// Headers are set before what comes behind it, so that a handler can set another value, and streams have them too; but
// Cache-Control, which is set behind it where an answer says nothing of being kept. Fiber's helmet has more headers for web
// pages, with defaults that suit them; these are the ones that a server of MCP and its few pages should have, with defaults
// that none of them has to change.
//
// It is a handler of Fiber's: with the first one in App.Use requests of MCP go through Fiber's router instead of past it,
// which is about a twelfth of a small call. A server that no browser reaches needs it as little as CORS.
package securityheaders

import (
	"fmt"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Off is the value of a field of Config whose header is left out.
const Off = "-"

// Config is what is set. What its zero value means stands beside each field; Off leaves a header out.
type Config struct {
	// Next skips the middleware for a request when it returns true. Default: none is skipped.
	Next func(*fiber.Ctx) bool
	// ContentTypeOptions is X-Content-Type-Options. Default: "nosniff".
	ContentTypeOptions string
	// FrameOptions is X-Frame-Options, for browsers that do not know frame-ancestors. Default: "DENY".
	FrameOptions string
	// ContentSecurityPolicy is what a page may load and who may frame it. Default: "frame-ancestors 'none'; base-uri 'none'",
	// which suits any page; one that knows what it loads sets a stricter one itself.
	ContentSecurityPolicy string
	// ReferrerPolicy is what links tell of where they were found. URIs of a server may hold ids that are not for others.
	// Default: "no-referrer".
	ReferrerPolicy string
	// PermissionsPolicy is which features of a browser pages may use. Default: not said.
	PermissionsPolicy string
	// CacheControl is for answers that neither have one nor say by which to ask again whether they have changed (ETag,
	// Last-Modified), as static files do. Streams have their own. Default: "no-store".
	CacheControl string
	// HSTS is for how long a browser comes by TLS only, in whole seconds, rounded down (RFC 6797). It is said over TLS alone:
	// the App's own, or that of one of fastmcp.HTTPConfig.TrustedProxies that says X-Forwarded-Proto: https. An App that is
	// mounted goes by the settings of the Fiber app around it. Default: a year; negative: not said.
	HSTS time.Duration
	// HSTSSubdomains says it for all subdomains, too. Default: off.
	HSTSSubdomains bool
}

// ConfigDefault is what New does by itself.
var ConfigDefault = Config{
	ContentTypeOptions: "nosniff", FrameOptions: "DENY", ContentSecurityPolicy: "frame-ancestors 'none'; base-uri 'none'",
	ReferrerPolicy: "no-referrer", PermissionsPolicy: Off, CacheControl: "no-store", HSTS: 365 * 24 * time.Hour,
}

// policy is what a Config comes to.
type policy struct {
	next                 func(*fiber.Ctx) bool
	always               [][2]string // name and value
	cacheControl, strict string      // "" for none
}

// New makes the middleware. A setting that cannot be panics, with its name and the cure.
func New(config ...Config) fiber.Handler {
	var c Config
	if len(config) > 0 {
		c = config[0]
	}
	p := &policy{next: c.Next}
	d := ConfigDefault
	for _, h := range [...]struct{ field, name, value, zero string }{
		{"ContentTypeOptions", fiber.HeaderXContentTypeOptions, c.ContentTypeOptions, d.ContentTypeOptions},
		{"FrameOptions", fiber.HeaderXFrameOptions, c.FrameOptions, d.FrameOptions},
		{"ContentSecurityPolicy", fiber.HeaderContentSecurityPolicy, c.ContentSecurityPolicy, d.ContentSecurityPolicy},
		{"ReferrerPolicy", fiber.HeaderReferrerPolicy, c.ReferrerPolicy, d.ReferrerPolicy},
		{"PermissionsPolicy", fiber.HeaderPermissionsPolicy, c.PermissionsPolicy, d.PermissionsPolicy},
	} {
		if v := value(h.field, h.value, h.zero); v != "" {
			p.always = append(p.always, [2]string{h.name, v})
		}
	}
	p.cacheControl = value("CacheControl", c.CacheControl, d.CacheControl)
	p.strict = strict(&c)
	return p.serve
}

// value is what a header is set to, "" for not at all.
func value(field, given, zero string) string {
	for _, b := range []byte(given) {
		if b < ' ' && b != '\t' || b >= 0x7f {
			panic(fmt.Sprintf("securityheaders: Config.%s has a character that headers cannot have: write it in one line of ASCII", field))
		}
	}
	if given == "" {
		given = zero
	}
	if given == Off {
		return ""
	}
	return given
}

func strict(c *Config) string {
	age := c.HSTS
	switch {
	case age == 0:
		age = ConfigDefault.HSTS
	case age < 0 && c.HSTSSubdomains:
		panic("securityheaders: Config.HSTSSubdomains is set and Config.HSTS is off: leave one of them out")
	case age < 0:
		return ""
	case age < time.Second:
		panic(fmt.Sprintf("securityheaders: Config.HSTS is %s, and is told in seconds: give it at least one, or a negative value to leave it out", age))
	}
	v := "max-age=" + strconv.FormatInt(int64(age/time.Second), 10)
	if c.HSTSSubdomains {
		v += "; includeSubDomains"
	}
	return v
}

func (p *policy) serve(c *fiber.Ctx) error {
	if p.next != nil && p.next(c) {
		return c.Next()
	}
	h := &c.Response().Header
	for i := range p.always {
		h.Set(p.always[i][0], p.always[i][1])
	}
	if p.strict != "" && c.Secure() {
		h.Set(fiber.HeaderStrictTransportSecurity, p.strict)
	}
	err := c.Next()
	if p.cacheControl != "" && !says(c) {
		h.Set(fiber.HeaderCacheControl, p.cacheControl)
	}
	return err
}

// says tells that an answer says how it may be kept.
func says(c *fiber.Ctx) bool {
	h := &c.Response().Header
	return len(h.Peek(fiber.HeaderCacheControl)) > 0 || len(h.Peek(fiber.HeaderETag)) > 0 || len(h.Peek(fiber.HeaderLastModified)) > 0
}
