#!/usr/bin/env bash
# Installs the npm packages of the end-to-end tests, exactly as their lock file says.
set -euo pipefail
source "$(dirname "$0")/say.sh"
npm_ci "$root/test/e2e"
npm_ci "$root/test/inspector"
