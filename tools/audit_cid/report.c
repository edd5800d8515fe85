// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid report: what the containers of a log did, most frequent first.
 */

#include <argp.h>
#include <err.h>
#include <inttypes.h>
#include <json.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

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

struct report {
	bool		json;
	struct things	*things;
};

static const struct argp_option options[] = {
	{ "json", 'J', NULL, 0, "Print a JSON object for each audit container", 0 },
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
	.doc = "Print for each audit container the number of its events and its "
	       "most frequent programs, files and system calls, from LOGs ('-' is "
	       "standard input) or from this machine's audit logs.",
};

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
			things_count(report->things, con, kind, text);
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

static void print_all(struct report *report, struct model *model)
{
	struct container **all = model_sorted(model);
	struct thing **list;
	size_t i, n;

	for (i = 0; all[i]; i++) {
		n = things_of(report->things, all[i], &list);
		if (report->json)
			print_json(model, all[i], list, n);
		else
			print_text(all[i], list, n);
	}
	free(all);
}

int report_main(int argc, char **argv)
{
	struct report report = {};
	struct model model;
	char **files = args_parse(&argp, argc, argv, &report);
	bool found;

	report.things = things_new();
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
	things_free(report.things);
	model_free(&model);
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_OWN, "cannot write");
	return found ? 0 : EXIT_NOTHING;
}
