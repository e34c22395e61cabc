package apps

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/auth"
	"github.com/fastmcp-go/fastmcp/content"
)

// View is a page that a host shows. It is read once, when it is added.
type View struct {
	// URI is the view's, and begins with ui://, as in "ui://weather/chart".
	URI string
	// Name is a word for the view; the default is the URI. Title is for people, Description says what it shows.
	Name, Title, Description string
	// HTML is the page: an HTML5 document, from its doctype on, with all scripts and styles in it that CSP does not let
	// it load. FS and File have it instead where it is a file.
	HTML string
	FS   fs.FS
	File string
	// MaxBytes bounds the page, in bytes. Default: 4 MiB.
	MaxBytes int64
	// CSP is what the page may load, and whom it may call, beside its host. Default: nothing and nobody.
	CSP CSP
	// Permissions are what the page would like to use; the host may refuse.
	Permissions Permissions
	// Domain asks for an origin of its own, in the form that the host wants. Default: the host's choice.
	Domain string
	// PrefersBorder asks for a visible border and background, or for none. Default: the host's choice.
	PrefersBorder *bool
	// Listed puts the view into resources/list, where people may come across it. Default: hosts know it from the tools
	// that are linked with it.
	Listed bool
	// Cache is how long clients of 2026-07-28 may keep the page. Default: not at all.
	Cache fastmcp.CacheHint
	// CanAccess decides who may read the view. Default: everybody.
	CanAccess auth.Guard
}

// CSP are origins: "https://api.example.com", "https://*.example.com", "wss://live.example.com:8443". The host makes the
// page's Content-Security-Policy of them.
type CSP struct {
	// Connect may be called (connect-src), Resource may give scripts, styles, images, fonts and media, Frame may be shown
	// in frames within the page, BaseURI may be what its links are relative to.
	Connect, Resource, Frame, BaseURI []string
}

// Permissions are what a page may want of the browser.
type Permissions struct {
	// Each asks for what it is named after.
	Camera, Microphone, Geolocation, ClipboardWrite bool
}

// origin is a scheme, a host and perhaps a port. More would end up in a header that the host writes.
var origin = regexp.MustCompile(`^(https?|wss?)://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)

// resource is the view as the App has it.
func (v *View) resource() (fastmcp.Resource, error) {
	none := fastmcp.Resource{}
	if u, err := url.Parse(v.URI); err != nil || !strings.HasPrefix(v.URI, "ui://") || u.Host == "" || u.Fragment != "" {
		return none, errors.New("its URI is none of a view: write it as in ui://weather/chart")
	}
	html, err := v.page()
	if err != nil {
		return none, err
	}
	ui, err := v.meta()
	if err != nil {
		return none, err
	}
	block := content.Resource(v.URI, MimeType, html)
	if len(ui) > 0 {
		block.Meta = map[string]any{"ui": ui}
	}
	return fastmcp.Resource{
		URI: v.URI, Name: v.Name, Title: v.Title, Description: v.Description, MimeType: MimeType, Size: int64(len(html)),
		Meta: block.Meta, Unlisted: !v.Listed, Cache: v.Cache, CanAccess: v.CanAccess,
		Handler: fastmcp.Get(func(*fastmcp.Context) (content.ResourceBlock, error) { return block, nil }),
	}, nil
}

// page is the HTML.
func (v *View) page() (string, error) {
	most := v.MaxBytes
	if most <= 0 {
		most = 4 << 20
	}
	html := v.HTML
	switch isFile := v.FS != nil || v.File != ""; {
	case isFile && html != "":
		return "", errors.New("it has both HTML and a file: leave one out")
	case isFile && (v.FS == nil || v.File == ""):
		return "", errors.New("FS and File belong together: set both, or HTML")
	case isFile:
		var err error
		if html, err = readFile(v.FS, v.File, most); err != nil {
			return "", err
		}
	}
	switch {
	case int64(len(html)) > most:
		return "", fmt.Errorf("its HTML is longer than %d bytes: shorten it, let it load scripts by CSP.Resource, or raise MaxBytes", most)
	case !utf8.ValidString(html):
		return "", errors.New("its HTML is not UTF-8: save it as that")
	}
	const doctype = "<!doctype html"
	start := strings.TrimLeft(strings.TrimPrefix(html, "\ufeff"), " \t\r\n\f")
	if len(start) < len(doctype) || !strings.EqualFold(start[:len(doctype)], doctype) {
		return "", errors.New("its HTML is no HTML5 document: begin it with <!doctype html>")
	}
	return html, nil
}

// readFile reads one byte more than the most, at most.
func readFile(fsys fs.FS, name string, most int64) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	return string(b), errors.Join(err, f.Close())
}

// meta is what a host is told of the view, under _meta.ui.
func (v *View) meta() (map[string]any, error) {
	ui, csp, wants := map[string]any{}, map[string]any{}, map[string]any{}
	for _, list := range []struct {
		field, name string
		origins     []string
	}{
		{"Connect", "connectDomains", v.CSP.Connect}, {"Resource", "resourceDomains", v.CSP.Resource},
		{"Frame", "frameDomains", v.CSP.Frame}, {"BaseURI", "baseUriDomains", v.CSP.BaseURI},
	} {
		for _, o := range list.origins {
			if !origin.MatchString(o) {
				return nil, fmt.Errorf("CSP.%s has %q, which is no origin: write it as in https://api.example.com", list.field, o)
			}
		}
		if len(list.origins) > 0 {
			csp[list.name] = slices.Clone(list.origins)
		}
	}
	for name, wanted := range map[string]bool{
		"camera": v.Permissions.Camera, "microphone": v.Permissions.Microphone,
		"geolocation": v.Permissions.Geolocation, "clipboardWrite": v.Permissions.ClipboardWrite,
	} {
		if wanted {
			wants[name] = struct{}{}
		}
	}
	if len(csp) > 0 {
		ui["csp"] = csp
	}
	if len(wants) > 0 {
		ui["permissions"] = wants
	}
	if v.Domain != "" {
		if strings.ContainsFunc(v.Domain, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, fmt.Errorf("its Domain %q is not visible ASCII: write it as the host's documentation says", v.Domain)
		}
		ui["domain"] = v.Domain
	}
	if v.PrefersBorder != nil {
		ui["prefersBorder"] = *v.PrefersBorder
	}
	return ui, nil
}
