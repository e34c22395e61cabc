package fastmcp

import "fmt"

// ReplaceResource puts a resource in the place of the one with its URI, which keeps its place in lists and is at no time
// missing; reads that run go on with the old one. Clients that may see it are told that the list has changed. A URI
// that is not there is an error, as is a mistake in the resource.
func (a *App) ReplaceResource(def Resource) error {
	r := &resource{def: def}
	if err := a.compileResource(r); err != nil {
		return err
	}
	found := false
	a.change(func() { found = a.resources.replace(def.URI, r) })
	if !found {
		return fmt.Errorf("fastmcp: there is no resource %q to replace: add it", def.URI)
	}
	a.resourceChanged(r)
	return nil
}
