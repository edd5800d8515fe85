// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: what the kernel says in a record, and nobody else can.
 *
 * contid= is the last field of a record, or stands in front of the text that user
 * space sent. Text anywhere else may be what somebody chose.
 */

#include <libaudit.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

#define FIELD " contid="

/* A library that does not know the name gives no number. */
int record_type(auparse_state_t *au)
{
	static const char op[] = "type=CONTAINER_OP ";
	const char *text = auparse_get_record_text(au);
	int type = auparse_get_type(au);

	if (type <= 0 && text && strstr(text, op))
		return RECORD_CONTAINER_OP;
	return type;
}

bool record_is_users(int type)
{
	return type == AUDIT_USER ||
	       (type >= AUDIT_FIRST_USER_MSG && type <= AUDIT_LAST_USER_MSG) ||
	       (type >= AUDIT_FIRST_USER_MSG2 && type <= AUDIT_LAST_USER_MSG2);
}

bool record_has_ocontid(int type)
{
	return type == RECORD_CONTAINER_OP || type == AUDIT_OBJ_PID;
}

static const char *least(const char *a, const char *b)
{
	return !a || (b && b < a) ? b : a;
}

/* Where the kernel's own fields end: NULL where the text begins with no such */
static const char *end_of(const char *text, int type)
{
	const char *end;

	if (record_is_users(type))
		return least(strstr(text, " msg='"), strstr(text, " data="));
	end = text + strcspn(text, "\x1d\r\n");
	while (end > text && end[-1] == ' ')
		end--;
	return end;
}

/* The start of the last word before @end */
static const char *last_word(const char *text, const char *end)
{
	while (end > text && end[-1] != ' ')
		end--;
	return end > text ? end - 1 : text;
}

static bool is_contid(const char *word, const char *end, uint64_t *id)
{
	char digits[24];
	size_t len = end - word;

	if (len < sizeof(FIELD) || strncmp(word, FIELD, sizeof(FIELD) - 1))
		return false;
	len -= sizeof(FIELD) - 1;
	if (len >= sizeof(digits))
		return false;
	memcpy(digits, word + sizeof(FIELD) - 1, len);
	digits[len] = '\0';
	if (!request_id_valid(digits))
		return false;
	*id = strtoull(digits, NULL, 10);
	return true;
}

/* The first edition had the field in front of key=, which ends the record. */
bool record_contid(const char *text, int type, uint64_t *id)
{
	const char *end = text ? end_of(text, type) : NULL, *word;

	if (!end)
		return false;
	word = last_word(text, end);
	if (is_contid(word, end, id))
		return true;
	return (type == AUDIT_SYSCALL || type == AUDIT_URINGOP) &&
	       !strncmp(word, " key=", 5) && is_contid(last_word(text, word), word, id);
}
