// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: times of a log as text. libaudit has no such function; the words and
 * what is left out mean what they do in ausearch(8).
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"

#define DAY_S	(24 * 3600)

static const char NO_TIME[] =
	"is not a time: use '2026-11-23 20:40:34', today, recent, or seconds since 1970";
static const char NO_DAY[] = "is not a day of the calendar";
static const char TOO_LARGE[] = "is out of range";

static time_t boot_time(time_t now)
{
	struct timespec up;

	return clock_gettime(CLOCK_BOOTTIME, &up) ? now : now - up.tv_sec;
}

/* Words that are a moment, not a day */
static bool parse_moment(const char *text, time_t now, time_t *at)
{
	if (!strcmp(text, "now"))
		*at = now;
	else if (!strcmp(text, "recent"))
		*at = now - 600;
	else if (!strcmp(text, "boot"))
		*at = boot_time(now);
	else
		return false;
	return true;
}

/* A day, at midnight */
static bool parse_day(const char *text, time_t now, struct tm *tm)
{
	static const char * const formats[] = { "%Y-%m-%d", "%x", NULL };
	struct tm today;
	const char *rest;
	int i;

	localtime_r(&now, &today);
	today.tm_hour = today.tm_min = today.tm_sec = 0;
	today.tm_isdst = -1;
	for (i = 0; formats[i]; i++) {
		*tm = (struct tm) { .tm_isdst = -1 };
		rest = strptime(text, formats[i], tm);
		if (rest && !*rest)
			return true;
	}
	*tm = today;
	if (!strcmp(text, "today"))
		return true;
	if (!strcmp(text, "yesterday"))
		tm->tm_mday -= 1;
	else if (!strcmp(text, "this-week"))
		tm->tm_mday -= today.tm_wday;
	else if (!strcmp(text, "week-ago"))
		tm->tm_mday -= 7;
	else if (!strcmp(text, "this-month"))
		tm->tm_mday = 1;
	else if (!strcmp(text, "this-year"))
		tm->tm_mday = 1, tm->tm_mon = 0;
	else
		return false;
	mktime(tm);
	return true;
}

/* The time of a day; a fraction of a second may follow. */
static bool parse_clock(const char *text, struct tm *tm, unsigned int *ms)
{
	static const char * const formats[] = { "%H:%M:%S", "%H:%M", NULL };
	const char *rest;
	char *end;
	int i;

	for (i = 0; formats[i]; i++) {
		rest = strptime(text, formats[i], tm);
		if (!rest || (*rest && (*rest != '.' || i)))
			continue;
		if (*rest) {
			*ms = strtod(rest, &end) * 1000 + .5;
			return end[-1] != '.' && !*end;
		}
		return true;
	}
	return false;
}

static const char *to_time(struct tm *tm, unsigned int ms, uint64_t *at)
{
	struct tm same = *tm;
	time_t sec = mktime(&same);

	if (same.tm_mday != tm->tm_mday || same.tm_mon != tm->tm_mon)
		return NO_DAY;
	if (sec < 0)
		return TOO_LARGE;
	*at = sec * 1000ULL + ms;
	return NULL;
}

static const char *parse_seconds(const char *text, bool end, uint64_t *at)
{
	uint64_t sec;
	char *rest;

	errno = 0;
	sec = strtoull(text, &rest, 10);
	if (errno || sec > 1ULL << 40)
		return TOO_LARGE;
	*at = sec * 1000 + (end ? 999 : 0);
	if (!*rest)
		return NULL;
	*at = sec * 1000 + (uint64_t)(strtod(rest, &rest) * 1000 + .5);
	return *rest ? NO_TIME : NULL;
}

/* The end of a range is within its second. */
const char *when_parse(const char *text, bool end, uint64_t *at)
{
	char day[64], *clock;
	unsigned int ms = end ? 999 : 0;
	time_t now = time(NULL), moment;
	struct tm tm, today;

	if (text[strspn(text, "0123456789.")] == '\0' && *text)
		return parse_seconds(text, end, at);
	if (parse_moment(text, now, &moment) || (end && !strcmp(text, "today") &&
						 (moment = now, true))) {
		*at = moment * 1000ULL + ms;
		return NULL;
	}
	if (snprintf(day, sizeof(day), "%s", text) >= (int)sizeof(day))
		return NO_TIME;
	localtime_r(&now, &today);
	today.tm_isdst = -1;
	tm = today;
	if (parse_clock(day, &tm, &ms))
		return strchr(day, ':') == strrchr(day, ':') ?
		       (tm.tm_sec = 0, to_time(&tm, ms, at)) : to_time(&tm, ms, at);
	clock = day + strcspn(day, " ");
	if (!*clock && day[0] >= '0' && day[0] <= '9')
		clock = day + strcspn(day, "T");
	if (*clock)
		*clock++ = '\0';
	if (!parse_day(day, now, &tm))
		return NO_TIME;
	if (*clock && !parse_clock(clock, &tm, &ms))
		return NO_TIME;
	if (!*clock && end) {
		tm.tm_hour = today.tm_hour;
		tm.tm_min = today.tm_min;
		tm.tm_sec = today.tm_sec;
	}
	return to_time(&tm, ms, at);
}

/* Is it the time of a day, which may stand behind the day as a word of its own? */
bool when_is_clock(const char *text)
{
	struct tm tm = {};
	unsigned int ms;

	return text && parse_clock(text, &tm, &ms);
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
