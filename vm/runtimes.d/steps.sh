# SPDX-License-Identifier: GPL-2.0-only
# What the steps of vm/runtimes and vm/crun have in common: the tree of containers, the
# ID in every event and that of every process. Sourced, not run; needs $work and $log.
# shellcheck shell=bash disable=SC2154,SC2034,SC2086

trail=$PWD/vm/runtimes.d/trail
aliases=$work/aliases
mkdir -p $work
: >$aliases

begin() { start=$(($(wc -l <$log) + 1)); }

tree() { "$trail" tree $log "$start" | sed -f $aliases; }

# call ID NAME: what the tree calls a container, whose audit container has a name with
# the ID, or, from crun itself, the ID as its name
call() { echo "s/[^ ]*@${1:0:12}/$2/; s/$1/$2/" >>$aliases; }

# verify STEP TREE: what must hold after each step
verify() {
	settle
	check "$1: the tree" same "$2" "$(tree)"
	check "$1: the ID of every event" "$trail" events $log "$start"
	check "$1: the ID of every process" "$trail" procs $log
}

# all_ended STEP N: of N containers made, each has one end, and none is left
all_ended() {
	settle
	check "$1: $2 ends" same "$2 $2 0" "$("$trail" count $log "$start")"
	check "$1: the ID of every event to the end" "$trail" events $log "$start"
}

# wait_for CMD...: until it succeeds, a minute at most
wait_for() {
	local end=$((SECONDS + 60))
	while [ $SECONDS -lt $end ]; do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.05
	done
	echo "in vain: $*"
	return 1
}

gone() { ! "$@"; }

# remove RUNTIME ID...
remove() {
	local runtime=$1 id
	shift
	for id; do
		$runtime kill "$id" KILL
		wait_for eval "$runtime state $id | grep -q stopped"
		$runtime delete "$id"
	done
}

contid() { auditcid show "$1" | awk 'NR == 2 { print $2 }'; }
init_of() { $rt state "$1" | grep -oP '"pid": *\K\d+'; }

# may_not CMD...: without the right to assign IDs
may_not() { setpriv --bounding-set -audit_control,-cap_41 "$@"; }

# last_error LOG: as containerd reads it
last_error() {
	python3 -c 'import json, sys
print([entry["msg"] for entry in map(json.loads, open(sys.argv[1])) if entry["level"] == "error"][-1])' "$1"
}
