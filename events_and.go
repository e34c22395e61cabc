package fastmcp

// and is events that tell e, and then other.
func (e Events) and(other Events) Events {
	return Events{
		Connect: both(e.Connect, other.Connect), Disconnect: both(e.Disconnect, other.Disconnect), ToolCall: both(e.ToolCall, other.ToolCall),
		Initialized: both(e.Initialized, other.Initialized), Reachable: both(e.Reachable, other.Reachable),
		RootsChanged: both(e.RootsChanged, other.RootsChanged), Cancelled: both2(e.Cancelled, other.Cancelled),
		Notified: both2(e.Notified, other.Notified),
	}
}

func both[T any](first, second func(T)) func(T) {
	if first == nil {
		return second
	}
	if second == nil {
		return first
	}
	return func(v T) { defer second(v); first(v) } // a panic of the first is not the second's affair
}

func both2[T, U any](first, second func(T, U)) func(T, U) {
	if first == nil {
		return second
	}
	if second == nil {
		return first
	}
	return func(v T, u U) { defer second(v, u); first(v, u) }
}
