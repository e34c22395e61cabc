package redis

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"sync/atomic"

	goredis "github.com/redis/go-redis/v9"

	"github.com/fastmcp-go/fastmcp/store"
)

// eventLog is store.Log: a log is a stream whose ids are 0-1, 0-2, 0-3. Each entry has its data ("d"), how many bytes there
// have ever been with it ("s"), by which a log is bounded in bytes, and, on the last entry of an Append, its mark ("m").
type eventLog struct {
	*server
	origin string // begins the marks of this process
	marks  *atomic.Uint64
}

func newEventLog(s *server) eventLog {
	return eventLog{server: s, origin: rand.Text()[:12], marks: new(atomic.Uint64)}
}

// foreign begins what the scripts answer when they find something that none of them wrote.
const foreign = "FOREIGN"

// add: KEYS[1] the stream; ARGV[1] its most entries, ARGV[2] its most bytes, ARGV[3] its ttl in ms, ARGV[4] the channel to
// wake, if any, ARGV[5] the mark, ARGV[6] how many entries to search for it first, 1 for none, and then the data. It wakes
// before it writes, since that may be forbidden, and then nothing must be in; nobody reads before the script has ended.
var add = goredis.NewScript(`
local key, call, n, sum = KEYS[1], redis.call, 0, 0
local tail = call('XREVRANGE', key, '+', '-', 'COUNT', ARGV[6])
local last = tail[1]
if last then
	local id, fields = last[1], last[2]
	n = string.sub(id, 1, 2) == '0-' and tonumber(string.sub(id, 3))
	sum = fields[3] == 's' and tonumber(fields[4])
	if not n or not sum then return redis.error_reply('` + foreign + ` stream') end
end
if #ARGV == 6 then return n end
if ARGV[6] ~= '1' then
	for _, entry in ipairs(tail) do
		if entry[2][6] == ARGV[5] then return tonumber(string.sub(entry[1], 3)) end
	end
end
if ARGV[4] ~= '' then call('PUBLISH', ARGV[4], '') end
for i = 7, #ARGV do
	n, sum = n + 1, sum + #ARGV[i]
	call('XADD', key, 'MAXLEN', '~', ARGV[1], '0-' .. n, 'd', ARGV[i], 's', sum, 'm', i == #ARGV and ARGV[5] or '')
end
local most = tonumber(ARGV[2])
while sum > most do
	local head = call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
	if sum - (head[2][4] - #head[2][2]) <= most then break end
	call('XDEL', key, head[1])
end
call('PEXPIRE', key, ARGV[3])
return n`)

// markSearch is how far back a repeated Append looks for itself: what others append within the time of a call.
const markSearch = 256

func (l eventLog) Append(ctx context.Context, log, channel string, data ...[]byte) (lastID string, err error) {
	if err := checkName("log", log); err != nil {
		return "", err
	}
	for _, d := range data {
		if int64(len(d)) > l.config.MaxLogBytes {
			return "", fmt.Errorf("%w: an entry of %d bytes, see Config.MaxLogBytes", store.ErrTooLarge, len(d))
		}
	}
	if channel != "" {
		channel = l.channel(channel)
	}
	mark := l.origin + strconv.FormatUint(l.marks.Add(1), 36)
	err = l.do(ctx, true, func(ctx context.Context, attempt int) error {
		search := 1
		if attempt > 0 {
			search = markSearch
		}
		args := append(make([]any, 0, 6+len(data)),
			l.config.MaxLogEntries, l.config.MaxLogBytes, millis(l.config.LogTTL), channel, mark, search)
		for _, d := range data {
			args = append(args, d)
		}
		n, err := add.Run(ctx, l.conn, []string{l.key(logs, log)}, args...).Uint64()
		lastID = strconv.FormatUint(n, 10)
		return err
	})
	if err != nil {
		return "", err
	}
	return lastID, nil
}

// After reads from id itself, if it is still there: the entry after it then proves to be the next, or that there is none.
func (l eventLog) After(ctx context.Context, log, id string, max int) (entries []store.Entry, err error) {
	if err := checkName("log", log); err != nil {
		return nil, err
	}
	after, err := parseID(id)
	if err != nil {
		return nil, err
	}
	args := append(make([]any, 0, 6), "xrange", l.key(logs, log), "0-"+strconv.FormatUint(after, 10), "+")
	if max > 0 {
		args = append(args, "count", int64(max)+1)
	}
	var found []any
	err = l.do(ctx, true, func(ctx context.Context, _ int) error {
		read := goredis.NewSliceCmd(ctx, args...)
		_, err := l.conn.Pipelined(ctx, func(pipe goredis.Pipeliner) error {
			_ = pipe.Process(ctx, read) // queued, and no more
			return pipe.Process(ctx, goredis.NewIntCmd(ctx, "pexpire", args[1], millis(l.config.LogTTL)))
		})
		found = read.Val()
		return err
	})
	if err != nil {
		return nil, err
	}
	return following(found, after, max)
}

// following makes entries of what XRANGE found, and sees to it that none is missing.
func following(found []any, after uint64, max int) ([]store.Entry, error) {
	if len(found) == 0 {
		if after == 0 {
			return nil, nil
		}
		return nil, store.ErrGap
	}
	var entries []store.Entry
	for _, one := range found {
		n, data, ok := parseEntry(one)
		if !ok {
			return nil, fmt.Errorf("%w: %s stream", store.ErrForeign, foreign)
		}
		if n == after {
			continue
		}
		next := after + 1 + uint64(len(entries))
		if n != next {
			return nil, store.ErrGap
		}
		if max > 0 && len(entries) == max {
			break
		}
		if entries == nil {
			entries = make([]store.Entry, 0, len(found))
		}
		entries = append(entries, store.Entry{ID: strconv.FormatUint(n, 10), Data: []byte(data)})
	}
	return entries, nil
}

// parseEntry reads [id, [d, data, s, sum, m, mark]].
func parseEntry(one any) (n uint64, data string, ok bool) {
	pair, _ := one.([]any)
	if len(pair) != 2 {
		return 0, "", false
	}
	id, _ := pair[0].(string)
	fields, _ := pair[1].([]any)
	if len(fields) < 2 || fields[0] != "d" || len(id) < 3 || id[:2] != "0-" {
		return 0, "", false
	}
	n, err := strconv.ParseUint(id[2:], 10, 64)
	data, ok = fields[1].(string)
	return n, data, ok && err == nil
}

// parseID reads an id as it was given out, and in no other spelling; "" and "0" are before the first.
func parseID(id string) (uint64, error) {
	if id == "" || id == "0" {
		return 0, nil
	}
	n, err := strconv.ParseUint(id, 10, 63)
	if err != nil || id[0] < '1' || id[0] > '9' {
		return 0, fmt.Errorf("%w: %.32q is not an id", store.ErrGap, id)
	}
	return n, nil
}

func (l eventLog) Drop(ctx context.Context, log string) error {
	if err := checkName("log", log); err != nil {
		return err
	}
	return l.do(ctx, true, func(ctx context.Context, _ int) error {
		return l.conn.Unlink(ctx, l.key(logs, log)).Err()
	})
}
