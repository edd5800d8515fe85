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
	bool		kernel;
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
	{ "delegate", offsetof(struct op, delegate) },
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
	(*con)->delegate = op->delegate;
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
		con->has_set |= op->set.count > 0;
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
	model->boot_count++;
}

/* A record ends with res=: one without is cut, and its numbers may be, too. */
static void take_record_about(struct model *model, auparse_state_t *au)
{
	struct op op;

	take_fields(&op, au);
	if (!op.op || !op.has_res || !is_known(op.op) || (op.ok && !op.has_id))
		model->bad++;
	else if (op.ok)
		take_op(model, &op);
}

/*
 * Who acts. Text after msg=' is user space's own: no contid of the kernel's.
 */

bool model_has_contid(const char *text)
{
	const char *contid = text ? strstr(text, "contid=") : NULL;
	const char *forged = contid ? strstr(text, " msg='") : NULL;

	return contid && (!forged || contid < forged);
}

struct act {
	uint64_t	id, pid;
	bool		failed;
};

static void take_act_field(struct act *act, const char *name, const char *value)
{
	if (!act->id && !strcmp(name, "contid"))
		number(value, &act->id);
	else if (!act->pid && !strcmp(name, "pid"))
		number(value, &act->pid);
	else if (!strcmp(name, "success"))
		act->failed = !strcmp(value, "no");
	else if (!strcmp(name, "res"))
		act->failed = !strcmp(value, "0") || !strcmp(value, "failed");
}

/* Only one record of an event has the field; should it be two, it is one event. */
static void count_act(struct container *con, const struct act *act, uint64_t at,
		      unsigned long serial)
{
	if (con->events && con->event_at == at && con->event_serial == serial)
		return;
	con->event_at = at;
	con->event_serial = serial;
	con->events++;
	con->failed += act->failed;
	pids_add(&con->members, act->pid);
}

static void take_act(struct model *model, auparse_state_t *au)
{
	const au_event_t *event = auparse_get_timestamp(au);
	const char *name, *value;
	struct act act = {};
	uint64_t at;

	if (!event || !model_has_contid(auparse_get_record_text(au)) ||
	    !auparse_first_field(au))
		return;
	do {
		name = auparse_get_field_name(au);
		value = auparse_get_field_str(au);
		if (name && value)
			take_act_field(&act, name, value);
	} while (auparse_next_field(au) > 0);
	if (act.id < ID_MIN)
		return;
	at = event->sec * 1000ULL + event->milli;
	model->acting = touch(model, event->host, act.id, at);
	count_act(model->acting, &act, at, event->serial);
}

void model_record(struct model *model, auparse_state_t *au)
{
	int type = auparse_get_type(au);

	model->acting = NULL;
	if (type == TYPE_KERNEL || type == TYPE_SYSTEM_BOOT)
		note_boot(model, au, type == TYPE_KERNEL);
	if (type == TYPE_CONTAINER_OP)
		take_record_about(model, au);
	take_act(model, au);
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

static int by_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int by_number(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_boundary(const void *a, const void *b)
{
	const struct boundary *x = *(void **)a, *y = *(void **)b;
	int node = by_text(x->node, y->node);

	return node ? node : by_number(x->at, y->at);
}

/*
 * The beginnings of boots, sorted. A boot begins with the kernel's record; the
 * SYSTEM_BOOT after that is its.
 */
static struct boundary **sort_boundaries(struct model *model, size_t *count)
{
	struct boundary **list = checked(calloc(model->boot_count + 1,
						sizeof(*list)));
	struct boundary *boot;
	bool kernel = false;
	size_t i, n = 0;

	*count = 0;
	for (boot = model->boots; boot; boot = boot->next)
		list[n++] = boot;
	qsort(list, n, sizeof(*list), by_boundary);
	for (i = 0; i < n; i++) {
		boot = list[i];
		kernel &= i && same_node(boot->node, list[i - 1]->node);
		if (boot->kernel || !kernel)
			list[(*count)++] = boot;
		kernel = boot->kernel;
	}
	return list;
}

/* How many boundaries come before it in the sorted list? */
static unsigned int boundaries_before(struct boundary **list, size_t count,
				      const struct container *con)
{
	struct boundary key = { .node = con->node }, *here = &key;
	size_t from = 0, i;

	key.at = con->created ? con->created : con->first;
	while (from < count) {
		i = from + (count - from) / 2;
		if (by_boundary(&list[i], &here) <= 0)
			from = i + 1;
		else
			count = i;
	}
	return from;
}

static int by_id(const struct container *x, const struct container *y)
{
	return x->id != y->id ? by_number(x->id, y->id) :
				by_number(x->created, y->created);
}

static int by_boot(const void *a, const void *b)
{
	const struct container *x = *(void **)a, *y = *(void **)b;
	int node = by_text(x->node, y->node);

	if (node)
		return node;
	return x->boot != y->boot ? by_number(x->boot, y->boot) : by_id(x, y);
}

/* Containers of one boot; those that turn out to be of the same one are joined */
struct era {
	struct era	*same;
	const char	*node;
	uint64_t	first;
	unsigned int	boot;
};

static struct era *era_of(struct era *era)
{
	while (era->same != era)
		era = era->same = era->same->same;
	return era;
}

static void join_eras(struct era *a, struct era *b)
{
	a = era_of(a);
	b = era_of(b);
	if (b->first < a->first)
		a->first = b->first;
	b->same = a;
}

static int by_first(const void *a, const void *b)
{
	const struct era *x = *(void **)a, *y = *(void **)b;
	int node = by_text(x->node, y->node);

	return node ? node : by_number(x->first, y->first);
}

/* Boundaries came before, or the IDs are of another window: another boot */
static bool is_new_era(struct container **list, size_t i)
{
	return !i || by_text(list[i - 1]->node, list[i]->node) ||
	       list[i - 1]->boot != list[i]->boot ||
	       list[i]->id - list[i - 1]->id > WINDOW;
}

/* ->boot is the index of its era from here on. */
static size_t make_eras(struct container **list, size_t count, struct era *eras)
{
	unsigned int *era = checked(calloc(count + 1, sizeof(*era)));
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		if (is_new_era(list, i)) {
			eras[n] = (struct era) { .same = &eras[n],
						 .node = list[i]->node,
						 .first = UINT64_MAX };
			n++;
		}
		era[i] = n - 1;
		if (list[i]->first < eras[n - 1].first)
			eras[n - 1].first = list[i]->first;
	}
	for (i = 0; i < count; i++)
		list[i]->boot = era[i];
	free(era);
	return n;
}

static void number_eras(struct era *eras, size_t n)
{
	struct era **list = checked(calloc(n + 1, sizeof(*list)));
	unsigned int boot = 0;
	size_t i, count = 0;

	for (i = 0; i < n; i++)
		if (eras[i].same == &eras[i])
			list[count++] = &eras[i];
	qsort(list, count, sizeof(*list), by_first);
	for (i = 0; i < count; i++) {
		if (i && by_text(list[i - 1]->node, list[i]->node))
			boot = 0;
		list[i]->boot = ++boot;
	}
	free(list);
}

/* A parent is of the same boot, whatever else may be lost. */
static void number_boots(struct model *model, struct container **list)
{
	struct era *eras = checked(calloc(model->count + 1, sizeof(*eras)));
	size_t i, n, boots;
	struct boundary **boundaries = sort_boundaries(model, &boots);

	for (i = 0; i < model->count; i++)
		list[i]->boot = boundaries_before(boundaries, boots, list[i]);
	qsort(list, model->count, sizeof(*list), by_boot);
	n = make_eras(list, model->count, eras);
	for (i = 0; i < model->count; i++)
		if (list[i]->parent)
			join_eras(&eras[list[i]->parent->boot],
				  &eras[list[i]->boot]);
	number_eras(eras, n);
	for (i = 0; i < model->count; i++)
		list[i]->boot = era_of(&eras[list[i]->boot])->boot;
	free(boundaries);
	free(eras);
}

static struct container **list_all(const struct model *model)
{
	struct container **list = checked(calloc(model->count + 1, sizeof(*list)));
	struct container *con;
	size_t i = 0;

	for (con = model->all; con; con = con->next)
		list[i++] = con;
	return list;
}

void model_finish(struct model *model)
{
	struct container **list;

	link_parents(model);
	list = list_all(model);
	number_boots(model, list);
	free(list);
}

/* The last one first, so that children come to be in the order of the list */
static void link_children(struct container **list, size_t count)
{
	struct container *con;

	for (size_t i = 0; i < count; i++)
		list[i]->child = NULL;
	while (count--) {
		con = list[count];
		if (!con->parent)
			continue;
		con->sibling = con->parent->child;
		con->parent->child = con;
	}
}

/* A parent has the smaller ID, so there is no circle. */
static struct container *walk(struct container *con)
{
	if (con->child) {
		con->child->depth = con->depth + 1;
		return con->child;
	}
	while (con->parent && !con->sibling)
		con = con->parent;
	if (!con->parent)
		return NULL;
	con->sibling->depth = con->depth;
	return con->sibling;
}

struct container **model_sorted(struct model *model)
{
	struct container **list = list_all(model), **sorted, *con;
	size_t i, n = 0;

	sorted = checked(calloc(model->count + 1, sizeof(*sorted)));
	qsort(list, model->count, sizeof(*list), by_boot);
	link_children(list, model->count);
	for (i = 0; i < model->count; i++) {
		if (list[i]->parent)
			continue;
		list[i]->depth = 0;
		for (con = list[i]; con; con = walk(con))
			sorted[n++] = con;
	}
	free(list);
	return sorted;
}
