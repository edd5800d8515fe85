// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid whose: which containers are behind a namespace.
 *
 * A container is behind a namespace from the record that says so to its end:
 * processes it forked meanwhile have no record of their own. The kernel gives
 * the inode number of a namespace that is gone to a new one. So an unshare or clone
 * by which a container comes to have the number says that the namespace is new:
 * nobody that had the number before is behind it. A 64-bit ID is never given again.
 */

#include <argp.h>
#include <err.h>
#include <inttypes.h>
#include <json.h>
#include <linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

/* A namespace of a node, as far as the log tells it from others of its number */
struct space {
	const char	*node;
	uint64_t	id;		/* 0: the record gives none */
	struct space	*now, *older;	/* of a number that was given again, the last */
	struct spot	closed;		/* where it is known to be gone */
	ssize_t		host;		/* the use by the host; -1: none */
};

struct use {
	struct container	*con;		/* NULL: a task of the host */
	struct space		*space;
	char			op[16];
	struct spot		from;
	struct spot		left;		/* where the known task went elsewhere */
	uint64_t		task, pid;
	bool			by_id, unsure;
};

/* The last use by a task of a container; by any of its tasks is its ->data */
struct user {
	const struct container	*con;
	uint64_t		task;
	size_t			use;
};

/* Of the uses of a node and boot so far: when the last one ends */
struct cover {
	const char	*node;
	unsigned int	boot;
	struct spot	end;
};

struct question {
	struct model	*model;
	const char	*type;
	uint64_t	number, at;
	struct use	*uses;
	size_t		count, room;
	struct lh_table	*spaces, *users, *covers;
	bool		suppressed, json, has_id;
};

static const struct argp_option options[] = {
	{ "cgroupns", 'C', "NUMBER", 0, "The inode number of the namespace, as in /proc/PID/ns, or its ID", 0 },
	{ "ipcns", 'I', "NUMBER", 0, NULL, 0 },
	{ "mntns", 'M', "NUMBER", 0, NULL, 0 },
	{ "netns", 'N', "NUMBER", 0, NULL, 0 },
	{ "pidns", 'P', "NUMBER", 0, NULL, 0 },
	{ "timens", 'T', "NUMBER", 0, NULL, 0 },
	{ "userns", 'U', "NUMBER", 0, NULL, 0 },
	{ "utsns", 'H', "NUMBER", 0, NULL, 0 },
	{ "at", 'a', "TIME", 0, "Only the audit containers that used it at TIME", 1 },
	{ "json", 'J', NULL, 0, "Print a JSON object for each answer", 1 },
	{}
};

static void take_type(struct question *q, int key, char *arg,
		      struct argp_state *state)
{
	int i = 0;

	while (options[i].key != key)
		i++;
	if (q->type)
		argp_error(state, "one namespace, not two");
	q->type = options[i].name;
	q->number = args_number(arg, state);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct question *q = state->input;

	switch (key) {
	case 'C': case 'I': case 'M': case 'N':
	case 'P': case 'T': case 'U': case 'H':
		take_type(q, key, arg, state);
		return 0;
	case 'a':
		q->at = args_time(arg, false, state);
		return 0;
	case 'J':
		q->json = true;
		return 0;
	case ARGP_KEY_END:
		if (!q->type)
			argp_error(state, "which namespace?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[LOG...]",
	.doc = "Print the audit containers that used a namespace, from LOGs "
	       "('-' is standard input) or from this machine's audit logs.",
};

static bool is_type(const char *type, const char *wanted)
{
	size_t len = strlen(wanted);

	return !strncmp(type, wanted, len) &&
	       (!type[len] || !strcmp(type + len, "_for_children"));
}

/* The namespace that was asked for; an ID is the better answer. */
static const struct ns *find_ns(const struct question *q, const struct ns_set *set)
{
	const struct ns *found = NULL;
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		if (!is_type(set->ns[i].type, q->type))
			continue;
		if (set->ns[i].id == q->number && q->number)
			return &set->ns[i];
		if (set->ns[i].ino == q->number)
			found = &set->ns[i];
	}
	return found;
}

/*
 * Namespaces, and who used them last
 */

static void free_entry(struct lh_entry *entry)
{
	free(lh_entry_k(entry));
}

static void free_spaces(struct lh_entry *entry)
{
	struct space *first = lh_entry_k(entry), *space, *older;

	for (space = first->now; space; space = older) {
		older = space->older;
		free(space);
	}
	free(first);
}

static unsigned long mix(uint64_t a, uint64_t b)
{
	return (a * 31 + b) * 0x9e3779b97f4a7c15UL >> 16;
}

static bool same_node(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static unsigned long hash_node(const char *node)
{
	unsigned long hash = 0;

	while (node && *node)
		hash = hash * 31 + *node++;
	return hash;
}

static unsigned long space_hash(const void *key)
{
	const struct space *space = key;

	return mix(hash_node(space->node), space->id);
}

static int space_same(const void *a, const void *b)
{
	const struct space *x = a, *y = b;

	return x->id == y->id && same_node(x->node, y->node);
}

static unsigned long user_hash(const void *key)
{
	const struct user *user = key;

	return mix((uintptr_t)user->con, user->task);
}

static int user_same(const void *a, const void *b)
{
	const struct user *x = a, *y = b;

	return x->con == y->con && x->task == y->task;
}

static unsigned long cover_hash(const void *key)
{
	const struct cover *cover = key;

	return mix(hash_node(cover->node), cover->boot);
}

static int cover_same(const void *a, const void *b)
{
	const struct cover *x = a, *y = b;

	return x->boot == y->boot && same_node(x->node, y->node);
}

/* The entry of @table like @key, which is made if there is none */
static void *entry_of(struct lh_table *table, const void *key, size_t size)
{
	void *found;

	if (lh_table_lookup_ex(table, key, &found))
		return found;
	found = checked(malloc(size));
	memcpy(found, key, size);
	if (lh_table_insert(table, found, found))
		checked(NULL);
	return found;
}

static struct space *space_of(struct question *q, const char *node, uint64_t id)
{
	struct space key = { .node = node, .id = id, .host = -1 };
	struct space *space = entry_of(q->spaces, &key, sizeof(key));

	return space->now ? space->now : space;
}

/* The number was given again: a namespace that differs from all before */
static struct space *new_space(struct question *q, const struct op *op)
{
	const char *node = stream_node(op->spot.stream);
	struct space key = { .node = node }, *first, *space;

	first = entry_of(q->spaces, &key, sizeof(key));
	(first->now ? first->now : first)->closed = op->spot;
	space = checked(malloc(sizeof(*space)));
	*space = (struct space) { .node = node, .host = -1, .older = first->now };
	first->now = space;
	return space;
}

static struct use *add_use(struct question *q, struct container *con,
			   struct space *space, const struct op *op)
{
	struct use *use;

	if (q->count == q->room) {
		q->room = q->room ? 2 * q->room : 64;
		q->uses = checked(reallocarray(q->uses, q->room, sizeof(*q->uses)));
	}
	use = &q->uses[q->count++];
	*use = (struct use) { .con = con, .space = space, .from = op->spot,
			      .task = op->otid ? op->otid : op->opid,
			      .pid = op->opid };
	snprintf(use->op, sizeof(use->op), "%s", op->op);
	return use;
}

/* Index 0 is a use, too: ->data is one more. */
static struct use *last_use(const struct question *q, const struct container *con)
{
	return con && con->data ? &q->uses[(uintptr_t)con->data - 1] : NULL;
}

static void note_left(struct question *q, const struct container *con,
		      const struct op *op)
{
	struct user key = { con, op->otid ? op->otid : op->opid, 0 };
	void *found;

	if (!con || !con->data || !lh_table_lookup_ex(q->users, &key, &found))
		return;
	struct use *use = &q->uses[((struct user *)found)->use];

	if (!use->left.stream)
		use->left = op->spot;
}

static void note_host(struct question *q, struct space *space, const struct op *op,
		      bool by_id)
{
	if (space->host >= 0)
		return;
	space->host = q->count;
	add_use(q, NULL, space, op)->by_id = by_id;
}

static void note_use(struct question *q, struct container *con, const struct op *op,
		     uint64_t id, bool by_id)
{
	bool made = !strcmp(op->op, "unshare") || !strcmp(op->op, "clone");
	struct space *space = space_of(q, stream_node(op->spot.stream), id);
	struct use *use = last_use(q, con);
	struct user key = { con, op->otid ? op->otid : op->opid, 0 };

	if (!con) {
		note_host(q, space, op, by_id);
		return;
	}
	if (!id && made && !use && !op->suppressed)
		space = new_space(q, op);
	if (use && use->space == space && !(use->left.stream && use->task == key.task))
		return;
	use = add_use(q, con, space, op);
	use->by_id = by_id;
	con->data = (void *)(uintptr_t)q->count;
	((struct user *)entry_of(q->users, &key, sizeof(key)))->use = q->count - 1;
}

static void note(struct model *model, struct container *con, const struct op *op)
{
	struct question *q = model->data;
	const struct ns *ns = find_ns(q, &op->set);

	q->suppressed |= op->suppressed && last_use(q, con);
	if (!op->set.count)
		return;
	if (!ns) {
		note_left(q, con, op);
		return;
	}
	q->has_id |= ns->id == q->number;
	note_use(q, con, op, ns->id, ns->id == q->number);
}

/*
 * The answer
 */

/* Does @spot come before @end? Of two streams, the clock has to say. */
static bool is_before(const struct spot *spot, const struct spot *end)
{
	if (!end->stream)
		return true;
	return spot->stream == end->stream ? spot->pos < end->pos : spot->at < end->at;
}

/* Until when, at the most; no stream: open */
static const struct spot *until(const struct use *use)
{
	static const struct spot open;
	const struct spot *end = use->con ? &use->con->end : &open;

	return use->space->closed.stream && is_before(&use->space->closed, end) ?
	       &use->space->closed : end;
}

static unsigned int boot_of(const struct use *use)
{
	return use->con ? use->con->boot : boots_at(&use->from);
}

/*
 * A use is unsure that begins when all before it had ended: then the number may be
 * another namespace's. The host's tasks leave without a record: their use proves
 * nothing. Another node or boot has namespaces of its own.
 */
static void find_unsure(struct question *q)
{
	struct cover key = {}, *cover;
	struct use *use;
	void *found;
	size_t i;

	for (i = 0; i < q->count; i++) {
		use = &q->uses[i];
		if (use->space->id)
			continue;
		key.node = use->space->node;
		key.boot = boot_of(use);
		if (lh_table_lookup_ex(q->covers, &key, &found)) {
			cover = found;
			use->unsure = !is_before(&use->from, &cover->end);
		} else {
			cover = entry_of(q->covers, &key, sizeof(key));
			cover->end = use->from;
		}
		if (use->con && (use->unsure || is_before(&cover->end, until(use))))
			cover->end = *until(use);
	}
}

static bool is_answer(const struct question *q, const struct use *use)
{
	if (q->has_id && !use->by_id)
		return false;
	return !q->at || spot_between(&use->from, until(use), q->at);
}

/* Has the only task that is known to have been in it gone by then? */
static bool has_left(const struct question *q, const struct use *use)
{
	return use->left.stream &&
	       !(q->at && spot_between(&use->from, &use->left, q->at));
}

static bool is_gap(const struct container *con)
{
	return con && !con->created.stream;
}

/* An announcement has the set at creation, which may be long ago. */
static bool is_stale(const struct use *use)
{
	return !use->space->id && is_gap(use->con) && !strcmp(use->op, "announce");
}

static bool is_unsure(const struct question *q, const struct use *use)
{
	if (use->space->id)
		return false;
	return has_left(q, use) || (!q->at && use->unsure) || is_stale(use);
}

static const char *end_text(const struct use *use, char *buf, size_t size)
{
	const struct spot *end = until(use);
	char when[WHEN_SIZE];

	if (!end->stream)
		return "-";
	when_text(end->at, when, sizeof(when));
	if (use->con && end == &use->con->end && use->con->how_ended != END_EXIT)
		snprintf(buf, size, "by %s (%s)", when, end_name(use->con->how_ended));
	else
		snprintf(buf, size, "%s", when);
	return buf;
}

static void print_use(const struct question *q, const struct use *use)
{
	const struct container *con = use->con;
	char from[WHEN_SIZE], to[WHEN_SIZE + 32];

	printf("%-12" PRIu64 " %-20s %-8s %3u%s %s %-23s %s process %" PRIu64,
	       con ? con->id : 0,
	       con ? con->name ? con->name : "(no name)" : "(the host)",
	       use->space->node ? use->space->node : "-", boot_of(use),
	       con && con->boot_unsure ? "?" : " ",
	       when_text(use->from.at, from, sizeof(from)),
	       end_text(use, to, sizeof(to)), use->op, use->pid);
	if (use->space->id)
		printf(" %s_id=%" PRIu64, q->type, use->space->id);
	printf("%s%s\n", has_left(q, use) ? " (has left it; others may still be in it)" : "",
	       is_gap(con) ? " (no create record: maybe earlier, too)" : "");
}

static struct json_object *host_head(const struct use *use)
{
	struct json_object *obj = json_object_new_object();
	unsigned int boot = boot_of(use);

	json_object_object_add(obj, "boot", boot ? json_object_new_int(boot) : NULL);
	json_object_object_add(obj, "boot_sure", json_object_new_boolean(boot));
	json_object_object_add(obj, "node", json_text(use->space->node));
	json_object_object_add(obj, "contid", json_object_new_uint64(0));
	json_object_object_add(obj, "name", NULL);
	return obj;
}

static void print_use_json(const struct question *q, const struct use *use)
{
	const struct container *con = use->con;
	struct json_object *obj = con ? ecs_head(q->model, con) : host_head(use);
	const struct spot *to = until(use);

	json_object_object_add(obj, "from", json_when(use->from.at));
	json_object_object_add(obj, "to", to->stream ? json_when(to->at) : NULL);
	json_object_object_add(obj, "to_how", con && to == &con->end ?
			       json_text(end_name(con->how_ended)) : NULL);
	json_object_object_add(obj, "op", json_text(use->op));
	json_object_object_add(obj, "pid", json_object_new_uint64(use->pid));
	json_object_object_add(obj, "ns_id", use->space->id ?
			       json_object_new_uint64(use->space->id) : NULL);
	json_object_object_add(obj, "gap", json_object_new_boolean(is_gap(con)));
	json_object_object_add(obj, "ambiguous",
			       json_object_new_boolean(is_unsure(q, use) || q->suppressed));
	json_print(obj);
}

/* No record tells of their namespaces. */
static unsigned int count_unknown(const struct question *q,
				  const struct model *model)
{
	const struct container *con;
	unsigned int n = 0;

	for (con = model->all; con; con = con->next)
		n += is_gap(con) && !con->has_set &&
		     (!q->at || !con->end.stream || q->at < con->end.at);
	return n;
}

static void print_doubts(const struct question *q, const struct model *model,
			 bool unsure)
{
	FILE *to = q->json ? stderr : stdout;
	unsigned int unknown = count_unknown(q, model);

	if (unsure)
		fprintf(to, "ambiguous: the kernel reuses inode numbers; %s\n",
			q->at ? "a process has left this namespace" :
			"use --at for the answer at a given time");
	if (q->suppressed)
		fprintf(to, "ambiguous: some namespace changes were not logged (suppressed=)\n");
	if (unknown)
		fprintf(to, "ambiguous: %u container%s no create record: the log does "
			"not contain %s namespaces\n", unknown,
			unknown == 1 ? " has" : "s have",
			unknown == 1 ? "its" : "their");
}

/* Returns how many were printed */
static unsigned int print_answer(struct question *q, const struct model *model)
{
	unsigned int shown = 0;
	bool unsure = false;
	const struct use *use;
	size_t i;

	find_unsure(q);
	for (i = 0; i < q->count; i++) {
		use = &q->uses[i];
		if (!is_answer(q, use))
			continue;
		if (!shown++ && !q->json)
			printf("%-12s %-20s %-8s %4s %-23s %-23s %s\n", "ID", "NAME",
			       "NODE", "BOOT", "FROM", "TO", "BY");
		unsure |= is_unsure(q, use);
		(q->json ? print_use_json : print_use)(q, use);
	}
	if (!shown)
		warnx("no audit container is known to have used %s %" PRIu64 "%s",
		      q->type, q->number, q->at ? " then" : "");
	print_doubts(q, model, unsure);
	return shown;
}

static void start(struct question *q)
{
	q->spaces = checked(lh_table_new(64, free_spaces, space_hash, space_same));
	q->users = checked(lh_table_new(64, free_entry, user_hash, user_same));
	q->covers = checked(lh_table_new(64, free_entry, cover_hash, cover_same));
}

int whose_main(int argc, char **argv)
{
	struct question q = {};
	struct model model;
	unsigned int shown;
	char **files = args_parse(&argp, argc, argv, &q);

	start(&q);
	model_init(&model);
	model.on_op = note;
	model.raw_text = q.json;
	model.data = &q;
	q.model = &model;
	log_read(&model, files);
	shown = print_answer(&q, &model);
	free(q.uses);
	lh_table_free(q.spaces);
	lh_table_free(q.users);
	lh_table_free(q.covers);
	model_free(&model);
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_OWN, "cannot write");
	return shown ? 0 : EXIT_NOTHING;
}
