// Package asynq has the tasks of an App run by workers, in processes of their own, by way of github.com/hibiken/asynq and
// Redis:
//
//	tasks := asynq.New(asynq.Config{URL: "redis://redis.internal:6379/0"})
//	app := fastmcp.New(fastmcp.Config{
//		Name:    "calculator",
//		Storage: redis.New(redis.Config{URL: "redis://redis.internal:6379/0"}),
//		Keys:    keys,
//		Tasks:   fastmcp.TaskConfig{Runner: tasks}, // in the processes that serve
//	})
//	app.AddTool(fastmcp.Tool{Name: "render", Task: fastmcp.TaskOptional, Handler: fastmcp.Typed(render)})
//
// A worker is a process with the same App, that calls Work in place of Listen. Name, Storage, Keys and tools must be the same.
//
// Only the ids of tasks, and the names of their tools, are in asynq's queue, under the keys "asynq:{queue}:*" and
// "asynq:*"; the rest is in the App's Storage. A Redis that evicts keys or is emptied loses tasks that wait: their clients see
// them as working until their TTL is over.
package asynq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/fastmcp-go/fastmcp"
	"github.com/hibiken/asynq"
)

// Config tells where the queue is, and how a worker works. The zero value is [ConfigDefault].
type Config struct {
	// URL is where asynq's Redis is, as asynq.ParseRedisURI takes it: redis://user:password@host:6379/0, rediss://...,
	// redis-socket:///run/redis.sock?db=0, or redis-sentinel://host1:26379,host2:26379/0?master=name. It may be the App's own.
	// Default: redis://127.0.0.1:6379.
	URL string
	// Redis, if it is set, is used in place of URL, for what a URL cannot say: an asynq.RedisClusterClientOpt, for one.
	Redis asynq.RedisConnOpt
	// Queue is the name of the queue. Apps whose tools differ need queues of their own. Default: "fastmcp".
	Queue string
	// Concurrency is how many tasks a worker runs at once. Default, also for values below 1: as many as there are CPUs.
	Concurrency int
	// ShutdownTimeout is how long a worker that is to stop lets its tasks run on. Then those of TaskResumable tools go to other
	// workers, and the Contexts of others are cancelled. Default, also for values below 1: 8 s.
	ShutdownTimeout time.Duration
	// Log is the operator's log. Default: slog.Default().
	Log *slog.Logger
}

// ConfigDefault is what New without a Config uses.
var ConfigDefault = Config{URL: "redis://127.0.0.1:6379", Queue: "fastmcp", ShutdownTimeout: 8 * time.Second}

const (
	// jobType is the type of the queue's tasks.
	jobType = "fastmcp:task"
	// maxRetry is never reached: RunTask knows when a task is not to be run again, and Deadline ends all.
	maxRetry = 1 << 20
	// retryDelay is how long a task waits that could not be run, or that another worker has.
	retryDelay = 2 * time.Second
	// lookEvery is how often a worker looks for tasks, in an empty queue and among those that wait for retryDelay.
	lookEvery = time.Second
)

// Runner hands tasks to asynq (fastmcp.TaskRunner), and works on them. Its methods are safe from any goroutine.
type Runner struct {
	config Config
	broken error

	once   sync.Once
	client *asynq.Client
}

var _ fastmcp.TaskRunner = (*Runner)(nil)

// New makes a Runner. It neither connects nor fails: what is wrong with config, or with Redis, Enqueue and Work tell.
func New(config ...Config) *Runner {
	r := &Runner{config: ConfigDefault}
	if len(config) > 0 {
		r.config = config[0]
	}
	c := &r.config
	if c.URL == "" {
		c.URL = ConfigDefault.URL
	}
	if c.Queue == "" {
		c.Queue = ConfigDefault.Queue
	}
	if c.ShutdownTimeout < 1 {
		c.ShutdownTimeout = ConfigDefault.ShutdownTimeout
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Redis == nil {
		if c.Redis, r.broken = asynq.ParseRedisURI(c.URL); r.broken != nil {
			r.broken = errors.New("asynq: Config.URL is not one that asynq.ParseRedisURI takes") // it may have a password in it
		}
	}
	return r
}

// Enqueue hands a task to the workers; see fastmcp.TaskRunner.
func (r *Runner) Enqueue(ctx context.Context, job fastmcp.TaskJob) error {
	if r.broken != nil {
		return r.broken
	}
	payload, err := json.Marshal(job)
	if err != nil {
		return err
	}
	r.once.Do(func() { r.client = asynq.NewClient(r.config.Redis) })
	_, err = r.client.EnqueueContext(ctx, asynq.NewTask(jobType, payload),
		asynq.TaskID(job.ID+"."+strconv.FormatInt(job.Run, 10)), asynq.Queue(r.config.Queue), asynq.MaxRetry(maxRetry), asynq.Deadline(job.Deadline))
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return nil // it is there already
	}
	if err != nil {
		return fmt.Errorf("asynq: %w", err)
	}
	return nil
}

// Work runs tasks until ctx ends, and then lets those that run come to their end for Config.ShutdownTimeout. It returns nil
// then; an error tells that it could not begin: Redis does not answer, or app's Storage. Shut the App down afterwards. app need
// not serve, and should have no TaskConfig.Runner, unless its tools start tasks.
func (r *Runner) Work(ctx context.Context, app *fastmcp.App) error {
	if r.broken != nil {
		return r.broken
	}
	if err := app.RunTask(ctx, fastmcp.TaskJob{}); err != nil { // there is no such task: it connects the App's storage
		return err
	}
	var running sync.WaitGroup
	s := asynq.NewServer(r.config.Redis, asynq.Config{
		Concurrency: r.config.Concurrency, Queues: map[string]int{r.config.Queue: 1}, ShutdownTimeout: r.config.ShutdownTimeout,
		TaskCheckInterval: lookEvery, DelayedTaskCheckInterval: lookEvery,
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return retryDelay },
		IsFailure:      func(error) bool { return false }, // what fails is the task, and its client reads why
		Logger:         logger{r.config.Log}, LogLevel: asynq.InfoLevel,
	})
	if err := s.Ping(); err != nil {
		return fmt.Errorf("asynq: %w", err)
	}
	err := s.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		running.Add(1)
		defer running.Done()
		var job fastmcp.TaskJob
		if err := json.Unmarshal(t.Payload(), &job); err != nil || t.Type() != jobType {
			r.config.Log.Error("what is in the queue is no task", "type", t.Type(), "error", err)
			return nil
		}
		return app.RunTask(ctx, job)
	}))
	if err != nil {
		return fmt.Errorf("asynq: %w", err)
	}
	<-ctx.Done()
	s.Shutdown()
	r.wait(&running)
	return nil
}

// wait gives those that asynq has given up time to give their tasks away. A function that does not listen is not waited for.
func (r *Runner) wait(running *sync.WaitGroup) {
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(r.config.ShutdownTimeout):
		r.config.Log.Warn("functions of tasks have not ended")
	}
}

// Close ends the connection that Enqueue has made. Work closes its own.
func (r *Runner) Close() error {
	if r.broken != nil {
		return nil
	}
	r.once.Do(func() { r.client = asynq.NewClient(r.config.Redis) })
	if err := r.client.Close(); err != nil {
		return fmt.Errorf("asynq: %w", err)
	}
	return nil
}

// logger has asynq log where everything else does.
type logger struct{ log *slog.Logger }

func (l logger) Debug(args ...any) { l.log.Debug("asynq: " + fmt.Sprint(args...)) }
func (l logger) Info(args ...any)  { l.log.Debug("asynq: " + fmt.Sprint(args...)) }
func (l logger) Warn(args ...any)  { l.log.Warn("asynq: " + fmt.Sprint(args...)) }
func (l logger) Error(args ...any) { l.log.Error("asynq: " + fmt.Sprint(args...)) }

// Fatal does not end the process, which is the program's to decide.
func (l logger) Fatal(args ...any) { l.log.Error("asynq: " + fmt.Sprint(args...)) }
