// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid plugin: which serial numbers have not come.
 *
 * The kernel gives a number to an event when it begins the first record, one after
 * another from 1 on, and none to an event that a rule excludes. A number that does not
 * come, while those behind it came DELAY_S ago, is of an event that was lost on the way: by the
 * kernel's rate limit or queues, or by those of auditd. Events that the kernel lost in
 * front of that have no number, and cannot be seen here.
 */

#include <json.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"
#include "plugin.h"

#define WINDOW		(1U << 20)	/* at 20,000 events a second, 50 seconds */
#define DELAY_S		10
#define HOLES_MAX	4096		/* that are saved */

struct serials {
	uint64_t	base, top;	/* all below base are settled; 0: none came */
	uint64_t	tops[DELAY_S];	/* what top was in each of the last seconds */
	unsigned int	second;
	/* Holes that were found since the last check */
	uint64_t	count, from, to;
	unsigned char	came[WINDOW / 8];
};

struct serials *serials_new(void)
{
	return checked(calloc(1, sizeof(struct serials)));
}

void serials_free(struct serials *serials)
{
	free(serials);
}

static bool has(const struct serials *s, uint64_t serial)
{
	return s->came[serial % WINDOW / 8] >> serial % 8 & 1;
}

static void set(struct serials *s, uint64_t serial, bool to)
{
	unsigned char *byte = &s->came[serial % WINDOW / 8];

	*byte = (*byte & ~(1 << serial % 8)) | to << serial % 8;
}

static void note_hole(struct serials *s, uint64_t from, uint64_t to)
{
	if (!s->count)
		s->from = from;
	s->to = to;
	s->count += to - from + 1;
}

/* What is below @base is settled. */
static void settle(struct serials *s, uint64_t base)
{
	for (; s->base < base && s->base <= s->top; s->base++) {
		if (!has(s, s->base))
			note_hole(s, s->base, s->base);
		set(s, s->base, false);
	}
	if (s->base < base)
		note_hole(s, s->base, base - 1);
	if (s->base < base)
		s->base = base;
}

void serials_note(struct serials *s, uint64_t serial)
{
	if (!s->base) {
		s->base = s->top = serial;
		for (s->second = 0; s->second < DELAY_S; s->second++)
			s->tops[s->second] = serial;
	}
	if (serial < s->base)
		return;
	if (serial - s->base >= WINDOW)
		settle(s, serial - WINDOW + 1);
	if (serial > s->top)
		s->top = serial;
	set(s, serial, true);
}

void serials_check(struct serials *s, serials_missing missing, void *data)
{
	uint64_t *old = &s->tops[++s->second % DELAY_S];

	if (!s->base)
		return;
	settle(s, *old);
	*old = s->top;
	if (s->count)
		missing(s->count, s->from, s->to, data);
	s->count = 0;
}

/* [base, top, from, to, from, to, ...]: the holes are what has not come yet. */
struct json_object *serials_save(const struct serials *s)
{
	struct json_object *list = json_object_new_array();
	uint64_t serial, from;
	unsigned int n = 0;

	json_object_array_add(list, json_object_new_uint64(s->base));
	json_object_array_add(list, json_object_new_uint64(s->top));
	for (serial = s->base; s->base && serial < s->top && n < HOLES_MAX; serial++) {
		if (has(s, serial))
			continue;
		for (from = serial; serial + 1 < s->top && !has(s, serial + 1); serial++)
			;
		json_object_array_add(list, json_object_new_uint64(from));
		json_object_array_add(list, json_object_new_uint64(serial));
		n++;
	}
	return list;
}

static uint64_t at(struct json_object *list, size_t i)
{
	return json_object_get_uint64(json_object_array_get_idx(list, i));
}

void serials_load(struct serials *s, struct json_object *list)
{
	uint64_t serial, base, top;
	size_t i, n;

	if (!json_object_is_type(list, json_type_array))
		return;
	n = json_object_array_length(list);
	base = n > 1 ? at(list, 0) : 0;
	top = n > 1 ? at(list, 1) : 0;
	if (!base || top < base || top - base >= WINDOW)
		return;
	serials_note(s, base);
	for (serial = base; serial <= top; serial++)
		serials_note(s, serial);
	for (i = 2; i + 1 < n; i += 2)
		for (serial = at(list, i); serial >= base && serial <= at(list, i + 1) &&
		     serial <= top; serial++)
			set(s, serial, false);
}
