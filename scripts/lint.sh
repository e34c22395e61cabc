#!/usr/bin/env bash
# gofmt, go vet, staticcheck, and the rules of the house that no ready-made tool knows: CONTRIBUTING.md says why.
# Each rule is a line "ok" or "FAIL" with what broke it. TALLY=file gets "passed failed" for scripts/test.sh.
set -euo pipefail
source "$(dirname "$0")/say.sh"
cd "$root"
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2
module=$(go list -m)
passed=0 failed=0

# rule runs a command: it passes when that succeeds and prints nothing, but for what is downloaded the first time.
rule() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1 | sed '/^go: downloading /d') && [ -z "$out" ]; then
		passed=$((passed + 1))
		echo "ok    $name"
	else
		failed=$((failed + 1))
		printf 'FAIL  %s\n%s\n' "$name" "${out:-it failed without a word}"
	fi
}

# files lists the project's own files whose name matches $1, NUL-separated.
files() {
	find . \( -name node_modules -o -name .git -o -name .cache \) -prune -o -type f -name "$1" -print0
}

formatted() { files '*.go' | xargs -0 gofmt -l; }
vetted() { (cd "$1" && go vet ./...); }
checked() { (cd "$1" && go run "$staticcheck" ./...); }

# none succeeds when grep finds nothing.
none() { ! files "$1" | xargs -0 -r grep -nE "$2" /dev/null; }

short_files() {
	files '*.go' | grep -zvE '_test\.go$|/testdata/' | xargs -0 -r wc -l | awk '$2 != "total" && $1 > 600 { print $2 " has " $1 " lines, 600 is the most" }'
}
no_places() {
	! find . \( -name node_modules -o -name .git -o -name .cache -o -path ./bench/bin -o -path ./bench/out -o -path ./scripts/lint.sh \) -prune -o -type f -print0 |
		xargs -0 grep -nIE "$HOME/|$root/|\"resolved\": *\"http"
}

# edges are all imports of the module, "package imported", the module's own name left out: "store net/http", ". schema".
# Tests may import what they like.
edges=$(go list -e -f '{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}{{"\n"}}{{end}}' ./... 2>/dev/null |
	sed -E "s#(^| )$module/#\1#g; s#(^| )$module( |\$)#\1.\2#g")

# imports FROM WHAT [BUT]: no package that matches FROM, other than BUT, imports one that matches WHAT.
imports() {
	[ -n "$edges" ] || { echo "go list knows no imports"; return 1; }
	! grep -E "^($1) ($2)$" <<<"$edges" | grep -vE "^(${3:- }) "
}

# without_fiber: the root is what edge runs, where there is no Fiber.
without_fiber() {
	local deps
	deps=$(GOOS=js GOARCH=wasm go list -deps .) && GOOS=js GOARCH=wasm go build -o /dev/null . && ! grep -E "^($web)$" <<<"$deps"
}

web='(github.com/gofiber/fiber|github.com/valyala/fasthttp|net/http)(/.*)?'
above='(middleware|routes|edge|tenant|skills|apps|tasks|fastmcptest|cmd|examples|bench|tools)(/.*)?'
below='(protocol|schema|content|auth|store|internal)(/.*)?'

rule "gofmt" formatted
rule "go vet" vetted .
rule "go vet, test" vetted test
rule "go vet, bench" vetted bench
rule "staticcheck" checked .
rule "staticcheck, test" checked test
rule "staticcheck, bench" checked bench
rule "no file over 600 lines" short_files
rule "nothing left for later in a comment" none '*.go' '\b(TODO|FIXME|XXX)\b'
rule "no skipped test" none '*_test.go' '\bt\.Skip(f|Now)?\('
rule "no package named for nothing" none '*.go' '^package (utils?|helpers?|common|manager)$'
rule "no place of this machine, no download address" no_places
rule "protocol, schema, content, auth, store and internal do not import the root" imports "$below" '[.]'
rule "they import nothing that stands above it" imports "$below" "$above"
rule "the root imports nothing that stands above it" imports '[.]' "$above"
rule "schema, content, auth and store name no HTTP library" imports '(schema|content|auth|store)(/.*)?' "$web" \
	'content/fetch'
rule "the transports and what they stand on name no HTTP library" imports 'internal/(transport|rpc|session|seal|task|scan)(/.*)?' "$web"
rule "the root compiles for js/wasm, without Fiber" without_fiber
rule "protocol does no I/O" imports 'protocol(/.*)?' "($web|net|os|io/fs|(auth|store|schema|content|internal/(transport|session|rpc))(/.*)?)"

[ -z "${TALLY:-}" ] || echo "$passed $failed" >"$TALLY"
[ "$failed" = 0 ]
