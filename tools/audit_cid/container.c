// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid container: the life of a container, as a log tells it.
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

#define CHANGES_MAX	10000

struct change {
	const struct container	*con;
	uint64_t		at, opid, otid;
	char			op[16];
	struct ns_set		set;
};

struct life {
	const char	*id;
	uint64_t	number;
	struct change	*changes;
	size_t		count, left_out;
	uint64_t	suppressed;
	bool		json;
};

static const struct argp_option options[] = {
	{ "json", 'J', NULL, 0, "Print a JSON object for each audit container with this ID", 0 },
	{}
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct life *life = state->input;

	switch (key) {
	case 'J': life->json = true; return 0;
	case ARGP_KEY_ARG:
		if (life->id)
			return ARGP_ERR_UNKNOWN;
		life->id = arg;
		life->number = args_number(arg, state);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which container?");
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "ID [LOG...]",
	.doc = "Print the life of the audit container ID: its creator, parent, "
	       "namespaces, processes and end, from LOGs ('-' is standard input) "
	       "or from this machine's audit logs.",
};

static void note(struct model *model, struct container *con, const struct op *op)
{
	struct life *life = model->data;
	struct change *change;

	if (!con || con->id != life->number)
		return;
	life->suppressed += op->suppressed;
	if (!op->set.count)
		return;
	if (life->count == CHANGES_MAX) {
		life->left_out++;
		return;
	}
	change = checked(reallocarray(life->changes, life->count + 1, sizeof(*change)));
	life->changes = change;
	change += life->count++;
	*change = (struct change) { .con = con, .at = op->spot.at, .opid = op->opid,
				    .otid = op->otid, .set = op->set };
	snprintf(change->op, sizeof(change->op), "%s", op->op);
}

static void print_ns(const struct ns *ns)
{
	printf(" %s=%" PRIu64, ns->type, ns->ino);
	if (ns->id)
		printf(" %s_id=%" PRIu64, ns->type, ns->id);
}

static void print_changes(const struct life *life, const struct container *con)
{
	const struct change *change;
	char when[WHEN_SIZE];
	unsigned int j;
	size_t i;

	for (i = 0; i < life->count; i++) {
		change = &life->changes[i];
		if (change->con != con)
			continue;
		printf("  namespaces %s %s process %" PRIu64,
		       when_text(change->at, when, sizeof(when)), change->op,
		       change->opid);
		if (change->otid)
			printf(" task %" PRIu64, change->otid);
		for (j = 0; j < change->set.count; j++)
			print_ns(&change->set.ns[j]);
		putchar('\n');
	}
	if (life->left_out)
		printf("  namespaces %zu more changes\n", life->left_out);
	if (life->suppressed)
		printf("  namespaces %" PRIu64 " changes that were not logged\n",
		       life->suppressed);
}

/*
 * JSON
 */

static struct json_object *change_json(const struct change *change)
{
	struct json_object *obj = json_object_new_object(), *set = json_object_new_object();
	unsigned int i;

	json_object_object_add(obj, "at", json_when(change->at));
	json_object_object_add(obj, "op", json_text(change->op));
	json_object_object_add(obj, "pid", json_object_new_uint64(change->opid));
	if (change->otid)
		json_object_object_add(obj, "tid", json_object_new_uint64(change->otid));
	for (i = 0; i < change->set.count; i++) {
		const struct ns *ns = &change->set.ns[i];
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "inode", json_object_new_uint64(ns->ino));
		json_object_object_add(one, "id", ns->id ?
				       json_object_new_uint64(ns->id) : NULL);
		json_object_object_add(set, ns->type, one);
	}
	json_object_object_add(obj, "set", set);
	return obj;
}

static struct json_object *maker_json(const struct container *con)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "pid", json_object_new_uint64(con->maker));
	json_object_object_add(obj, "auid", json_text(con->auid));
	json_object_object_add(obj, "comm", json_text(con->comm));
	json_object_object_add(obj, "exe", json_text(con->exe));
	return obj;
}

static void print_json(struct model *model, const struct life *life,
		       struct container *con)
{
	struct json_object *obj = ecs_head(model, con), *changes = json_object_new_array();
	struct json_object *members = json_object_new_array();
	size_t i, n = pids_count(&con->members);

	ecs_life(obj, con);
	json_object_object_add(obj, "maker", con->created.stream ? maker_json(con) : NULL);
	for (i = 0; i < life->count; i++)
		if (life->changes[i].con == con)
			json_object_array_add(changes, change_json(&life->changes[i]));
	json_object_object_add(obj, "namespaces", changes);
	json_object_object_add(obj, "left_out", json_object_new_uint64(life->left_out));
	for (i = 0; i < n; i++)
		json_object_array_add(members, json_object_new_int64(con->members.pid[i]));
	json_object_object_add(obj, "members", members);
	json_print(obj);
}

static void print_parent(const struct container *con)
{
	if (!con->has_parent)
		printf("  parent     unknown\n");
	else if (!con->parent)
		printf("  parent     0 (the host)\n");
	else
		printf("  parent     %" PRIu64 " %s\n", con->pcontid,
		       con->parent->name ? con->parent->name : "");
}

static void print_members(struct container *con)
{
	size_t i, n = pids_count(&con->members);

	printf("  members    %zu process%s seen:", n, n == 1 ? "" : "es");
	for (i = 0; i < n; i++)
		printf(" %" PRIu32, con->members.pid[i]);
	printf("\n  events     %lu, %lu failed\n", con->events, con->failed);
}

static void print_end(const struct container *con)
{
	char when[WHEN_SIZE];

	when_text(con->how_ended ? con->end.at : con->last, when, sizeof(when));
	if (con->how_ended == END_EXIT)
		printf("  ended      %s\n", when);
	else if (con->how_ended)
		printf("  ended      by %s (%s): no such record\n", when,
		       end_name(con->how_ended));
	else
		printf("  ended      no such record; last seen %s\n", when);
}

static void print_life(const struct life *life, struct container *con)
{
	char when[WHEN_SIZE];

	printf("container %" PRIu64 " %s\n  node %s, boot %u%s\n", con->id,
	       con->name ? con->name : "(no name)", con->node ? con->node : "-",
	       con->boot, con->boot_unsure ? " (or the one before)" : "");
	print_parent(con);
	if (con->created.stream)
		printf("  created    %s by auid %s, process %" PRIu64 " %s %s\n",
		       when_text(con->created.at, when, sizeof(when)),
		       con->auid ? con->auid : "?", con->maker,
		       con->comm ? con->comm : "?", con->exe ? con->exe : "?");
	else
		printf("  created    no such record; first seen %s\n",
		       when_text(con->first, when, sizeof(when)));
	if (con->delegate)
		printf("  delegate   its members may make %" PRIu64 " live descendants\n",
		       con->delegate);
	print_changes(life, con);
	print_members(con);
	print_end(con);
}

int container_main(int argc, char **argv)
{
	struct life life = {};
	struct container *con;
	struct model model;
	char **files = args_parse(&argp, argc, argv, &life);
	int found = 0;

	model_init(&model);
	model.on_op = note;
	model.raw_text = life.json;
	model.data = &life;
	log_read(&model, files);
	for (con = model.all; con; con = con->next) {
		if (con->id != life.number)
			continue;
		if (life.json)
			print_json(&model, &life, con);
		else
			print_life(&life, con);
		found++;
	}
	if (!found)
		warnx("the log has no audit container %s", life.id);
	else if (found > 1)
		warnx("ambiguous: %d containers of several boots or nodes have "
		      "this ID", found);
	free(life.changes);
	model_free(&model);
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_OWN, "cannot write");
	return found ? 0 : EXIT_NOTHING;
}
