#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other, each for FUZZTIME (10s). An input that breaks one is kept
# by Go in testdata/fuzz beside the target: commit it, it is a test from then on.
# FUZZ=pattern runs the targets whose name matches. TALLY=file appends "passed failed" for scripts/test.sh.
set -euo pipefail
source "$(dirname "$0")/say.sh"
cd "$root"
time=${FUZZTIME:-10s}
passed=0 failed=0

# one fuzzes a single target. Go 1.26 at times reports its own deadline as a failure, without any input to blame: twice is
# forgiven, and said.
one() {
	local dir=$1 name=$2 log
	log=$(mktemp)
	for try in 1 2 3; do
		if go test "$dir" -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 5x >"$log" 2>&1; then
			echo "ok    $name ($dir, $time, $(grep -o 'execs: [0-9]*' "$log" | tail -n 1))"
			rm -f "$log"
			return 0
		fi
		if [ $try -lt 3 ] && grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log"; then
			echo "again $name ($dir): stopped at its deadline without a failing input"
			continue
		fi
		break
	done
	echo "FAIL  $name ($dir)"
	tail -n 60 "$log"
	rm -f "$log"
	return 1
}

while IFS=: read -r file name; do
	if one "./$(dirname "${file#./}")" "$name"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done < <(
	find . \( -name node_modules -o -name .git -o -name .cache -o -path ./test -o -path ./bench \) -prune -o \
		-name '*_test.go' -exec grep -oHE '^func Fuzz[A-Za-z0-9_]*' {} + | sed 's/func //' | grep -E ":.*${FUZZ:-}" | sort
)

if [ $((passed + failed)) = 0 ]; then
	echo "FAIL  no fuzz target found"
	failed=1
fi
[ -z "${TALLY:-}" ] || echo "$passed $failed" >"$TALLY"
[ "$failed" = 0 ]
