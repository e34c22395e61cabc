package tenant_test

import (
	"testing"

	"github.com/fastmcp-go/fastmcp/tenant"
)

// BenchmarkVerifyAndSelect is what each call of a tenant costs beside that of an App by itself.
func BenchmarkVerifyAndSelect(b *testing.B) {
	tenants, _ := newTenants(b, tenant.Config{})
	tenants.AddToken(acme, anApp)
	request := bearer(acme)
	b.ReportAllocs()
	for b.Loop() {
		p, err := tenants.Verify(background(), request)
		if err != nil {
			b.Fatal(err)
		}
		if app, err := tenants.Select(background(), p); app == nil || err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUnknownToken is what each guess of a token costs.
func BenchmarkUnknownToken(b *testing.B) {
	tenants, _ := newTenants(b, tenant.Config{})
	request := bearer(beta)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tenants.Verify(background(), request); err == nil {
			b.Fatal("it is known")
		}
	}
}
