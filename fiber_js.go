//go:build js

package fastmcp

import "context"

// fiberApp is nothing where there is no Fiber.
type fiberApp struct{}

func (*fiberApp) init(*App)                       {}
func (*fiberApp) use(*App, any) bool              { return false }
func (*fiberApp) refuse() bool                    { return false }
func (*fiberApp) closeIdle(context.Context) error { return nil }
func (*fiberApp) shutdown(context.Context) error  { return nil }
func (*fiberApp) over()                           {}
