package fastmcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
)

// toolSwitch is the last word about a tool.
type toolSwitch struct {
	Enabled bool `json:"enabled"`
	// Turn orders what is said about one tool: the largest was said last. It lets nodes put back what a store has lost.
	Turn int64 `json:"turn"`
}

// switchRecord is what the store keeps.
type switchRecord struct {
	Version int                   `json:"version"`
	Tools   map[string]toolSwitch `json:"tools"`
}

const (
	switchVersion = 1
	maxSwitches   = 10_000
	maxTurn       = 1 << 53 // what every reader of JSON takes
)

// errNoTool is the error for what is not there to be switched.
var errNoTool = errors.New("there is none: add it first, or mend the name")

// setSwitch says the last word about a tool, and tells whether it is another one. here: there is such a tool on this node.
func setSwitch(tools map[string]toolSwitch, name string, enabled, here bool) (changed bool, err error) {
	old, said := tools[name]
	switch {
	case !said && !here:
		return false, errNoTool
	case said && old.Enabled == enabled:
		return false, nil
	case !said && len(tools) >= maxSwitches:
		return false, fmt.Errorf("%d others have been switched, which is the most", len(tools))
	}
	turn := lastTurn(tools) + 1
	if turn > maxTurn {
		return false, unreadable("has no turn left")
	}
	tools[name] = toolSwitch{Enabled: enabled, Turn: turn}
	return true, nil
}

func lastTurn(tools map[string]toolSwitch) (last int64) {
	for _, t := range tools {
		last = max(last, t.Turn)
	}
	return last
}

// merged is the last word about each tool. ahead tells that known has some that are not in stored. Where both were said in
// the same turn, what is stored holds.
func merged(known, stored map[string]toolSwitch) (all map[string]toolSwitch, ahead bool) {
	all = maps.Clone(stored)
	if all == nil {
		all = make(map[string]toolSwitch)
	}
	for name, t := range known {
		if t.Turn > all[name].Turn {
			all[name], ahead = t, true
		}
	}
	return all, ahead
}

// parseSwitches reads a record; nil is none.
func parseSwitches(raw []byte) (map[string]toolSwitch, error) {
	if raw == nil {
		return nil, nil
	}
	var r switchRecord
	if err := json.Unmarshal(raw, &r); err != nil || !bytes.HasPrefix(raw, []byte{'{'}) || r.Version < 1 {
		return nil, unreadable("is no such record")
	}
	if r.Version > switchVersion {
		return nil, unreadable(fmt.Sprintf("is of version %d, and this is a server that reads %d", r.Version, switchVersion))
	}
	if len(r.Tools) > maxSwitches {
		return nil, unreadable(fmt.Sprintf("has %d tools, more than %d", len(r.Tools), maxSwitches))
	}
	for name, t := range r.Tools {
		if checkName(name) != nil || t.Turn < 1 || t.Turn > maxTurn {
			return nil, unreadable("is no such record")
		}
	}
	return r.Tools, nil
}

// unreadable tells the operator what to mend.
func unreadable(why string) error {
	return fmt.Errorf("what Config.Storage keeps of tools that are switched off, under %q in the scope %q, %s: "+
		"remove it while no node runs, and all tools are as they begin", switchKey, switchScope, why)
}
