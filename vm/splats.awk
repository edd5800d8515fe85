# Print the lines of a kernel log that tell of a bug. Usage: awk -f vm/splats.awk -v smp=BASE[1]
#
# Allowed: unpatched 7.3 user-mode Linux with SMP and PROVE_RCU prints, once, while
# it brings its second CPU up, "suspicious RCU usage", three lines on with
# "Callback enqueued on offline CPU". That report, as a whole, is passed over.

function bad(line) {
	return line ~ /WARNING:|BUG:|kernel BUG|Oops|KASAN|UBSAN|ODEBUG|refcount_t:|Kernel panic/ ||
		line ~ /INFO: (task|rcu|trying|possible|lockdep|suspicious|recursive)/ ||
		line ~ /rcu:.*(stall|detected)|rcu_[a-z]+ (detected|self-detected)/ ||
		line ~ /blocked for more than|soft lockup|hard LOCKUP|unreferenced object/ ||
		line ~ /possible (circular|recursive|irq)|held lock freed|Bad page|corruption/ ||
		line ~ /sleeping function called|scheduling while atomic|Voluntary context switch/ ||
		line ~ /general protection|segfault at .* in linux|DEBUG_LOCKS_WARN/
}

{ lines[NR] = $0 }

END {
	for (i = 1; i <= NR; i++) {
		if (smp == "7.31" && !seen && lines[i] ~ /WARNING: suspicious RCU usage/ &&
		    lines[i + 3] ~ /Callback enqueued on offline CPU/) {
			seen = 1
			continue
		}
		# vm/races.awk tells which of these concern us
		if (lines[i] ~ /BUG: KCSAN/)
			continue
		if (bad(lines[i]))
			print "  " lines[i]
	}
}
