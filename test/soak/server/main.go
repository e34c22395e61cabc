// Server is what the soak loads: an App whose every time is short, so that what is left behind is gone while it still
// runs, and that tells what it holds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/gofiber/fiber/v2"
)

// held is what the process holds. The soak's driver reads it.
type held struct {
	Goroutines int    `json:"goroutines"`
	Heap       uint64 `json:"heap"`
	Files      int    `json:"files"`
	Sessions   int64  `json:"sessions"`
}

type numbers struct {
	A float64 `json:"a" validate:"required"`
	B float64 `json:"b" validate:"required"`
}

type count struct {
	N    int `json:"n" validate:"required,gte=1,lte=100000"`
	Size int `json:"size" validate:"gte=0,lte=1048576"`
}

type person struct {
	Name string `json:"name" validate:"required,max=20"`
}

// note is the params of a notification.
type note struct {
	N   int    `json:"n"`
	Pad string `json:"pad,omitempty"`
}

func progress(c *fastmcp.Context, in count) (string, error) {
	for i := range in.N {
		if err := c.Progress(float64(i+1), float64(in.N), strings.Repeat("x", in.Size)); err != nil {
			return "", err
		}
	}
	return "done", nil
}

// tell sends to the session's own stream.
func tell(c *fastmcp.Context, in count) (string, error) {
	for i := range in.N {
		if err := c.Session().Notify("notifications/soak", note{i + 1, strings.Repeat("x", in.Size)}); err != nil {
			return "", err
		}
	}
	return "told", nil
}

// slow takes as many milliseconds, unless it is cancelled.
func slow(c *fastmcp.Context, in count) (string, error) {
	timer := time.NewTimer(time.Duration(in.N) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return "slept", nil
	case <-c.Done():
		return "", c.Err()
	}
}

func ask(c *fastmcp.Context) (string, error) {
	var p person
	action, err := fastmcp.Elicit(c, "who", "Who are you?", &p)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(action, " ", p.Name), nil
}

func config(log *slog.Logger, sessions *atomic.Int64) fastmcp.Config {
	return fastmcp.Config{
		Name: "soak", Version: "1.0.0", Log: log,
		StreamAfter: 200 * time.Millisecond, AskTimeout: 2 * time.Second, AskLimit: 4 * time.Second, AskTTL: 4 * time.Second,
		Sessions:    fastmcp.SessionConfig{TTL: 4 * time.Second, MaxPerIP: 50_000, MaxPerPrincipal: 50_000, Max: 50_000, LogEvents: 1 << 12},
		Tasks:       fastmcp.TaskConfig{TTL: 4 * time.Second, MaxTTL: 4 * time.Second, Poll: 20 * time.Millisecond},
		Idempotency: fastmcp.IdempotencyConfig{Window: 4 * time.Second},
		HTTP: fastmcp.HTTPConfig{
			MaxBody: 256 << 10, ReadTimeout: 2 * time.Second, IdleTimeout: 4 * time.Second, WriteTimeout: time.Second, Heartbeat: time.Second,
		},
		On: fastmcp.Events{
			Connect:    func(*fastmcp.Session) { sessions.Add(1) },
			Disconnect: func(*fastmcp.Session) { sessions.Add(-1) },
		},
	}
}

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	flag.Parse()
	var sessions atomic.Int64
	// Bad input is part of it, and each is a line of the log: what matters are errors of our own.
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	app := fastmcp.New(config(logger, &sessions))
	app.AddTool(fastmcp.Tool{Name: "add", Description: "Add two numbers", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in numbers) (string, error) {
		return fmt.Sprint(in.A + in.B), nil
	})})
	app.AddTool(fastmcp.Tool{Name: "progress", Description: "Tell of its progress", Handler: fastmcp.Typed(progress)})
	app.AddTool(fastmcp.Tool{Name: "tell", Description: "Send to the session's stream", Handler: fastmcp.Typed(tell)})
	app.AddTool(fastmcp.Tool{Name: "slow", Description: "Take its time", Handler: fastmcp.Typed(slow)})
	app.AddTool(fastmcp.Tool{Name: "ask", Description: "Ask who is there", Handler: fastmcp.Get(ask)})
	app.AddTool(fastmcp.Tool{Name: "job", Description: "A task", Task: fastmcp.TaskOptional, Handler: fastmcp.Typed(slow)})
	app.AddTool(fastmcp.Tool{Name: "fail", Description: "Panic", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { panic("on purpose") })})
	app.AddResource(fastmcp.Resource{URI: "soak://note", Name: "note", MimeType: "text/plain", Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) {
		return "a note", nil
	})})
	app.AddPrompt(fastmcp.Prompt{Name: "greet", Description: "Greet somebody", Handler: fastmcp.Typed(func(_ *fastmcp.Context, in person) (string, error) {
		return "Hello " + in.Name, nil
	})})
	app.AddRoute(fiber.MethodGet, "/held", func(c *fiber.Ctx) error {
		h, err := measure()
		if err != nil {
			return err
		}
		h.Sessions = sessions.Load()
		return c.JSON(h)
	}, fastmcp.RouteConfig{Public: true})

	var tcp net.ListenConfig
	tcp.SetMultipathTCP(false)
	ln, err := tcp.Listen(context.Background(), "tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ln.Addr())
	if err := app.Listener(ln); err != nil {
		log.Fatal(err)
	}
}

// measure collects first, and gives back what is free: what is left is held.
func measure() (h held, err error) {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h = held{Goroutines: runtime.NumGoroutine(), Heap: m.HeapAlloc}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return h, errors.Join(errors.New("the soak counts files in /proc: it needs Linux"), err)
	}
	h.Files = len(entries)
	return h, nil
}
