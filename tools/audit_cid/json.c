// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: values of a log as JSON has them.
 */

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
	static locale_t utf8;	/* making it reads a file */
	locale_t old;
	mbstate_t state = {};
	size_t len, rest = strlen(text);
	wchar_t c = 0;

	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	old = utf8 ? uselocale(utf8) : NULL;
	while (rest) {
		len = utf8 ? mbrtowc(&c, text, rest, &state) : 1;
		/* The C library also takes what is beyond Unicode. */
		if (len > rest || c > 0x10ffff || (!utf8 && (*text & 0x80))) {
			c = 0;
			*text = '?';
			state = (mbstate_t) {};
			len = 1;
		}
		text += len;
		rest -= len;
	}
	if (utf8)
		uselocale(old);
}

struct json_object *json_text(const char *text)
{
	struct json_object *obj;
	char *copy;

	if (!text)
		return NULL;
	copy = checked(strdup(text));
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

/*
 * A terminal takes DEL and U+0080 to U+009F for controls, and a page takes markup: JSON
 * does not ask for \u.
 */
static void put_escaped(const char *text, FILE *to, bool page)
{
	const unsigned char *c = (const unsigned char *)text;

	for (; *c; c++) {
		if (*c == 0x7f || (page && strchr("<>&", *c)))
			fprintf(to, "\\u%04x", *c);
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			fprintf(to, "\\u%04x", *++c);
		else
			putc(*c, to);
	}
}

void json_write(struct json_object *obj, FILE *to, bool page)
{
	put_escaped(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN |
						   JSON_C_TO_STRING_NOSLASHESCAPE), to, page);
}

/* A line; the object is freed. */
void json_print(struct json_object *obj)
{
	json_write(obj, stdout, false);
	putchar('\n');
	json_object_put(obj);
}
