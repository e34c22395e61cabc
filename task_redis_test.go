package fastmcp_test

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/internal/redistest"
	"github.com/fastmcp-go/fastmcp/store/redis"
)

// The same on a real Redis: a node that cannot reach it any more loses its tasks, one that may run again to another node.
func TestTaskOfADeadNodeOnRedis(t *testing.T) {
	url := redistest.Start(t).URL()
	h := newHeld()
	config := func(s *redis.Storage) fastmcp.Config {
		return fastmcp.Config{Storage: s, Keys: [][]byte{bytes.Repeat([]byte{7}, 32)}, Tasks: fastmcp.TaskConfig{Lease: time.Second}}
	}
	register := func(app *fastmcp.App) {
		holds(h, fastmcp.Tool{TaskResumable: true})(app)
		app.AddTool(fastmcp.Tool{Name: "once", Task: fastmcp.TaskRequired, Handler: fastmcp.Get(h.run)})
	}
	app, l := newApp(t, config(redis.New(redis.Config{URL: url})))
	register(app)
	b := serve(t, app, l)

	storage := redis.New(redis.Config{URL: url})
	app, l = newApp(t, config(storage))
	register(app)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- app.Listener(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = app.Shutdown(ctx) // its storage is gone
		<-served
	})
	a := &server{t: t, app: app, addr: ln.Addr().String(), url: "http://" + ln.Addr().String() + "/mcp", log: l}
	id, once := a.start(nil, "hold", `{}`).ID, a.start(nil, "once", `{}`).ID
	receive(t, "its beginning", h.begun)
	receive(t, "its beginning", h.begun)
	if v := b.task(nil, "tasks/get", id, "").task(t); v.Status != "working" {
		t.Errorf("%s", v.raw)
	}
	if err := storage.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-h.begun: // nobody has asked
	case <-time.After(30 * time.Second):
		t.Fatal("it is not taken over")
	}
	b.until(nil, once, "failed")
	for range 3 { // to all runs
		h.letGo <- nil
	}
	if v := b.until(nil, id, "completed"); v.tool(t).text() != "done" {
		t.Errorf("%s", v.raw)
	}
}
