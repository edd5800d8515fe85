# SPDX-License-Identifier: GPL-2.0-only
# The steps of vm/managers with podman and buildah. Sourced, not run.
# shellcheck shell=bash disable=SC2154,SC2086

podman_all() {
	check "podman: import" setup_podman
	[ ${#without_nat[@]} = 0 ] || printf '[network]\nfirewall_driver = "none"\n' >>/etc/containers/containers.conf
	podman_life crun
	podman_life runc
	podman_builds
	podman_past
}

# podman_life RUNTIME: with the default network
podman_life() {
	local rt=$1 ip pid
	begin
	check "podman, $rt: run" podman --runtime $rt run -d --name web box sh -c 'sleep 1000 & exec httpd -f -h /etc'
	check "podman, $rt: run --rm" same hello "$(podman --runtime $rt run --rm --name once box echo hello)"
	check "podman, $rt: exec" podman exec web sh -c 'true; (true)'
	check "podman, $rt: exec -d" podman exec -d web sleep 500
	ip=$(podman inspect -f '{{.NetworkSettings.IPAddress}}' web)
	check "podman, $rt: its default network" same "$(<$rootfs/etc/passwd)" "$(busybox wget -qO- "http://$ip/passwd" 2>&1)"
	looks "podman, $rt" "web
once
  web/exec
  web/exec"
	check "podman, $rt: restart" podman restart -t 0 web
	check "podman, $rt: kill" podman kill web
	wait_for eval 'podman inspect -f "{{.State.Status}}" web | grep -q exited'
	check "podman, $rt: start" podman start web
	# podman has no daemon: conmon watches a container
	pid=$(podman inspect -f '{{.State.ConmonPid}}' web)
	kill -KILL "$pid"
	check "podman, $rt: kill -9 of conmon: exec" podman exec web true
	looks "podman, $rt, again" "web
once
  web/exec
  web/exec
web
web
  web/exec"
	lists "podman, $rt"
	podman rm -f -t 0 web >/dev/null 2>&1
	all_ended "podman, $rt" 7
}

podman_builds() {
	mkdir -p $work/context
	printf 'FROM box\nRUN /bin/id >/bin/made\n' >$work/context/Dockerfile
	begin
	check "podman: build" podman build --no-cache -t made $work/context
	check "podman: build: its RUN has an ID" gone same 0 "$(contids id)"
	check "podman: build: no program of a container without an ID" same "" "$(strays)"
	lists "podman, build"
	begin
	check "buildah: build" buildah build --no-cache --runtime /usr/local/bin/auditcid-crun -t made $work/context
	check "buildah: build: its RUN has an ID" gone same 0 "$(contids id)"
	begin
	check "buildah: build, no --runtime" buildah build --no-cache -t made $work/context
	check "buildah: build, no --runtime: as containers.conf says" gone same 0 "$(contids id)"
	lists "buildah, build"
}

podman_past() {
	begin
	check "podman, --runtime /usr/bin/crun: run" podman --runtime /usr/bin/crun run -d --name past --network none box sleep 1000
	check "podman, --runtime /usr/bin/crun: no ID" same 0 "$(contid "$(podman inspect -f '{{.State.Pid}}' past)")"
	podman rm -f -t 0 past >/dev/null 2>&1
}
