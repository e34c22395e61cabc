package tracing

import (
	"sync/atomic"

	"github.com/fastmcp-go/fastmcp"
	"github.com/fastmcp-go/fastmcp/protocol"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// maxTargets bounds how many targets are kept ready; those beyond it are made for each request.
const maxTargets = 2000

// about is what requests of one target have in common.
type about struct {
	method, name string
	revision     protocol.Revision
	network      network
}

// network is how a request came.
type network uint8

const (
	overTCP network = iota
	overUnix
	overPipe
)

var transports = [...]string{overTCP: "tcp", overUnix: "unix", overPipe: "pipe"}

// networkOf is how a request came. HTTP over a unix socket has no address, but headers.
func networkOf(c *fastmcp.Context) network {
	switch {
	case c.IP().IsValid():
		return overTCP
	case c.Header("Content-Type") != "":
		return overUnix
	}
	return overPipe
}

// target is what is ready for the requests of a target.
type target struct {
	method, name string
	attributes   []attribute.KeyValue
	start        []trace.SpanStartOption
	fine         []metric.RecordOption
	// failed is what the last failure was counted as: they mostly are of one kind.
	failed atomic.Pointer[failed]
}

type failed struct {
	failure string
	options []metric.RecordOption
}

func (t *tracer) target(c *fastmcp.Context) *target {
	of := about{method: c.Method(), revision: c.Revision(), network: networkOf(c)}
	if of.method == protocol.MethodToolsCall || of.method == protocol.MethodPromptsGet {
		of.name = c.Target()
	}
	if ready, ok := t.targets.Get(of); ok {
		return ready
	}
	return t.targets.Add(of, newTarget(of), maxTargets)
}

func newTarget(of about) *target {
	t := &target{method: of.method, name: of.method}
	all := []attribute.KeyValue{keyMethod.String(of.method), keyRevision.String(of.revision.String()), keyNetwork.String(transports[of.network])}
	if of.network != overPipe {
		all = append(all, keyProtocol.String("http"), keyVersion.String("1.1"))
	}
	switch of.method {
	case protocol.MethodToolsCall:
		all = append(all, keyOperation.String("execute_tool"), keyTool.String(of.name))
	case protocol.MethodPromptsGet:
		all = append(all, keyPrompt.String(of.name))
	}
	if of.name != "" {
		t.name += " " + of.name
	}
	t.attributes = all
	t.start = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(all...)}
	t.fine = t.options()
	return t
}

func (t *target) options(more ...attribute.KeyValue) []metric.RecordOption {
	all := append(t.attributes[:len(t.attributes):len(t.attributes)], more...)
	return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(all...))}
}

// counted is what a request is counted with.
func (t *target) counted(failure, code string) []metric.RecordOption {
	if failure == "" {
		return t.fine
	}
	if last := t.failed.Load(); last != nil && last.failure == failure {
		return last.options
	}
	more := []attribute.KeyValue{keyError.String(failure)}
	if code != "" {
		more = append(more, keyStatus.String(code))
	}
	options := t.options(more...)
	t.failed.Store(&failed{failure, options})
	return options
}
