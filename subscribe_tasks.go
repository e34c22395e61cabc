package fastmcp

import (
	"sync"

	"github.com/fastmcp-go/fastmcp/internal/rpc"
	"github.com/fastmcp-go/fastmcp/internal/task"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// maxTaskNews is how many changes of tasks wait for a client that reads slowly. Beyond it only how a task stands is told.
const maxTaskNews = 256

// taskListener is the part of a listener that hears of tasks (SEP-2663).
type taskListener struct {
	engine *engine
	ids    []string // in the client's order
	wake   func()

	mu    sync.Mutex
	news  []*task.Record
	stops []func()
}

// maxListenTasks bounds the tasks of one subscriptions/listen: each is looked up in the store before any link of a chain can
// count it.
const maxListenTasks = 100

// prepareTasks looks up the tasks that a client wants to hear of. Those that are not its own are left out.
func (l *listener) prepareTasks(j *job, ids []string) *rpc.Refusal {
	if len(ids) == 0 || !j.catalog.tasks {
		return nil
	}
	if _, declared := j.context.Extension(ExtensionTasks); !declared {
		return lacksExtension(ExtensionTasks)
	}
	if most := min(j.engine.config.Sessions.MaxSubscriptions, maxListenTasks); len(ids) > most {
		return rpc.Refuse(rpc.Failed, invalidParams("more than %d tasks", most))
	}
	t := &taskListener{engine: j.engine, wake: l.knock}
	asked := make(map[string]bool)
	for _, id := range ids {
		if asked[id] {
			continue
		}
		asked[id] = true
		if _, err := j.ownTask(id); err == nil {
			t.ids = append(t.ids, id)
		}
	}
	if len(t.ids) > 0 {
		l.tasks = t
	}
	return nil
}

// open begins to listen, and has how each task stands told first: what has changed before is not missed either.
func (t *taskListener) open(c *Context) error {
	if t == nil {
		return nil
	}
	for _, id := range t.ids {
		stop, err := t.engine.tasks.desk.Watch(id, t.add)
		if err != nil {
			return err
		}
		t.mu.Lock()
		t.stops = append(t.stops, stop)
		t.mu.Unlock()
		if r, err := t.engine.tasks.desk.Get(c, id); err == nil {
			t.add(t.engine.tasks.current(c, r))
		}
	}
	return nil
}

func (t *taskListener) close() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, stop := range t.stops {
		stop()
	}
}

// add queues a change.
func (t *taskListener) add(r *task.Record) {
	t.mu.Lock()
	if len(t.news) >= maxTaskNews {
		t.dropOlder(r.ID)
	}
	t.news = append(t.news, r)
	t.mu.Unlock()
	t.wake()
}

// dropOlder makes room: a newer state of a task takes the place of those that wait. t.mu is held.
func (t *taskListener) dropOlder(id string) {
	kept := t.news[:0]
	for _, r := range t.news {
		if r.ID != id {
			kept = append(kept, r)
		}
	}
	clear(t.news[len(kept):])
	t.news = kept
}

// flush tells what has changed, each state once and none after a newer one. told are the versions that were.
func (t *taskListener) flush(l *listener, told map[string]int64) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	news := t.news
	t.news = nil
	t.mu.Unlock()
	for _, r := range news {
		if before, again := told[r.ID]; again && r.Version <= before || !l.c.job.mayUseTask(r) {
			continue
		}
		told[r.ID] = r.Version
		b := appendDetailed([]byte(`{"jsonrpc":"2.0","method":"`+protocol.NoteTask+`","params":{`), r, t.engine.config.Tasks.Poll)
		if err := l.c.send(append(l.meta(append(b, ',')), "}}"...)); err != nil {
			return err
		}
	}
	return nil
}
