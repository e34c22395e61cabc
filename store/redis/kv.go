package redis

import (
	"context"
	"errors"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// kv is store.KV and store.Atomic.
type kv struct{ *server }

// touchStep is how many keys a pipeline renews, so that the server is not kept from others for long.
const touchStep = 1000

func (s kv) Get(ctx context.Context, key string) (val []byte, err error) {
	if err := checkKey(key, 0); err != nil {
		return nil, err
	}
	err = s.do(ctx, true, func(ctx context.Context, _ int) error {
		val, err = found(s.conn.Get(ctx, s.key(values, key)))
		return err
	})
	return val, err
}

// found is the value of an answer, nil for none. Empty is not nil.
func found(cmd *goredis.StringCmd) ([]byte, error) {
	text, err := cmd.Result()
	if errors.Is(err, goredis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return append(make([]byte, 0, len(text)), text...), nil
}

func (s kv) Set(ctx context.Context, key string, val []byte, ttl time.Duration) error {
	if err := checkKey(key, ttl); err != nil {
		return err
	}
	return s.do(ctx, true, func(ctx context.Context, _ int) error {
		return s.conn.Process(ctx, setCmd(ctx, s.key(values, key), val, ttl))
	})
}

// setCmd is SET in milliseconds: go-redis's own takes whole seconds, and -1 for keeping the ttl.
func setCmd(ctx context.Context, key string, val []byte, ttl time.Duration, more ...any) *goredis.StatusCmd {
	args := append(make([]any, 0, 6), "set", key, val)
	if ttl > 0 {
		args = append(args, "px", millis(ttl))
	}
	return goredis.NewStatusCmd(ctx, append(args, more...)...)
}

func (s kv) Touch(ctx context.Context, key string, ttl time.Duration) error {
	return s.TouchAll(ctx, ttl, key)
}

func (s kv) TouchAll(ctx context.Context, ttl time.Duration, keys ...string) error {
	for _, key := range keys {
		if err := checkKey(key, ttl); err != nil {
			return err
		}
	}
	for len(keys) > touchStep {
		if err := s.touch(ctx, ttl, keys[:touchStep]); err != nil {
			return err
		}
		keys = keys[touchStep:]
	}
	return s.touch(ctx, ttl, keys)
}

func (s kv) touch(ctx context.Context, ttl time.Duration, keys []string) error {
	return s.do(ctx, true, func(ctx context.Context, _ int) error {
		if len(keys) == 0 {
			return nil
		}
		if len(keys) == 1 {
			return s.conn.Process(ctx, touchCmd(ctx, s.key(values, keys[0]), ttl))
		}
		_, err := s.conn.Pipelined(ctx, func(pipe goredis.Pipeliner) error {
			for _, key := range keys {
				_ = pipe.Process(ctx, touchCmd(ctx, s.key(values, key), ttl)) // queued, and no more
			}
			return nil
		})
		return err
	})
}

func touchCmd(ctx context.Context, key string, ttl time.Duration) *goredis.IntCmd {
	if ttl == 0 {
		return goredis.NewIntCmd(ctx, "persist", key)
	}
	return goredis.NewIntCmd(ctx, "pexpire", key, millis(ttl))
}

func (s kv) Delete(ctx context.Context, key string) error {
	if err := checkKey(key, 0); err != nil {
		return err
	}
	return s.do(ctx, true, func(ctx context.Context, _ int) error {
		return s.conn.Unlink(ctx, s.key(values, key)).Err()
	})
}

// Ping asks all masters of a cluster, since each has a part of the keys.
func (s kv) Ping(ctx context.Context) error {
	return s.do(ctx, true, func(ctx context.Context, _ int) error {
		if nodes, ok := s.conn.(*goredis.ClusterClient); ok {
			return nodes.ForEachMaster(ctx, func(ctx context.Context, node *goredis.Client) error { return node.Ping(ctx).Err() })
		}
		return s.conn.Ping(ctx).Err()
	})
}
