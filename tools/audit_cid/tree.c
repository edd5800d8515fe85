// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid tree: the tree of containers of a log, by node and boot.
 */

#include <argp.h>
#include <err.h>
#include <inttypes.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

struct view {
	char		**files;
	uint64_t	at;
	bool		json, live, dot;
};

static const struct argp_option options[] = {
	{ "at", 'a', "TIME", 0, "Only containers that were live at TIME", 0 },
	{ "live", 'l', NULL, 0, "Only containers that did not end", 0 },
	{ "json", 'J', NULL, 0, "Print a JSON object a line and container", 0 },
	{ "dot", 'd', NULL, 0, "Print a graph for dot(1)", 0 },
	{ "if", LOG_IF, NULL, 0, "LOGs follow, as in ausearch", 9 },
	{}
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct view *view = state->input;
	const char *why;

	switch (key) {
	case 'a':
		why = when_parse(arg, &view->at);
		if (why)
			argp_error(state, "'%s' %s", arg, why);
		return 0;
	case 'l':
		view->live = true;
		return 0;
	case 'd':
		view->dot = true;
		return 0;
	case 'J':
		view->json = true;
		return 0;
	case LOG_IF:
		return 0;
	case ARGP_KEY_ARGS:
		view->files = state->argv + state->next;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[LOG...]",
	.doc = "Print the tree of audit containers, from LOGs ('-' is standard "
	       "input) or from this machine's audit logs.",
};

static bool wanted(const struct view *view, const struct container *con)
{
	if (view->live && con->ended)
		return false;
	return !view->at || (con->first <= view->at &&
			     (!con->ended || view->at < con->ended));
}

/* Seconds, with the digits that the log has */
static struct json_object *stamp(uint64_t at)
{
	char text[WHEN_SIZE];

	if (!at)
		return NULL;
	snprintf(text, sizeof(text), "%" PRIu64 ".%03" PRIu64, at / 1000, at % 1000);
	return json_object_new_double_s(at / 1000.0, text);
}

static struct json_object *text(const char *from)
{
	return from ? json_object_new_string(from) : NULL;
}

static void print_json(struct container *con)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "boot", json_object_new_int(con->boot));
	json_object_object_add(obj, "node", text(con->node));
	json_object_object_add(obj, "contid", json_object_new_uint64(con->id));
	json_object_object_add(obj, "pcontid", con->has_parent ?
			       json_object_new_uint64(con->pcontid) : NULL);
	json_object_object_add(obj, "name", text(con->name));
	json_object_object_add(obj, "created", stamp(con->created));
	json_object_object_add(obj, "ended", stamp(con->ended));
	json_object_object_add(obj, "gap", json_object_new_boolean(!con->created));
	json_object_object_add(obj, "members",
			       json_object_new_int64(pids_count(&con->members)));
	json_object_object_add(obj, "events", json_object_new_int64(con->events));
	puts(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN |
						 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(obj);
}

static void print_quoted(const char *text)
{
	for (; *text; text++)
		printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

/* An ID may come in several boots: the object is what is one. */
static void print_dot(const struct container *con)
{
	printf("\t\"%p\" [label=\"%" PRIu64 "\\n", con, con->id);
	print_quoted(con->name ? con->name : "");
	printf("\\n%s boot %u\"%s]\n", con->node ? con->node : "", con->boot,
	       con->created ? "" : " style=dashed");
	if (con->parent)
		printf("\t\"%p\" -> \"%p\"\n", con->parent, con);
}

static int depth_of(const struct container *con)
{
	int depth = 0;

	while ((con = con->parent))
		depth++;
	return depth;
}

static void print_line(struct container *con)
{
	char from[WHEN_SIZE], to[WHEN_SIZE];

	printf("%*s%" PRIu64 " %s%s by %s %s, %s - %s, %zu processes, %lu events\n",
	       2 * depth_of(con), "", con->id, con->name ? con->name : "(no name)",
	       con->created ? "" : con->has_parent ? " (no create record)" :
	       " (no create record, parent unknown)",
	       con->auid ? con->auid : "?", con->exe ? con->exe : "?",
	       when_text(con->created, from, sizeof(from)),
	       con->ended ? when_text(con->ended, to, sizeof(to)) : "",
	       pids_count(&con->members), con->events);
}

/* A parent before its children, and siblings by their IDs */
static int by_place(const void *a, const void *b)
{
	const struct container *x = *(void **)a, *y = *(void **)b;
	int dx = depth_of(x), dy = depth_of(y), node;

	node = strcmp(x->node ? x->node : "", y->node ? y->node : "");
	if (node)
		return node;
	if (x->boot != y->boot)
		return x->boot < y->boot ? -1 : 1;
	for (int d = dx; d > dy; d--)
		x = x->parent;
	for (int d = dy; d > dx; d--)
		y = y->parent;
	if (x == y)
		return dx - dy;
	while (x->parent != y->parent) {
		x = x->parent;
		y = y->parent;
	}
	return x->id < y->id ? -1 : x->id > y->id;
}

static void print_boot(const struct container *last, const struct container *con)
{
	if (last && last->boot == con->boot &&
	    !strcmp(last->node ? last->node : "", con->node ? con->node : ""))
		return;
	printf("node %s, boot %u\n", con->node ? con->node : "-", con->boot);
}

static void print_tree(const struct view *view, struct model *model)
{
	struct container **list = calloc(model->count + 1, sizeof(*list));
	struct container *con, *last = NULL;
	size_t i = 0, n;

	if (!list)
		err(EXIT_OWN, "cannot sort the containers");
	for (con = model->all; con; con = con->next)
		if (wanted(view, con))
			list[i++] = con;
	n = i;
	qsort(list, n, sizeof(*list), by_place);
	if (view->dot)
		puts("digraph containers {");
	for (i = 0; i < n; i++) {
		if (view->json || view->dot) {
			if (view->json)
				print_json(list[i]);
			else
				print_dot(list[i]);
			continue;
		}
		print_boot(last, list[i]);
		print_line(list[i]);
		last = list[i];
	}
	if (view->dot)
		puts("}");
	free(list);
}

int tree_main(int argc, char **argv)
{
	struct view view = {};
	struct model model;

	argp_parse(&argp, argc, argv, ARGP_LONG_ONLY, NULL, &view);
	model_init(&model);
	log_complain(log_read(&model, view.files));
	print_tree(&view, &model);
	model_free(&model);
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_OWN, "cannot write");
	return 0;
}
