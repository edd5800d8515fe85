// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid check: processes that should have an ID and have none, and what in the
 * configuration of this machine lets them.
 */

#include <argp.h>
#include <err.h>
#include <json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "check.h"
#include "model.h"

static const char * const verdicts[] = {
	[CHECK_OK] = "ok", [CHECK_NOTE] = "note", [CHECK_PROBLEM] = "problem",
};

static const struct argp_option options[] = {
	{ "json", 'J', NULL, 0, "Print a JSON object", 0 },
	{}
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	switch (key) {
	case 'J':
		*json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is not an option", arg);
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Check that this machine assigns IDs to all of its containers: list the "
	       "processes in containers that do not have an ID, and check the kernel, audit and "
	       "the container runtimes. Exit status: 0 all is well, 1 something was found, 2 "
	       "wrong use.",
};

void check_say(struct check *check, const char *what, enum verdict verdict,
	       const char *format, ...)
{
	struct json_object *obj = json_object_new_object();
	char *text;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		checked(NULL);
	va_end(args);
	json_object_object_add(obj, "what", json_text(what));
	json_object_object_add(obj, "verdict", json_text(verdicts[verdict]));
	json_object_object_add(obj, "text", json_text(text));
	json_object_array_add(check->node, obj);
	check->problems += verdict == CHECK_PROBLEM;
	free(text);
}

static const char *text_of(struct json_object *obj, const char *key)
{
	return json_object_get_string(json_object_object_get(obj, key));
}

static void print_node(struct json_object *list)
{
	const char *verdict;
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *obj = json_object_array_get_idx(list, i);

		verdict = text_of(obj, "verdict");
		printf("%-11s %-8s %s\n", text_of(obj, "what"),
		       strcmp(verdict, "problem") ? verdict : "PROBLEM", text_of(obj, "text"));
	}
}

/* The elements of an array, as A,B */
static void print_list(struct json_object *list, int width)
{
	char text[128] = "";
	size_t i, len;

	for (i = 0; i < json_object_array_length(list); i++) {
		len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s%s", i ? "," : "",
			 json_object_get_string(json_object_array_get_idx(list, i)));
	}
	printf(" %-*s", width, *text ? text : "-");
}

static void print_processes(struct json_object *list)
{
	size_t i, count = json_object_array_length(list);

	if (count)
		printf("\n%7s %-15s %-20s %-15s %s\n", "PID", "COMM", "CONTAINER", "NAMESPACES",
		       "WHY IT HAS NO ID");
	for (i = 0; i < count; i++) {
		struct json_object *obj = json_object_array_get_idx(list, i);

		printf("%7s %-15s", text_of(obj, "pid"), text_of(obj, "comm"));
		print_list(json_object_object_get(obj, "contids"), 20);
		print_list(json_object_object_get(obj, "namespaces"), 15);
		printf(" %s\n", text_of(obj, "text"));
	}
}

static void print_json(struct check *check)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "problems", json_object_new_int(check->problems));
	json_object_object_add(obj, "node", check->node);
	json_object_object_add(obj, "processes", check->processes);
	json_print(obj);
}

int check_main(int argc, char **argv)
{
	struct check check = {};
	bool json = false;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &json);
	check.node = checked(json_object_new_array());
	check.processes = checked(json_object_new_array());
	check_node(&check);
	if (check.can_read)
		check_processes(&check);
	if (json) {
		print_json(&check);
	} else {
		print_node(check.node);
		print_processes(check.processes);
		json_object_put(check.node);
		json_object_put(check.processes);
	}
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_OWN, "cannot write");
	return check.problems ? EXIT_FOUND : 0;
}
