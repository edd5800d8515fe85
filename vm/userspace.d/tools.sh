# SPDX-License-Identifier: GPL-2.0-only
# The patched audit-userspace as it was unpacked in $root, without installing it, and
# what it must do in a kernel without audit container IDs. Sourced, not run; wants
# vm/runtimes.d/tap.sh.
# shellcheck shell=bash

# Exported, and so are the functions, for `bash -c`
export root libs
libs=${root:?}/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu

# new TOOL ARG...
new() {
	local tool=$root/usr/sbin/$1
	[ -x "$tool" ] || tool=$root/sbin/$1
	shift
	LD_LIBRARY_PATH=$libs "$tool" "$@"
}
export -f new

# build_ids C-FILE PROGRAM, then ids: calls libaudit
build_ids() {
	cc -Wall -O2 -I"$root/usr/include" -o "$2" "$1" -Wl,--unresolved-symbols=ignore-all \
		"$(find "$root" -name 'libaudit.so.1*' -type f | head -n 1)"
}
ids() { LD_LIBRARY_PATH=$libs "${ids_program:?}" "$@"; }

# refused TEXT ARG...: auditctl refuses and says TEXT
refused() {
	local text=$1 said
	shift
	! said=$(new auditctl "$@" 2>&1) || { echo "taken: $*"; return 1; }
	says "$text" "$said"
}

plain_kernel() {
	check "plain kernel: it has no IDs" test ! -e /proc/self/audit_containerid
	check "plain kernel: -F contid is refused and says why" \
		refused "not supported by kernel" -a always,exit -F contid=5
	check "plain kernel: -F contid_tree, too" \
		refused "not supported by kernel" -a always,exit -F contid_tree!=0
	check "plain kernel: nothing was loaded" same "$(new auditctl -l)" "No rules"
	check "plain kernel: libaudit says ENOSYS" ids plain
	check "plain kernel: other rules work" new auditctl -a always,exit -F arch=b64 -S execve -k k
	check "plain kernel: ... and list" same "$(new auditctl -l)" "$(auditctl -l)"
	check "plain kernel: the status is the stock one's" same \
		"$(new auditctl -s | sort | grep -v '^lost')" "$(auditctl -s | sort | grep -v '^lost')"
	/bin/true
	check "plain kernel: ... and go" new auditctl -D
}
