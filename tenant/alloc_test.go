//go:build !race

package tenant_test

import (
	"testing"

	"github.com/fastmcp-go/fastmcp/tenant"
)

// Who calls and whose server it is found out without an allocation, whether the token is known or was found to be none.
func TestAllocations(t *testing.T) {
	tenants, _ := newTenants(t, tenant.Config{})
	tenants.AddToken(acme, anApp)
	chosen(t, tenants, acme)
	known, unknown := bearer(acme), bearer(beta)
	for name, f := range map[string]func(){
		"known": func() {
			p, _ := tenants.Verify(background(), known)
			_, _ = tenants.Select(background(), p)
		},
		"unknown": func() { _, _ = tenants.Verify(background(), unknown) },
	} {
		if n := testing.AllocsPerRun(1000, f); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
