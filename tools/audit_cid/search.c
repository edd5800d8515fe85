// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid search: whole events of an audit container.
 */

#include <argp.h>
#include <err.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

#define CONTAINER_OP	1340

struct search {
	const char	*contid, *key, *syscall, *file, *exe, *success;
	uint64_t	id, start, end;
	int		type;
	bool		tree, interpret, follow;
	char		mark[32];
	char		**files;
	unsigned long	found;
};

static const struct argp_option options[] = {
	{ "contid", 'c', "ID", 0, "Events by the audit container ID or about it", 0 },
	{ "tree", 't', NULL, 0, "... or any below it", 0 },
	{ "message", 'm', "TYPE", 0, "With a record of TYPE", 1 },
	{ "key", 'k', "KEY", 0, "With KEY", 1 },
	{ "ts", 's', "TIME", 0, "Not before TIME", 1 },
	{ "te", 'e', "TIME", 0, "Not after TIME", 1 },
	{ "sc", 'S', "SYSCALL", 0, "Of SYSCALL, a name or a number", 1 },
	{ "file", 'f', "TEXT", 0, "With TEXT in the name of a file", 1 },
	{ "executable", 'x', "TEXT", 0, "With TEXT in the path of the program", 1 },
	{ "success", 'u', "yes|no", 0, "That succeeded, or did not", 1 },
	{ "interpret", 'i', NULL, 0, "Print numbers as text", 2 },
	{ "follow", LOG_FOLLOW, NULL, 0,
	  "Go on with what is written to the log that began last", 3 },
	{ "if", LOG_IF, NULL, 0, "LOGs follow, as in ausearch", 9 },
	{}
};

static void take_time(uint64_t *at, const char *arg, struct argp_state *state)
{
	const char *why = when_parse(arg, at);

	if (why)
		argp_error(state, "'%s' %s", arg, why);
}

static int type_of(const char *arg, struct argp_state *state)
{
	int type = strcmp(arg, "CONTAINER_OP") ? audit_name_to_msg_type(arg) :
		   CONTAINER_OP;

	if (type <= 0 && request_id_valid(arg))
		type = atoi(arg);
	if (type <= 0)
		argp_error(state, "'%s' is no type of record", arg);
	return type;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct search *search = state->input;

	switch (key) {
	case 'c':
		if (!request_id_valid(arg))
			argp_error(state, "'%s' is not a decimal number", arg);
		search->contid = arg;
		search->id = strtoull(arg, NULL, 10);
		return 0;
	case 't': search->tree = true; return 0;
	case 'm': search->type = type_of(arg, state); return 0;
	case 'k': search->key = arg; return 0;
	case 's': take_time(&search->start, arg, state); return 0;
	case 'e': take_time(&search->end, arg, state); return 0;
	case 'S': search->syscall = arg; return 0;
	case 'f': search->file = arg; return 0;
	case 'x': search->exe = arg; return 0;
	case 'i': search->interpret = true; return 0;
	case LOG_FOLLOW: search->follow = true; return 0;
	case 'u':
		if (strcmp(arg, "yes") && strcmp(arg, "no"))
			argp_error(state, "--success is yes or no, not '%s'", arg);
		search->success = arg;
		return 0;
	case LOG_IF:
		return 0;
	case ARGP_KEY_ARGS:
		search->files = state->argv + state->next;
		return 0;
	case ARGP_KEY_END:
		if (!search->contid)
			argp_error(state, "which container? Give --contid ID");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[LOG...]",
	.doc = "Print whole events of an audit container, raw or with -i, from "
	       "LOGs ('-' is standard input) or from this machine's audit logs.",
};

static bool is_wanted(struct model *model, const struct search *search,
		      const char *node, uint64_t id)
{
	return id && (id == search->id || (search->tree &&
		      model_is_below(model, node, id, search->id)));
}

static bool is_about(struct model *model, const struct search *search,
		     const char *node, auparse_state_t *au)
{
	const char *value;

	if (!record_has_ocontid(record_type(au)) || !auparse_first_field(au) ||
	    !auparse_find_field(au, "ocontid"))
		return false;
	value = auparse_get_field_str(au);
	return value && is_wanted(model, search, node, strtoull(value, NULL, 10));
}

static bool interpreted(auparse_state_t *au, const char *text, bool part)
{
	const char *value = auparse_interpret_field(au);

	return value && (part ? !!strstr(value, text) : !strcmp(value, text));
}

/* Does the kernel say of the record that it is by or about the container? */
static bool wants(struct model *model, auparse_state_t *au)
{
	const struct search *search = model->data;
	const au_event_t *event = auparse_get_timestamp(au);
	uint64_t at = auparse_get_time(au) * 1000ULL + auparse_get_milli(au);

	if (!event || at < search->start || (search->end && at > search->end))
		return false;
	return (model->acting &&
		is_wanted(model, search, event->host, model->acting->id)) ||
	       is_about(model, search, event->host, au);
}

/* What is true of some record of the event */
struct match {
	bool	type, key, syscall, file, exe, success;
};

static void match_field(struct match *match, const struct search *search,
			auparse_state_t *au, const char *name, const char *value)
{
	if (search->key && !strcmp(name, "key"))
		match->key |= interpreted(au, search->key, false);
	if (search->syscall && !strcmp(name, "syscall"))
		match->syscall |= !strcmp(value, search->syscall) ||
				  interpreted(au, search->syscall, false);
	if (search->file && (!strcmp(name, "name") || !strcmp(name, "cwd")))
		match->file |= interpreted(au, search->file, true);
	if (search->exe && !strcmp(name, "exe"))
		match->exe |= interpreted(au, search->exe, true);
	if (search->success && (!strcmp(name, "success") || !strcmp(name, "res")))
		match->success |= interpreted(au, search->success, false);
}

static void match_record(struct match *match, const struct search *search,
			 auparse_state_t *au)
{
	const char *name, *value;

	match->type |= auparse_get_type(au) == search->type;
	if (!auparse_first_field(au))
		return;
	do {
		name = auparse_get_field_name(au);
		value = auparse_get_field_str(au);
		if (name && value)
			match_field(match, search, au, name, value);
	} while (auparse_next_field(au) > 0);
}

static bool matches(const struct match *match, const struct search *search)
{
	return (!search->type || match->type) &&
	       (!search->key || match->key) && (!search->file || match->file) &&
	       (!search->syscall || match->syscall) &&
	       (!search->exe || match->exe) &&
	       (!search->success || match->success);
}

static void print_raw(auparse_state_t *au)
{
	const char *more = auparse_get_record_interpretations(au);

	printf("%s%s%s\n", auparse_get_record_text(au), more ? "\x1d" : "",
	       more ? more : "");
}

static void print_interpreted(auparse_state_t *au)
{
	const au_event_t *event = auparse_get_timestamp(au);
	char when[WHEN_SIZE];
	const char *name;
	bool first = true;

	if (!event || !auparse_first_field(au))
		return;
	do {
		name = auparse_get_field_name(au);
		if (!name)
			continue;
		printf("%s=%s ", name, auparse_interpret_field(au));
		if (!first || strcmp(name, "type"))
			continue;
		printf("msg=audit(%s:%lu) : ",
		       when_text(event->sec * 1000ULL + event->milli, when,
				 sizeof(when)), event->serial);
		first = false;
	} while (auparse_next_field(au) > 0);
	putchar('\n');
}

static void take_event(struct model *model, auparse_state_t *au)
{
	struct search *search = model->data;
	struct match match = {};

	if (auparse_first_record(au) <= 0)
		return;
	do
		match_record(&match, search, au);
	while (auparse_next_record(au) > 0);
	if (!matches(&match, search))
		return;
	search->found++;
	auparse_first_record(au);
	if (search->interpret)
		puts("----");
	do
		(search->interpret ? print_interpreted : print_raw)(au);
	while (auparse_next_record(au) > 0);
}

/* Without more conditions, there is nothing to be parsed. */
static void take_text(struct model *model, const char *text, size_t len)
{
	struct search *search = model->data;

	search->found++;
	fwrite(text, 1, len, stdout);
}

static void prepare(struct search *search, struct model *model)
{
	model_init(model);
	model->data = search;
	model->prints = true;
	model->follow = search->follow;
	model->wants = wants;
	if (search->interpret || search->type || search->key || search->syscall ||
	    search->file || search->exe || search->success)
		model->on_event = take_event;
	else
		model->on_text = take_text;
	if (search->tree)
		return;
	snprintf(search->mark, sizeof(search->mark), "contid=%s", search->contid);
	model->mark_text = search->mark;
}

int search_main(int argc, char **argv)
{
	struct search search = {};
	struct model model;

	argp_parse(&argp, argc, argv, ARGP_LONG_ONLY, NULL, &search);
	prepare(&search, &model);
	log_complain(log_read(&model, search.files));
	model_free(&model);
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_OWN, "cannot write");
	if (!search.found)
		warnx("no such event");
	return search.found ? 0 : EXIT_OWN;
}
