package fastmcp

import "time"

// Drain tells those who choose between nodes to choose another: from now on Ready is ErrDraining, and each answer over
// HTTP ends its connection. Everything is served as before, until Shutdown. SIGTERM does this and waits for
// HTTPConfig.DrainDelay; call it where signals are your own, or where the App is mounted, and wait as long as your
// balancer needs. There is no way back.
func (a *App) Drain() { a.http.Drain() }

// drainDelay is how long SIGTERM lets the App be drained. Whether something balances is known by what would be needed for
// it: a store that nodes share, or nothing to share.
func (a *App) drainDelay() time.Duration {
	switch d := a.config.HTTP.DrainDelay; {
	case d != 0:
		return max(d, 0)
	case a.backend.Shared || a.config.Stateless:
		return defaultDrainDelay
	}
	return 0
}

// defaultDrainDelay is more than what a probe every second and the news of it take, and less than anybody minds.
const defaultDrainDelay = 5 * time.Second
