package fastmcp_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// A task of a tool that is TaskResumable is run again when its node has died, on another that shares Config.Storage. What
// Once has noted does not happen again.
func ExampleTool_taskResumable() {
	app := fastmcp.New(fastmcp.Config{Tasks: fastmcp.TaskConfig{Lease: 10 * time.Second}}) // and Storage: redis.New(...), and Keys
	app.AddTool(fastmcp.Tool{
		Name: "ship", Description: "Ship an order", Task: fastmcp.TaskOptional, TaskResumable: true,
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			label, err := fastmcp.Once(c, "label", func() (string, error) { return "label 7", nil }) // printed once, on whatever node
			if err != nil {
				return "", err
			}
			return "shipped with " + label, c.Progress(1, 1, "at the door")
		}),
	})
	d := startDemo(app)
	defer d.stop()
	task := d.tasks("tools/call", "ship", `"name":"ship","arguments":{}`)
	for task.Status == "working" {
		task = d.tasks("tasks/get", task.ID, fmt.Sprintf(`"taskId":%q`, task.ID))
	}
	fmt.Println(task.Result.Content[0].Text)
	// Output: shipped with label 7
}

// errands is an engine: it has tasks run by whoever takes them from the channel.
type errands chan fastmcp.TaskJob

func (e errands) Enqueue(ctx context.Context, job fastmcp.TaskJob) error {
	select {
	case e <- job:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A TaskRunner has tasks run elsewhere: mostly in another process, whose App shares Config.Storage. This one does it on another
// goroutine.
func ExampleTaskRunner() {
	queue := make(errands, 100)
	app := fastmcp.New(fastmcp.Config{Tasks: fastmcp.TaskConfig{Runner: queue}})
	app.AddTool(fastmcp.Tool{
		Name: "bake", Description: "Bake a cake", Task: fastmcp.TaskRequired,
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "a cake", nil }),
	})
	d := startDemo(app)
	defer d.stop()

	task := d.tasks("tools/call", "bake", `"name":"bake","arguments":{}`)
	job := <-queue
	fmt.Println(task.Status, job.Tool, job.ID == task.ID)
	if err := app.RunTask(context.Background(), job); err != nil { // a worker does this
		log.Panic(err)
	}
	task = d.tasks("tasks/get", task.ID, fmt.Sprintf(`"taskId":%q`, task.ID))
	fmt.Println(task.Status, "-", task.Result.Content[0].Text)
	// Output:
	// working bake true
	// completed - a cake
}

// A tool begins a task for a client that knows none, and waits for it, but not for ever.
func ExampleContext_StartTask() {
	app := fastmcp.New()
	app.AddTool(fastmcp.Tool{
		Name: "bake", Description: "Bake a cake", Task: fastmcp.TaskRequired,
		Handler: fastmcp.Get(func(*fastmcp.Context) (string, error) { return "a cake", nil }),
	})
	app.AddTool(fastmcp.Tool{
		Name: "order", Description: "Order a cake",
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			task, err := c.StartTask("bake", nil)
			if err != nil {
				return "", err
			}
			if task, err = c.WaitTask(task.ID, time.Minute, nil); err != nil {
				return "", err
			}
			if !task.Over() {
				return "ask later for " + task.ID, nil // a resource or a route gives it, by Context.Task or App.Task
			}
			return task.Status, nil
		}),
	})
	d := startDemo(app)
	defer d.stop()
	fmt.Println(d.call("order", `{}`))
	// Output: completed
}
