# SPDX-License-Identifier: GPL-2.0-only
# The steps of vm/managers with LXC, Incus and systemd-nspawn. Sourced, not run.
# shellcheck shell=bash disable=SC2154,SC2086

others_all() {
	lxc_life
	nspawn_life
}

lxc_life() {
	local dir=/var/lib/lxc/web id
	mkdir -p $dir
	cat >$dir/config <<-CONF
		lxc.uts.name = web
		lxc.rootfs.path = dir:$rootfs
		lxc.net.0.type = empty
		lxc.apparmor.profile = unconfined
		lxc.init.cmd = /bin/sleep 1000
		lxc.hook.start-host = $examples/lxc-auditcid
	CONF
	begin
	check "LXC: start" lxc-start -n web
	id=$(contid "$(lxc-info -n web -pH)")
	check "LXC: attach, with auditcid run --join" auditcid run --join "$id" -- lxc-attach -n web -- sh -c 'true; (true)'
	check "LXC: attach, with an ID of its own" auditcid run --parent "$id" --name web/exec -- lxc-attach -n web -- true
	check "LXC: kill, and start" eval 'lxc-stop -k -n web && lxc-start -n web'
	looks LXC "web
  web/exec
web"
	lists LXC
	begin
	check "LXC: attach alone" lxc-attach -n web -- id
	check "LXC: attach alone: no ID" same 0 "$(contids id)"
	begin
	lxc-stop -k -n web
	settle
	check "LXC: the end" says "op=exit" "$(since)"
}

nspawn_life() {
	begin
	check "systemd-nspawn" auditcid run --name nspawn -- systemd-nspawn -q -D $rootfs \
		--register=no --keep-unit --console=pipe sh -c 'true; (true)'
	looks nspawn nspawn
	lists nspawn
	all_ended nspawn 1
}
