// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: times of a log as text.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model.h"

static const char * const formats[] = {
	"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%x %X",
	"%Y-%m-%d", "%s", NULL
};

/* A fraction of a second may follow. Returns what is wrong, or NULL. */
const char *when_parse(const char *text, uint64_t *at)
{
	int i;

	for (i = 0; formats[i]; i++) {
		struct tm tm = { .tm_isdst = -1 };
		char *rest = strptime(text, formats[i], &tm);
		double fraction = 0;

		if (!rest)
			continue;
		if (*rest == '.')
			fraction = strtod(rest, &rest);
		if (*rest)
			continue;
		*at = mktime(&tm) * 1000ULL + (uint64_t)(fraction * 1000 + 0.5);
		return NULL;
	}
	return "is no time: '2026-11-23 20:40:34', or seconds since 1970";
}

const char *when_text(uint64_t at, char *buf, size_t size)
{
	time_t sec = at / 1000;
	struct tm tm;
	size_t len;

	if (!at || !localtime_r(&sec, &tm)) {
		snprintf(buf, size, "?");
		return buf;
	}
	len = strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(buf + len, size - len, ".%03u", (unsigned int)(at % 1000));
	return buf;
}
