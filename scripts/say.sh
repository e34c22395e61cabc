# Sourced by the other scripts. The words they share.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache="$root/.cache"

# needs stops with the name of the package that is missing.
needs() {
	echo "Missing: $1. Install the package \`$2\` and run this again." >&2
	exit 1
}

# apt_install installs Debian packages where this user may, and tells whether it did.
apt_install() {
	command -v apt-get >/dev/null || return 1
	local as=()
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
		as=(sudo -n)
	fi
	echo "Installing $* by apt-get" >&2
	"${as[@]}" apt-get install -y --no-install-recommends "$@" >&2 ||
		{ "${as[@]}" apt-get update >&2 && "${as[@]}" apt-get install -y --no-install-recommends "$@" >&2; }
}

# npm_ci makes node_modules in folder $1 what its lock file says, unless it is already.
npm_ci() {
	local dir=$1 stamp
	stamp="$dir/node_modules/.lock-installed"
	if cmp -s "$dir/package-lock.json" "$stamp"; then return; fi
	command -v npm >/dev/null || needs npm npm
	(cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
		{ echo "npm could not install $(basename "$dir")'s packages: see package.json there." >&2; exit 1; }
	cp "$dir/package-lock.json" "$stamp"
}
