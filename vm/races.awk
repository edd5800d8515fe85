# Print the reports of KCSAN about an access by our functions, or by what these call:
# nobody else touches our fields. Usage: awk -f vm/races.awk
# A report stands between two lines of equals signs. After each "read to" or "write to"
# comes a stack; what is further up than three functions did not touch the data.

/==================/ {
	if (ours)
		printf "%s", report
	report = ""
	ours = depth = 0
	next
}
{ report = report $0 "\n" }
/ (read|write)( \([a-z]*\))? to 0x| (read-write|assert)/ { depth = 4 }
depth > 0 && depth-- < 4 && / (__)?audit_(cid|note_contid|log_o?contid|wait_backlog|log_packet|log_text|containerid)/ { ours = 1 }
