package fastmcp_test

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/fastmcp-go/fastmcp"
)

// demoTask is what a client is told of a task.
type demoTask struct {
	Kind    string `json:"resultType"`
	ID      string `json:"taskId"`
	Status  string `json:"status"`
	Message string `json:"statusMessage"`
	Result  struct {
		Content []struct{ Text string }
	}
}

// tasks is a request of a client of 2026-07-28 that knows tasks.
func (d *demo) tasks(method, name, params string) (t demoTask) {
	h := map[string]string{"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": method, "Mcp-Name": name}
	status, reply := d.do(d.request(http.MethodPost, h, `{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":{"_meta":{`+
		`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":`+
		`{"extensions":{"io.modelcontextprotocol/tasks":{}}}},`+params+`}}`))
	if err := json.Unmarshal(readDemo(status, reply)[0].Result, &t); err != nil {
		log.Panic(err)
	}
	return t
}

// A call of a tool with a Task is answered at once, to clients that know tasks; its function goes on, and what it comes to
// is kept for a while. To other clients the tool is one like all others.
func ExampleTaskMode() {
	app := fastmcp.New(fastmcp.Config{Tasks: fastmcp.TaskConfig{TTL: 10 * time.Minute}})
	baked := make(chan struct{})
	app.AddTool(fastmcp.Tool{
		Name: "bake", Description: "Bake a cake", Task: fastmcp.TaskOptional,
		Handler: fastmcp.Typed(func(c *fastmcp.Context, in struct {
			Cake string `json:"cake" validate:"required"`
		}) (string, error) {
			if err := c.Progress(1, 2, "in the oven"); err != nil { // the status message of a task
				return "", err
			}
			select {
			case <-baked:
				return "a " + in.Cake, nil
			case <-c.Done(): // the task was cancelled, or its TTL is over
				return "", c.Err()
			}
		}),
	})
	d := startDemo(app)
	defer d.stop()

	task := d.tasks("tools/call", "bake", `"name":"bake","arguments":{"cake":"sachertorte"}`)
	fmt.Println(task.Kind, task.Status)
	id := fmt.Sprintf(`"taskId":%q`, task.ID)
	for task.Message == "" {
		task = d.tasks("tasks/get", task.ID, id)
	}
	fmt.Println(task.Status, "-", task.Message)
	close(baked)
	for task.Status == "working" {
		task = d.tasks("tasks/get", task.ID, id)
	}
	fmt.Println(task.Status, "-", task.Result.Content[0].Text)
	fmt.Println(d.call("bake", `{"cake":"strudel"}`)) // a client without tasks
	// Output:
	// task working
	// working - in the oven
	// completed - a sachertorte
	// a strudel
}
