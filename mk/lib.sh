# shellcheck shell=bash disable=SC2034,SC2016
# Shared by the scripts in mk/ and vm/: names of folders, messages, and how to
# call the kernel's make. Usage: . "$(dirname "$0")/../mk/lib.sh"

set -euo pipefail
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
DEFAULT_BASE=6.12
BASES="6.12 7.3"
SKIP=77		# exit status: this base cannot be had here, nothing is wrong

BASE=${BASE:-$DEFAULT_BASE}
ARCH=${ARCH:-um}
DEBUG=${DEBUG:-}
case " $BASES " in *" $BASE "*) ;; *) echo "error: BASE=$BASE: know $BASES" >&2; exit 2 ;; esac
case $ARCH in um|x86_64) ;; *) echo "error: ARCH=$ARCH: know um and x86_64" >&2; exit 2 ;; esac
[ "$DEBUG" != 0 ] || DEBUG=

BUILD=$TOP/build
LOG=$BUILD/log
PRISTINE=$BUILD/linux-$BASE
TREE=$BUILD/tree-$BASE
APPLIED=$BUILD/applied-$BASE	# the patched files, as `make tree` last wrote them
OUT=$BUILD/$ARCH-$BASE${DEBUG:+-dbg}
mkdir -p "$LOG"
cd "$TOP"

# A line that names the code below it. Labels do not; GNU diff -p takes them.
FUNCTION_LINE='^[[:alpha:]$_][^:]*$'
# Folders that mirror the kernel. The rest of the repository is not copied.
MIRROR="arch block crypto Documentation drivers fs include init io_uring ipc kernel lib mm
	net samples security tools/testing virt"

export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
export KBUILD_BUILD_TIMESTAMP='Mon Jan  1 00:00:00 UTC 2024' KBUILD_BUILD_VERSION=1
export KBUILD_BUILD_USER=k KBUILD_BUILD_HOST=k
export CCACHE_DIR=${CCACHE_DIR:-$BUILD/ccache} CCACHE_BASEDIR=$TOP CCACHE_NOHASHDIR=1
export CCACHE_SLOPPINESS=time_macros,include_file_mtime,include_file_ctime
unset MAKEFLAGS MFLAGS MAKELEVEL

say() { echo "==> $*"; }
die() { echo "error: $*" >&2; exit 1; }

# mirror_files FIND-TESTS...: files of the overlay, without ./
mirror_files() {
	local dirs=() d
	for d in $MIRROR; do
		[ ! -d "$d" ] || dirs+=("$d")
	done
	find MAINTAINERS.patch "${dirs[@]}" -type f ! -name '*~' ! -name '.*.sw?' \
		! -name '*.orig' ! -name '*.rej' "$@" 2>/dev/null | sort || true
}

new_files() { mirror_files ! -name '*.patch'; }

# patched_files: the kernel's files that this base has a patch for
patched_files() {
	local p b
	mirror_files -name '*.patch' | while read -r p; do
		p=${p%.patch}
		for b in $BASES; do
			[ "$p" = "${p%."$b"}" ] || { [ "$b" = "$BASE" ] || continue 2; p=${p%."$b"}; }
		done
		echo "$p"
	done | sort -u
}

# patch_for FILE: the patch that changes FILE in this base
patch_for() {
	if [ -f "$1.$BASE.patch" ]; then echo "$1.$BASE.patch"; else echo "$1.patch"; fi
}

# apply_patch PATCH FROM TO: zero fuzz; says why on stdout when it fails
apply_patch() {
	patch -F0 -N -s -f -r - -o "$3" "$2" "$1" </dev/null
}

# kmake ARGS...: the kernel's make on $TREE, objects in $OUT
kmake() {
	local cc=gcc
	! command -v ccache >/dev/null || cc="ccache gcc"
	make -C "$TREE" O="$OUT" ARCH="$ARCH" CC="$cc" HOSTCC="$cc" -j"$(nproc)" \
		--no-print-directory "$@" </dev/null
}

# logged FILE CMD...: output to the log FILE; its end on a failure
logged() {
	local log=$LOG/$1
	shift
	if ! "$@" >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		die "failed: ${*:1:3} ... (all of it: ${log#"$TOP"/})"
	fi
}
