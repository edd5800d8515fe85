# shellcheck shell=bash
# Run other people's test suites on the patched and on the unpatched kernel, which have the
# same configuration, and compare what they print. Sourced by mk/testsuite and mk/regress
# after mk/lib.sh, with VARIANT=suite.

# kernels: build the two
kernels() {
	PLAIN=1 mk/kernel
	mk/kernel
}

# on_both NAME CMD...: run CMD in a guest of each kernel; its output is in build/log, in
# NAME-KERNEL.out. The kernel's modules are in the folder MODULES.
on_both() {
	local name=$1 kernel start rc
	shift
	for kernel in unpatched patched; do
		start=$SECONDS rc=0
		(
			[ "$kernel" = patched ] || export PLAIN=1
			VM_LOG=$LOG/boot-$name-$kernel.log vm/boot -b "$BASE" -a "$ARCH" -t "${limit:-3600}" -- \
				env MODULES="$OUT$([ "$kernel" = patched ] || echo -plain)/root/lib/modules" "$@"
		) >"$LOG/$name-$kernel.out" 2>&1 || rc=$?
		# 124, 125: of vm/boot itself; the suite's own status says that a test failed
		case $rc in 124|125) tail -n 20 "$LOG/$name-$kernel.out" >&2; die "$name: no end on the $kernel kernel" ;; esac
		say "  $name on the $kernel kernel: $((SECONDS - start)) s (build/log/$name-$kernel.out)"
	done
}

# compare NAME FILTER [TEST]: FILTER FILE prints the results in a suite's output, a line for each.
# They are the same on both kernels, but for those of TEST.
compare() {
	local kernel
	for kernel in unpatched patched; do
		"$2" "$LOG/$1-$kernel.out" >"$LOG/$1-$kernel.results"
		grep -qE ': (# )?ok ' "$LOG/$1-$kernel.results" || die "no check passed: build/log/$1-$kernel.out"
	done
	diff -U 0 <(grep -v "^${3:--}: " "$LOG/$1-unpatched.results") \
		<(grep -v "^${3:--}: " "$LOG/$1-patched.results")
}

# report WHAT NAME FAILED: count the results of the patched kernel; FAILED: how much is wrong
report() {
	local results=$LOG/$2-patched.results
	say "$1 ($2): $(grep -cE ': (# )?ok ' "$results") checks passed and" \
		"$(grep -cE ': (# )?not ok ' "$results") failed on the patched kernel"
	count "$1" $((1 - $3)) "$3"
	[ "$3" = 0 ]
}
