// SPDX-License-Identifier: GPL-2.0-only
/*
 * auditcid: the boots of the nodes of a log.
 *
 * A stream is what one node has in one log and in those that it was rotated to,
 * in the order in which it was written. Positions in a stream are compared,
 * never times: the clock may step. A boot is a stretch of a stream, so what lies
 * between two records of a container is of its boot. Between two such stretches:
 *
 *  - IDs that are near to each other are of one boot, whatever else is there:
 *    each boot begins to count at a random number of 32 bits;
 *  - else the kernel's first record, or serial numbers that begin again, part
 *    them; a record that a sender could write does not;
 *  - else IDs that go down or are very far apart are of two boots;
 *  - else the log does not say, and neither does auditcid.
 *
 * A parent is of the boot of its child. Streams of one node are joined by the
 * containers that they share, and by IDs that are near.
 */

#include <err.h>
#include <json.h>
#include <linkhash.h>
#include <stdlib.h>
#include <string.h>

#include "auditcid.h"
#include "model.h"

#define NEAR		(1ULL << 12)	/* one boot in 500,000 begins this close to another */
#define FAR		(1ULL << 28)	/* years of containers */
#define STEP_MS		1000		/* records come a little out of order */
#define LATE_MS		(600 * 1000)

/* What the clock showed from a position on, up to its next step back */
struct clock {
	uint64_t	pos, from, to;
};

/* Announcements of one process, or of the kernel itself (0) */
struct announcement {
	struct announcement *next;
	uint64_t	pid;
	struct announced {
		struct container	*con;
		unsigned long		serial;
		uint64_t		pos;
	}		*list;
	size_t		count;
};

struct stream {
	char		*node;
	unsigned int	chain;
	size_t		number;
	unsigned long	serial;		/* the greatest since the last cut, */
	uint64_t	at;		/* and its time */
	struct spot	low;		/* from here on serial numbers are lower, */
	unsigned long	low_serial;	/* up to this one: a new boot, or late records */
	struct spot	*cuts;
	struct clock	*clocks;
	size_t		cut_count, clock_count;
	struct announcement *announcements;
	struct boot	*now;		/* the boot as far as it is read */
	unsigned int	set_boot;	/* known from elsewhere; 0: not */
	struct boot	*boots;		/* after boots_number() */
	size_t		boot_count;
	bool		mixed;		/* it is not in the order in which it was written */
};

/* A stretch of a stream with a container in it */
struct stay {
	struct stay	*next;
	struct container *con;
	struct stream	*stream;
	uint64_t	first, last;	/* positions */
	uint64_t	at, latest;	/* times */
	struct boot	*boot;
};

enum verdict { NOT_JUDGED, SAME, OTHER, UNSURE };

/* A stretch of one boot; those that turn out to be of the same one are joined. */
struct boot {
	struct boot	*same, *head;	/* of those that are joined, the first one */
	struct stream	*stream;
	struct spot	begin;		/* where the boot before has ended at the latest */
	struct spot	end;
	uint64_t	first, last;
	uint64_t	min_id, max_id, last_id, latest;
	enum verdict	verdict;	/* on the stretch before in this stream */
	bool		cut, unsure;
	unsigned int	number;
	size_t		reach;
};

/*
 * Streams
 */

static bool same_node(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

unsigned long stream_hash(const void *key)
{
	const struct stream *stream = key;
	unsigned long hash = stream->chain + 1;
	const char *c;

	for (c = stream->node; c && *c; c++)
		hash = hash * 31 + *c;
	return hash * 0x9e3779b97f4a7c15UL >> 16;
}

int stream_same(const void *a, const void *b)
{
	const struct stream *x = a, *y = b;

	return x->chain == y->chain && same_node(x->node, y->node);
}

struct stream *stream_of(struct model *model, const char *node)
{
	struct stream key = { .node = (char *)node, .chain = model->chain }, *stream;
	void *found;

	if (model->stream && stream_same(model->stream, &key))
		return model->stream;
	if (lh_table_lookup_ex(model->streams, &key, &found))
		return model->stream = found;
	stream = checked(calloc(1, sizeof(*stream)));
	stream->node = node ? checked(strdup(node)) : NULL;
	stream->chain = model->chain;
	stream->number = lh_table_length(model->streams);
	if (lh_table_insert(model->streams, stream, stream))
		checked(NULL);
	return model->stream = stream;
}

const char *stream_node(const struct stream *stream)
{
	return stream->node;
}

void stream_new_daemon(struct stream *stream)
{
	struct announcement *next;

	for (; stream->announcements; stream->announcements = next) {
		next = stream->announcements->next;
		free(stream->announcements->list);
		free(stream->announcements);
	}
}

void stream_free(struct stream *stream)
{
	stream_new_daemon(stream);
	free(stream->node);
	free(stream->cuts);
	free(stream->clocks);
	free(stream->now);
	free(stream);
}

/* Does the kernel count its events from 1 again? A record may be a little late. */
static bool is_restart(const struct stream *stream, uint64_t at, unsigned long serial)
{
	if (serial > stream->serial || (serial == stream->serial && at == stream->at))
		return false;
	return at > stream->at + STEP_MS || at + LATE_MS < stream->at;
}

static void *grown(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return checked(reallocarray(array, count ? 2 * count : 1, size));
}

/* A record has the time of the clock, unless it is of a call that began before. */
void stream_clock(struct stream *stream, const struct spot *spot, bool late)
{
	struct clock *clock = stream->clock_count ?
			      &stream->clocks[stream->clock_count - 1] : NULL;

	if (stream->set_boot)
		return;
	if (!clock || (!late && spot->at + STEP_MS < clock->to)) {
		stream->clocks = grown(stream->clocks, stream->clock_count,
				       sizeof(*clock));
		clock = stream->clocks + stream->clock_count++;
		*clock = (struct clock) { spot->pos, spot->at, spot->at };
	}
	if (spot->at > clock->to)
		clock->to = spot->at;
}

static void add_cut(struct stream *stream, const struct spot *spot)
{
	stream->cuts = grown(stream->cuts, stream->cut_count, sizeof(*spot));
	stream->cuts[stream->cut_count++] = *spot;
	stream->serial = 0;
	stream->low.stream = NULL;
	stream_new_daemon(stream);
}

static void note_serial(struct stream *stream, const struct spot *spot,
			unsigned long serial)
{
	if (serial >= stream->serial) {
		stream->serial = serial;
		stream->at = spot->at;
		stream->low.stream = NULL;
		return;
	}
	if (!stream->low.stream || serial < stream->low_serial)
		stream->low = *spot;
	stream->low_serial = serial;
}

void stream_note(struct stream *stream, const struct spot *spot,
		 unsigned long serial, bool kernel)
{
	bool low = stream->low.stream && serial >= stream->low_serial;

	if (stream->set_boot)
		return;
	stream_clock(stream, spot, false);
	if (kernel)
		add_cut(stream, spot);
	else if (is_restart(stream, spot->at, serial))
		add_cut(stream, low ? &stream->low : spot);
	note_serial(stream, spot, serial);
}

/* The clock at a position */
static size_t clock_at(const struct stream *stream, uint64_t pos)
{
	size_t from = 0, to = stream->clock_count, i;

	while (from + 1 < to) {
		i = from + (to - from) / 2;
		if (stream->clocks[i].pos <= pos)
			from = i;
		else
			to = i;
	}
	return from;
}

bool spot_between(const struct spot *from, const struct spot *to, uint64_t at)
{
	const struct stream *stream = from->stream;
	size_t i, last;

	if (!stream->clock_count || (to->stream && to->stream != stream))
		return from->at <= at && (!to->stream || at < to->at);
	i = clock_at(stream, from->pos);
	last = to->stream ? clock_at(stream, to->pos) : stream->clock_count - 1;
	for (; i <= last; i++) {
		uint64_t low = stream->clocks[i].from, high = stream->clocks[i].to;

		if (stream->clocks[i].pos <= from->pos)
			low = from->at;
		if (i == last)
			high = to->stream ? to->at - 1 : UINT64_MAX;
		if (low <= at && at <= high)
			return true;
	}
	return false;
}

/*
 * Announcements
 */

static struct announcement *announcement_of(struct stream *stream, uint64_t pid)
{
	struct announcement *a = stream->announcements;

	while (a && a->pid != pid)
		a = a->next;
	if (a)
		return a;
	a = checked(calloc(1, sizeof(*a)));
	a->pid = pid;
	a->next = stream->announcements;
	return stream->announcements = a;
}

void stream_announce(struct stream *stream, struct container *con,
		     const struct op *op)
{
	struct announcement *a = announcement_of(stream, op->pid);

	a->list = grown(a->list, a->count, sizeof(*a->list));
	a->list[a->count++] = (struct announced) { con, op->serial, op->spot.pos };
}

static int by_serial(const void *a, const void *b)
{
	const struct announced *x = a, *y = b;

	return (x->serial > y->serial) - (x->serial < y->serial);
}

/*
 * Records may come out of order: those behind the end are of the next announcement. In
 * front of it, one that was broken off may have left some.
 */
static size_t sort_announced(struct announcement *a, const struct op *op)
{
	size_t n = a->count;

	if (n)
		qsort(a->list, n, sizeof(*a->list), by_serial);
	while (n && a->list[n - 1].serial > op->serial)
		n--;
	return n;
}

/*
 * Has the log all of the records, each once? The kernel announces by ID, so an ID that
 * is not greater than the one before begins another announcement.
 */
static bool is_whole(struct model *model, const struct announced *list, size_t n,
		     const struct op *op)
{
	const struct announced *first;
	size_t i;

	model->mark++;
	if (op->lost || op->count > n || (!op->last && op->count < n))
		return false;
	if (!op->count)
		return true;
	first = list + n - op->count;
	if (first > list && first[-1].con->id < first->con->id)
		return false;
	for (i = 0; i < op->count; i++) {
		if (first[i].con->mark == model->mark ||
		    (op->last && i && first[i].con->id < first[i - 1].con->id))
			return false;
		first[i].con->mark = model->mark;
	}
	return true;
}

static bool was_seen(const struct container *con, const struct stream *stream,
		     uint64_t before)
{
	const struct stay *stay = con->stays;

	while (stay && stay->stream != stream)
		stay = stay->next;
	return stay && stay->first < before;
}

/*
 * What is not in it has ended, if it was made before: up to the ID that the kernel had
 * given last, or before it began where the record does not have that.
 */
static bool is_covered(struct model *model, const struct container *con,
		       const struct op *op, uint64_t begin)
{
	if (!was_seen(con, op->spot.stream, op->last ? op->spot.pos : begin) ||
	    (op->last && con->id > op->last))
		return false;
	return !op->id || con->id == op->id ||
	       model_is_below(model, con->node, con->id, op->id);
}

void stream_announced(struct model *model, const struct op *op)
{
	struct announcement *a = announcement_of(op->spot.stream, op->pid);
	uint64_t begin = a->count ? a->list->pos : op->spot.pos;
	size_t n = sort_announced(a, op);
	struct container *con;

	con = is_whole(model, a->list, n, op) ? model->all : NULL;
	for (; con; con = con->next)
		if (con->mark != model->mark && !con->announced.stream &&
		    is_covered(model, con, op, begin))
			con->announced = op->spot;
	a->count -= n;
	if (a->count)
		memmove(a->list, a->list + n, a->count * sizeof(*a->list));
}

/* Containers of announcements that have not ended yet */
void stream_hold(struct stream *stream)
{
	struct announcement *a;
	size_t i;

	for (a = stream->announcements; a; a = a->next)
		for (i = 0; i < a->count; i++)
			a->list[i].con->held = true;
}

/*
 * Stays
 */

struct spot stay_first(const struct container *con)
{
	const struct stay *stay, *first = con->stays;

	for (stay = first; stay; stay = stay->next)
		if (stay->first < first->first)
			first = stay;
	return (struct spot) { first->stream, first->first, first->at };
}

void stay_free(struct container *con)
{
	struct stay *next;

	for (; con->stays; con->stays = next) {
		next = con->stays->next;
		free(con->stays);
	}
}

/*
 * Boots
 */

static struct boot *root_of(struct boot *boot)
{
	while (boot->same != boot)
		boot = boot->same = boot->same->same;
	return boot;
}

static bool unite(struct boot *a, struct boot *b)
{
	a = root_of(a);
	b = root_of(b);
	if (a == b)
		return false;
	if (b->head->first < a->head->first)
		a->head = b->head;
	if (b->min_id < a->min_id)
		a->min_id = b->min_id;
	if (b->max_id > a->max_id)
		a->max_id = b->max_id;
	if (b->latest > a->latest)
		a->latest = b->latest;
	b->same = a;
	return true;
}

static bool is_near(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= NEAR;
}

/* An ID that was made twice was made in two boots. */
static bool has_twin(const struct boot *boot, const struct container *con)
{
	const struct stay *stay;

	while ((con = con->older))
		for (stay = con->stays; stay; stay = stay->next)
			if (stay->boot == boot)
				return true;
	return false;
}

static enum verdict judge(const struct boot *boot, const struct stay *stay, bool cut)
{
	uint64_t id = stay->con->id;

	if (has_twin(boot, stay->con))
		return OTHER;
	if (is_near(id, boot->max_id) || is_near(id, boot->min_id) ||
	    is_near(id, boot->last_id))
		return SAME;
	if (cut || id > boot->max_id + FAR || id + FAR < boot->min_id)
		return OTHER;
	if (stay->con->created.stream == stay->stream &&
	    stay->con->created.pos == stay->first && id < boot->max_id)
		return OTHER;
	return UNSURE;
}

/* The first cut behind @after, up to @until */
static const struct spot *find_cut(const struct stream *stream, uint64_t after,
				   uint64_t until)
{
	size_t from = 0, to = stream->cut_count, i;

	while (from < to) {
		i = from + (to - from) / 2;
		if (stream->cuts[i].pos <= after)
			from = i + 1;
		else
			to = i;
	}
	return from < stream->cut_count && stream->cuts[from].pos <= until ?
	       &stream->cuts[from] : NULL;
}

static void begin_boot(struct boot *boot, struct stay *stay, const struct spot *cut,
		       enum verdict verdict)
{
	*boot = (struct boot) {
		.same = boot, .head = boot, .stream = stay->stream,
		.first = stay->first, .min_id = stay->con->id, .verdict = verdict,
		.cut = cut, .begin = { stay->stream, stay->first, stay->at },
	};
	if (cut)
		boot->begin = *cut;
}

static void add_stay(struct boot *boot, struct stay *stay)
{
	stay->boot = boot;
	boot->last_id = stay->con->id;
	if (stay->con->id < boot->min_id)
		boot->min_id = stay->con->id;
	if (stay->con->id > boot->max_id)
		boot->max_id = stay->con->id;
	if (stay->last > boot->last)
		boot->last = stay->last;
	if (stay->latest > boot->latest)
		boot->latest = stay->latest;
}

/*
 * While the log is read: the boot of a container that is new in a stream, by what has
 * come so far. boots_number() knows better in the end.
 */
static void enter_boot(struct container *con, struct stay *stay)
{
	struct stream *stream = stay->stream;
	struct boot *boot = stream->now;
	enum verdict verdict = NOT_JUDGED;
	const struct spot *cut;
	unsigned int number = 1;

	if (boot && stream->set_boot) {
		verdict = SAME;
	} else if (boot) {
		cut = find_cut(stream, boot->last, stay->first);
		verdict = judge(boot, stay, cut);
		number = boot->number + (verdict != SAME);
	} else {
		boot = stream->now = checked(calloc(1, sizeof(*boot)));
	}
	if (verdict != SAME) {
		begin_boot(boot, stay, NULL, verdict);
		boot->number = number;
		boot->unsure = verdict == UNSURE;
	}
	add_stay(boot, stay);
	con->boot = boot->number;
	con->boot_unsure = boot->unsure;
}

void stream_set_boot(struct stream *stream, unsigned int boot)
{
	stream->set_boot = boot;
	if (!boot)
		return;
	if (!stream->now) {
		stream->now = checked(calloc(1, sizeof(*stream->now)));
		stream->now->min_id = UINT64_MAX;
	}
	stream->now->number = boot;
}

unsigned int stream_boot(const struct stream *stream)
{
	return stream->now && !stream->now->unsure ? stream->now->number : 0;
}

void stay_note(struct container *con, const struct spot *spot)
{
	struct stay *stay = con->stays;

	while (stay && stay->stream != spot->stream)
		stay = stay->next;
	if (!stay) {
		stay = checked(calloc(1, sizeof(*stay)));
		*stay = (struct stay) { con->stays, con, spot->stream, spot->pos,
					spot->pos, spot->at, spot->at, NULL };
		con->stays = stay;
		enter_boot(con, stay);
	}
	stay->last = stay->stream->now->last = spot->pos;
	if (spot->at > stay->latest)
		stay->latest = spot->at;
}

/* In the order of writing, no stretch of one boot has IDs that are years apart. */
static void check_order(const struct boot *boot, const struct stay *stay)
{
	struct stream *stream = stay->stream;

	if (stream->mixed || (stay->con->id <= boot->max_id + FAR &&
			      stay->con->id + FAR >= boot->min_id))
		return;
	stream->mixed = true;
	warnx("%s%s: the records of several boots are mixed, so boots are uncertain; give the log's files by name, in any order",
	      stream->node ? "node " : "the log", stream->node ? stream->node : "");
}

/* @stays are sorted: cut each stream into stretches of one boot. */
static size_t make_boots(struct stay **stays, size_t count, struct boot *boots)
{
	const struct spot *cut;
	enum verdict verdict;
	struct boot *boot;
	size_t i, n = 0;
	bool begins;

	for (i = 0; i < count; i++) {
		boot = n ? &boots[n - 1] : NULL;
		begins = !boot || boot->stream != stays[i]->stream;
		verdict = NOT_JUDGED;
		if (begins || stays[i]->first > boot->last) {
			cut = find_cut(stays[i]->stream, begins ? 0 : boot->last,
				       stays[i]->first);
			if (!begins)
				verdict = judge(boot, stays[i], cut);
			if (verdict != SAME) {
				boot = &boots[n++];
				begin_boot(boot, stays[i], cut, verdict);
				if (begins)
					boot->stream->boots = boot;
				boot->stream->boot_count = boot + 1 - boot->stream->boots;
			}
		} else {
			check_order(boot, stays[i]);
		}
		add_stay(boot, stays[i]);
	}
	return n;
}

/* What is between two stretches of one boot is of this boot. */
static bool fill_gaps(struct stream *stream)
{
	struct boot *boots = stream->boots;
	size_t i, j, end;
	bool changed = false;

	for (i = 0; i < stream->boot_count; i++)
		root_of(&boots[i])->reach = i;
	for (i = 0; i < stream->boot_count; i = end + 1) {
		end = root_of(&boots[i])->reach;
		for (j = i + 1; j <= end; j++) {
			if (root_of(&boots[j])->reach > end)
				end = root_of(&boots[j])->reach;
			changed |= unite(&boots[i], &boots[j]);
		}
	}
	return changed;
}

static void unite_known(struct model *model)
{
	struct container *con;
	const struct stay *stay;

	for (con = model->all; con; con = con->next) {
		for (stay = con->stays; stay; stay = stay->next)
			unite(con->stays->boot, stay->boot);
		if (con->parent)
			unite(con->parent->stays->boot, con->stays->boot);
	}
}

static int by_text(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a ? a : "", b ? b : "");
}

static int by_number(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_node_and_id(const void *a, const void *b)
{
	const struct container *x = *(void **)a, *y = *(void **)b;
	int node = by_text(x->node, y->node);

	return node ? node : by_number(x->id, y->id);
}

/* Would an ID that was made twice come to be in one boot? */
static bool is_contrary(const struct model *model, struct boot *a, struct boot *b)
{
	const struct container *con, *old;

	a = root_of(a);
	b = root_of(b);
	for (con = model->twins ? model->all : NULL; con; con = con->next)
		for (old = con->older; old; old = old->older) {
			struct boot *x = root_of(con->stays->boot);
			struct boot *y = root_of(old->stays->boot);

			if ((x == a && y == b) || (x == b && y == a))
				return true;
		}
	return false;
}

/* Streams of one node: their stretches are not judged by the order. */
static void unite_near(struct model *model)
{
	struct container **list = checked(calloc(model->count + 1, sizeof(*list)));
	struct container *con;
	struct boot *a, *b;
	size_t i = 0;

	for (con = model->all; con; con = con->next)
		list[i++] = con;
	qsort(list, i, sizeof(*list), by_node_and_id);
	while (i-- > 1) {
		a = list[i - 1]->stays->boot;
		b = list[i]->stays->boot;
		if (a->stream != b->stream && root_of(a) != root_of(b) &&
		    same_node(a->stream->node, b->stream->node) &&
		    is_near(list[i - 1]->id, list[i]->id) &&
		    !is_contrary(model, a, b))
			unite(a, b);
	}
	free(list);
}

static void unite_boots(struct model *model)
{
	struct lh_entry *entry;
	bool changed = true;

	unite_known(model);
	if (lh_table_length(model->streams) > 1)
		unite_near(model);
	while (changed) {
		changed = false;
		lh_foreach(model->streams, entry)
			changed |= fill_gaps((void *)lh_entry_v(entry));
	}
}

static int by_place(const void *a, const void *b)
{
	const struct stay *x = *(void **)a, *y = *(void **)b;

	if (x->stream != y->stream)
		return by_number(x->stream->number, y->stream->number);
	return by_number(x->first, y->first);
}

static struct stay **sort_stays(const struct model *model, size_t *count)
{
	struct stay **list, *stay;
	struct container *con;

	*count = 0;
	for (con = model->all; con; con = con->next)
		for (stay = con->stays; stay; stay = stay->next)
			++*count;
	list = checked(calloc(*count + 1, sizeof(*list)));
	*count = 0;
	for (con = model->all; con; con = con->next)
		for (stay = con->stays; stay; stay = stay->next) {
			stay->boot = NULL;
			list[(*count)++] = stay;
		}
	qsort(list, *count, sizeof(*list), by_place);
	return list;
}

static int by_order(const void *a, const void *b)
{
	const struct boot *x = *(void **)a, *y = *(void **)b;
	int node = by_text(x->stream->node, y->stream->node);

	return node ? node : by_number(x->head->first, y->head->first);
}

/* Is it certain that @boot is not @before, gone on? */
static bool is_certain(const struct boot *before, const struct boot *boot)
{
	if (boot->head->cut || boot->head->verdict == OTHER)
		return true;
	return boot->head->verdict == NOT_JUDGED &&
	       (boot->min_id > before->max_id + FAR ||
		boot->max_id + FAR < before->min_id);
}

static void end_boot(struct boot *boot, const struct boot *next)
{
	boot->end = next->begin;
	if (boot->end.at < boot->latest)
		boot->end.at = boot->latest;
}

/* Number the boots of each node, and end each where the next one begins. */
static void order_boots(struct model *model)
{
	struct boot **list = checked(calloc(model->boot_count + 1, sizeof(*list)));
	size_t i, n = 0, pending = 0;

	for (i = 0; i < model->boot_count; i++)
		if (model->boots[i].same == &model->boots[i])
			list[n++] = &model->boots[i];
	qsort(list, n, sizeof(*list), by_order);
	for (i = 0; i < n; i++) {
		if (!i || !same_node(list[i]->stream->node, list[i - 1]->stream->node)) {
			list[i]->number = 1;
			list[i]->unsure = list[i]->stream->mixed;
			pending = i;
			continue;
		}
		list[i]->number = list[i - 1]->number + 1;
		list[i]->unsure = list[i]->stream->mixed || !is_certain(list[i - 1], list[i]);
		while (!list[i]->unsure && pending < i)
			end_boot(list[pending++], list[i]->head);
	}
	free(list);
}

static void end_container(struct container *con, const struct boot *boot)
{
	const struct spot *by = &con->announced;

	con->how_ended = con->exited.stream ? END_EXIT :
			 by->stream ? END_ANNOUNCEMENT : END_UNKNOWN;
	con->end = con->exited.stream ? con->exited : *by;
	if (con->how_ended == END_EXIT || !boot->end.stream)
		return;
	if (by->stream && (by->stream == boot->end.stream ? by->pos < boot->end.pos :
			   by->at < boot->end.at))
		return;
	con->how_ended = END_BOOT;
	con->end = boot->end;
}

void boots_number(struct model *model)
{
	struct container *con;
	struct lh_entry *entry;
	struct stay **stays;
	size_t count;

	free(model->boots);
	lh_foreach(model->streams, entry)
		((struct stream *)lh_entry_v(entry))->boot_count = 0;
	stays = sort_stays(model, &count);
	model->boots = checked(calloc(count + 1, sizeof(*model->boots)));
	model->boot_count = make_boots(stays, count, model->boots);
	free(stays);
	unite_boots(model);
	order_boots(model);
	for (con = model->all; con; con = con->next) {
		struct boot *boot = root_of(con->stays->boot);

		con->boot = boot->number;
		con->boot_unsure = boot->unsure;
		end_container(con, boot);
	}
}

unsigned int boots_at(const struct spot *spot)
{
	const struct stream *stream = spot->stream;
	size_t i = stream->boot_count;

	while (i > 1 && stream->boots[i - 1].begin.pos > spot->pos)
		i--;
	if (!i || find_cut(stream, spot->pos, stream->boots[0].first))
		return 0;
	return root_of(&stream->boots[i - 1])->number;
}
