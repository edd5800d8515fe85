# Print the reports of KCSAN that have audit in a stack trace. Usage: awk -f vm/races.awk
# A report stands between two lines of equals signs.

/==================/ {
	if (report ~ /BUG: KCSAN/ && report ~ /audit/)
		printf "%s", report
	report = ""
	next
}
{ report = report $0 "\n" }
