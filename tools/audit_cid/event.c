// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: an event of a log in words. libauparse gives fields; what is between
 * them, such as the msg=' behind which a sender's own text begins, is kept.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

#define STAMP " msg=audit("

/* Text that somebody chose must not steer a terminal. */
static void put_text(FILE *to, const char *text, size_t len)
{
	for (; len--; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			fprintf(to, "\\%03o", (unsigned char)*text);
		else
			fputc(*text, to);
	}
}

/* Where @name=@value is next: NULL where libauparse gives it another form */
static const char *find_field(const char *text, const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = strlen(value);
	const char *at;

	/* A malformed record may have a field without a name. */
	for (at = text; name_len && (at = strstr(at, name)); at++)
		if (at[name_len] == '=' && (at == text || !strchr("=-_", at[-1])) &&
		    !strncmp(at + name_len + 1, value, value_len))
			return at;
	return NULL;
}

/* What is in front of the record's own fields. Return: where they begin. */
static const char *put_head(FILE *to, const char *text, const au_event_t *event)
{
	static const char op[] = "type=UNKNOWN[1340]";
	const char *stamp = strstr(text, STAMP), *rest, *type;
	char when[WHEN_SIZE];

	rest = stamp ? strstr(stamp, "): ") : NULL;
	if (!rest)
		return text;
	type = strstr(text, op);
	if (type && type < stamp) {
		put_text(to, text, type - text);
		fputs("type=CONTAINER_OP", to);
	} else {
		put_text(to, text, stamp - text);
	}
	fprintf(to, "%s%s:%lu) : ", STAMP,
		when_text(event->sec * 1000ULL + event->milli, when, sizeof(when)),
		event->serial);
	return rest + 3;
}

void event_interpret(auparse_state_t *au, FILE *to)
{
	const char *text = auparse_get_record_text(au), *name, *value, *at, *next;
	const au_event_t *event = auparse_get_timestamp(au);

	if (!event || !text || !auparse_first_field(au))
		return;
	at = put_head(to, text, event);
	do {
		name = auparse_get_field_name(au);
		value = auparse_get_field_str(au);
		next = name && value ? find_field(at, name, value) : NULL;
		if (!next)
			continue;
		put_text(to, at, next + strlen(name) + 1 - at);
		at = next + strlen(name) + 1 + strlen(value);
		fputs(auparse_interpret_field(au) ?: value, to);
	} while (auparse_next_field(au) > 0);
	put_text(to, at, strlen(at));
	fputc('\n', to);
}

/* The stamp in the key of an event: false where it is none */
bool event_stamp(const struct log_event *event, uint64_t *at, unsigned long *serial)
{
	const char *stamp = strrchr(event->key, ' ');
	char *end;

	*at = strtoull(stamp ? stamp + 1 : event->key, &end, 10) * 1000;
	if (*end == '.')
		*at += strtoul(end + 1, &end, 10);
	if (*end != ':')
		return false;
	*serial = strtoul(end + 1, NULL, 10);
	return true;
}
