# Functions for scripts that run in the guest: a real audit daemon, a real
# container. Sourced, not run.
# shellcheck shell=bash disable=SC2034

grep -qs vm_x= /proc/cmdline || { echo "this runs in the guest: vm/boot -- $0" >&2; exit 2; }
log=/var/log/audit/audit.log
work=$(mktemp -d)

say() { printf '\n== %s\n' "$*"; }
die() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# use_modules: the modules of the kernel that runs, from the folder MODULES if it exists
use_modules() {
	[ -d "${MODULES:-}" ] || return 0
	mkdir -p /lib/modules
	mount --bind "$MODULES" /lib/modules
}

# Debian's auditd, with its log on the guest's own layer
start_auditd() {
	mkdir -p /var/log/audit /run/audit
	rm -f "$log"* /etc/audit/plugins.d/*
	cat >/etc/audit/auditd.conf <<-'CONF'
		local_events = yes
		write_logs = yes
		log_file = /var/log/audit/audit.log
		log_group = root
		log_format = RAW
		flush = NONE
		max_log_file = 100
		num_logs = 5
		max_log_file_action = IGNORE
		space_left = 2
		admin_space_left = 1
		space_left_action = IGNORE
		admin_space_left_action = IGNORE
		disk_full_action = IGNORE
		disk_error_action = IGNORE
		verify_email = no
		q_depth = 8192
		plugin_dir = /etc/audit/plugins.d
	CONF
	chmod 640 /etc/audit/auditd.conf
	auditd || die "auditd does not start"
	until [ "$(auditctl -s | awk '$1 == "pid" { print $2 }')" != 0 ]; do
		sleep 0.05
	done
}

# The program that this machine has built, in /usr/local, where another root has it already
install_auditcid() {
	grep -q vm_root= /proc/cmdline || make -s -C tools/audit_cid O=../../build/tools install ||
		die "auditcid is not built"
}

# Everything logged so far is in the file: a marker went through behind it
settle() {
	local mark=settle-$RANDOM$RANDOM
	auditctl -m "$mark"
	for _ in $(seq 400); do
		! grep -q "$mark" "$log" || return 0
		sleep 0.05
	done
	die "the audit daemon does not keep up"
}

# The hook that gives a container its ID: the OCI state comes on stdin
write_hook() {
	cat >"$1" <<-'HOOK'
		#!/bin/sh
		state=$(cat)
		pid=$(expr "$state" : '.*"pid": *\([0-9]*\)') || exit 1
		id=$(expr "$state" : '.*"id": *"\([^"]*\)"') || exit 1
		echo "new name=$id" >/proc/$pid/audit_containerid
	HOOK
	chmod +x "$1"
}

# make_bundle DIR COMMAND: an OCI bundle of busybox whose createRuntime hook
# labels the container, and which runs COMMAND
make_bundle() {
	mkdir -p "$1"/rootfs/{bin,proc,dev,sys,data}
	cp /bin/busybox "$1/rootfs/bin/"
	for tool in sh true cat sleep; do
		ln -sf busybox "$1/rootfs/bin/$tool"
	done
	write_hook "$1/hook"
	(cd "$1" && rm -f config.json && runc spec)
	python3 - "$1" "$2" <<-'PY'
		import json, sys
		bundle, command = sys.argv[1:]
		path = bundle + "/config.json"
		spec = json.load(open(path))
		spec["process"]["terminal"] = False
		spec["process"]["args"] = ["/bin/sh", "-c", command]
		spec["root"]["readonly"] = False
		spec["hooks"] = {"createRuntime": [{"path": bundle + "/hook"}]}
		json.dump(spec, open(path, "w"))
	PY
}

# field NAME: its value in the records on stdin, one a line
field() {
	grep -oP "(?<= |^)$1=\K\S+"
}

# The records about the container called NAME with op OP
op_records() {
	grep -a "UNKNOWN\[1340\].*op=$1 .*name=\"$2\"" "$log"
}
