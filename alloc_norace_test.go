//go:build !race

package fastmcp

// raceAllocations is how many more allocations a call makes under the race detector.
const raceAllocations = 0
