package redis

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

func (s kv) Take(ctx context.Context, key string) (val []byte, err error) {
	if err := checkKey(key, 0); err != nil {
		return nil, err
	}
	err = s.do(ctx, false, func(ctx context.Context, _ int) error {
		val, err = found(s.conn.GetDel(ctx, s.key(values, key)))
		return err
	})
	return val, err
}

func (s kv) SetNX(ctx context.Context, key string, val []byte, ttl time.Duration) (done bool, err error) {
	if err := checkKey(key, ttl); err != nil {
		return false, err
	}
	err = s.do(ctx, false, func(ctx context.Context, _ int) error {
		err := s.conn.Process(ctx, setCmd(ctx, s.key(values, key), val, ttl, "nx"))
		done = err == nil
		if errors.Is(err, goredis.Nil) {
			return nil
		}
		return err
	})
	return done, err
}

// swap: KEYS[1] the key; ARGV[1] what to expect, ARGV[2] what to put in its place, ARGV[3] its ttl in ms. What stands for no
// value is "-", a value begins with "+".
var swap = goredis.NewScript(`
local was = redis.call('GET', KEYS[1])
if (was and '+' .. was or '-') ~= ARGV[1] then return 0 end
if ARGV[2] == '-' then
	redis.call('DEL', KEYS[1])
elseif ARGV[3] == '0' then
	redis.call('SET', KEYS[1], string.sub(ARGV[2], 2))
else
	redis.call('SET', KEYS[1], string.sub(ARGV[2], 2), 'PX', ARGV[3])
end
return 1`)

func (s kv) CAS(ctx context.Context, key string, old, new []byte, ttl time.Duration) (done bool, err error) {
	if err := checkKey(key, ttl); err != nil {
		return false, err
	}
	if old == nil && new != nil {
		return s.SetNX(ctx, key, new, ttl)
	}
	err = s.do(ctx, false, func(ctx context.Context, _ int) error {
		n, err := swap.Run(ctx, s.conn, []string{s.key(values, key)}, marked(old), marked(new), millis(ttl)).Int64()
		done = err == nil && n == 1
		return err
	})
	return done, err
}

func marked(val []byte) []byte {
	if val == nil {
		return []byte("-")
	}
	return bytes.Join([][]byte{[]byte("+"), val}, nil)
}

// sum: KEYS[1] the key; ARGV[1] what to add, ARGV[2] the ttl in ms of a new key. It returns text: Lua's numbers are too
// coarse for the larger ones.
var sum = goredis.NewScript(`
local fresh = redis.call('EXISTS', KEYS[1]) == 0
redis.call('INCRBY', KEYS[1], ARGV[1])
if fresh and ARGV[2] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return redis.call('GET', KEYS[1])`)

func (s kv) Add(ctx context.Context, key string, n int64, ttl time.Duration) (total int64, err error) {
	if err := checkKey(key, ttl); err != nil {
		return 0, err
	}
	err = s.do(ctx, false, func(ctx context.Context, _ int) error {
		text, err := sum.Run(ctx, s.conn, []string{s.key(values, key)}, n, millis(ttl)).Text()
		if err == nil {
			total, err = strconv.ParseInt(text, 10, 64)
		}
		return err
	})
	return total, err
}
