package tenant_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/tenant"
)

// A thousand tenants share one transport: each has its server, and costs no goroutine, and memory for its tables alone.
func TestAThousandTenants(t *testing.T) {
	const many = 1000
	h := newHost(t, tenant.Config{})
	token := func(i int) string { return fmt.Sprintf("token-%016d", i) }
	measure := func() (heap uint64, goroutines int) {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, runtime.NumGoroutine()
	}
	heap, goroutines := measure()
	for i := range many {
		h.tenants.AddToken(token(i), server(fmt.Sprint("tenant ", i)))
		if got := h.tool(token(i), "who", `{}`).text(); got != fmt.Sprint("tenant ", i) {
			t.Fatal(got)
		}
	}
	more, running := measure()
	each := (int64(more) - int64(heap)) / many
	t.Logf("%d bytes a tenant, %d goroutines for %d", each, running-goroutines, many)
	if running-goroutines > 50 || each > 256<<10 {
		t.Errorf("%d bytes a tenant, %d goroutines for %d", each, running-goroutines, many)
	}
	for i := range many {
		if got := h.tool(token(i), "who", `{}`).text(); got != fmt.Sprint("tenant ", i) {
			t.Fatal(got)
		}
	}
	if s, err := h.tenants.Stats(background()); err != nil || s.Servers != many || s.Tokens != many {
		t.Errorf("%+v, %v", s, err)
	}
}

// A factory that does not return keeps nobody from stopping.
func TestCloseWhileBuilding(t *testing.T) {
	tenants := tenant.New()
	begun, let := make(chan bool), make(chan bool)
	tenants.AddToken(acme, func() (*fastmcp.App, error) { begun <- true; <-let; return anApp() })
	go func() { _, _ = choose(t, tenants, acme) }()
	<-begun
	ctx, cancel := contextThatIsOver()
	defer cancel()
	if err := tenants.Close(ctx); err == nil {
		t.Error("it was not waited for, and that is not told")
	}
	close(let)
}
