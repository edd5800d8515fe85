// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: the commands that /proc/PID/audit_containerid takes.
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"

static bool in_name(char c)
{
	return isascii((unsigned char)c) && isgraph((unsigned char)c);
}

bool request_name_valid(const char *name)
{
	size_t len = 0;

	while (in_name(name[len]))
		len++;
	return !name[len] && len > 0 && len <= AUDIT_CID_NAME_MAX;
}

/* Canonical decimal, as the kernel takes it */
bool request_id_valid(const char *text)
{
	char back[32];

	errno = 0;
	snprintf(back, sizeof(back), "%llu", strtoull(text, NULL, 10));
	return !errno && !strcmp(back, text);
}

/*
 * A runtime may allow what the kernel does not. The name only helps a reader
 * of the log: better a name with some characters replaced than no container.
 */
void request_clean_name(char *to, const char *from, size_t len)
{
	size_t i;

	if (len > AUDIT_CID_NAME_MAX)
		len = AUDIT_CID_NAME_MAX;
	for (i = 0; i < len; i++)
		to[i] = in_name(from[i]) ? from[i] : '_';
	to[len] = '\0';
}

static void append(char *to, size_t size, const char *key, const char *value)
{
	size_t len = strlen(to);

	if (value)
		snprintf(to + len, size - len, "%s%s", key, value);
}

void request_format(char *to, size_t size, const struct request *req)
{
	snprintf(to, size, "%s", req->announce ? "announce" :
				 req->join ? "join" : "new");
	append(to, size, " ", req->join);
	append(to, size, " name=", req->name);
	append(to, size, " parent=", req->parent);
	append(to, size, " delegate=", req->delegate);
}
