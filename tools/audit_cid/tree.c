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
	const char	*svg, *html;
	struct html	*page;
	uint64_t	at;
	bool		json, live, dot, follow;
	bool		shown;		/* the tree so far; news come next */
	struct news {
		struct container	*con;
		bool			end;
	}		*news;
	size_t		news_count;
};

static const struct argp_option options[] = {
	{ "at", 'a', "TIME", 0, "Only audit containers that were live at TIME", 0 },
	{ "live", 'l', NULL, 0, "Only audit containers that are not known to have ended", 0 },
	{ "json", 'J', NULL, 0, "Print a JSON object for each audit container", 1 },
	{ "dot", 'd', NULL, 0, "Print a graph for dot(1)", 1 },
	{ "svg", 's', "FILE", 0, "Draw the audit containers over time to FILE", 1 },
	{ "html", 'H', "FILE", 0, "Write an HTML page with the tree and a timeline to FILE", 1 },
	{ "follow", 'f', NULL, 0,
	  "Continue with new records of the most recent log", 2 },
	{}
};

static void check(const struct view *view, struct argp_state *state)
{
	if (view->json + view->dot + !!view->svg + !!view->html > 1)
		argp_error(state, "--json, --dot, --svg and --html exclude each other");
	if (view->follow &&
	    (view->dot || view->svg || view->html || view->at || view->live))
		argp_error(state, "--follow goes with --json only");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct view *view = state->input;

	switch (key) {
	case 'a': view->at = args_time(arg, false, state); return 0;
	case 'l': view->live = true; return 0;
	case 'd': view->dot = true; return 0;
	case 'J': view->json = true; return 0;
	case 's': view->svg = arg; return 0;
	case 'H': view->html = arg; return 0;
	case 'f': view->follow = true; return 0;
	case ARGP_KEY_END:
		check(view, state);
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

static bool is_wanted(const struct view *view, const struct container *con)
{
	if (view->live && con->how_ended)
		return false;
	return !view->at || model_live_at(con, view->at);
}

static void print_json(struct model *model, struct container *con)
{
	struct json_object *obj = ecs_head(model, con);

	ecs_life(obj, con);
	json_object_object_add(obj, "processes",
			       json_object_new_uint64(pids_count(&con->members)));
	json_print(obj);
}

static void print_escaped(const char *text)
{
	for (; text && *text; text++)
		printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

/* What a container is called in the graph: an ID may come in several boots. */
static void print_vertex(const struct container *con)
{
	putchar('"');
	print_escaped(con->node);
	printf("/%u/%" PRIu64 "\"", con->boot, con->id);
}

static void print_dot(const struct container *con)
{
	putchar('\t');
	print_vertex(con);
	printf(" [label=\"%" PRIu64 "\\n", con->id);
	print_escaped(con->name);
	printf("\\n");
	print_escaped(con->node);
	printf(" boot %u\"%s]\n", con->boot, con->created.stream ? "" : " style=dashed");
	if (!con->parent)
		return;
	putchar('\t');
	print_vertex(con->parent);
	printf(" -> ");
	print_vertex(con);
	putchar('\n');
}

static const char *gap_of(const struct container *con)
{
	if (con->created.stream)
		return "";
	return con->has_parent ? " (no create record)" :
				 " (no create record, parent unknown)";
}

static void print_line(struct container *con)
{
	char from[WHEN_SIZE], to[WHEN_SIZE];

	printf("%*s%" PRIu64 " %s%s by %s %s, %s - ", 2 * (con->depth + 1), "",
	       con->id, con->name ? con->name : "(no name)", gap_of(con),
	       con->auid ? con->auid : "?", con->exe ? con->exe : "?",
	       when_text(con->created.at, from, sizeof(from)));
	if (con->how_ended)
		when_text(con->end.at, to, sizeof(to));
	if (con->how_ended == END_EXIT)
		printf("%s, ", to);
	else if (con->how_ended)
		printf("ended by %s (%s), ", to, end_name(con->how_ended));
	else
		printf(", ");
	if (con->delegate)
		printf("delegate=%" PRIu64 ", ", con->delegate);
	printf("%zu processes, %lu events\n", pids_count(&con->members),
	       con->events);
}

static void print_boot(const struct container *last, const struct container *con)
{
	if (last && last->boot == con->boot &&
	    !strcmp(last->node ? last->node : "", con->node ? con->node : ""))
		return;
	printf("node %s, boot %u%s\n", con->node ? con->node : "-", con->boot,
	       con->boot_unsure ? " (or the one before: the log does not say)" : "");
}

static size_t select_wanted(const struct view *view, struct container **list)
{
	size_t i, n = 0;

	for (i = 0; list[i]; i++)
		if (is_wanted(view, list[i]))
			list[n++] = list[i];
	list[n] = NULL;
	return n;
}

static void print_tree(const struct view *view, struct model *model)
{
	struct container **list = model_sorted(model);
	size_t i, n = select_wanted(view, list);

	if (view->svg)
		svg_draw(view->svg, list, n);
	if (view->html)
		html_write(view->page, view->html, list, n);
	if (view->dot)
		puts("digraph containers {");
	for (i = 0; i < n && !view->svg && !view->html; i++) {
		if (view->json) {
			print_json(model, list[i]);
		} else if (view->dot) {
			print_dot(list[i]);
		} else {
			print_boot(i ? list[i - 1] : NULL, list[i]);
			print_line(list[i]);
		}
	}
	if (view->dot)
		puts("}");
	free(list);
}

/*
 * For a page
 */

static void note_op(struct model *model, struct container *con, const struct op *op)
{
	struct view *view = model->data;

	if (con)
		html_note_op(view->page, con, op);
}

static bool note_record(struct model *model, auparse_state_t *au)
{
	struct view *view = model->data;

	if (model->acting)
		html_note_record(view->page, model->acting, au);
	return false;
}

static bool needs_none(const char *type, size_t len)
{
	(void)type;
	(void)len;
	return false;
}

static void begin_page(struct view *view, struct model *model)
{
	view->page = html_new();
	model->raw_text = true;
	model->on_op = note_op;
	model->wants = note_record;
	model->needs = needs_none;
}

/*
 * Following: the tree so far, then what comes
 */

static void note_news(struct model *model, struct container *con,
		      const struct op *op)
{
	struct view *view = model->data;
	bool end = !strcmp(op->op, "exit");
	struct news *news;

	if (!view->shown || (!end && strcmp(op->op, "create")))
		return;
	news = checked(reallocarray(view->news, view->news_count + 1, sizeof(*news)));
	view->news = news;
	news[view->news_count++] = (struct news) { con, end };
}

static void print_news(const struct news *news)
{
	const struct container *con = news->con, *above;
	char when[WHEN_SIZE];

	printf("%s %s %" PRIu64 " %s", when_text(news->end ? con->exited.at :
						 con->created.at, when, sizeof(when)),
	       news->end ? "ended  " : "created", con->id,
	       con->name ? con->name : "(no name)");
	for (above = con->parent; above; above = above->parent)
		printf(", in %" PRIu64 " %s", above->id,
		       above->name ? above->name : "(no name)");
	printf(", node %s, boot %u", con->node ? con->node : "-", con->boot);
	if (!news->end)
		printf(", by %s %s", con->auid ? con->auid : "?",
		       con->exe ? con->exe : "?");
	putchar('\n');
}

static void show_news(struct model *model)
{
	struct view *view = model->data;
	size_t i;

	if (view->shown && !view->news_count)
		return;
	model_finish(model);
	if (!view->shown)
		print_tree(view, model);
	view->shown = true;
	for (i = 0; i < view->news_count; i++) {
		if (view->json)
			print_json(model, view->news[i].con);
		else
			print_news(&view->news[i]);
	}
	view->news_count = 0;
}

int tree_main(int argc, char **argv)
{
	struct view view = {};
	struct model model;
	char **files = args_parse(&argp, argc, argv, &view);
	bool found;

	model_init(&model);
	model.data = &view;
	model.follow = view.follow;
	model.raw_text = view.json;
	if (view.follow) {
		model.on_op = note_news;
		model.on_idle = show_news;
	}
	if (view.html)
		begin_page(&view, &model);
	log_read(&model, files);
	found = model.count;
	if (!found)
		warnx("no audit container in these logs");
	else if (view.follow)
		show_news(&model);
	else
		print_tree(&view, &model);
	if (view.page)
		html_free(view.page, &model);
	free(view.news);
	model_free(&model);
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_OWN, "cannot write");
	return found ? 0 : EXIT_NOTHING;
}
