# The only entry point. BASE=6.12|7.3, ARCH=um|x86_64, DEBUG=1|kasan|kcsan pick the kernel,
# SERIES=N the one with series 1 to N alone.
BASE ?= 6.12
ARCH ?= um
DEBUG ?=
SERIES ?=
export BASE ARCH DEBUG SERIES
boot = vm/boot -b $(BASE) -a $(ARCH) $(if $(filter-out 0,$(DEBUG)),-d)

.DEFAULT_GOAL := help
.PHONY: help tree refresh kernel kunit selftest integration stress fuzz coverage configs demo test \
	bench check cut docs mails userspace runtimes crun testsuite regress deb machine clean distclean

help: ## this text
	@echo 'make TARGET [BASE=6.12|7.3] [ARCH=um|x86_64] [DEBUG=1|kasan|kcsan] [SERIES=N]'
	@sed -n 's/^\([a-z]*\):[^#]*## /  \1\t/p' Makefile | expand -t 16

tree: ## fetch and unpack the kernel, link new files in, apply patches: build/tree-BASE
	@mk/tree

refresh: ## write the .patch files back from the edited build/tree-BASE
	@mk/refresh

kernel: ## build the patched kernel; an option that did not stick is an error
	@mk/kernel

kunit: ## run the unit tests
	@mk/host && mk/kernel && mk/kunit

selftest: ## run the kernel selftests in the guest, TAP to build/log
	@mk/host && mk/kernel && mk/selftest

integration: ## a real auditd, real containers of every runtime, asserted
	@mk/host && mk/kernel && mk/integration

test: ## kunit, selftest and integration; PARTS="rules logs": only these of it
	@mk/host && mk/kernel && mk/test

stress: ## all selftests, then everything at once for AUDIT_CID_SECONDS, on the x86_64 debug kernel
	@ARCH=$(if $(filter file,$(origin ARCH)),x86_64,$(ARCH)) DEBUG=$(or $(DEBUG),1) mk/stress

fuzz: ## ROUNDS (10 million) of random input to the parser, the rules and the tree, under KASAN
	@mk/fuzz

coverage: ## which lines of kernel/audit_cid*.c the tests run
	@mk/coverage

configs: ## build, or with BOOT=1 boot, without what can be left out, and for other machines
	@mk/configs

demo: ## see a container's events in a real auditd's log
	@mk/host && mk/kernel && mk/need run
	@$(boot) -- vm/demo

check: ## all that can be found without booting; STEPS=1: also compile mail by mail
	@mk/check

bench: ## count what it costs against the unpatched kernel: bench/RESULTS.md
	@mk/bench

docs: ## build our pages with Sphinx; WHOLE=1: all of the folders that they are in
	@mk/docs $(if $(filter-out 0,$(WHOLE)),whole)

cut: ## after a change: fit the patches in series/ to it, by which mails change files of earlier ones
	@mk/cut refresh

mails: ## write build/mails/*/*.patch from series/ (SERIES=N FROM="Name <mail>" LINUX=DIR), replay them
	@mk/mails

userspace: ## audit-userspace with userspace/series, as packages in build/userspace-VERSION
	@mk/userspace

runtimes: ## docker, containerd, podman and the like as Debian's ROOT=bookworm|trixie|sid (sid) has them
	@mk/host && VARIANT=docker mk/kernel && mk/root $(or $(ROOT),sid)
	@ROOT=$(or $(ROOT),sid) VARIANT=docker mk/integration managers runtimes

crun: ## crun with userspace/crun's patch, as packages in build/crun-VERSION
	@mk/crun

testsuite: ## the audit project's own tests, on the patched and an unpatched kernel (TESTSUITE=DIR)
	@mk/testsuite

regress: ## the kernel's selftests of what the series change, on the patched and an unpatched kernel
	@mk/regress

deb: ## the kernel as Debian packages in build/deb-BASE; CONFIG=FILE: with that configuration
	@mk/deb

machine: ## the path of the README on a Debian 12 of its own in QEMU: systemd, auditd, podman, two reboots
	@mk/machine

clean: ## remove objects, logs and mails; the sources and downloads stay
	rm -rf build/um-* build/x86_64-* build/check-* build/headers-* build/selftest-* build/log \
		build/bench build/mails* build/docs-* build/steps-* build/deb-* build/machine-* \
		build/cut-* build/series* build/testsuite build/regress-*

distclean: ## remove build/
	rm -rf build
