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
SERIES=${SERIES:-}	# N: the kernel with series 1 to N alone
PLAIN=${PLAIN:-}	# 1: the kernel as it was fetched, in the same configuration
case " $BASES " in *" $BASE "*) ;; *) echo "error: BASE=$BASE: know $BASES" >&2; exit 2 ;; esac
case $ARCH in um|x86_64) ;; *) echo "error: ARCH=$ARCH: know um and x86_64" >&2; exit 2 ;; esac
case $DEBUG in
""|0)	DEBUG='' kind='' ;;
1)	kind=-dbg ;;
kasan|kcsan) kind=-$DEBUG ;;
*)	echo "error: DEBUG=$DEBUG: know 1, kasan and kcsan" >&2; exit 2 ;;
esac

BUILD=$TOP/build
HERE=$BUILD${SERIES:+/series$SERIES}	# what depends on the series
LOG=$BUILD/log${SERIES:+/series$SERIES}
PRISTINE=$BUILD/linux-$BASE
TREE=$HERE/tree-$BASE
APPLIED=$BUILD/applied-$BASE	# the patched files, as `make tree` last wrote them
OUT=$HERE/$ARCH-$BASE$kind${VARIANT:+-$VARIANT}${PLAIN:+-plain}
[ -z "$PLAIN" ] || TREE=$PRISTINE APPLIED=$PRISTINE/init
mkdir -p "$LOG"
cd "$TOP"

# A line that names the code below it. Labels do not; GNU diff -p takes them.
FUNCTION_LINE='^[[:alpha:]$_][^:]*$'
# Folders that mirror the kernel. The rest of the repository is not copied.
MIRROR="arch block crypto Documentation drivers fs include init io_uring ipc kernel lib mm
	net samples security tools/testing virt"

# The distribution's tools first, for which mk/need knows the packages
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
export KBUILD_BUILD_TIMESTAMP='Mon Jan  1 00:00:00 UTC 2024' KBUILD_BUILD_VERSION=1
export KBUILD_BUILD_USER=k KBUILD_BUILD_HOST=k
export CCACHE_DIR=${CCACHE_DIR:-$BUILD/ccache} CCACHE_BASEDIR=$TOP CCACHE_NOHASHDIR=1
export CCACHE_SLOPPINESS=time_macros,include_file_mtime,include_file_ctime
unset MAKEFLAGS MFLAGS MAKELEVEL

# The end of a log does not explain a Ctrl-C
trap 'exit 130' INT

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

# kmake ARGS...: the kernel's make on $TREE, objects in $OUT. KMAKE_FLAGS: more of them,
# quoted for the shell.
kmake() {
	local cc=gcc more
	eval "more=(${KMAKE_FLAGS:-})"
	! command -v ccache >/dev/null || cc="ccache gcc"
	make -C "$TREE" O="$OUT" ARCH="$ARCH" CC="$cc" HOSTCC="$cc" -j"$(nproc)" \
		--no-print-directory "${more[@]}" "$@" </dev/null
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

# bar TOTAL [-l]: copy standard input; on a terminal, pv shows how much of TOTAL bytes, with
# -l lines, is done. TOTAL is 0 where it is not known.
bar() {
	local size=()
	[ "$1" = 0 ] || size=(-s "$1")
	if [ -t 2 ] && command -v pv >/dev/null; then pv -C -pteb -i 0.5 "${size[@]}" "${@:2}"; else cat; fi
}

# counted FILE LINES CMD...: as logged, with a bar for the output's lines
counted() {
	local log=$LOG/$1 lines=$2
	shift 2
	if ! "$@" 2>&1 | bar "$lines" -l >"$log"; then
		tail -n 40 "$log" >&2
		die "failed: ${*:1:3} ... (all of it: ${log#"$TOP"/})"
	fi
}

# room MB WHAT: there is that much space in build/ for it
room() {
	local free
	free=$(df --output=avail -BM "$BUILD" | tail -n 1 | tr -dc 0-9)
	[ "$free" -ge "$1" ] || die "$2 needs $(gigabytes "$1") in build/, where $(gigabytes "$free") are free"
}
gigabytes() { echo "$(($1 / 1024)).$(($1 % 1024 * 10 / 1024)) GB"; }

# vm_sources: what vm/ARCH-BASE changes in the kernel for the VM alone. These changes are
# not in build/tree-BASE, thus in no mail: make finds a source among the objects first.
vm_sources() {
	local dir=vm/$ARCH-$BASE list=$OUT/vm-sources file new
	[ -d "$dir" ] || [ -f "$list" ] || return 0
	mkdir -p "$OUT"
	[ ! -f "$list" ] || while read -r file; do
		[ -f "$dir/$file.patch" ] || rm -f "$OUT/$file"
	done <"$list"
	find "$dir" -name '*.patch' -printf '%P\n' | sed 's/\.patch$//' >"$list"
	while read -r file; do
		new=$OUT/$file.new
		mkdir -p "$(dirname "$new")"
		apply_patch "$dir/$file.patch" "$TREE/$file" "$new" || die "$dir/$file.patch does not apply"
		cmp -s "$new" "$OUT/$file" || cp "$new" "$OUT/$file"
		rm "$new"
	done <"$list"
}

# roomy_tmp SIZE: a folder for UML's memory, which is a file: it must be executable,
# and had better be on a tmpfs
roomy_tmp() {
	local dir free why=''
	for dir in ${TMPDIR:+"$TMPDIR"} /dev/shm /tmp "$BUILD"; do
		if [ ! -w "$dir" ]; then
			why+="; $dir cannot be written to"
		elif [[ ,$(findmnt -nro OPTIONS -T "$dir"), = *,noexec,* ]]; then
			why+="; $dir is mounted noexec"
		elif free=$(df --output=avail -BM "$dir" | tail -n 1 | tr -dc 0-9) &&
		     [ "$free" -lt $(($(numfmt --from=iec "$1") >> 20)) ]; then
			why+="; $dir has $free MB free"
		else
			echo "$dir"
			return
		fi
	done
	die "user-mode Linux finds no folder for $1 of guest memory: ${why#; }. ARCH=x86_64 (QEMU) needs none"
}

# uml_args: what the base's UML wants on its command line. 7.3 knows a faster way to
# run user code than ptrace, and SMP, which the debug kernel has.
uml_args() {
	[ "$BASE" = 6.12 ] || echo seccomp=on
	[ "$BASE" = 6.12 ] || [ "$DEBUG" != 1 ] || echo ncpus=2
}

# one_cpu: puts in front of user-mode Linux what keeps it on the last CPU that it may run
# on, unless it is SMP. It and the process that it runs user code in take turns, and to wake
# each other on another CPU takes longer than what most turns are for.
one_cpu() {
	case " $(uml_args | xargs) " in *" ncpus="*) return ;; esac
	echo taskset -c "$(taskset -pc $$ | sed 's/.*[^0-9]//')"
}

# splats LOG: the lines of a kernel log that tell of a bug
splats() { tr -d '\r' <"$1" | awk -f vm/splats.awk -v smp="$BASE$DEBUG"; }

# races LOG: the reports of KCSAN that concern audit; unpatched kernels have others
races() { tr -d '\r' <"$1" | awk -f vm/races.awk; }

# count NAME PASSED FAILED [SKIPPED [SECONDS]]: report a step; .ci/run adds them up, from COUNTS
count() {
	say "$1 ($(basename "$OUT")${SERIES:+, series $SERIES}): $2 passed, $3 failed, ${4:-0} skipped${5:+, $5 s}"
	echo "$2 $3" >>"${COUNTS:-$LOG/counts}"
}

# tap_count FILE: passed, failed and skipped tests of TAP output; a plan that was
# not kept is a failure
tap_count() {
	awk '/^1\.\.[0-9]+/ { plan += substr($1, 4) }
		/^ok .*# *(SKIP|XFAIL)/ { skip++; next }
		/^ok / { ok++ }
		/^not ok / { bad++ }
		END {
			if (plan > ok + bad + skip)
				bad += plan - (ok + bad + skip)
			print ok + 0, bad + 0, skip + 0
		}' "$1"
}
