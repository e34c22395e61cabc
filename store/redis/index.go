package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/fastmcp-go/fastmcp/store"
)

// index is store.Index. A set is two sorted sets: its members in the order of their bytes, all with the score 0, and its
// members by the time in ms at which they end, +inf for never. The time is the server's, one for all nodes.
type index struct{ *server }

// maxPage is the most members that a page has, so that the server is not kept from others for long.
const maxPage = 1000

// now begins the scripts: it forgets some of what has ended. KEYS[1] the members, KEYS[2] their ends.
const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 100)
if #gone > 0 then
	redis.call('ZREM', KEYS[1], unpack(gone))
	redis.call('ZREM', KEYS[2], unpack(gone))
end
`

// put: ARGV[1] the member, ARGV[2] its ttl in ms. The keys end with the last member.
var put = goredis.NewScript(now + `
local stop = ARGV[2] == '0' and '+inf' or string.format('%.0f', now + ARGV[2])
redis.call('ZADD', KEYS[1], 0, ARGV[1])
redis.call('ZADD', KEYS[2], stop, ARGV[1])
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2]
for i = 1, 2 do
	if last == 'inf' then
		redis.call('PERSIST', KEYS[i])
	else
		redis.call('PEXPIREAT', KEYS[i], string.format('%.0f', tonumber(last)))
	end
end
return 1`)

// list: ARGV[1] the cursor, ARGV[2] how many.
var list = goredis.NewScript(now + `
local from, want, found = ARGV[1] == '' and '-' or '(' .. ARGV[1], tonumber(ARGV[2]), {}
while #found < want do
	local page = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, want - #found)
	if #page == 0 then break end
	local stops = redis.call('ZMSCORE', KEYS[2], unpack(page))
	for i, member in ipairs(page) do
		if stops[i] and (stops[i] == 'inf' or tonumber(stops[i]) > now) then found[#found + 1] = member end
	end
	from = '(' .. page[#page]
end
return found`)

// drop: ARGV[1] the member.
var drop = goredis.NewScript(now + `
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1`)

func (x index) keys(set string) []string {
	return []string{x.key(members, set), x.key(ends, set)}
}

func checkMember(set, member string, ttl time.Duration) error {
	if err := checkName("set", set); err != nil {
		return err
	}
	return checkKey(member, ttl)
}

func (x index) Put(ctx context.Context, set, member string, ttl time.Duration) error {
	if err := checkMember(set, member, ttl); err != nil {
		return err
	}
	return x.do(ctx, true, func(ctx context.Context, _ int) error {
		return put.Run(ctx, x.conn, x.keys(set), member, millis(ttl)).Err()
	})
}

func (x index) Members(ctx context.Context, set, cursor string, n int) (page []string, next string, err error) {
	if err := checkName("set", set); err != nil {
		return nil, "", err
	}
	n = min(positive(n, store.DefaultPage), maxPage)
	err = x.do(ctx, true, func(ctx context.Context, _ int) error {
		page, err = list.Run(ctx, x.conn, x.keys(set), cursor, n+1).StringSlice()
		return err
	})
	switch {
	case err != nil || len(page) == 0:
		return nil, "", err
	case len(page) > n:
		page, next = page[:n], page[n-1]
	}
	return page, next, nil
}

func (x index) Remove(ctx context.Context, set, member string) error {
	if err := checkMember(set, member, 0); err != nil {
		return err
	}
	return x.do(ctx, true, func(ctx context.Context, _ int) error {
		return drop.Run(ctx, x.conn, x.keys(set), member).Err()
	})
}
