// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: the containers of an audit log.
 *
 * A container is known by its node and ID; only a second create record of the
 * same ID means another one, of another boot. All else does not rest on the
 * order in which logs are read. In the end boots are told apart: the IDs of one
 * boot are a window of consecutive numbers, and between two boots there is the
 * kernel's first record, or the SYSTEM_BOOT that follows it. Nothing is guessed:
 * a parent is what a record says, or unknown.
 */

#include <err.h>
#include <errno.h>
#include <json.h>
#include <linkhash.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

#define TYPE_CONTAINER_OP	1340
#define TYPE_KERNEL		2000
#define TYPE_SYSTEM_BOOT	1127
#define ID_MIN			(1ULL << 32)
#define WINDOW			(1ULL << 20)

struct boundary {
	struct boundary	*next;
	char		*node;
	uint64_t	at;
	bool		kernel, dropped;
};

static void *checked(void *p)
{
	if (!p)
		err(EXIT_OWN, "cannot keep the containers in memory");
	return p;
}

static char *copy(const char *text)
{
	return text ? checked(strdup(text)) : NULL;
}

static bool same_node(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static unsigned long hash_of(const void *key)
{
	const struct container *con = key;
	unsigned long hash = con->id * 0x9e3779b97f4a7c15UL;
	const char *c;

	for (c = con->node; c && *c; c++)
		hash = hash * 31 + *c;
	return hash >> 16;
}

static int is_same(const void *a, const void *b)
{
	const struct container *x = a, *y = b;

	return x->id == y->id && same_node(x->node, y->node);
}

void model_init(struct model *model)
{
	*model = (struct model) {};
	model->end = &model->all;
	model->index = checked(lh_table_new(1024, NULL, hash_of, is_same));
}

void model_free(struct model *model)
{
	struct container *con, *next;
	struct boundary *boot, *after;

	lh_table_free(model->index);
	for (con = model->all; con; con = next) {
		next = con->next;
		free(con->node);
		free(con->name);
		free(con->auid);
		free(con->comm);
		free(con->exe);
		free(con->members.pid);
		free(con);
	}
	for (boot = model->boots; boot; boot = after) {
		after = boot->next;
		free(boot->node);
		free(boot);
	}
}

/*
 * Processes: a list that is sorted, each once, when it is full
 */

static int by_pid(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

size_t pids_count(struct pids *pids)
{
	size_t i, n = 0;

	if (pids->count)
		qsort(pids->pid, pids->count, sizeof(*pids->pid), by_pid);
	for (i = 0; i < pids->count; i++)
		if (!n || pids->pid[n - 1] != pids->pid[i])
			pids->pid[n++] = pids->pid[i];
	return pids->count = n;
}

static void pids_add(struct pids *pids, uint32_t pid)
{
	if (!pid || (pids->count && pids->pid[pids->count - 1] == pid))
		return;
	if (pids->count == pids->room && pids_count(pids) * 2 >= pids->room) {
		pids->room = pids->room ? pids->room * 2 : 4;
		pids->pid = checked(realloc(pids->pid,
					    pids->room * sizeof(*pids->pid)));
	}
	pids->pid[pids->count++] = pid;
}

/*
 * Containers
 */

static struct container *add(struct model *model, const char *node, uint64_t id)
{
	struct container *con = checked(calloc(1, sizeof(*con)));
	struct lh_entry *entry;

	con->id = id;
	con->node = copy(node);
	*model->end = con;
	model->end = &con->next;
	model->count++;
	entry = lh_table_lookup_entry(model->index, con);
	if (entry) {
		con->older = (void *)lh_entry_v(entry);
		lh_table_delete_entry(model->index, entry);
	}
	if (lh_table_insert(model->index, con, con))
		checked(NULL);
	return con;
}

/* Where the ID was made in several boots: the last that was made by @at */
static struct container *find(struct model *model, const char *node,
			      uint64_t id, uint64_t at)
{
	struct container key = { .id = id, .node = (char *)node }, *con, *best;
	void *found;

	if (!lh_table_lookup_ex(model->index, &key, &found))
		return NULL;
	for (best = con = found; con; con = con->older)
		if (con->created <= at && (best->created > at ||
					   con->created > best->created))
			best = con;
	return best;
}

static void seen(struct container *con, uint64_t at)
{
	if (!con->first || at < con->first)
		con->first = at;
	if (at > con->last)
		con->last = at;
}

static struct container *touch(struct model *model, const char *node,
			       uint64_t id, uint64_t at)
{
	struct container *con = find(model, node, id, at);

	if (!con)
		con = add(model, node, id);
	seen(con, at);
	return con;
}

/* A number of the kernel's; a cut line may leave half of it. */
static bool number(const char *text, uint64_t *value)
{
	if (!text || !request_id_valid(text))
		return false;
	*value = strtoull(text, NULL, 10);
	return true;
}

static bool is_id(uint64_t id)
{
	return !id || id >= ID_MIN;
}

/*
 * Records
 */

static const struct {
	const char	*name;
	size_t		at;
} numbers[] = {
	{ "opid", offsetof(struct op, opid) },
	{ "otid", offsetof(struct op, otid) },
	{ "pid", offsetof(struct op, pid) },
	{ "prev", offsetof(struct op, prev) },
	{ "suppressed", offsetof(struct op, suppressed) },
}, texts[] = {
	{ "auid", offsetof(struct op, auid) },
	{ "comm", offsetof(struct op, comm) },
	{ "exe", offsetof(struct op, exe) },
	{ "name", offsetof(struct op, name) },
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static bool is_ns(const char *name)
{
	size_t len = strlen(name);

	return (len > 2 && !strcmp(name + len - 2, "ns")) ||
	       (len > 13 && !strcmp(name + len - 13, "_for_children"));
}

static void take_ns(struct ns_set *set, const char *name, const char *value)
{
	struct ns *ns = &set->ns[set->count];

	if (set->count == NS_MAX || strlen(name) >= NS_NAME_MAX ||
	    !number(value, &ns->ino))
		return;
	strcpy(ns->type, name);
	set->count++;
}

static void take_field(struct op *op, auparse_state_t *au, const char *name,
		       const char *value)
{
	size_t i;

	if (!strcmp(name, "op") && !op->op)
		op->op = value;
	else if (!strcmp(name, "ocontid"))
		op->has_id = number(value, &op->id) && is_id(op->id);
	else if (!strcmp(name, "pcontid"))
		op->has_parent = number(value, &op->pcontid) && is_id(op->pcontid);
	else if (!strcmp(name, "res"))
		op->has_res = (op->ok = !strcmp(value, "1")) || !strcmp(value, "0");
	else if (is_ns(name))
		take_ns(&op->set, name, value);
	for (i = 0; i < COUNT(numbers); i++)
		if (!strcmp(name, numbers[i].name))
			number(value, (uint64_t *)((char *)op + numbers[i].at));
	for (i = 0; i < COUNT(texts); i++)
		if (!strcmp(name, texts[i].name) && strcmp(value, "(null)"))
			*(const char **)((char *)op + texts[i].at) =
				auparse_interpret_field(au);
}

static void take_fields(struct op *op, auparse_state_t *au)
{
	const au_event_t *event = auparse_get_timestamp(au);
	const char *name, *value;

	*op = (struct op) {};
	if (!event || !auparse_first_field(au))
		return;
	op->node = event->host;
	op->at = event->sec * 1000ULL + event->milli;
	op->serial = event->serial;
	do {
		name = auparse_get_field_name(au);
		value = auparse_get_field_str(au);
		if (name && value)
			take_field(op, au, name, value);
	} while (auparse_next_field(au) > 0);
}

static void set_once(char **to, const char *text)
{
	if (!*to)
		*to = copy(text);
}

/* IDs are handed out in order: a parent has the smaller one. */
static void take_parent(struct container *con, const struct op *op)
{
	if (con->has_parent || !op->has_parent || op->pcontid >= op->id)
		return;
	con->has_parent = true;
	con->pcontid = op->pcontid;
}

static void take_create(struct model *model, struct container **con,
			const struct op *op)
{
	struct container *old = *con, *other;

	for (other = old; other; other = other->older)
		if (other->created == op->at && other->serial == op->serial)
			return;
	if (old->created) {
		*con = add(model, op->node, op->id);
		seen(*con, op->at);
	}
	(*con)->created = op->at;
	(*con)->serial = op->serial;
	(*con)->maker = op->pid;
	set_once(&(*con)->auid, op->auid);
	set_once(&(*con)->comm, op->comm);
	set_once(&(*con)->exe, op->exe);
}

static void take_op(struct model *model, const struct op *op)
{
	bool create = !strcmp(op->op, "create");
	bool announce = !strcmp(op->op, "announce");
	struct container *con = NULL;

	/* 0 is the host: a task outside that went into namespaces */
	if (op->id) {
		con = touch(model, op->node, op->id, op->at);
		/* Said too late: it ended meanwhile */
		if (announce && con->ended)
			return;
		if (create)
			take_create(model, &con, op);
		if (create || announce || !strcmp(op->op, "exit")) {
			take_parent(con, op);
			set_once(&con->name, op->name);
		}
		if (!strcmp(op->op, "exit"))
			con->ended = op->at;
		pids_add(&con->members, op->opid);
	}
	if (model->on_op)
		model->on_op(model, con, op);
}

static bool is_known(const char *op)
{
	static const char * const ops[] = { "create", "join", "setns", "unshare",
					    "clone", "exec", "announce", "exit" };
	size_t i;

	for (i = 0; i < COUNT(ops); i++)
		if (!strcmp(op, ops[i]))
			return true;
	return false;
}

static void note_boot(struct model *model, auparse_state_t *au, bool kernel)
{
	const au_event_t *event = auparse_get_timestamp(au);
	struct boundary *boot;

	if (!event)
		return;
	boot = checked(calloc(1, sizeof(*boot)));
	boot->at = event->sec * 1000ULL + event->milli;
	boot->node = copy(event->host);
	boot->kernel = kernel;
	boot->next = model->boots;
	model->boots = boot;
}

/* A record ends with res=: one without is cut, and its numbers may be, too. */
void model_record(struct model *model, auparse_state_t *au)
{
	int type = auparse_get_type(au);
	struct op op;

	if (type == TYPE_KERNEL || type == TYPE_SYSTEM_BOOT)
		note_boot(model, au, type == TYPE_KERNEL);
	if (type != TYPE_CONTAINER_OP)
		return;
	take_fields(&op, au);
	if (!op.op || !op.has_res || !is_known(op.op) || (op.ok && !op.has_id))
		model->bad++;
	else if (op.ok)
		take_op(model, &op);
}

/*
 * Events. Text after msg=' is user space's own: no contid of the kernel's.
 */

bool model_has_contid(const char *text)
{
	const char *contid = text ? strstr(text, "contid=") : NULL;
	const char *forged = contid ? strstr(text, " msg='") : NULL;

	return contid && (!forged || contid < forged);
}

static void take_act(struct model *model, auparse_state_t *au)
{
	const au_event_t *event = auparse_get_timestamp(au);
	uint64_t id = 0, pid = 0, at;
	const char *name, *value;
	struct container *con;
	bool failed = false;

	if (!event || !auparse_first_field(au))
		return;
	do {
		name = auparse_get_field_name(au);
		value = auparse_get_field_str(au);
		if (!name || !value)
			continue;
		if (!id && !strcmp(name, "contid"))
			number(value, &id);
		else if (!pid && !strcmp(name, "pid"))
			number(value, &pid);
		else if (!strcmp(name, "success"))
			failed = !strcmp(value, "no");
	} while (auparse_next_field(au) > 0);
	if (id < ID_MIN)
		return;
	at = event->sec * 1000ULL + event->milli;
	con = touch(model, event->host, id, at);
	model->acting = con;
	con->events++;
	con->failed += failed;
	pids_add(&con->members, pid);
}

void model_event(struct model *model, auparse_state_t *au)
{
	model->acting = NULL;
	if (auparse_first_record(au) <= 0)
		return;
	do {
		if (model_has_contid(auparse_get_record_text(au)) &&
		    strstr(auparse_get_record_text(au), " contid=")) {
			take_act(model, au);
			return;
		}
	} while (auparse_next_record(au) > 0);
}

/* A parent has the smaller ID: there is an end to this. */
bool model_is_below(struct model *model, const char *node, uint64_t id,
		    uint64_t above)
{
	const struct container *con = find(model, node, id, UINT64_MAX);

	while (con && con->has_parent && con->pcontid > above)
		con = find(model, node, con->pcontid, UINT64_MAX);
	return con && con->has_parent && con->pcontid == above;
}

/*
 * The end: parents and boots
 */

/* A parent that no record is about is there all the same. */
static void link_parents(struct model *model)
{
	struct container *con;

	for (con = model->all; con; con = con->next) {
		if (!con->has_parent || !con->pcontid)
			continue;
		con->parent = touch(model, con->node, con->pcontid,
				    con->created ? con->created : con->first);
	}
}

/* The boot begins with the kernel's record; a SYSTEM_BOOT after that is its. */
static void drop_doubles(struct model *model)
{
	struct boundary *boot, *other, *before;

	for (boot = model->boots; boot; boot = boot->next) {
		before = NULL;
		for (other = model->boots; other; other = other->next)
			if (other != boot && other->at <= boot->at &&
			    same_node(other->node, boot->node) &&
			    (!before || other->at > before->at))
				before = other;
		boot->dropped = !boot->kernel && before && before->kernel;
	}
}

static unsigned int boots_before(const struct model *model,
				 const struct container *con)
{
	uint64_t at = con->created ? con->created : con->first;
	const struct boundary *boot;
	unsigned int n = 0;

	for (boot = model->boots; boot; boot = boot->next)
		n += !boot->dropped && boot->at <= at &&
		     same_node(boot->node, con->node);
	return n;
}

static int by_node(const struct container *x, const struct container *y)
{
	return strcmp(x->node ? x->node : "", y->node ? y->node : "");
}

static int by_id(const void *a, const void *b)
{
	const struct container *x = *(void **)a, *y = *(void **)b;
	int node = by_node(x, y);

	if (node)
		return node;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->created > y->created) - (x->created < y->created);
}

struct era {
	struct container	**from;
	size_t			count;
	unsigned int		key;		/* boundaries before it */
	uint64_t		first;
};

/* By node, and boundaries, and window; @boot holds the boundaries for now */
static int by_era(const void *a, const void *b)
{
	const struct container *x = *(void **)a, *y = *(void **)b;
	int node = by_node(x, y);

	if (node)
		return node;
	if (x->boot != y->boot)
		return x->boot < y->boot ? -1 : 1;
	return by_id(a, b);
}

static int by_first(const void *a, const void *b)
{
	const struct era *x = a, *y = b;
	int node = by_node(*x->from, *y->from);

	return node ? node : (x->first > y->first) - (x->first < y->first);
}

static bool new_era(struct container **list, size_t i)
{
	return !i || by_node(list[i - 1], list[i]) ||
	       list[i - 1]->boot != list[i]->boot ||
	       list[i]->id - list[i - 1]->id > WINDOW;
}

static void number_eras(struct era *eras, size_t n)
{
	unsigned int boot = 0;
	size_t i, j;

	qsort(eras, n, sizeof(*eras), by_first);
	for (i = 0; i < n; i++) {
		if (i && by_node(*eras[i - 1].from, *eras[i].from))
			boot = 0;
		boot++;
		for (j = 0; j < eras[i].count; j++)
			eras[i].from[j]->boot = boot;
	}
}

static void number_boots(struct model *model)
{
	struct container **list = checked(calloc(model->count + 1, sizeof(*list)));
	struct era *eras = checked(calloc(model->count + 1, sizeof(*eras)));
	struct container *con;
	size_t i = 0, n = 0;

	for (con = model->all; con; con = con->next) {
		con->boot = boots_before(model, con);
		list[i++] = con;
	}
	qsort(list, model->count, sizeof(*list), by_era);
	for (i = 0; i < model->count; i++) {
		if (new_era(list, i))
			eras[n++] = (struct era) { .from = list + i,
						   .first = UINT64_MAX };
		eras[n - 1].count++;
		if (list[i]->first < eras[n - 1].first)
			eras[n - 1].first = list[i]->first;
	}
	number_eras(eras, n);
	free(eras);
	free(list);
}

void model_finish(struct model *model)
{
	link_parents(model);
	drop_doubles(model);
	number_boots(model);
}
