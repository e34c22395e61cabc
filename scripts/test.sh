#!/usr/bin/env bash
# Runs the tests, and prints one summary whose last line is the count of all of them.
#
#   test.sh full     everything; streaming conformance scenarios 5 times, fuzz targets 10 s each, the soak for 2 minutes
#   test.sh fast     without race detector, repetitions, fuzzing and soak
#   test.sh repeat   end to end and conformance with 20 repetitions, unit tests 5 times with the race detector
set -euo pipefail
source "$(dirname "$0")/say.sh"
cd "$root"
mode=${1:-full}

command -v go >/dev/null || needs Go golang-go
if [ "$mode" != fast ] && ! command -v "$(go env CC)" >/dev/null; then
	apt_install gcc libc6-dev || needs "a C compiler, which the race detector is linked with" "gcc libc6-dev"
fi
command -v curl >/dev/null || apt_install curl ca-certificates || needs curl curl

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rows=() passed=0 failed=0

# stage NAME COMMAND: the command leaves "passed failed" in $TALLY. A stage that leaves nothing has failed.
stage() {
	local name=$1 p=0 f=0 from=$SECONDS rc=0
	shift
	printf '\n== %s\n' "$name"
	export TALLY="$work/tally"
	rm -f "$TALLY"
	"$@" || rc=$?
	[ ! -s "$TALLY" ] || read -r p f <"$TALLY"
	if [ $f = 0 ] && { [ $rc != 0 ] || [ $p = 0 ]; }; then
		echo "FAIL  $name: exit code $rc, $p tests"
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f))
	rows+=("$(printf '%-24s %7d %7d %6ds' "$name" "$p" "$f" $((SECONDS - from)))")
}

gotest() { # FOLDER go-test-arguments
	local dir=$1
	shift
	(cd "$dir" && go test -json -count=1 "$@" 2>&1) | "$work/tallier" -o "$TALLY"
}
units() { gotest . "$@" ./...; }
clients() { # go-test-arguments
	scripts/npm.sh || return 1
	FASTMCP_NODE=$(scripts/node.sh) || return 1
	export FASTMCP_NODE
	gotest test "$@" ./...
}
targets() { FUZZTIME=10s scripts/fuzz.sh; }
soak() { SOAK=2m scripts/soak.sh; }

go build -o "$work/tallier" ./tools/tally

case $mode in
full)
	stage "lint" scripts/lint.sh
	stage "unit, race detector" units -race -timeout 15m
	FASTMCP_RACE=1 FASTMCP_REPEAT=5 stage "clients and conformance" clients -timeout 20m
	stage "hostile, race detector" gotest test -race -timeout 5m ./hostile
	stage "fuzz, 10 s each" targets
	stage "soak, 2 minutes" soak
	;;
fast)
	stage "lint" scripts/lint.sh
	stage "unit" units -timeout 5m
	FASTMCP_REPEAT=1 stage "clients and conformance" clients -timeout 10m
	;;
repeat)
	stage "unit, race detector, 5x" units -race -count=5 -timeout 60m
	SOAK=1 FASTMCP_RACE=1 FASTMCP_REPEAT=20 stage "clients and conformance" clients -timeout 90m
	;;
*)
	echo "usage: test.sh full | fast | repeat" >&2
	exit 2
	;;
esac

printf '\n%-24s %7s %7s %7s\n' "stage" "passed" "failed" "time"
printf '%s\n' "${rows[@]}"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
