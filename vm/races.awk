# Print the reports of KCSAN about an access by our functions: nobody else touches
# our fields. Usage: awk -f vm/races.awk
# A report stands between two lines of equals signs; its title names the two
# functions that met. What is further up the stack did not touch the data.

/==================/ {
	if (title ~ /audit_cid|contid|audit_(wait_backlog|log_packet|log_text)/)
		printf "%s", report
	report = title = ""
	next
}
/BUG: KCSAN/ { title = $0 }
{ report = report $0 "\n" }
