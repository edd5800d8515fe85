// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: the containers of an audit log.
 *
 * A container is known by its node and ID; only a second create record of the
 * same ID means another one, of another boot. Nothing is guessed: a parent is
 * what a record says, or unknown.
 */

#include <errno.h>
#include <json.h>
#include <libaudit.h>
#include <linkhash.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

#define ID_MIN			(1ULL << 32)

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
	model->streams = checked(lh_table_new(16, NULL, stream_hash, stream_same));
}

static void free_container(struct container *con)
{
	stay_free(con);
	free(con->name);
	free(con->auid);
	free(con->comm);
	free(con->exe);
	free(con->members.pid);
	free(con);
}

void model_free(struct model *model)
{
	struct container *con, *next;
	struct lh_entry *entry;

	lh_table_free(model->index);
	for (con = model->all; con; con = next) {
		next = con->next;
		free_container(con);
	}
	lh_foreach(model->streams, entry)
		stream_free((void *)lh_entry_v(entry));
	lh_table_free(model->streams);
	free(model->boots);
}

/*
 * Processes: a list that is sorted, each once, when it is full. 4 bytes each; a table
 * of json-c takes 40, which is 64 MiB for 20,000 containers of 80 processes.
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
	con->node = node;
	*model->end = con;
	model->end = &con->next;
	model->count++;
	entry = lh_table_lookup_entry(model->index, con);
	if (entry) {
		model->twins++;
		con->older = (void *)lh_entry_v(entry);
		lh_table_delete_entry(model->index, entry);
	}
	if (lh_table_insert(model->index, con, con))
		checked(NULL);
	return con;
}

/* Was @con made before, as its stream tells, or else the clock? */
static bool is_made_before(const struct container *con, const struct spot *spot)
{
	if (con->created.stream == spot->stream)
		return con->created.pos <= spot->pos;
	return con->created.at <= spot->at;
}

/*
 * Where the ID was made in several boots: the last that was made by then. NULL:
 * there is none. No @spot: the last one.
 */
struct container *model_find(struct model *model, const char *node, uint64_t id,
			     const struct spot *spot)
{
	struct container key = { .id = id, .node = node }, *con;
	void *found;

	if (!lh_table_lookup_ex(model->index, &key, &found))
		return NULL;
	for (con = found; spot && con; con = con->older)
		if (is_made_before(con, spot))
			return con;
	return found;
}

static void seen(struct container *con, const struct spot *spot)
{
	stay_note(con, spot);
	con->last_pos = spot->pos;
	if (!con->first || spot->at < con->first)
		con->first = spot->at;
	if (spot->at > con->last)
		con->last = spot->at;
}

static struct container *touch(struct model *model, uint64_t id,
			       const struct spot *spot)
{
	const char *node = stream_node(spot->stream);
	struct container *con = model_find(model, node, id, spot);

	if (!con)
		con = add(model, node, id);
	seen(con, spot);
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
	{ "count", offsetof(struct op, count) },
	{ "delegate", offsetof(struct op, delegate) },
	{ "last", offsetof(struct op, last) },
	{ "lost", offsetof(struct op, lost) },
	{ "opid", offsetof(struct op, opid) },
	{ "otid", offsetof(struct op, otid) },
	{ "pid", offsetof(struct op, pid) },
	{ "prev", offsetof(struct op, prev) },
	{ "suppressed", offsetof(struct op, suppressed) },
}, texts[] = {
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
	ns->id = 0;
	set->count++;
}

/* netns_id= follows netns= */
static void take_ns_id(struct ns_set *set, const char *name, const char *value)
{
	struct ns *ns = set->count ? &set->ns[set->count - 1] : NULL;
	size_t len = ns ? strlen(ns->type) : 0;

	if (len && !strncmp(name, ns->type, len) && !strcmp(name + len, "_id"))
		number(value, &ns->id);
}

/* By name only as the log has it itself, or of this machine's log: else it is a number. */
static const char *user_name(const struct model *model, auparse_state_t *au,
			     const char *value)
{
	if (model->own || auparse_get_record_interpretations(au) ||
	    !strcmp(value, "4294967295"))
		return auparse_interpret_field(au);
	return value;
}

static void take_field(const struct model *model, struct op *op, auparse_state_t *au,
		       const char *name, const char *value)
{
	size_t i;

	if (!strcmp(name, "auid"))
		op->auid = user_name(model, au, value);
	if (!strcmp(name, "op") && !op->op)
		op->op = value;
	else if (!strcmp(name, "ocontid"))
		op->has_id = number(value, &op->id) && is_id(op->id);
	else if (!strcmp(name, "pcontid"))
		op->has_parent = number(value, &op->pcontid) && is_id(op->pcontid);
	else if (!strcmp(name, "res"))
		op->has_res = (op->ok = !strcmp(value, "1")) || !strcmp(value, "0");
	else if (strstr(name, "ns"))
		(is_ns(name) ? take_ns : take_ns_id)(&op->set, name, value);
	for (i = 0; i < COUNT(numbers); i++)
		if (*name == *numbers[i].name && !strcmp(name, numbers[i].name))
			number(value, (uint64_t *)((char *)op + numbers[i].at));
	for (i = 0; i < COUNT(texts); i++)
		if (*name == *texts[i].name && !strcmp(name, texts[i].name) &&
		    strcmp(value, "(null)"))
			*(const char **)((char *)op + texts[i].at) =
				auparse_interpret_field(au);
}

static void take_fields(const struct model *model, struct op *op, auparse_state_t *au,
			const struct spot *spot)
{
	const char *name, *value;

	*op = (struct op) { .spot = *spot };
	if (!auparse_first_field(au))
		return;
	op->serial = auparse_get_serial(au);
	do {
		name = auparse_get_field_name(au);
		value = auparse_get_field_str(au);
		if (name && value)
			take_field(model, op, au, name, value);
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
		if (other->created.at == op->spot.at && other->serial == op->serial)
			return;
	if (old->created.stream)
		*con = add(model, old->node, op->id);
	seen(*con, &op->spot);
	(*con)->created = op->spot;
	(*con)->serial = op->serial;
	(*con)->maker = op->pid;
	(*con)->delegate = op->delegate;
	if (model->live)
		return;
	set_once(&(*con)->auid, op->auid);
	set_once(&(*con)->comm, op->comm);
	set_once(&(*con)->exe, op->exe);
}

static struct container *take_op_of(struct model *model, const struct op *op)
{
	bool create = !strcmp(op->op, "create"), exit = !strcmp(op->op, "exit");
	bool announce = !strcmp(op->op, "announce");
	const char *node = stream_node(op->spot.stream);
	struct container *con = model_find(model, node, op->id, &op->spot);

	if (!con)
		con = add(model, node, op->id);
	model->object = con;
	if (announce)
		stream_announce(op->spot.stream, con, op);
	/* Said too late: it ended meanwhile */
	if (announce && con->exited.stream)
		return NULL;
	if (create)
		take_create(model, &con, op);
	else
		seen(con, &op->spot);
	model->object = con;
	if (create || announce || exit) {
		take_parent(con, op);
		set_once(&con->name, op->name);
	}
	if (exit)
		con->exited = op->spot;
	con->has_set |= op->set.count > 0;
	if (!model->live)
		pids_add(&con->members, op->opid);
	return con;
}

static void take_op(struct model *model, const struct op *op)
{
	struct container *con = NULL;

	stream_note(op->spot.stream, &op->spot, op->serial, false);
	if (!strcmp(op->op, "announced")) {
		stream_announced(model, op);
		return;
	}
	/* 0 is the host: a task outside that went into namespaces */
	if (op->id) {
		con = take_op_of(model, op);
		if (!con)
			return;
	}
	if (model->on_op)
		model->on_op(model, con, op);
}

static bool is_known(const char *op)
{
	static const char * const ops[] = { "create", "join", "thread", "setns",
					    "unshare", "clone", "exec", "announce",
					    "announced", "exit" };
	size_t i;

	for (i = 0; i < COUNT(ops); i++)
		if (!strcmp(op, ops[i]))
			return true;
	return false;
}

static bool needs_id(const struct op *op)
{
	return op->ok && strcmp(op->op, "announced");
}

/* A record ends with res=: one without is cut, and its numbers may be, too. */
static void take_record_about(struct model *model, auparse_state_t *au,
			      const struct spot *spot)
{
	struct op op;

	take_fields(model, &op, au, spot);
	if (!op.op || !op.has_res || !is_known(op.op) || (needs_id(&op) && !op.has_id))
		model->bad++;
	else if (op.ok)
		take_op(model, &op);
}

/*
 * Who acts
 */

struct act {
	uint64_t	id, pid;
	bool		failed;
};

static void take_act_field(struct act *act, const char *name, const char *value)
{
	if (!act->pid && !strcmp(name, "pid"))
		number(value, &act->pid);
	else if (!strcmp(name, "success"))
		act->failed = !strcmp(value, "no");
	else if (!strcmp(name, "res"))
		act->failed = !strcmp(value, "0") || !strcmp(value, "failed");
}

/* Should two records of an event have the field, it is one event. */
static void count_act(struct container *con, const struct act *act, uint64_t at,
		      unsigned long serial, bool live)
{
	if (con->events && con->event_at == at && con->event_serial == serial)
		return;
	con->event_at = at;
	con->event_serial = serial;
	con->events++;
	con->failed += act->failed;
	if (!live)
		pids_add(&con->members, act->pid);
}

static void take_act(struct model *model, auparse_state_t *au,
		     const struct spot *spot, int type)
{
	const char *name, *value;
	struct act act = {};

	if (!record_contid(auparse_get_record_text(au), type, &act.id) ||
	    act.id < ID_MIN || !auparse_first_field(au))
		return;
	do {
		name = auparse_get_field_name(au);
		value = auparse_get_field_str(au);
		if (name && value)
			take_act_field(&act, name, value);
	} while (auparse_next_field(au) > 0);
	stream_clock(spot->stream, spot, type == AUDIT_SYSCALL);
	model->acting = touch(model, act.id, spot);
	count_act(model->acting, &act, spot->at, auparse_get_serial(au), model->live);
}

/* Whom a signal or a trace is of */
static void take_target(struct model *model, auparse_state_t *au, const struct spot *spot)
{
	uint64_t id;

	if (auparse_first_field(au) && auparse_find_field(au, "ocontid") &&
	    number(auparse_get_field_str(au), &id) && id >= ID_MIN)
		model->object = touch(model, id, spot);
}

void model_record(struct model *model, auparse_state_t *au)
{
	const au_event_t *event = auparse_get_timestamp(au);
	int type = record_type(au);
	struct spot spot;

	model->acting = model->object = NULL;
	if (!event)
		return;
	spot = (struct spot) { stream_of(model, event->host), ++model->pos,
			       event->sec * 1000ULL + event->milli };
	if (type == AUDIT_KERNEL)
		stream_note(spot.stream, &spot, event->serial, true);
	if (type == AUDIT_DAEMON_START) {
		stream_clock(spot.stream, &spot, false);
		stream_new_daemon(spot.stream);
	}
	if (type == RECORD_CONTAINER_OP)
		take_record_about(model, au, &spot);
	if (type == AUDIT_OBJ_PID)
		take_target(model, au, &spot);
	take_act(model, au, &spot, type);
}

/* A parent has the smaller ID: there is an end to this. */
bool model_is_below(struct model *model, const char *node, uint64_t id,
		    uint64_t above)
{
	const struct container *con = model_find(model, node, id, NULL);

	while (con && con->has_parent && con->pcontid > above)
		con = model_find(model, node, con->pcontid, NULL);
	return con && con->has_parent && con->pcontid == above;
}

/*
 * While records come without an end: what has ended is forgotten.
 */

struct container *model_restore(struct model *model, const struct spot *spot,
				uint64_t id, unsigned int boot)
{
	struct container *con = model_find(model, stream_node(spot->stream), id, NULL);

	if (con && con->boot == boot)
		return con;
	stream_set_boot(spot->stream, boot);
	con = add(model, stream_node(spot->stream), id);
	seen(con, spot);
	return con;
}

/* Of the same node and a boot before, it has ended whatever else there is. */
static bool is_over(const struct container *con, uint64_t before)
{
	const struct spot *end = con->exited.stream ? &con->exited : &con->announced;

	if (end->stream)
		return end->pos < before && con->last_pos < before;
	return con->boot < stream_boot(stay_first(con).stream) && con->last_pos < before;
}

static void hold_parents(struct model *model, const struct container *con)
{
	struct container *parent;

	while (con && con->has_parent && con->pcontid) {
		parent = model_find(model, con->node, con->pcontid, NULL);
		if (!parent || parent->held)
			return;
		parent->held = true;
		con = parent;
	}
}

static void forget_one(struct model *model, struct container *con)
{
	struct lh_entry *entry = lh_table_lookup_entry(model->index, con);
	struct container *other = entry ? (void *)lh_entry_v(entry) : NULL;

	for (; other && other != con && other->older != con; other = other->older)
		;
	if (other && other != con) {
		other->older = con->older;
	} else if (other) {
		lh_table_delete_entry(model->index, entry);
		if (con->older && lh_table_insert(model->index, con->older, con->older))
			checked(NULL);
	}
	model->twins -= other && (other != con || con->older);
	model->count--;
	free_container(con);
}

void model_sweep(struct model *model, uint64_t before,
		 void (*forget)(struct container *con))
{
	struct container **link = &model->all, *con;
	struct lh_entry *entry;

	lh_foreach(model->streams, entry)
		stream_hold((void *)lh_entry_v(entry));
	for (con = model->all; con; con = con->next)
		if (con->held || !is_over(con, before))
			hold_parents(model, con);
	while ((con = *link)) {
		if (con->held || !is_over(con, before)) {
			con->held = false;
			link = &con->next;
			continue;
		}
		*link = con->next;
		forget(con);
		forget_one(model, con);
	}
	model->end = link;
	/* What was deleted still takes a place in it, which a look-up passes. */
	lh_table_resize(model->index, 1024 + 2 * model->count);
}

/*
 * The end: parents and boots
 */

/* A parent that no record is about is there all the same. */
static void link_parents(struct model *model)
{
	struct container *con;
	struct spot spot;

	for (con = model->all; con; con = con->next) {
		if (!con->has_parent || !con->pcontid)
			continue;
		spot = con->created.stream ? con->created : stay_first(con);
		con->parent = model_find(model, con->node, con->pcontid, &spot);
		if (!con->parent)
			con->parent = touch(model, con->pcontid, &spot);
	}
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
	link_parents(model);
	boots_number(model);
}

const char *end_name(enum end end)
{
	static const char * const names[] = {
		[END_EXIT] = "exit", [END_ANNOUNCEMENT] = "announcement",
		[END_BOOT] = "boot",
	};

	return names[end];
}

bool model_live_at(const struct container *con, uint64_t at)
{
	struct spot from = con->created.stream ? con->created : stay_first(con);

	return spot_between(&from, &con->end, at);
}

static int by_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int by_number(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_boot(const void *a, const void *b)
{
	const struct container *x = *(void **)a, *y = *(void **)b;
	int node = by_text(x->node, y->node);

	if (node)
		return node;
	return x->boot != y->boot ? by_number(x->boot, y->boot) :
				    by_number(x->id, y->id);
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
