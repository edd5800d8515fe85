# SPDX-License-Identifier: GPL-2.0-only
# The steps of vm/managers with docker. Sourced, not run.
# shellcheck shell=bash disable=SC2154,SC2086

containerd_up() {
	begins containerd containerd
	wait_for ctr version || tail "$work/containerd.log"
}

# The kernel of make runtimes has NAT. On another one, the default networks reach the host alone.
without_nat=()
zgrep -q '^CONFIG_NF_NAT=y' /proc/config.gz || without_nat=(--iptables=false --ip6tables=false)

# dockerd_up [OPTION...]
dockerd_up() {
	begins dockerd dockerd --containerd /run/containerd/containerd.sock "$@" "${without_nat[@]}"
	wait_for docker version || tail "$work/dockerd.log"
}

docker_up() {
	storage /var/lib/docker
	storage /var/lib/containerd
	mkdir -p /etc/docker
	cp $examples/docker-daemon.json /etc/docker/daemon.json
	containerd_up
	dockerd_up --live-restore
	check "docker: import" docker import $work/box.tar box
}

# Everything with the default network
docker_life() {
	local ip
	begin
	check "docker: run" docker run -d --name web box sh -c 'sleep 1000 & exec httpd -f -h /etc'
	check "docker: run --rm" same hello "$(docker run --rm --name once box echo hello)"
	check "docker: exec" docker exec web sh -c 'true; (true)'
	check "docker: exec -d" docker exec -d web sleep 500
	ip=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' web)
	check "docker: its default network" same "$(<$rootfs/etc/passwd)" "$(busybox wget -qO- "http://$ip/passwd" 2>&1)"
	looks docker "web
once
  web/exec
  web/exec"
	check "docker: restart" docker restart -t 0 web
	check "docker: exec after it" docker exec web true
	check "docker: kill" docker kill web
	check "docker: start" docker start web
	looks "docker, again" "web
once
  web/exec
  web/exec
web
  web/exec
web"
	lists docker
	docker rm -f web >/dev/null
	all_ended docker 7
}

docker_health() {
	begin
	check "docker, health check: run" docker run -d --name sick --health-cmd true --health-interval 1s box sleep 1000
	check "docker, health check: healthy" wait_for eval \
		'docker inspect -f "{{.State.Health.Status}}" sick | grep -qx healthy'
	docker rm -f sick >/dev/null
	check "docker, health check: the tree" same "sick
  sick/exec" "$(settle; tree | uniq)"
	check "docker, health check: the ID of every event" "$trail" events $log "$start"
	check "docker, health check: no program of a container without an ID" same "" "$(strays)"
}

docker_builds() {
	mkdir -p $work/context
	printf 'FROM box\nRUN /bin/id >/bin/made\n' >$work/context/Dockerfile
	begin
	check "docker, build: without BuildKit" env DOCKER_BUILDKIT=0 docker build --no-cache -t made $work/context
	check "docker, build: ... its RUN has an ID" gone same 0 "$(contids id)"
	check "docker, build: ... no program of a container without an ID" same "" "$(strays)"
	check "docker, build: ... the ID of every event" "$trail" events $log "$start"
	begin
	check "docker, build: BuildKit" env DOCKER_BUILDKIT=1 docker build --no-cache -t made $work/context
	check "docker, build: ... its RUN has none: it runs runc by that name" same 0 "$(contids id)"
	lists "docker, BuildKit"
}

# What a kill -9 of the daemons leaves
docker_daemons() {
	local pid id
	begin
	check "docker, kill -9: run" docker run -d --name lives box sleep 1000
	pid=$(docker inspect -f '{{.State.Pid}}' lives)
	id=$(contid "$pid")
	dies dockerd
	check "docker, kill -9 of dockerd: the container" same "$id" "$(contid "$pid")"
	dockerd_up --live-restore
	check "docker, kill -9 of dockerd: ... is the same" same "$pid" "$(docker inspect -f '{{.State.Pid}}' lives)"
	check "docker, kill -9 of dockerd: exec" docker exec lives true
	dies containerd
	containerd_up
	check "docker, kill -9 of containerd: exec" wait_for docker exec lives true
	looks "docker, kill -9" "lives
  lives/exec
  lives/exec"
	docker rm -f lives >/dev/null
	all_ended "docker, kill -9" 3
	dies dockerd
	dockerd_up
	begin
	check "docker, kill -9, no live-restore: run" docker run -d --name comes --restart always box sleep 1000
	dies dockerd
	dockerd_up
	check "docker, kill -9, no live-restore: it comes again" wait_for eval \
		'docker inspect -f "{{.State.Running}}" comes | grep -q true'
	looks "docker, kill -9, no live-restore" "comes
comes"
	docker rm -f comes >/dev/null
	all_ended "docker, kill -9, no live-restore" 2
}

# What goes past the wrapper
docker_past() {
	begin
	check "docker, --runtime runc: run" docker run -d --name past --runtime runc box sleep 1000
	check "docker, --runtime runc: no ID" same 0 "$(contid "$(docker inspect -f '{{.State.Pid}}' past)")"
	docker rm -f past >/dev/null
}

# What docker's own script says of this kernel. zgrep is a script that starts five programs
docker_necessary() {
	local said script=/usr/share/docker.io/contrib/check-config.sh
	zcat /proc/config.gz >$work/config
	said=$(CONFIG=$work/config bash <(sed 's/zgrep/grep/' $script) 2>&1 | sed 's/\x1b\[[0-9;]*m//g')
	check "docker: check-config.sh misses cpusets, which need SMP, and io, which needs disks" \
		same $'  - cpuset: missing\n  - io: missing\n- CONFIG_CPUSETS: missing' "$(sed -n '/Generally Necessary/,/Optional/p' <<<"$said" | grep missing)"
}

docker_all() {
	docker_necessary
	docker_up
	docker_life
	docker_health
	docker_builds
	docker_daemons
	docker_past
}
