# SPDX-License-Identifier: GPL-2.0-only
# An ordinary user, with or without a grant, and what the log has of the user's containers.
# Sourced, not run; needs $log, $start and $examples.
# shellcheck shell=bash disable=SC2154,SC2034,SC2086

user=tester
home=/home/$user

logged() { settle; tail -n "+$start" $log; }
ops() { logged | grep -a 'UNKNOWN\[1340\]' | grep -a "op=$1 "; }
good() { ops "$1" | grep -a ' res=1'; }
refused() { logged | grep -a 'UNKNOWN\[1340\].* res=0'; }

# An ordinary user with subordinate IDs, as adduser makes one
make_user() {
	echo "$user:x:1001:1001::$home:/bin/bash" >>/etc/passwd
	echo "$user:x:1001:" >>/etc/group
	echo "$user:100000:65536" | tee -a /etc/subuid >>/etc/subgid
	mkdir -p $home/.config/containers $home/hooks.d /run/user/1001
	cat >$home/.config/containers/storage.conf <<-'CONF'
		[storage]
		driver = "vfs"
	CONF
	cat >$home/.config/containers/containers.conf <<-CONF
		[containers]
		log_driver = "k8s-file"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "none"
		# As it is documented, and as podman 4.3 reads it
		runtime_supports_nocgroups = ["crun", "crun-strict", "crun-plain"]
		runtime_supports_nocgroup = ["crun", "crun-strict", "crun-plain"]
		[engine.runtimes]
		crun = ["/usr/local/bin/auditcid-crun"]
		crun-strict = ["$examples/auditcid-crun-strict"]
		crun-plain = ["/usr/bin/crun"]
	CONF
	cp $examples/oci-auditcid.json $home/hooks.d/
	mkdir $home/hooks-strict.d
	sed 's/"oci-hook"/"oci-hook", "--strict"/' $examples/oci-auditcid.json \
		>$home/hooks-strict.d/oci-auditcid.json
	chown -R 1001:1001 $home /run/user/1001
}

# as_user CMD...: as the user who has logged in, without any capability
as_user() {
	(cd $home && exec setpriv --reuid 1001 --regid 1001 --init-groups --inh-caps=-all \
		env -i HOME=$home USER=$user PATH=/usr/local/bin:/usr/bin:/bin \
		XDG_RUNTIME_DIR=/run/user/1001 "$@")
}

# outer NAME OPTION...: an audit container that stays; its ID is left in $outer
outer() {
	local name=$1
	shift
	auditcid run --name "$name" "$@" -- sleep 100000 &
	keeper=$!
	wait_for bash -c "[ \"\$(cat /proc/$keeper/audit_containerid)\" != 0 ]"
	outer=$(contid $keeper)
}

# in_outer CMD...: as the user, in there
in_outer() { auditcid run --join "$outer" -- bash -c "$(declare -f as_user); home=$home user=$user; as_user \"\$@\"" - "$@"; }

leave_outer() {
	kill $keeper
	wait $keeper 2>/dev/null
}

# account: budget and use of the outer audit container, as announced last
account() {
	echo announce >/proc/$keeper/audit_containerid
	good announce | grep -a "ocontid=$outer " | tail -n 1 |
		sed 's/.* delegate=\([0-9]*\) delegated=\([0-9]*\) .*/\2 of \1/; t; s/.*/none/'
}

# contids COMM: those of the programs with this name that ran
contids() {
	logged | grep -a "type=SYSCALL.* comm=\"$1\"" | grep -ao ' contid=[0-9]*' | sort -u | tr -dc '0-9\n'
}
# id_of NAME: of the container that was made under it
id_of() { good create | grep -a "name=\"$1\"" | tail -n 1 | field ocontid; }
