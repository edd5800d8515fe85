// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: containers as a page that shows their tree beside their time. The page is
 * made of page/ when auditcid is built. What a log has goes into it as JSON, in which
 * no character is left that could end the element around it.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json.h>
#include <linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auditcid.h"
#include "model.h"

#define PROGRAMS_MAX	5
#define SPACES_MAX	100
#define PLACE		"@CONTAINERS@"	/* where they go in the page */

/* It is empty if it could not be made. */
extern const char page[];
__asm__(".pushsection .rodata\n"
	"page: .incbin \"" PAGE "\"\n"
	".byte 0\n"
	".popsection");

/* What the page has of a container, beside what the model has */
struct traits {
	size_t		index;
	uint32_t	*spaces;	/* indices */
	size_t		count;
	bool		more;
};

/* A namespace, which many containers may have */
struct space {
	struct ns	ns;
	size_t		index;
};

struct html {
	struct things	*programs;
	struct lh_table	*spaces;	/* in the order of their indices */
};

static unsigned long hash_of(const void *key)
{
	const struct ns *ns = key;

	return (ns->ino * 31 + ns->id + *ns->type) * 0x9e3779b97f4a7c15UL >> 16;
}

static int is_same(const void *a, const void *b)
{
	const struct ns *x = a, *y = b;

	return x->ino == y->ino && x->id == y->id && !strcmp(x->type, y->type);
}

static void free_space(struct lh_entry *entry)
{
	free(lh_entry_k(entry));
}

struct html *html_new(void)
{
	struct html *html = checked(calloc(1, sizeof(*html)));

	if (!*page)
		errx(EXIT_OWN, "this auditcid was built without --html, because npm "
		     "could not be reached");
	html->programs = things_new();
	html->spaces = checked(lh_table_new(1024, free_space, hash_of, is_same));
	return html;
}

static struct traits *traits_of(struct container *con)
{
	if (!con->data)
		con->data = checked(calloc(1, sizeof(struct traits)));
	return con->data;
}

static size_t index_of(struct html *html, const struct ns *ns)
{
	struct space *space;
	void *found;

	if (lh_table_lookup_ex(html->spaces, ns, &found))
		return ((struct space *)found)->index;
	space = checked(malloc(sizeof(*space)));
	*space = (struct space) { *ns, lh_table_length(html->spaces) };
	if (lh_table_insert(html->spaces, &space->ns, space))
		err(EXIT_OWN, "cannot store a namespace");
	return space->index;
}

static void note_space(struct traits *traits, size_t index)
{
	size_t i;

	for (i = 0; i < traits->count; i++)
		if (traits->spaces[i] == index)
			return;
	if (i == SPACES_MAX) {
		traits->more = true;
		return;
	}
	traits->spaces = checked(reallocarray(traits->spaces, i + 1, sizeof(*traits->spaces)));
	traits->spaces[traits->count++] = index;
}

void html_note_op(struct html *html, struct container *con, const struct op *op)
{
	unsigned int i;

	for (i = 0; i < op->set.count; i++)
		note_space(traits_of(con), index_of(html, &op->set.ns[i]));
}

void html_note_record(struct html *html, struct container *con, auparse_state_t *au)
{
	const char *program;

	if (record_type(au) == RECORD_CONTAINER_OP || !auparse_first_field(au) ||
	    !auparse_find_field(au, "exe"))
		return;
	program = auparse_interpret_field(au);
	if (program)
		things_count(html->programs, con, 0, program);
}

/* As text: a number of JavaScript has 53 bits. */
static struct json_object *number_json(uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return json_object_new_string(text);
}

static struct json_object *spaces_json(const struct traits *traits)
{
	struct json_object *all = json_object_new_array();
	size_t i;

	for (i = 0; i < traits->count; i++)
		json_object_array_add(all, json_object_new_int64(traits->spaces[i]));
	return all;
}

static struct json_object *space_json(const struct ns *ns)
{
	struct json_object *obj = json_object_new_array();

	json_object_array_add(obj, json_text(ns->type));
	json_object_array_add(obj, number_json(ns->ino));
	if (ns->id)
		json_object_array_add(obj, number_json(ns->id));
	return obj;
}

static struct json_object *programs_json(struct html *html, const struct container *con)
{
	struct json_object *all = json_object_new_array(), *one;
	struct thing **list;
	size_t n = things_of(html->programs, con, &list), i;

	for (i = 0; i < n && i < PROGRAMS_MAX; i++) {
		one = json_object_new_array();
		json_object_array_add(one, json_text(list[i]->text));
		json_object_array_add(one, json_object_new_uint64(list[i]->count));
		json_object_array_add(all, one);
	}
	return all;
}

static void add_life(struct json_object *obj, const struct container *con)
{
	bool created = con->created.stream;

	json_object_object_add(obj, "created", json_object_new_boolean(created));
	json_object_object_add(obj, "from", json_object_new_uint64(created ? con->created.at :
								   con->first));
	json_object_object_add(obj, "last", json_object_new_uint64(con->last));
	json_object_object_add(obj, "end", con->how_ended ?
			       json_object_new_uint64(con->end.at) : NULL);
	json_object_object_add(obj, "how", json_text(end_name(con->how_ended)));
	json_object_object_add(obj, "auid", json_text(con->auid));
	json_object_object_add(obj, "exe", json_text(con->exe));
	json_object_object_add(obj, "pid", json_object_new_uint64(con->maker));
}

static struct json_object *container_json(struct html *html, struct container *con)
{
	const struct traits *traits = traits_of(con), *above;
	struct json_object *obj = json_object_new_object();

	above = con->parent ? con->parent->data : NULL;
	json_object_object_add(obj, "id", number_json(con->id));
	json_object_object_add(obj, "name", json_text(con->name));
	json_object_object_add(obj, "node", json_text(con->node));
	json_object_object_add(obj, "boot", json_object_new_int(con->boot));
	json_object_object_add(obj, "unsure", json_object_new_boolean(con->boot_unsure));
	/* The parent's place in the list from 1 on, if it is there, and its ID */
	json_object_object_add(obj, "up", json_object_new_uint64(above ? above->index : 0));
	json_object_object_add(obj, "parent", con->has_parent ?
			       number_json(con->pcontid) : NULL);
	add_life(obj, con);
	json_object_object_add(obj, "delegate", json_object_new_uint64(con->delegate));
	json_object_object_add(obj, "processes",
			       json_object_new_uint64(pids_count(&con->members)));
	json_object_object_add(obj, "events", json_object_new_uint64(con->events));
	json_object_object_add(obj, "failed", json_object_new_uint64(con->failed));
	json_object_object_add(obj, "spaces", spaces_json(traits));
	json_object_object_add(obj, "more", json_object_new_boolean(traits->more));
	json_object_object_add(obj, "programs", programs_json(html, con));
	return obj;
}

/* All containers have the same members: their names come once, and then the values. */
static void write_row(struct json_object *obj, bool names, FILE *to)
{
	struct json_object *row = json_object_new_array();

	json_object_object_foreach(obj, name, value)
		json_object_array_add(row, names ? json_object_new_string(name) :
						   json_object_get(value));
	json_write(row, to, true);
	json_object_put(row);
}

static void write_containers(struct html *html, struct container **list, size_t count,
			     FILE *to)
{
	struct json_object *obj;
	struct lh_entry *entry;
	size_t i;

	fprintf(to, "{\"made\":%lld,\"containers\":[\n", (long long)time(NULL));
	for (i = 0; i < count; i++) {
		/* A parent comes first. */
		traits_of(list[i])->index = i + 1;
		obj = container_json(html, list[i]);
		if (!i)
			write_row(obj, true, to);
		fputs(",\n", to);
		write_row(obj, false, to);
		json_object_put(obj);
	}
	fputs("],\n\"spaces\":[", to);
	lh_foreach(html->spaces, entry) {
		obj = space_json(lh_entry_k(entry));
		json_write(obj, to, true);
		fputs(entry->next ? "," : "]}", to);
		json_object_put(obj);
	}
	fputs(html->spaces->head ? "" : "]}", to);
}

void html_write(struct html *html, const char *path, struct container **list, size_t count)
{
	struct output_file output = { .path = path, .mark = "content=\"auditcid tree\"",
				 .what = "a page of auditcid" };
	const char *place = strstr(page, PLACE);
	const char *rest = place + strlen(PLACE);
	FILE *to;

	output_open(&output);
	to = fdopen(fcntl(output.fd, F_DUPFD_CLOEXEC, 16), "w");
	if (!to)
		output_give_up(&output, "cannot write the page");
	fwrite(page, 1, place - page, to);
	write_containers(html, list, count, to);
	fputs(rest, to);
	if (ferror(to) | fclose(to))
		output_give_up(&output, "cannot write the page: is there room for it?");
	output_put(&output);
}

void html_free(struct html *html, struct model *model)
{
	struct container *con;
	struct traits *traits;

	for (con = model->all; con; con = con->next) {
		traits = con->data;
		if (traits)
			free(traits->spaces);
		free(traits);
	}
	things_free(html->programs);
	lh_table_free(html->spaces);
	free(html);
}
