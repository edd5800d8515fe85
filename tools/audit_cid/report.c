// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid report: what the containers of a log did, most frequent first. The
 * memory is bounded: when there are too many things to count, the rare ones go,
 * and the report says so.
 */

#include <argp.h>
#include <err.h>
#include <inttypes.h>
#include <json.h>
#include <libaudit.h>
#include <linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

#define BYTES_MAX	(64 << 20)
#define TOP		5

enum kind { EXECUTABLE, FILE_NAME, SYSCALL, IO_URING, KINDS };

static const struct {
	const char	*name, *field;
} kinds[] = {
	[EXECUTABLE]	= { "executables", "exe" },
	[FILE_NAME]	= { "files", "name" },
	[SYSCALL]	= { "syscalls", "syscall" },
	[IO_URING]	= { "io_uring", "uring_op" },
};

struct thing {
	struct container	*con;
	enum kind		kind;
	unsigned long		count;
	char			text[];
};

struct report {
	bool		json;
	struct lh_table	*things;
	size_t		bytes;
	struct thing	*spare;		/* what is looked for */
	size_t		room;		/* for its text */
	unsigned long	floor;		/* what has not been counted more often is gone */
};

static const struct argp_option options[] = {
	{ "json", 'J', NULL, 0, "Print a JSON object a line and container", 0 },
	{}
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct report *report = state->input;

	(void)arg;
	switch (key) {
	case 'J':
		report->json = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[LOG...]",
	.doc = "Print for each audit container how many events it caused and "
	       "what was in them most often, from LOGs ('-' is standard input) "
	       "or from this machine's audit logs.",
};

static unsigned long hash_of(const void *key)
{
	const struct thing *thing = key;
	unsigned long hash = (unsigned long)thing->con / 16 + thing->kind;
	const char *c;

	for (c = thing->text; *c; c++)
		hash = hash * 31 + *c;
	return hash * 0x9e3779b97f4a7c15UL >> 16;
}

static int is_same(const void *a, const void *b)
{
	const struct thing *x = a, *y = b;

	return x->con == y->con && x->kind == y->kind && !strcmp(x->text, y->text);
}

static void free_thing(struct lh_entry *entry)
{
	free(lh_entry_k(entry));
}

/* With its entry in the table, and what malloc() adds */
static size_t size_of(const struct thing *thing)
{
	return sizeof(*thing) + strlen(thing->text) + 1 + 128;
}

static void drop(struct report *report, struct lh_entry *entry)
{
	report->bytes -= size_of((void *)lh_entry_v(entry));
	lh_table_delete_entry(report->things, entry);
}

static void drop_rare(struct report *report)
{
	struct lh_entry *entry, *next;

	while (report->bytes > BYTES_MAX / 2) {
		report->floor++;
		lh_foreach_safe(report->things, entry, next)
			if (((struct thing *)lh_entry_v(entry))->count <=
			    report->floor)
				drop(report, entry);
	}
	/* What was deleted is searched through until it is made anew. */
	if (lh_table_resize(report->things, report->things->size))
		err(EXIT_OWN, "cannot count");
}

static void add_thing(struct report *report, struct thing *thing)
{
	if (lh_table_insert(report->things, thing, thing))
		err(EXIT_OWN, "cannot count");
	report->bytes += size_of(thing);
	if (report->bytes > BYTES_MAX)
		drop_rare(report);
}

static void count(struct report *report, struct container *con, enum kind kind,
		  const char *text)
{
	size_t size = strlen(text) + 1;
	struct thing *thing = report->spare;
	void *found;

	if (!thing || report->room < size) {
		report->room = size + 256;
		thing = checked(realloc(thing, sizeof(*thing) + report->room));
		report->spare = thing;
	}
	*thing = (struct thing) { .con = con, .kind = kind, .count = 1 };
	memcpy(thing->text, text, size);
	if (lh_table_lookup_ex(report->things, thing, &found)) {
		((struct thing *)found)->count++;
		return;
	}
	thing = checked(malloc(sizeof(*thing) + size));
	memcpy(thing, report->spare, sizeof(*thing) + size);
	add_thing(report, thing);
}

static void take_field(struct report *report, struct container *con,
		       auparse_state_t *au, bool path)
{
	const char *name = auparse_get_field_name(au), *text;
	enum kind kind;

	for (kind = 0; name && kind < KINDS; kind++) {
		if (strcmp(name, kinds[kind].field) || (kind == FILE_NAME) != path ||
		    (kind == SYSCALL && auparse_get_type(au) != AUDIT_SYSCALL))
			continue;
		text = path ? auparse_interpret_realpath(au) :
			      auparse_interpret_field(au);
		if (text)
			count(report, con, kind, text);
	}
}

static void take_fields(struct report *report, struct container *con,
			auparse_state_t *au, bool path)
{
	if (auparse_first_field(au))
		do
			take_field(report, con, au, path);
		while (auparse_next_field(au) > 0);
}

/*
 * The record with the contid is the one with the program, too: it is at hand. What
 * is about a container is in an event that has another such record.
 */
static bool wants(struct model *model, auparse_state_t *au)
{
	if (!model->acting)
		return false;
	if (record_type(au) != RECORD_CONTAINER_OP)
		take_fields(model->data, model->acting, au, false);
	return true;
}

/* Of the rest of the event: files, and where they are */
static bool needs(const char *type, size_t len)
{
	return (len >= 5 && !memcmp(type, "PATH ", 5)) ||
	       (len >= 4 && !memcmp(type, "CWD ", 4));
}

struct counted {
	struct report		*report;
	struct container	*con;
};

static void take_record(auparse_state_t *au, void *data)
{
	const struct counted *counted = data;

	if (auparse_get_type(au) == AUDIT_PATH)
		take_fields(counted->report, counted->con, au, true);
}

static void take_event(struct model *model, struct log *log,
		       const struct log_event *event)
{
	struct counted counted = { model->data, event->acting };

	log_records(log, event, take_record, &counted);
}

static int by_count(const void *a, const void *b)
{
	const struct thing *x = *(void **)a, *y = *(void **)b;

	if (x->con != y->con)
		return x->con < y->con ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->text, y->text);
}

static void print_text(const struct container *con, struct thing **list, size_t n)
{
	unsigned int shown = 0;
	size_t i;

	printf("%" PRIu64 " %s, node %s, boot %u: %lu events, %lu failed\n", con->id,
	       con->name ? con->name : "(no name)", con->node ? con->node : "-",
	       con->boot, con->events, con->failed);
	for (i = 0; i < n; i++) {
		if (!i || list[i]->kind != list[i - 1]->kind) {
			printf("  %s\n", kinds[list[i]->kind].name);
			shown = 0;
		}
		if (shown++ < TOP)
			printf("%10lu %s\n", list[i]->count, list[i]->text);
	}
}

/* The most frequent comes first: an array, as an object has no order */
static struct json_object *thing_json(const struct thing *thing)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "what", json_text(thing->text));
	json_object_object_add(obj, "count", json_object_new_int64(thing->count));
	return obj;
}

static void print_json(struct model *model, const struct container *con,
		       struct thing **list, size_t n)
{
	struct json_object *obj = ecs_head(model, con), *in[KINDS];
	enum kind kind;
	size_t i;

	json_object_object_add(obj, "events", json_object_new_int64(con->events));
	json_object_object_add(obj, "failed", json_object_new_int64(con->failed));
	for (kind = 0; kind < KINDS; kind++) {
		in[kind] = json_object_new_array();
		json_object_object_add(obj, kinds[kind].name, in[kind]);
	}
	for (i = 0; i < n; i++)
		if (json_object_array_length(in[list[i]->kind]) < TOP)
			json_object_array_add(in[list[i]->kind], thing_json(list[i]));
	json_print(obj);
}

/* Things are sorted by where their container is in memory: search for it. */
static void print_all(struct report *report, struct model *model)
{
	size_t n = lh_table_length(report->things), i = 0, from, to;
	struct thing **list = checked(calloc(n + 1, sizeof(*list)));
	struct container **all = model_sorted(model), *con;
	struct lh_entry *entry;
	size_t j;

	lh_foreach(report->things, entry)
		list[i++] = (void *)lh_entry_v(entry);
	qsort(list, n, sizeof(*list), by_count);
	for (j = 0; (con = all[j]); j++) {
		for (from = 0, to = n; from < to;) {
			i = from + (to - from) / 2;
			if (list[i]->con < con)
				from = i + 1;
			else
				to = i;
		}
		while (to < n && list[to]->con == con)
			to++;
		if (report->json)
			print_json(model, con, list + from, to - from);
		else
			print_text(con, list + from, to - from);
	}
	free(all);
	free(list);
}

int report_main(int argc, char **argv)
{
	struct report report = {};
	struct model model;
	char **files = args_parse(&argp, argc, argv, &report);
	bool found;

	report.things = lh_table_new(1024, free_thing, hash_of, is_same);
	model_init(&model);
	model.wants = wants;
	model.needs = needs;
	model.raw_text = report.json;
	model.on_event = take_event;
	model.data = &report;
	log_read(&model, files);
	found = model.count;
	if (!found)
		warnx("no audit container in these logs");
	print_all(&report, &model);
	if (report.floor)
		warnx("too much to count: what came up to %lu times may be "
		      "missing or short", report.floor);
	lh_table_free(report.things);
	free(report.spare);
	model_free(&model);
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_OWN, "cannot write");
	return found ? 0 : EXIT_NOTHING;
}
