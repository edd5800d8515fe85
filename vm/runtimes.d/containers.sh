# SPDX-License-Identifier: GPL-2.0-only
# Root file systems, OCI bundles and podman's configuration for vm/runtimes.
# Sourced, not run.
# shellcheck shell=bash disable=SC2154

# make_rootfs DIR: busybox
make_rootfs() {
	mkdir -p "$1"/{bin,dev,etc,proc,run,sys,tmp,usr}
	cp /bin/busybox "$1/bin/"
	for tool in cat cut echo id kill ls sh sleep touch true; do
		ln -sf busybox "$1/bin/$tool"
	done
	echo root:x:0:0:root:/:/bin/sh >"$1/etc/passwd"
	touch "$1/etc/os-release"
}

# add_program DIR PATH: a program and its libraries, for a root file system
add_program() {
	ldd "$2" | grep -o '/[^ ]*' | while read -r lib; do
		install -D "$(realpath "$lib")" "$1$lib"
	done
	install -D "$2" "$1$2"
}

# make_bundle DIR STAGE COMMAND: an OCI bundle on $rootfs, with auditcid as a
# hook in STAGE unless that is empty
make_bundle() {
	mkdir -p "$1"
	(cd "$1" && rm -f config.json && runc spec)
	python3 - "$1/config.json" "$rootfs" "$2" "$3" <<-'PY'
		import json, sys
		path, rootfs, stage, command = sys.argv[1:]
		spec = json.load(open(path))
		spec["process"]["terminal"] = False
		spec["process"]["args"] = ["/bin/sh", "-c", command]
		spec["root"] = {"path": rootfs, "readonly": False}
		# crun throws away what hooks say on stderr, but for this
		spec["annotations"] = {"run.oci.hooks.stderr": rootfs + "/../hook-stderr"}
		if stage:
		    hook = {"path": "/usr/local/bin/auditcid", "args": ["auditcid", "oci-hook", "--strict"]}
		    spec["hooks"] = {stage: [hook]}
		json.dump(spec, open(path, "w"))
	PY
}

# Both runtimes of podman are ours, under the names that it knows them by
setup_podman() {
	mkdir -p /var/lib/containers
	mount -t tmpfs tmpfs /var/lib/containers
	cat >/etc/containers/storage.conf <<-'CONF'
		[storage]
		driver = "overlay"
		runroot = "/run/containers/storage"
		graphroot = "/var/lib/containers/storage"
	CONF
	cat >/etc/containers/containers.conf <<-'CONF'
		[containers]
		log_driver = "k8s-file"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "none"
		[engine.runtimes]
		crun = ["/usr/local/bin/auditcid-crun"]
		runc = ["/usr/local/bin/auditcid-runc"]
		crun-plain = ["/usr/bin/crun"]
	CONF
	export DISABLE_HC_SYSTEMD=true	# no systemd here that would run the timers
	tar -C "$rootfs" -c . | podman import -q - box
}
