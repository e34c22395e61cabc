//go:build !js

package fastmcp

import (
	"net"
	"os"
)

// notifyStopping tells the service manager, once, that the App begins to stop.
func (a *App) notifyStopping() { a.door.parting.Do(func() { a.notify("STOPPING=1") }) }

// notify tells the service manager that waits to be told, if one does: systemd's Type=notify (sd_notify(3)).
func (a *App) notify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err == nil {
		_, err = conn.Write([]byte(state))
		_ = conn.Close()
	}
	if err != nil {
		a.config.Log.Warn("the service manager cannot be told", "state", state, "error", err)
	}
}
