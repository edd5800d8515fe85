# SPDX-License-Identifier: GPL-2.0-only
# TAP: one line for each check. Sourced, not run.
# shellcheck shell=bash

tap_out=${TMPDIR:-/tmp}/tap.out
tap_n=0
tap_bad=0

# check NAME CMD...: CMD succeeds; its output is shown if it does not. The output
# goes to a file: what CMD leaves running would hold a pipe open.
check() {
	local name=$1 out=${tap_out:?}
	shift
	tap_n=$((tap_n + 1))
	if "$@" >"$out" 2>&1 </dev/null; then
		echo "ok $tap_n - $name"
		grep '^# ' "$out" || true
	else
		tap_bad=$((tap_bad + 1))
		echo "not ok $tap_n - $name"
		sed 's/^\(# \)\?/# /' "$out" | head -n "${TAP_LINES:-30}"
		return 1
	fi
}

# skip NAME REASON
skip() {
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

finish() {
	echo "1..$tap_n"
	exit $((tap_bad > 0))
}

same() { diff <(echo "$1") <(echo "$2"); }
says() { grep -qF -- "$1" <<<"$2" || { echo "no '$1' in: $2"; return 1; }; }
