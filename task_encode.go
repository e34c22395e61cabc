package fastmcp

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/fastmcp-go/fastmcp/internal/scan"
	"github.com/fastmcp-go/fastmcp/internal/task"
	"github.com/fastmcp-go/fastmcp/protocol"
)

// taskCreated is the result of a call that has become a task: all that stands between its braces.
type taskCreated []byte

// appendCreated writes the result that says that a call has become a task: flat in 2026-07-28, as a member in 2025-11-25.
func (j *job) appendCreated(r *task.Record) []byte {
	poll := j.engine.config.Tasks.Poll
	if r.Legacy {
		return append(appendTask([]byte(`"task":{`), r, poll), '}')
	}
	b := append(appendTask(nil, r, poll), `,"resultType":"task","_meta":{"`+protocol.MetaServer+`":`...)
	return append(append(b, j.engine.server[j.context.call.Revision]...), '}')
}

// timeFormat is RFC 3339 with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// appendTask writes the members that every task has.
func appendTask(b []byte, r *task.Record, poll time.Duration) []byte {
	b = scan.AppendString(append(b, `"taskId":`...), r.ID)
	b = append(append(append(b, `,"status":"`...), r.Status...), '"')
	if r.Message != "" {
		b = scan.AppendString(append(b, `,"statusMessage":`...), r.Message)
	}
	b = append(append(append(b, `,"createdAt":"`...), r.Created.Format(timeFormat)...), '"')
	b = append(append(append(b, `,"lastUpdatedAt":"`...), r.Updated.Format(timeFormat)...), '"')
	ttl, interval := `,"ttlMs":`, `,"pollIntervalMs":`
	if r.Legacy {
		ttl, interval = `,"ttl":`, `,"pollInterval":`
	}
	b = strconv.AppendInt(append(b, ttl...), r.TTL.Milliseconds(), 10)
	return strconv.AppendInt(append(b, interval...), max(poll.Milliseconds(), 1), 10)
}

// appendDetailed writes a task of 2026-07-28 with what its status brings.
func appendDetailed(b []byte, r *task.Record, poll time.Duration) []byte {
	b = appendTask(b, r, poll)
	switch r.Status {
	case task.Completed:
		return append(append(b, `,"result":`...), r.Result...)
	case task.Failed:
		return append(append(b, `,"error":`...), r.Error...)
	case task.InputRequired:
		b = append(b, `,"inputRequests":{`...)
		keys := make([]string, 0, len(r.Inputs))
		for key := range r.Inputs {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for i, key := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(scan.AppendString(b, key), ':'), r.Inputs[key]...)
		}
		b = append(b, '}')
	}
	return b
}

// taskStatusNote tells a session of 2025-11-25 how a task stands.
func taskStatusNote(r *task.Record, poll time.Duration) []byte {
	b := []byte(`{"jsonrpc":"2.0","method":"` + protocol.NoteTaskStatus + `","params":{`)
	return append(appendTask(b, r, poll), "}}"...)
}

// tagged says in a message of 2025-11-25 which task it belongs to.
func tagged(message []byte, id string) []byte {
	var m map[string]json.RawMessage
	if json.Unmarshal(message, &m) != nil {
		return message
	}
	if len(m["params"]) == 0 {
		m["params"] = json.RawMessage("{}")
	}
	m["params"] = withTag(m["params"], id)
	b, err := marshal(m)
	if err != nil {
		return message // it was JSON
	}
	return b
}

// withTag puts the id of a task into the _meta of an object.
func withTag(object []byte, id string) []byte {
	var all, meta map[string]json.RawMessage
	if json.Unmarshal(object, &all) != nil || all == nil {
		return object
	}
	if json.Unmarshal(all["_meta"], &meta) != nil || meta == nil {
		meta = make(map[string]json.RawMessage)
	}
	meta[metaTask] = append(scan.AppendString([]byte(`{"taskId":`), id), '}')
	b, err := marshal(meta)
	if err != nil {
		return object
	}
	if all["_meta"] = b; err == nil {
		b, err = marshal(all)
	}
	if err != nil {
		return object
	}
	return b
}
