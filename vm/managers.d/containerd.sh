# SPDX-License-Identifier: GPL-2.0-only
# The steps of vm/managers with containerd, by ctr and by the interface that the kubelet
# uses (CRI). Sourced, not run.
# shellcheck shell=bash disable=SC2154,SC2086

image=localhost/box:latest

# box.oci: an image with a command, for all namespaces of containerd
containerd_image() {
	[ -f $work/box.oci ] && return
	podman --root $work/storage --storage-driver vfs import -q --change 'CMD ["sleep", "1000"]' --change 'ENV PATH=/bin' \
		$work/box.tar box &&
		podman --root $work/storage --storage-driver vfs save -q --format oci-archive -o $work/box.oci $image
}

# containerd_with: with the example, as the guest can run it: without systemd, and without
# a registry that has an image for sandboxes
containerd_with() {
	mkdir -p /etc/containerd
	{
		sed 's/SystemdCgroup = true/SystemdCgroup = false/' $examples/containerd.toml
		printf '[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "%s"\n' $image
	} >/etc/containerd/config.toml
	mountpoint -q /var/lib/containerd || storage /var/lib/containerd
	containerd_up
}

ctr_all() {
	check "containerd: an image" containerd_image
	containerd_with
	ctr_life
	dies containerd
}

cri_all() {
	check "containerd: an image" containerd_image
	containerd_with
	cri_life
	dies containerd
}

ctr_life() {
	local pid
	ctr images import $work/box.oci >/dev/null
	begin
	check "ctr: run" ctr run -d --runc-binary /usr/local/bin/auditcid-runc $image web sh -c 'sleep 1000 & sleep 1000'
	check "ctr: exec" ctr task exec --exec-id one web sh -c 'true; (true)'
	check "ctr: run --rm" same hello "$(ctr run --rm --runc-binary /usr/local/bin/auditcid-runc $image once echo hello)"
	looks ctr "web
  web/exec
once"
	ctr task kill -s KILL -a web
	wait_for eval 'ctr task ls | grep -q "web.*STOPPED"'
	check "ctr: kill, and start" eval 'ctr task rm web && ctr task start -d web'
	dies containerd
	containerd_up
	check "ctr: kill -9 of containerd: exec" ctr task exec --exec-id two web true
	looks "ctr, again" "web
  web/exec
once
web
  web/exec"
	lists ctr
	ctr task kill -s KILL -a web
	wait_for eval 'ctr task ls | grep -q "web.*STOPPED"'
	ctr task rm web >/dev/null
	ctr container rm web
	all_ended ctr 5
	begin
	check "ctr, without --runc-binary: run" ctr run -d $image past sleep 1000
	pid=$(ctr task ls | awk '$1 == "past" { print $2 }')
	check "ctr, without --runc-binary: no ID" same 0 "$(contid "$pid")"
	ctr task kill -s KILL past
	wait_for eval 'ctr task ls | grep -q "past.*STOPPED"'
	ctr task rm past >/dev/null
	ctr container rm past
}

cri() { "$top/vm/managers.d/cri" "$@"; }

# pod NAME ATTEMPT: its configuration
pod() {
	printf '{"metadata": {"name": "%s", "namespace": "shop", "uid": "u-%s", "attempt": %d},
		"linux": {"security_context": {"namespace_options": {"network": 2}}}}' "$1" "$1" "$2"
}
# container POD-ID NAME ATTEMPT: creates and starts one; its ID
container() {
	local id
	id=$(cri CreateContainer "{\"pod_sandbox_id\": \"$1\", \"sandbox_config\": $(pod web 0),
		\"config\": {\"metadata\": {\"name\": \"$2\", \"attempt\": $3}, \"image\": {\"image\": \"$image\"},
		\"command\": [\"sh\", \"-c\", \"sleep 1000 & sleep 1000\"]}}" container_id) || { echo "$id"; return 1; }
	cri StartContainer "{\"container_id\": \"$id\"}" && echo "$id"
}
exec_in() { cri ExecSync "{\"container_id\": \"$1\", \"cmd\": [\"sh\", \"-c\", \"true; (true)\"]}" exit_code; }

cri_life() {
	local pod id said
	ctr -n k8s.io images import $work/box.oci >/dev/null
	begin
	pod=$(cri RunPodSandbox "{\"config\": $(pod web 0)}" pod_sandbox_id)
	check "CRI: a pod" test -n "$pod" || return
	id=$(container "$pod" nginx 0)
	check "CRI: a container" test -n "$id" || return
	check "CRI: exec" same 0 "$(exec_in "$id")"
	looks CRI "shop/web
shop/web/nginx
  shop/web/nginx/exec"
	check "CRI: stop" cri StopContainer "{\"container_id\": \"$id\"}"
	id=$(container "$pod" nginx 1)
	check "CRI: a container again" same 0 "$(exec_in "$id")"
	dies containerd
	containerd_up
	check "CRI: kill -9 of containerd: exec" wait_for exec_in "$id"
	said=$(auditcid check)
	check "CRI: auditcid check finds the runtime" says "auditcid stands in for 1 of its runtimes" "$said"
	check "CRI: ... and the one that assigns no IDs" says "containerd  PROBLEM  its runtime runc runs runc without auditcid" "$said"
	check "CRI: ... and no process without an ID" gone says "WHY IT HAS NO ID" "$said"
	lists CRI
	looks "CRI, again" "shop/web
shop/web/nginx
  shop/web/nginx/exec
shop/web/nginx
  shop/web/nginx/exec
  shop/web/nginx/exec"
	cri StopPodSandbox "{\"pod_sandbox_id\": \"$pod\"}"
	check "CRI: remove" cri RemovePodSandbox "{\"pod_sandbox_id\": \"$pod\"}"
	all_ended CRI 6
}
