// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: values of a log as JSON has them.
 */

#include <err.h>
#include <inttypes.h>
#include <json.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "auditcid.h"
#include "model.h"

/* JSON is UTF-8; a file may have any name. */
static void replace_invalid(char *text)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL), old;
	mbstate_t state = {};
	size_t len, rest = strlen(text);

	old = utf8 ? uselocale(utf8) : NULL;
	while (rest) {
		len = utf8 ? mbrtowc(NULL, text, rest, &state) : 1;
		if (len > rest || (!utf8 && (*text & 0x80))) {
			*text = '?';
			state = (mbstate_t) {};
			len = 1;
		}
		text += len;
		rest -= len;
	}
	if (utf8) {
		uselocale(old);
		freelocale(utf8);
	}
}

struct json_object *json_text(const char *text)
{
	struct json_object *obj;
	char *copy;

	if (!text)
		return NULL;
	copy = strdup(text);
	if (!copy)
		err(EXIT_OWN, "cannot print");
	replace_invalid(copy);
	obj = json_object_new_string(copy);
	free(copy);
	return obj;
}

/* Seconds since 1970, with the digits that the log has */
struct json_object *json_when(uint64_t at)
{
	char text[WHEN_SIZE];

	if (!at)
		return NULL;
	snprintf(text, sizeof(text), "%" PRIu64 ".%03" PRIu64, at / 1000, at % 1000);
	return json_object_new_double_s(at / 1000.0, text);
}

void json_print(struct json_object *obj)
{
	puts(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN |
						 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(obj);
}
