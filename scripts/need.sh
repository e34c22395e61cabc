#!/usr/bin/env bash
# Prints where a program is that tests start as it is, and installs the Debian package that has it where it is missing.
#
#   need.sh redis-server redis-server
#   need.sh nginx nginx
set -euo pipefail
source "$(dirname "$0")/say.sh"
PATH=$PATH:/usr/local/sbin:/usr/sbin
program=$1 package=$2

if ! command -v "$program"; then
	# Tests of several packages may ask at once. RUNLEVEL keeps what is installed from being started.
	mkdir -p "$cache"
	exec 9>"$cache/apt.lock"
	flock 9
	command -v "$program" || { RUNLEVEL=1 apt_install "$package" >/dev/null && command -v "$program"; } || needs "$program" "$package"
fi
