// Distributed is a server whose work is done by other processes: as many workers as one likes, and as many servers, that
// have nothing in common but Redis. A worker is this program with -worker.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/store/redis"
	"github.com/fastmcp-go/fastmcp/tasks/asynq"
	"github.com/gofiber/fiber/v2"
)

type primesInput struct {
	Below   int `json:"below" validate:"required,gte=2,lte=100000000" description:"count the primes below this number"`
	Parts   int `json:"parts" validate:"gte=1,lte=1000" default:"10" description:"in so many parts, each of which is told"`
	PauseMS int `json:"pause_ms" validate:"gte=0,lte=60000" description:"milliseconds to rest after each"`
}

type primesOutput struct {
	Primes int `json:"primes"`
	Worker int `json:"worker" description:"the process that has counted"`
}

// primes is the work. It runs in a worker, which may die: then another begins it anew.
func primes(c *fastmcp.Context, in primesInput) (out primesOutput, err error) {
	out.Worker = os.Getpid()
	n := 2
	for part := 1; part <= in.Parts; part++ {
		for ; n < in.Below*part/in.Parts; n++ {
			if isPrime(n) {
				out.Primes++
			}
		}
		if err := c.Progress(float64(part), float64(in.Parts), fmt.Sprintf("part %d of %d by %d", part, in.Parts, out.Worker)); err != nil {
			return out, err
		}
		select {
		case <-c.Done():
			return out, c.Err()
		case <-time.After(time.Duration(in.PauseMS) * time.Millisecond):
		}
	}
	return out, nil
}

func isPrime(n int) bool {
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return true
}

type computeInput struct {
	primesInput
	Timeout int `json:"timeout" validate:"gte=0,lte=3600" default:"300" description:"seconds to wait for the result; 0 answers at once"`
}

type computeOutput struct {
	Status string          `json:"status"`
	TaskID string          `json:"task_id"`
	Poll   string          `json:"poll_endpoint"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

// compute is for clients that know no tasks: it begins one for them, and waits for as long as they wish, telling them of its
// progress. Those that do know them call primes, and get a task of their own.
func compute(c *fastmcp.Context, in computeInput) (computeOutput, error) {
	task, err := c.StartTask("primes", in.primesInput)
	if err != nil {
		return computeOutput{}, err
	}
	if in.Timeout > 0 {
		heard, last := 0.0, ""
		task, err = c.WaitTask(task.ID, time.Duration(in.Timeout)*time.Second, func(now *fastmcp.Task) {
			if now.Message != last {
				heard, last = heard+1, now.Message
				_ = c.Progress(heard, 0, now.Message) // a client that has gone ends the wait
			}
		})
		if err != nil {
			return computeOutput{}, err
		}
	}
	out := computeOutput{Status: task.Status, TaskID: task.ID, Poll: "/tasks/" + task.ID, Error: task.Error}
	if task.Result != nil {
		var result struct {
			Structured json.RawMessage `json:"structuredContent"`
		}
		if err := json.Unmarshal(task.Result, &result); err != nil {
			return out, err
		}
		out.Result = result.Structured
	}
	return out, nil
}

// status is the task as a resource.
func status(c *fastmcp.Context, in struct {
	ID string `json:"id"`
}) (*fastmcp.Task, error) {
	task, err := c.Task(in.ID)
	if errors.Is(err, fastmcp.ErrNoTask) {
		return nil, fastmcp.ErrNotFound
	}
	return task, err
}

// newApp is what servers and workers have in common: all but the Runner.
func newApp(redisURL string, lease time.Duration, runner fastmcp.TaskRunner) *fastmcp.App {
	app := fastmcp.New(fastmcp.Config{
		Name: "distributed", Version: "1.0.0", Storage: redis.New(redis.Config{URL: redisURL}), Keys: keys(),
		Tasks: fastmcp.TaskConfig{Runner: runner, Lease: lease},
	})
	app.AddTool(fastmcp.Tool{
		Name: "primes", Description: "Count prime numbers, as a task", Task: fastmcp.TaskRequired, TaskResumable: true, Handler: fastmcp.Typed(primes),
	})
	app.AddTool(fastmcp.Tool{Name: "compute", Description: "Count prime numbers, and wait for it", Handler: fastmcp.Typed(compute)})
	app.AddResourceTemplate(fastmcp.ResourceTemplate{
		URI: "task://status/{id}", Name: "status", Description: "How a task stands", Handler: fastmcp.Typed(status),
	})
	app.AddRoute(fiber.MethodGet, "/tasks/:id", func(c *fiber.Ctx) error {
		task, err := app.Task(c.UserContext(), fastmcp.PrincipalOf(c), c.Params("id"))
		if errors.Is(err, fastmcp.ErrNoTask) {
			return c.SendStatus(fiber.StatusNotFound)
		}
		if err != nil {
			return err
		}
		return c.JSON(task)
	}, fastmcp.RouteConfig{Public: true}) // who knows the id of a task of nobody in particular has it
	return app
}

// keys are what all processes have, and nobody else: 32 random bytes in base64, such as those of `openssl rand -base64 32`.
func keys() [][]byte {
	key, err := base64.StdEncoding.DecodeString(os.Getenv("FASTMCP_KEY"))
	if err != nil || len(key) < 32 {
		log.Fatal("the variable FASTMCP_KEY must be 32 random bytes in base64: openssl rand -base64 32")
	}
	return [][]byte{key}
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen, host:port; port 0 is a free one")
	url := flag.String("redis", "redis://127.0.0.1:6379", "the Redis that all processes share")
	lease := flag.Duration("lease", 30*time.Second, "how long a worker is believed to be alive without a sign")
	worker := flag.Bool("worker", false, "do the work, and serve nobody")
	flag.Parse()

	tasks := asynq.New(asynq.Config{URL: *url})
	if *worker {
		if err := work(newApp(*url, *lease, nil), tasks); err != nil {
			log.Fatal(err)
		}
		return
	}
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/mcp\n", ln.Addr())
	if err := errors.Join(newApp(*url, *lease, tasks).Listener(ln), tasks.Close()); err != nil {
		log.Fatal(err)
	}
}

// work works until somebody says that it is to stop.
func work(app *fastmcp.App, tasks *asynq.Runner) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Printf("working, as process %d\n", os.Getpid())
	err := tasks.Work(ctx, app)
	bound, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(err, app.Shutdown(bound))
}
