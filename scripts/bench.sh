#!/usr/bin/env bash
# Builds the load generator, the servers and the runner, and measures. Flags go to the runner: bench.sh -h.
#
#   bench.sh          all tables, into bench/out: results.md, results.json, chart.svg
#   bench.sh -short   this project and the hand-written Fiber server only, against the floors in bench/floors.json
#   bench.sh idle     what an idle session with an open stream costs: 10,000 of them on one process, or -many 50000, over TCP
#                     and 1,000 over TLS; into bench/out/idle
set -euo pipefail
source "$(dirname "$0")/say.sh"
cd "$root/bench"
[ "$(uname -s)" = Linux ] || { echo "The load generator stands on epoll and /proc: it needs Linux." >&2; exit 1; }
command -v go >/dev/null || needs Go golang-go

mkdir -p bin
go build -o bin/ ./loadgen ./runner ./chart ./servers/...
node=()
if [ "${1:-}" = idle ]; then
	shift
	set -- -only sessions-many,sessions-tls -servers fastmcp -rounds 1 -o out/idle "$@"
fi
case " $* " in
*" -short "* | *" --short "* | *" out/idle "*) ;;
*)
	# The TypeScript server is the one peer that needs more than Go: without npm the others are measured.
	if command -v npm >/dev/null; then
		npm_ci "$PWD/servers/tsfastmcp"
		node=(-node "$("$root/scripts/node.sh")")
	else
		echo "npm is not there: the TypeScript server is left out" >&2
	fi
	;;
esac
bin/runner "${node[@]}" "$@"
[ $# -gt 0 ] || bin/chart
