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

/* Made once: the C library reads a file for it. 0: there is none */
static locale_t utf8_locale(void)
{
	static locale_t utf8;
	static bool is_made;

	if (!is_made)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	is_made = true;
	return utf8;
}

/* JSON is UTF-8; a file may have any name. */
static void replace_invalid(char *text)
{
	locale_t utf8 = utf8_locale(), old = utf8 ? uselocale(utf8) : NULL;
	mbstate_t state = {};
	size_t len, rest = strlen(text);
	wchar_t c = 0;

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

static bool is_ascii(const char *text)
{
	while (*text && !(*text & 0x80))
		text++;
	return !*text;
}

void json_set_text(struct json_object *obj, const char *text)
{
	char *copy;

	if (is_ascii(text)) {
		json_object_set_string(obj, text);
		return;
	}
	copy = checked(strdup(text));
	replace_invalid(copy);
	json_object_set_string(obj, copy);
	free(copy);
}

struct json_object *json_text(const char *text)
{
	struct json_object *obj = text ? json_object_new_string("") : NULL;

	if (obj)
		json_set_text(obj, text);
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
static void put_escaped(FILE *to, const char *text, bool page)
{
	const char *special = page ? "\x7f\xc2<>&" : "\x7f\xc2";
	size_t len;

	for (;; text += len + 1) {
		len = strcspn(text, special);
		fwrite(text, 1, len, to);
		if (!text[len])
			return;
		if (text[len] != '\xc2')
			fprintf(to, "\\u%04x", (unsigned char)text[len]);
		else if (text[len + 1] & 0x80 && (unsigned char)text[len + 1] < 0xa0)
			fprintf(to, "\\u%04x", (unsigned char)text[++len]);
		else
			fputc(text[len], to);
	}
}

void json_write(struct json_object *obj, FILE *to, bool page)
{
	put_escaped(to, json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE), page);
}

void json_put(FILE *to, struct json_object *obj)
{
	json_write(obj, to, false);
	fputc('\n', to);
	json_object_put(obj);
}

/* A line; the object is freed. */
void json_print(struct json_object *obj)
{
	json_put(stdout, obj);
}
