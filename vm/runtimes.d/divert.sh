# SPDX-License-Identifier: GPL-2.0-only
# The package auditcid-divert, made from the tree, and what becomes of this machine's
# runtimes when it and they come and go, by dpkg itself. Sourced, not run; needs $work.
# shellcheck shell=bash disable=SC2154

libexec=/usr/libexec/auditcid

# make_package VERSION: auditcid-divert
make_package() {
	local root=$work/auditcid-divert-$1
	rm -rf "$root"
	make -s -C tools/audit_cid O=../../build/tools DESTDIR="$root" PREFIX=/usr install-divert
	install -m 755 tools/audit_cid/debian/divert "$root$libexec/"
	install -D -m 644 tools/audit_cid/examples/divert.json "$root/etc/auditcid/divert.json"
	write_control "$root" auditcid-divert "$1"
	install -D -m 644 tools/audit_cid/debian/dpkg.cfg "$root/etc/dpkg/dpkg.cfg.d/auditcid-divert"
	(cd "$root" && find etc -type f | sed 's,^,/,') >"$root/DEBIAN/conffiles"
	for file in postinst prerm; do
		install -m 755 "tools/audit_cid/debian/auditcid-divert.$file" "$root/DEBIAN/$file"
	done
	dpkg-deb -Znone -b "$root" "$work/auditcid-divert_$1.deb" >/dev/null
}

write_control() {
	mkdir -p "$1/DEBIAN"
	printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: a test\n' \
		"$2" "$3" >"$1/DEBIAN/control"
}

# make_runtime NAME FILE VERSION: a package with the runtime of this machine
make_runtime() {
	local root=$work/$1-$3
	rm -rf "$root"
	mkdir -p "$root$(dirname "$2")"
	cp "$work/plain-$1" "$root$2"
	# As Debian's package has it
	[ "$2" != /usr/sbin/runc ] || { mkdir -p "$root/usr/bin" && ln -s ../sbin/runc "$root/usr/bin/runc"; }
	write_control "$root" "$1" "$3"
	dpkg-deb -Znone -b "$root" "$work/$1_$3.deb" >/dev/null
}

quietly() { "$@" >$work/out 2>&1 </dev/null || { cat $work/out; false; }; }
stands_in() { [ "$(readlink -f "$1")" = "$libexec/stand-in${1#/usr}" ] && cmp -s "$work/plain-${1##*/}" "$libexec/diverted${1#/usr}"; }
is_plain() { [ ! -L "$1" ] && cmp -s "$work/plain-${1##*/}" "$1"; }
diversions() { dpkg-divert --list auditcid-divert | wc -l; }
nothing_left() { [ ! -e $libexec ] && [ "$(diversions)" = 0 ] && [ -z "$(ls /usr/bin/*auditcid-new /usr/sbin/*auditcid-new 2>/dev/null)" ]; }

prepare_packages() {
	[ ! -e $work/auditcid-divert_1.deb ] || return 0
	cp /usr/sbin/runc $work/plain-runc
	cp /usr/bin/crun $work/plain-crun
	(cd "$here" && make_package 1 && make_package 2) || die "no package"
	make_runtime runc /usr/sbin/runc 99
	make_runtime crun /usr/bin/crun 99
}

# divert_on, divert_off: the package, for other steps
divert_on() {
	prepare_packages
	check "diversion: install" quietly dpkg -i $work/auditcid-divert_1.deb
	check "diversion: ... auditcid stands in for runc" stands_in /usr/sbin/runc
	check "diversion: ... and for crun" stands_in /usr/bin/crun
	hash -r
}

divert_off() {
	check "diversion: remove" quietly dpkg -P auditcid-divert
	check "diversion: ... runc is where it was" is_plain /usr/sbin/runc
	check "diversion: ... and crun" is_plain /usr/bin/crun
	check "diversion: ... and nothing is left" nothing_left
	hash -r
}

# keeps_running CMD...: meanwhile, there is a runtime whenever one is called
keeps_running() {
	local status
	rm -f $work/stop
	(until [ -e $work/stop ]; do /usr/bin/runc --version >/dev/null || echo failed; done >$work/calls 2>&1) &
	quietly "$@"
	status=$?
	touch $work/stop
	wait $!
	cat $work/calls
	[ $status = 0 ] && [ ! -s $work/calls ]
}

packages() {
	prepare_packages
	check "packages: install, while runtimes are called" keeps_running dpkg -i $work/auditcid-divert_1.deb
	check "packages: ... runc" stands_in /usr/sbin/runc
	check "packages: ... crun" stands_in /usr/bin/crun
	check "packages: ... for runc in /usr/bin" stands_in /usr/bin/runc
	check "packages: ... and for no crun in /usr/sbin" gone test -e /usr/sbin/crun
	check "packages: upgrade, while runtimes are called" keeps_running dpkg -i $work/auditcid-divert_2.deb
	check "packages: ... runc" stands_in /usr/sbin/runc
	check "packages: runc is upgraded" quietly dpkg -i $work/runc_99.deb
	check "packages: ... behind auditcid" stands_in /usr/sbin/runc
	check "packages: ... in /usr/bin, too" stands_in /usr/bin/runc
	check "packages: runc is removed" quietly dpkg -r --force-depends runc
	check "packages: ... and with it what stands in" same "" "$(ls /usr/bin/runc /usr/sbin/runc 2>/dev/null)"
	check "packages: runc comes back" quietly dpkg -i $work/runc_99.deb
	check "packages: ... behind auditcid" stands_in /usr/sbin/runc
	make_runtime runc /usr/bin/runc 100
	check "packages: runc moves to /usr/bin" quietly dpkg -i $work/runc_100.deb
	check "packages: ... auditcid follows" stands_in /usr/bin/runc
	check "packages: ... and leaves /usr/sbin" gone test -L /usr/sbin/runc
	check "packages: ... and moves back" quietly dpkg -i $work/runc_99.deb
	check "packages: ... behind auditcid" stands_in /usr/sbin/runc
	check "packages: remove, while runtimes are called" keeps_running dpkg -r auditcid-divert
	check "packages: ... runc" is_plain /usr/sbin/runc
	install -D "$here/build/tools/auditcid-divert" $work/late/stand-in/sbin/runc
	check "packages: ... which a call that began before finds" $work/late/stand-in/sbin/runc --version
	check "packages: ... in /usr/bin, too" same ../sbin/runc "$(readlink /usr/bin/runc)"
	check "packages: ... crun" is_plain /usr/bin/crun
	check "packages: ... nothing is left" nothing_left
	check "packages: ... but the configuration" test -e /etc/auditcid/divert.json
	check "packages: purge" quietly dpkg -P auditcid-divert
	check "packages: ... the configuration, too" gone test -e /etc/auditcid/divert.json
	packages_odd
	check "packages: dpkg has nothing to say" same "" "$(dpkg --audit 2>&1)"
}

# What others have done to a runtime's path is theirs
packages_odd() {
	quietly dpkg -r --force-depends runc
	check "packages: install without runc" quietly dpkg -i $work/auditcid-divert_1.deb
	check "packages: ... nothing stands in for it" gone test -e /usr/sbin/runc
	check "packages: ... remove" quietly dpkg -P auditcid-divert
	check "packages: ... runc comes afterwards" quietly dpkg -i $work/runc_99.deb
	check "packages: ... under its own name" is_plain /usr/sbin/runc
	dpkg-divert --quiet --rename --divert /usr/sbin/runc.mine --add /usr/sbin/runc
	cp $work/plain-runc /usr/sbin/runc
	check "packages: runc is diverted already" says "is diverted by LOCAL already" \
		"$(dpkg -i $work/auditcid-divert_1.deb 2>&1)"
	check "packages: ... and left as it is" is_plain /usr/sbin/runc
	check "packages: ... crun is not" stands_in /usr/bin/crun
	quietly dpkg -P auditcid-divert
	rm /usr/sbin/runc
	dpkg-divert --quiet --rename --remove /usr/sbin/runc
	quietly dpkg -i $work/auditcid-divert_1.deb
	rm /usr/sbin/runc
	echo mine >/usr/sbin/runc
	check "packages: somebody has replaced what stands in" says "was replaced by another file" \
		"$(dpkg -i $work/auditcid-divert_2.deb 2>&1)"
	check "packages: ... which is not lost" same mine "$(cat /usr/sbin/runc)"
	check "packages: ... nor is the runtime" says "the one of its package is $libexec/diverted/sbin/runc" \
		"$(dpkg -P auditcid-divert 2>&1)"
	check "packages: ... nor is it replaced when all goes" same mine "$(cat /usr/sbin/runc)"
	rm -rf /usr/sbin/runc $libexec
	cp $work/plain-runc /usr/sbin/runc
}
