// Package responselimit keeps results of tools from being larger than a model, or what stands between, can take: one that
// is too large becomes a link to a resource, which the same caller can read for a while, and the beginning of it as text.
//
//	app.Use(responselimit.New(responselimit.Config{App: app}))
//
// What is too large is kept in the App's store (fastmcp.Config.Storage), so that any node with the same store can give it.
// It is bound to who has called: its principal, or, without one, its session. A caller that has neither can be told from
// nobody: who knows the id, of 144 random bits, can read it.
//
// A result of one text is read as that text, one of structured content as its JSON, one picture or embedded resource as
// itself, and all others as the JSON of the result. An error that is too large is cut instead. What a tool with an output
// schema returns must be whole, or an error: see Config.KeepStructured.
//
// It belongs before a cache (package cache), where each caller of a kept result gets a link of its own.
package responselimit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/content"
	"github.com/fastmcp-go/fastmcp/middleware/internal/budget"
	"github.com/fastmcp-go/fastmcp/protocol"
	"github.com/fastmcp-go/fastmcp/store"
)

// New makes the middleware, and adds the resources that it needs to Config.App. A setting that cannot be panics, and so does
// a second one for the same App and Config.Scheme: use the first in several places instead.
func New(config ...Config) fastmcp.Handler {
	l := &limiter{}
	if len(config) > 0 {
		l.Config = config[0]
	}
	l.complete()
	l.budget = budget.New(int64(l.MaxTotal), l.TTL)
	l.App.AddResourceTemplate(fastmcp.ResourceTemplate{
		URI: l.Scheme + "://{id}", Name: l.Scheme, Title: "Large results",
		Description: "What a tool returned that was too large for its answer. Only who called the tool can read it, for a while.",
		Handler:     fastmcp.Typed(l.read),
	})
	return l.serve
}

// limiter is one such middleware.
type limiter struct {
	Config
	budget *budget.Budget
}

func (l *limiter) serve(c *fastmcp.Context) error {
	if c.Method() != protocol.MethodToolsCall || l.Next != nil && l.Next(c) {
		return c.Next()
	}
	if err := c.Next(); err != nil {
		return l.cutError(err)
	}
	e, err := c.Encode()
	if err != nil {
		return nil // it is answered as it is, which tells why it cannot be
	}
	size := e.Size()
	switch {
	case size <= l.MaxBytes || c.PromisesStructure() && l.KeepStructured && !e.IsError():
		c.SetResult(e)
		return nil
	case e.IsError():
		c.SetResult(l.cutResult(e))
		return nil
	}
	return l.link(c, e, size)
}

// link answers with where the result can be read.
func (l *limiter) link(c *fastmcp.Context, e fastmcp.Encoded, size int) error {
	c.ForbidReplay() // the link is this caller's
	doc := documentOf(e)
	tooLarge := fastmcp.Errorf("The result is too large: it has %d bytes, and a result may have %d. Ask for less, or for a part of it.", size, l.MaxBytes)
	if len(doc.data) > l.MaxItem || !l.budget.Take(l.Clock(), len(doc.data)) {
		return tooLarge
	}
	id := newID()
	if err := l.keep(c.Store(), id, ownerOf(c), doc); err != nil {
		c.Log().Warn("responselimit: a result that is too large could not be kept", "bytes", size, "error", err)
		return tooLarge
	}
	uri := l.Scheme + "://" + id
	text := fmt.Sprintf("The result has %d bytes, and a result may have %d. All of it can be read for %s as the resource %s, by who has called only.",
		size, l.MaxBytes, l.TTL, uri)
	if preview := cut(doc.text(), l.Preview, l.MaxBytes/2); preview != "" {
		text += " It begins:\n\n" + preview
	}
	length := int64(len(doc.data))
	c.SetResult(&fastmcp.Result{
		IsError: c.PromisesStructure(),
		Content: []content.Block{content.Text(text), content.LinkBlock{
			URI: uri, Name: c.Name() + " result", Description: "The whole result of " + c.Name(), MimeType: doc.mime, Size: &length,
		}},
	})
	return nil
}

// keep puts a document into the store.
func (l *limiter) keep(b *store.Backend, id string, of owner, doc document) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.StoreTimeout)
	defer cancel()
	return b.KV.Set(ctx, l.key(id), appendKept(of, l.Clock().Add(l.TTL), doc), l.TTL)
}

func (l *limiter) key(id string) string { return "@result:" + l.Scheme + ":" + id }

type readInput struct {
	ID string `json:"id" validate:"required,max=64"`
}

// read gives a result to who has called for it. Whether one never was, is over or is another's is nobody's business.
func (l *limiter) read(c *fastmcp.Context, in readInput) (content.ResourceBlock, error) {
	c.ForbidReplay() // a cache must not give it to others
	ctx, cancel := context.WithTimeout(context.Background(), l.StoreTimeout)
	defer cancel()
	kept, err := c.Store().KV.Get(ctx, l.key(in.ID))
	if err != nil {
		return content.ResourceBlock{}, fmt.Errorf("responselimit: %w", err)
	}
	of, until, doc, ok := readKept(kept)
	left := until.Sub(l.Clock())
	if !ok || left <= 0 || !of.is(ownerOf(c)) {
		return content.ResourceBlock{}, fastmcp.ErrNotFound
	}
	c.SetCache(fastmcp.CacheHint{TTL: left.Truncate(time.Millisecond)}) // it does not change
	if doc.binary {
		return content.Blob("", doc.mime, doc.data), nil
	}
	return content.Resource("", doc.mime, string(doc.data)), nil
}

// cutError makes an error shorter that the model would read.
func (l *limiter) cutError(err error) error {
	e := (*fastmcp.Error)(nil)
	if !errors.As(err, &e) || len(e.Message) <= l.MaxBytes && len(e.Extra) == 0 {
		return err
	}
	if size := len(e.Message) + sizeOf(e.Extra); size <= l.MaxBytes {
		return err
	}
	short := *e
	short.Message, short.Extra = l.shortened(e.Message), nil
	return &short
}

// cutResult makes a result shorter that says that the tool has failed.
func (l *limiter) cutResult(e fastmcp.Encoded) *fastmcp.Result {
	return &fastmcp.Result{IsError: true, Content: []content.Block{content.Text(l.shortened(allText(e)))}}
}

// shortened is a text that fits into an answer, and says how much is missing.
func (l *limiter) shortened(text string) string {
	const room = 256 // for what is said, and what is around it
	begun := cut(text, l.MaxBytes-room, l.MaxBytes-room)
	return fmt.Sprintf("%s\n\n[Cut: these are %d bytes of %d.]", begun, len(begun), len(text))
}
