package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/protocol"
)

type (
	greeting struct {
		Name string `json:"name" validate:"required" description:"whom to greet"`
	}
	slow struct {
		Seconds float64 `json:"seconds" validate:"gte=0,lte=3600" description:"how long to compute"`
		Label   string  `json:"label" description:"what to call the result"`
	}
	file struct {
		Filename string `json:"filename" validate:"required" description:"what to delete"`
	}
	confirmed struct {
		Confirm bool `json:"confirm" validate:"required"`
	}
)

// addTasks adds the tools whose calls may be answered later.
func addTasks(app *fastmcp.App) {
	app.AddTool(fastmcp.Tool{
		Name: "greet", Description: "Greets at once, and is never a task",
		Handler: fastmcp.Typed(func(_ *fastmcp.Context, in greeting) (string, error) { return "Hello, " + in.Name + "!", nil }),
	})
	app.AddTool(fastmcp.Tool{
		Name: "slow_compute", Description: "Computes for some seconds", Task: fastmcp.TaskOptional,
		Handler: fastmcp.Typed(compute),
	})
	app.AddTool(fastmcp.Tool{
		Name: "failing_job", Description: "Fails after a second, as a task only", Task: fastmcp.TaskRequired,
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			if err := wait(c, time.Second); err != nil {
				return "", err
			}
			return "", fastmcp.Errorf("the job has failed, as it always does")
		}),
	})
	app.AddTool(fastmcp.Tool{
		Name: "protocol_error_job", Description: "Ends with an error of the protocol", Task: fastmcp.TaskOptional,
		Handler: fastmcp.Get(func(c *fastmcp.Context) (string, error) {
			if err := wait(c, 200*time.Millisecond); err != nil {
				return "", err
			}
			return "", protocol.Errorf(protocol.CodeInternal, "the job could not be run")
		}),
	})
	app.AddTool(fastmcp.Tool{
		Name: "confirm_delete", Description: "Asks before it deletes", Task: fastmcp.TaskOptional,
		Handler: fastmcp.Typed(confirmDelete),
	})
	app.AddTool(fastmcp.Tool{
		Name: "multi_input", Description: "Asks two things at once", Task: fastmcp.TaskOptional,
		Handler: fastmcp.Get(multiInput),
	})
	app.AddTool(fastmcp.Tool{
		Name: "test_tool_with_task", Description: "Asks for a name, and then is a task", Task: fastmcp.TaskRequired,
		Handler: fastmcp.Ask("user_name", "What is your name?", func(c *fastmcp.Context, _ struct{}, form name, a fastmcp.Action) (string, error) {
			if a != fastmcp.Accepted {
				return "No name was given.", nil
			}
			return "Hello, " + form.Name + "!", wait(c, 200*time.Millisecond)
		}),
	})
}

// wait lets time pass, and ends with the call.
func wait(c *fastmcp.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.Done():
		return c.Err()
	}
}

func compute(c *fastmcp.Context, in slow) (string, error) {
	if err := wait(c, time.Duration(in.Seconds*float64(time.Second))); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: computed for %v s", in.Label, in.Seconds), nil
}

func confirmDelete(c *fastmcp.Context, in file) (string, error) {
	var form confirmed
	a, err := fastmcp.Elicit(c, "confirm", "Delete "+in.Filename+"?", &form)
	switch {
	case err != nil:
		return "", err
	case a != fastmcp.Accepted || !form.Confirm:
		return in.Filename + " was not deleted", nil
	}
	return in.Filename + " was deleted", nil
}

// multiInput asks on two goroutines, so that both questions wait at the same time whether or not the call is a task.
func multiInput(c *fastmcp.Context) (string, error) {
	var (
		all      sync.WaitGroup
		who      name
		sure     confirmed
		errs     [2]error
		whoA, sA fastmcp.Action
	)
	all.Go(func() { whoA, errs[0] = fastmcp.Elicit(c, "name", "What is your name?", &who) })
	all.Go(func() { sA, errs[1] = fastmcp.Elicit(c, "confirm", "Are you sure?", &sure) })
	all.Wait()
	if err := errors.Join(errs[0], errs[1]); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s by %s, confirmed: %v (%s)", whoA, who.Name, sure.Confirm, sA), nil
}
