// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: find the audit record in a line of a log, also of syslog's or journald's.
 */

#include <libaudit.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

#define STAMP " msg=audit("

static bool begins(const char *text, const char *end, const char *with)
{
	size_t len = strlen(with);

	return (size_t)(end - text) >= len && !memcmp(text, with, len);
}

/*
 * The type, and what the lines of an event have in common: the node and the
 * stamp. False: this is no audit record. libauparse parses all of the line for it:
 * 8,600 instructions a line, 1,200 here with all that reading takes.
 */
static bool find_key(struct line *line)
{
	const char *text = line->text, *end = text + line->len, *stamp;
	size_t node = 0, n;

	line->type = text;
	if (begins(text, end, "node=")) {
		line->type = memchr(text, ' ', line->len);
		if (!line->type)
			return false;
		node = ++line->type - text;
	}
	if (!begins(line->type, end, "type="))
		return false;
	line->type += 5;
	stamp = memmem(line->type, end - line->type, STAMP, strlen(STAMP));
	if (!stamp)
		return false;
	stamp += strlen(STAMP);
	n = strspn(stamp, "0123456789.:");
	if (n && strchr("/-", stamp[n]))
		line->kind = LINE_INTERPRETED;
	if (!n || stamp[n] != ')' || node + n > KEY_MAX)
		return false;
	memcpy(line->key, text, node);
	memcpy(line->key + node, stamp, n);
	line->key[node + n] = 0;
	return true;
}

/* What the kernel prints where no daemon takes it: type=1300 audit(...): ... */
static bool take_printk(struct line *line, const char *text, const char *end)
{
	static char copy[LOG_LINE_MAX + 64];
	unsigned long type;
	const char *name;
	char *rest;
	int len;

	if (!begins(text, end, "type="))
		return false;
	type = strtoul(text + 5, &rest, 10);
	if (!begins(rest, end, " audit(") || type > INT_MAX)
		return false;
	name = audit_msg_type_to_name(type);
	len = name ? snprintf(copy, sizeof(copy), "type=%s", name) :
		     snprintf(copy, sizeof(copy), "type=UNKNOWN[%lu]", type);
	len += snprintf(copy + len, sizeof(copy) - len, " msg=%.*s",
			(int)(end - rest - 1), rest + 1);
	if (len >= (int)sizeof(copy))
		return false;
	line->text = copy;
	line->len = len;
	return find_key(line);
}

/* A program's name, maybe with a PID: "audispd: " */
static const char *skip_tag(const char *text, const char *end, const char *tag)
{
	if (!begins(text, end, tag))
		return NULL;
	text += strlen(tag);
	if (*text == '[')
		text += strspn(text, "[0123456789]");
	return begins(text, end, ": ") ? text + 2 : NULL;
}

/* Who writes audit records to syslog: a plugin of auditd, and the kernel */
static const char *find_tag(const char *word, const char *end)
{
	static const char * const tags[] = { "audispd", "audisp-syslog", "audit", "kernel" };
	const char *rest = NULL;
	size_t i;

	for (i = 0; !rest && i < sizeof(tags) / sizeof(*tags); i++)
		rest = skip_tag(word, end, tags[i]);
	return rest;
}

static bool find_in_syslog(struct line *line)
{
	const char *end = line->text + line->len, *word = line->text, *rest;

	while (word && !(rest = find_tag(word, end))) {
		word = memchr(word, ' ', end - word);
		if (word)
			word++;
	}
	if (!word)
		return false;
	rest += strspn(rest, "[0123456789.] ");
	if (begins(rest, end, "audit: "))
		rest += 7;
	if (take_printk(line, rest, end))
		return true;
	line->text = (char *)rest;
	line->len = end - rest;
	return find_key(line);
}

static bool find_in_journal(struct line *line)
{
	static const char message[] = "MESSAGE=";
	const char *end = line->text + line->len;

	if (!begins(line->text, end, message))
		return false;
	line->text += strlen(message);
	line->len -= strlen(message);
	if (begins(line->text, end, "audit: ")) {
		line->text += 7;
		line->len -= 7;
	}
	return find_key(line) || take_printk(line, line->text, end);
}

/* @line has a newline at its end. */
bool line_find(struct line *line)
{
	line->kind = LINE_RECORD;
	if (line->len > LOG_LINE_MAX || memchr(line->text, 0, line->len)) {
		line->kind = LINE_OTHER;
		return false;
	}
	if (find_key(line))
		return true;
	if (line->kind == LINE_INTERPRETED)
		return false;
	line->kind = LINE_OTHER;
	if (!find_in_journal(line) && !find_in_syslog(line))
		return false;
	line->kind = LINE_SYSLOG;
	return true;
}
