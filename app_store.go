package fastmcp

import "github.com/fastmcp-go/fastmcp/store"

// Store is what Context.Store gives handlers: Config.Storage with what it lacks filled in, under keys of its own. It is for
// what stands beside the chain, as a handler of a route. It cannot be used before the App serves where Config.Storage
// connects only then.
func (a *App) Store() *store.Backend { return a.engine().store }
