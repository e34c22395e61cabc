#!/usr/bin/env bash
# Loads a server with all that clients do, and some that they should not, and fails when it holds more and more: SOAK is for
# how long (10m). Arguments go to the driver: soak.sh -h. TALLY=file gets "passed failed" for scripts/test.sh.
set -euo pipefail
source "$(dirname "$0")/say.sh"
[ "$(uname -s)" = Linux ] || { echo "The soak counts open files in /proc: it needs Linux." >&2; exit 1; }
command -v go >/dev/null || needs Go golang-go
cd "$root/test"

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -o "$bin/server" ./soak/server
go build -o "$bin/soak" ./soak
if "$bin/soak" -server "$bin/server" -for "${SOAK:-10m}" "$@"; then result="1 0"; else result="0 1"; fi
[ -z "${TALLY:-}" ] || echo "$result" >"$TALLY"
[ "$result" = "1 0" ]
