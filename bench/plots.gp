# The plots of bench/RESULTS.md. bench/report calls this: gnuplot -e "data='DIR'; out='DIR'"
set terminal svg size 720,440 font "sans,12" background rgb "white"
set key below
set grid y
set style data linespoints
set datafile separator "\t"
set style line 1 lc rgb "#1f77b4" pt 7
set style line 2 lc rgb "#d62728" pt 5
set style line 3 lc rgb "#2ca02c" pt 9
set style line 4 lc rgb "#9467bd" pt 11

# Figures that were not counted have no file
has(name) = int(system("test -s '".data."/".name."-".base.".dat' && echo 1 || echo 0"))

do for [base in bases] {
	set title "Linux ".base.": fork and exit on 1 to 4 CPUs, all in one container"
	set xlabel "CPUs"
	set xtics 1
	set ylabel "against the unpatched kernel, %"
	set xrange [0.8:4.2]
	set yrange [-2:2]
	if (has("smp")) {
		set output out."/smp-".base.".svg"
		plot data."/smp-".base.".dat" using 1:2:3 with yerrorlines ls 1 title "no container made", \
			"" using 1:4:5 with yerrorlines ls 3 title "outside of containers", \
			"" using 1:6:7 with yerrorlines ls 2 title "in one container"
	}

	set title "Linux ".base.": by the number of live containers"
	set xlabel "live containers"
	set ylabel "instructions"
	set logscale x
	set xtics auto
	set xrange [5:100000]
	set yrange [0:*]
	if (has("live")) {
		set output out."/live-".base.".svg"
		plot data."/live-".base.".dat" using 1:2 ls 1 title "fork, create, exit", \
			"" using 1:3 ls 3 title "fork, join, exit", \
			"" using 1:4 ls 4 title "fork, exit", \
			"" using 1:5 ls 2 title "the write of a create", \
			"" using 1:6 lc rgb "black" pt 13 title "the write of a join"
	}
	unset logscale x

	set title "Linux ".base.": getppid with one rule on contid\\_tree, by depth"
	set xlabel "depth"
	set xrange [0:33]
	if (has("depth")) {
		set output out."/depth-".base.".svg"
		plot data."/depth-".base.".dat" using 1:2 ls 1 title "the top of its tree: matches", \
			"" using 1:3 ls 2 title "another tree: does not"
	}

	set style data histograms
	set style histogram clustered gap 2
	set style fill solid 0.8 border -1
	set xrange [*:*]
	set xlabel ""
	set title "Linux ".base.": a logged call and what names its container"
	set ylabel "instructions beyond the call without it"
	set xtics rotate by -15
	if (has("others")) {
		set output out."/others-".base.".svg"
		plot data."/others-".base.".dat" using 2:xtic(1) ls 1 title ""
	}

	set title "Linux ".base.": memory"
	set ylabel "bytes"
	if (has("memory")) {
		set output out."/memory-".base.".svg"
		plot data."/memory-".base.".dat" using 2:xtic(1) ls 1 title ""
	}

	set title "Linux ".base.": a real auditd on one CPU of 10^9 instructions per second"
	set ylabel "records per second"
	if (has("auditd")) {
		set output out."/auditd-".base.".svg"
		plot data."/auditd-".base.".dat" using 2:xtic(1) ls 1 title ""
	}
	set xtics norotate
	set style data linespoints
}
