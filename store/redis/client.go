package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// connect makes the client for an address. Nothing is sent yet.
func (a *address) connect(config Config) goredis.UniversalClient {
	u := &goredis.UniversalOptions{
		Addrs:            a.hosts,
		MasterName:       a.master,
		ClientName:       a.options.ClientName,
		DB:               a.options.DB,
		Username:         a.options.Username,
		Password:         a.options.Password,
		SentinelUsername: config.SentinelUsername,
		SentinelPassword: config.SentinelPassword,
		TLSConfig:        a.options.TLSConfig,
		PoolFIFO:         a.options.PoolFIFO,
		MinIdleConns:     a.options.MinIdleConns,
		MaxIdleConns:     a.options.MaxIdleConns,
		MaxActiveConns:   a.options.MaxActiveConns,
		ConnMaxIdleTime:  a.options.ConnMaxIdleTime,
		ConnMaxLifetime:  a.options.ConnMaxLifetime,
	}
	switch a.topology {
	case sentinel:
		return goredis.NewFailoverClient(boundSentinel(u.Failover(), config))
	case cluster:
		return newCluster(u.Cluster(), config)
	}
	o := u.Simple()
	o.Network = a.options.Network
	return goredis.NewClient(bound(o, config))
}

// bound sets what makes calls end in time, and be sent no more often than they may be: repeating is decided in do. RESP2,
// because none of what RESP3 adds is used, and its push messages are looked for before and after each command.
func bound(o *goredis.Options, c Config) *goredis.Options {
	o.Protocol = 2
	o.MaxRetries = -1
	o.DialTimeout, o.DialerRetries, o.DialerRetryTimeout = c.DialTimeout, 1, time.Millisecond
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = c.ReadTimeout, c.WriteTimeout, c.Timeout
	o.ContextTimeoutEnabled = true
	o.PoolSize = c.PoolSize
	o.DisableIdentity = true
	o.PushNotificationProcessor = nil
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o
}

func boundSentinel(o *goredis.FailoverOptions, c Config) *goredis.FailoverOptions {
	o.Protocol = 2
	o.MaxRetries = -1
	o.DialTimeout, o.DialerRetries, o.DialerRetryTimeout = c.DialTimeout, 1, time.Millisecond
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = c.ReadTimeout, c.WriteTimeout, c.Timeout
	o.ContextTimeoutEnabled = true
	o.PoolSize = c.PoolSize
	o.DisableIdentity = true
	return o
}

func newCluster(o *goredis.ClusterOptions, c Config) *goredis.ClusterClient {
	o.Protocol = 2
	o.MaxRetries = -1
	o.DialTimeout, o.DialerRetries, o.DialerRetryTimeout = c.DialTimeout, 1, time.Millisecond
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = c.ReadTimeout, c.WriteTimeout, c.Timeout
	o.ContextTimeoutEnabled = true
	o.PoolSize = c.PoolSize
	o.DisableIdentity = true
	o.ReadOnly, o.RouteByLatency, o.RouteRandomly = false, false, false // a replica is behind
	o.PushNotificationProcessor = nil
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	client := goredis.NewClusterClient(o)
	client.OnNewNode(func(node *goredis.Client) { node.AddHook(sentOnce{}) })
	return client
}

// likewise makes a client of our own that goes where conn goes: whose owner may have other bounds, and repeat what must
// not be repeated.
func likewise(conn goredis.UniversalClient, config Config) (goredis.UniversalClient, string, error) {
	switch conn := conn.(type) {
	case *goredis.Client:
		if conn == nil {
			break
		}
		o := *conn.Options()
		config.PoolSize = positive(config.PoolSize, o.PoolSize)
		return goredis.NewClient(bound(&o, config)), o.Addr, nil
	case *goredis.ClusterClient:
		if conn == nil {
			break
		}
		o := *conn.Options()
		config.PoolSize = positive(config.PoolSize, o.PoolSize)
		return newCluster(&o, config), fmt.Sprint("the cluster at ", o.Addrs), nil
	case *goredis.Ring:
		return nil, "", errors.New("store/redis: Wrap takes no goredis.Ring: it has no single place for a key while servers come and go")
	}
	return nil, "", fmt.Errorf("store/redis: Wrap takes a *goredis.Client or a *goredis.ClusterClient, not %T", conn)
}

// sentOnce keeps a cluster's client from repeating what may have been done: it tries other nodes after any trouble with a
// connection. Answers of a server, as where a slot has moved to, tell that nothing was done.
type sentOnce struct{}

// uncertain hides what an error is about from go-redis, which repeats after some.
type uncertain struct{ err error }

func (u uncertain) Error() string { return u.err.Error() }

func (sentOnce) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (sentOnce) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil || answered(err) || neverSent(err) || ctx.Err() != nil {
			return err
		}
		return uncertain{err}
	}
}

func (sentOnce) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return next // only what can be repeated goes by pipelines
}
