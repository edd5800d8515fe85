// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid whose: which containers are behind a namespace.
 *
 * A container is behind a namespace from the record that says so to its end:
 * processes it forked meanwhile have no record of their own. The kernel gives
 * the number of a namespace that is gone to a new one. So an unshare or clone by
 * which a container comes to have the number says that the namespace is new:
 * nobody that had the number before is behind it.
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

struct use {
	struct container	*con;		/* NULL: a task of the host */
	char			op[16];
	uint64_t		from, to;	/* to 0: to its end */
	uint64_t		task;		/* the one that is known */
	uint64_t		left;		/* when it went elsewhere */
	uint64_t		pid;
};

struct question {
	const char	*type;
	uint64_t	ino, at;
	char		**files;
	struct use	*uses;
	size_t		count;
	bool		suppressed, json;
};

static const struct argp_option options[] = {
	{ "cgroupns", 'C', "INO", 0, "The namespace, as in /proc/PID/ns", 0 },
	{ "ipcns", 'I', "INO", 0, NULL, 0 },
	{ "mntns", 'M', "INO", 0, NULL, 0 },
	{ "netns", 'N', "INO", 0, NULL, 0 },
	{ "pidns", 'P', "INO", 0, NULL, 0 },
	{ "timens", 'T', "INO", 0, NULL, 0 },
	{ "userns", 'U', "INO", 0, NULL, 0 },
	{ "utsns", 'H', "INO", 0, NULL, 0 },
	{ "at", 'a', "TIME", 0, "Only who was behind it at TIME", 1 },
	{ "json", 'J', NULL, 0, "Print a JSON object a line and answer", 1 },
	{ "if", LOG_IF, NULL, 0, "LOGs follow, as in ausearch", 9 },
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
	if (!request_id_valid(arg))
		argp_error(state, "'%s' is not a decimal number", arg);
	q->type = options[i].name;
	q->ino = strtoull(arg, NULL, 10);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct question *q = state->input;
	const char *why;

	switch (key) {
	case 'C': case 'I': case 'M': case 'N':
	case 'P': case 'T': case 'U': case 'H':
		take_type(q, key, arg, state);
		return 0;
	case 'a':
		why = when_parse(arg, &q->at);
		if (why)
			argp_error(state, "'%s' %s", arg, why);
		return 0;
	case 'J':
		q->json = true;
		return 0;
	case LOG_IF:
		return 0;
	case ARGP_KEY_ARGS:
		q->files = state->argv + state->next;
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
	.doc = "Print which audit containers are behind a namespace, from LOGs "
	       "('-' is standard input) or from this machine's audit logs.",
};

static bool is_type(const char *type, const char *wanted)
{
	size_t len = strlen(wanted);

	return !strncmp(type, wanted, len) &&
	       (!type[len] || !strcmp(type + len, "_for_children"));
}

static bool in_it(const struct question *q, const struct ns_set *set)
{
	unsigned int i;

	for (i = 0; i < set->count; i++)
		if (set->ns[i].ino == q->ino && is_type(set->ns[i].type, q->type))
			return true;
	return false;
}

static struct use *find_use(struct question *q, const struct container *con,
			    uint64_t task)
{
	size_t i;

	for (i = q->count; con && i-- > 0;)
		if (q->uses[i].con == con && (!task || q->uses[i].task == task))
			return &q->uses[i];
	return NULL;
}

static void close_all(struct question *q, const struct op *op)
{
	size_t i;

	for (i = 0; i < q->count; i++)
		if (!q->uses[i].to)
			q->uses[i].to = op->at;
}

static void add_use(struct question *q, struct container *con,
		    const struct op *op, uint64_t task)
{
	struct use *uses = reallocarray(q->uses, q->count + 1, sizeof(*uses));

	if (!uses)
		err(EXIT_OWN, "cannot keep the namespaces in memory");
	q->uses = uses;
	uses[q->count] = (struct use) { .con = con, .from = op->at, .task = task,
					.pid = op->opid };
	snprintf(uses[q->count].op, sizeof(uses->op), "%s", op->op);
	q->count++;
}

static void note(struct model *model, struct container *con, const struct op *op)
{
	struct question *q = model->data;
	uint64_t task = op->otid ? op->otid : op->opid;
	bool made = !strcmp(op->op, "unshare") || !strcmp(op->op, "clone");
	struct use *use;

	q->suppressed |= op->suppressed && find_use(q, con, 0);
	if (!op->set.count)
		return;
	if (!in_it(q, &op->set)) {
		use = find_use(q, con, task);
		if (use && !use->left)
			use->left = op->at;
		return;
	}
	use = find_use(q, con, 0);
	if (made && con && !use && !op->suppressed)
		close_all(q, op);
	if (!use || use->to || (use->left && use->task == task))
		add_use(q, con, op, task);
}

/* Until when, at the most; a log that says no more ends with the boot */
static uint64_t until(const struct use *use)
{
	if (!use->con)
		return use->to ? use->to : UINT64_MAX;
	if (use->to && (!use->con->ended || use->to < use->con->ended))
		return use->to;
	return use->con->ended ? use->con->ended : UINT64_MAX;
}

static bool is_gap(const struct container *con)
{
	return con && !con->created;
}

static void print_use(const struct use *use)
{
	const struct container *con = use->con;
	uint64_t to = until(use);
	char from[WHEN_SIZE], end[WHEN_SIZE];

	printf("%-12" PRIu64 " %-20s %-8s %4u %s %-23s %s process %" PRIu64 "%s%s\n",
	       con ? con->id : 0,
	       con ? con->name ? con->name : "(no name)" : "(the host)",
	       con && con->node ? con->node : "-", con ? con->boot : 0,
	       when_text(use->from, from, sizeof(from)),
	       to == UINT64_MAX ? "-" : when_text(to, end, sizeof(end)),
	       use->op, use->pid,
	       use->left ? " (which left it: maybe others did not)" : "",
	       is_gap(con) ? " (no create record: maybe before, too)" : "");
}

static void print_use_json(const struct use *use, bool unsure)
{
	struct json_object *obj = json_object_new_object();
	const struct container *con = use->con;
	uint64_t to = until(use);

	json_object_object_add(obj, "boot", con ? json_object_new_int(con->boot) : NULL);
	json_object_object_add(obj, "node", con ? json_text(con->node) : NULL);
	json_object_object_add(obj, "contid", json_object_new_uint64(con ? con->id : 0));
	json_object_object_add(obj, "name", con ? json_text(con->name) : NULL);
	json_object_object_add(obj, "from", json_when(use->from));
	json_object_object_add(obj, "to", to == UINT64_MAX ? NULL : json_when(to));
	json_object_object_add(obj, "op", json_text(use->op));
	json_object_object_add(obj, "pid", json_object_new_uint64(use->pid));
	json_object_object_add(obj, "gap", json_object_new_boolean(is_gap(con)));
	json_object_object_add(obj, "ambiguous", json_object_new_boolean(unsure));
	json_print(obj);
}

/* Does one begin when all that came before it had ended? Another node's or
 * boot's is another namespace in any case.
 */
static bool may_be_recycled(const struct question *q, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (until(&q->uses[j]) > q->uses[i].from &&
		    q->uses[j].con && q->uses[i].con &&
		    q->uses[j].con->boot == q->uses[i].con->boot)
			return false;
	return i > 0;
}

static bool is_answer(const struct question *q, const struct use *use)
{
	return !q->at || (use->from <= q->at && q->at < until(use));
}

static bool is_unsure(const struct question *q, size_t i)
{
	return q->uses[i].left || (!q->at && may_be_recycled(q, i));
}

/* No record tells of their namespaces. */
static unsigned int count_unknown(const struct question *q,
				  const struct model *model)
{
	const struct container *con;
	unsigned int n = 0;

	for (con = model->all; con; con = con->next)
		n += !con->created && !con->has_set &&
		     (!q->at || !con->ended || q->at < con->ended);
	return n;
}

static void print_doubts(const struct question *q, const struct model *model,
			 bool unsure)
{
	FILE *to = q->json ? stderr : stdout;
	unsigned int unknown = count_unknown(q, model);

	if (unsure)
		fprintf(to, "ambiguous: the kernel uses such a number again; %s\n",
			q->at ? "a process has left this namespace" :
			"--at tells which of them had it when");
	if (q->suppressed)
		fprintf(to, "ambiguous: some changes were not logged (suppressed=)\n");
	if (unknown)
		fprintf(to, "ambiguous: %u container%s no create record: the log does "
			"not tell where %s\n", unknown,
			unknown == 1 ? " has" : "s have",
			unknown == 1 ? "it was" : "they were");
}

/* Returns how many were printed */
static unsigned int print_answer(const struct question *q, const struct model *model)
{
	unsigned int shown = 0;
	bool unsure = false;
	size_t i;

	for (i = 0; i < q->count; i++) {
		if (!is_answer(q, &q->uses[i]))
			continue;
		if (!shown++ && !q->json)
			printf("%-12s %-20s %-8s %4s %-23s %-23s %s\n", "ID", "NAME",
			       "NODE", "BOOT", "FROM", "TO", "BY");
		unsure |= is_unsure(q, i);
		if (q->json)
			print_use_json(&q->uses[i], is_unsure(q, i) || q->suppressed);
		else
			print_use(&q->uses[i]);
	}
	if (!shown)
		warnx("no audit container is known behind %s %" PRIu64 "%s",
		      q->type, q->ino, q->at ? " then" : "");
	print_doubts(q, model, unsure);
	return shown;
}

int whose_main(int argc, char **argv)
{
	struct question q = {};
	struct model model;
	unsigned int shown;

	argp_parse(&argp, argc, argv, ARGP_LONG_ONLY, NULL, &q);
	model_init(&model);
	model.on_op = note;
	model.data = &q;
	log_complain(log_read(&model, q.files));
	shown = print_answer(&q, &model);
	free(q.uses);
	model_free(&model);
	if (fflush(stdout) || ferror(stdout))
		err(EXIT_OWN, "cannot write");
	return shown ? 0 : EXIT_OWN;
}
